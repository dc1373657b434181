# drawbridge_layer(NAME [PURE]): a static library `drawbridge_NAME` of every .cpp below the current folder
# except main.cpp. PURE layers are built without exceptions and RTTI, as they are for WebAssembly.
find_package(PkgConfig QUIET)

add_library(drawbridge_warnings INTERFACE)
target_compile_options(drawbridge_warnings INTERFACE -Wall -Wextra $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> -Wnon-virtual-dtor -Wno-missing-field-initializers)
# Hardening for everything that touches the network; asserts for our own mistakes stay on in every build type.
if(NOT DRAWBRIDGE_PURE_ONLY)
  target_compile_options(drawbridge_warnings INTERFACE -fstack-protector-strong -D_GLIBCXX_ASSERTIONS)
endif()
if(DRAWBRIDGE_FUZZ)
  set(DRAWBRIDGE_SANITIZE ON)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(DRAWBRIDGE_SANITIZE)
  # vptr checks need RTTI, which the pure layers do without.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(DRAWBRIDGE_THREAD_SANITIZE)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()

function(drawbridge_layer NAME)
  cmake_parse_arguments(ARG "PURE" "" "" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/(main|exports.*)\\.cpp$")  # a program's own
  add_library(drawbridge_${NAME} STATIC ${sources})
  target_include_directories(drawbridge_${NAME} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(drawbridge_${NAME} PRIVATE drawbridge_warnings)
  if(ARG_PURE)
    target_compile_options(drawbridge_${NAME} PRIVATE -fno-exceptions -fno-rtti)
  endif()
endfunction()
