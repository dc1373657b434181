# The Debian package: what goes where, and what describes it. scripts/package builds it; docs/OPERATING.md.
# Everything generated comes from the sources and SOURCE_DATE_EPOCH alone: two builds are the same bytes.
find_program(PYTHON3 python3 REQUIRED)
set(PACKAGING ${CMAKE_SOURCE_DIR}/packaging)
set(PACKAGED ${CMAKE_BINARY_DIR}/packaged)
set(PHONE_PAGE ${CMAKE_SOURCE_DIR}/build-wasm/phone)  # by scripts/build-wasm and scripts/build-phone
set(PACKAGE_MAINTAINER "Drawbridge maintainers <maintainers@drawbridge.example>")
file(MAKE_DIRECTORY ${PACKAGED})

# A cross build names a program that it can run (qemu-aarch64-static, say).
add_custom_target(completions
  COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:drawbridge> --state . completion bash > ${PACKAGED}/drawbridge
  COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:drawbridge> --state . completion zsh > ${PACKAGED}/_drawbridge
  COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:drawbridge> --state . completion fish > ${PACKAGED}/drawbridge.fish
  VERBATIM)
add_custom_target(package_documents
  COMMAND ${PYTHON3} ${PACKAGING}/documents.py ${CMAKE_SOURCE_DIR} ${PACKAGED} ${PROJECT_VERSION} ${PACKAGE_MAINTAINER}
  COMMAND ${PYTHON3} ${PACKAGING}/sbom.py ${CMAKE_BINARY_DIR} ${PROJECT_VERSION} ${PACKAGED}/drawbridge.spdx.json ${PHONE_PAGE}
  DEPENDS drawbridge drawbridged VERBATIM)
add_custom_target(package_contents DEPENDS drawbridge drawbridged completions package_documents)
add_dependencies(completions drawbridge)

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY TRUE)  # the tests are no part of it
install(TARGETS drawbridge drawbridged DESTINATION bin)
install(FILES ${PACKAGED}/drawbridge.1.gz DESTINATION share/man/man1)
install(FILES ${PACKAGED}/drawbridge.toml.5.gz DESTINATION share/man/man5)
install(FILES ${PACKAGED}/drawbridged.8.gz DESTINATION share/man/man8)
install(FILES ${PACKAGED}/drawbridge DESTINATION share/bash-completion/completions)
install(FILES ${PACKAGED}/_drawbridge DESTINATION share/zsh/vendor-completions)
install(FILES ${PACKAGED}/drawbridge.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${PACKAGED}/changelog.gz ${PACKAGED}/drawbridge.spdx.json ${PACKAGING}/debian/copyright
  ${PACKAGING}/debian/README.Debian DESTINATION share/doc/drawbridge)
install(FILES ${PACKAGING}/systemd/drawbridged.service DESTINATION /lib/systemd/system)
install(FILES ${PACKAGING}/systemd/user/drawbridged.service DESTINATION lib/systemd/user)
install(FILES ${PACKAGING}/sysusers.d/drawbridge.conf DESTINATION lib/sysusers.d)
install(FILES ${PACKAGING}/tmpfiles.d/drawbridge.conf DESTINATION lib/tmpfiles.d)
install(FILES ${PACKAGING}/config.toml DESTINATION /etc/drawbridge)

# Where a relay looks for it (daemon/relay/relay_settings.hpp). core.wasm comes from the linker as if one could run it.
install(DIRECTORY ${PHONE_PAGE}/ DESTINATION share/drawbridge/phone
  FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ
  DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_NAME drawbridge)
set(CPACK_PACKAGE_CONTACT ${PACKAGE_MAINTAINER})
set(CPACK_STRIP_FILES TRUE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PACKAGING}/debian/postinst ${PACKAGING}/debian/prerm ${PACKAGING}/debian/postrm
  ${PACKAGING}/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "reach your office computer from your own devices, and from nothing else")
set(CPACK_PACKAGE_DESCRIPTION
"The computer in the office becomes reachable from the devices that were
paired with it, wherever they are: files, databases, SSH, web applications.
There is no cloud account, no open port that answers strangers, no VPN slot.
A lost device is shut out with one command, and a record shows who had
access.")
include(CPack)
