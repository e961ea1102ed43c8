# What `cmake --install` lays down, and the Debian package of it: `cpack --config build/release/CPackConfig.cmake`.
# A package is for the Debian release that it was built on: it depends on that release's libraries.
include(GNUInstallDirs)
install(TARGETS docksweep RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# The man page and the completions are made from the description of the command line, by the program itself.
set(made "${CMAKE_CURRENT_BINARY_DIR}/reference")
install(CODE "
  file(MAKE_DIRECTORY \"${made}\")
  foreach(page man bash zsh)
    execute_process(COMMAND \"$<TARGET_FILE:docksweep>\" reference \${page} OUTPUT_FILE \"${made}/\${page}\" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
  execute_process(COMMAND gzip -9nc \"${made}/man\" OUTPUT_FILE \"${made}/man.gz\" COMMAND_ERROR_IS_FATAL ANY)")
install(FILES "${made}/man.gz" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 RENAME docksweep.1.gz)
install(FILES "${made}/bash" DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME docksweep)
install(FILES "${made}/zsh" DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _docksweep)

install(FILES "${PROJECT_SOURCE_DIR}/config/docksweep.toml" DESTINATION /etc/docksweep)  # where the program looks
install(FILES "${PROJECT_SOURCE_DIR}/deploy/systemd/docksweep.service" "${PROJECT_SOURCE_DIR}/deploy/systemd/docksweep@.service"
        DESTINATION lib/systemd/system)
install(FILES "${PROJECT_SOURCE_DIR}/deploy/systemd/docksweep-user.service" DESTINATION lib/systemd/user RENAME docksweep.service)
file(GLOB examples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/config/examples/*.toml")
install(FILES ${examples} "${PROJECT_SOURCE_DIR}/deploy/debian/rootless.toml" DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES "${PROJECT_SOURCE_DIR}/CHANGELOG.md" DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR OFF)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "The docksweep authors <docksweep@localhost>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "frees disk space on container hosts by policy")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "docksweep measures what images, containers, layers, volumes and build cache
cost the disk of a machine that runs containers, tells Prometheus, and gives
the space back by policy, with a reason for every image kept or removed.
It removes nothing until its configuration says so.")
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "docker.io | docker-ce | podman")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/deploy/debian/conffiles;${PROJECT_SOURCE_DIR}/deploy/debian/postinst;${PROJECT_SOURCE_DIR}/deploy/debian/prerm;${PROJECT_SOURCE_DIR}/deploy/debian/postrm")
include(CPack)
