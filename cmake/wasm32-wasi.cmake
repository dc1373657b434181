# Toolchain of the WebAssembly build: clang 16 with Debian's wasi-libc and libc++. scripts/build-wasm uses it.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
find_program(CMAKE_C_COMPILER clang-16 REQUIRED)
find_program(CMAKE_CXX_COMPILER clang++-16 REQUIRED)
find_program(CMAKE_AR NAMES llvm-ar-16 llvm-ar-14 REQUIRED)
find_program(CMAKE_RANLIB NAMES llvm-ranlib-16 llvm-ranlib-14 REQUIRED)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_SYSROOT /usr)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-D_WASI_EMULATED_SIGNAL")
# clang 16 does not find its own libc++ for this target.
set(CMAKE_CXX_FLAGS_INIT "-nostdinc++ -isystem /usr/include/wasm32-wasi/c++/v1 -fno-exceptions -fno-rtti -D_WASI_EMULATED_SIGNAL")
# -O0 on the link line: with more, clang would run whatever wasm-opt is installed. The objects keep their -O2.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-O0 -lwasi-emulated-signal")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
