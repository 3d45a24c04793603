# What is installed: the programs with their man page, schema, policies and pages; and the engine as a CMake package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS keepwell_engine EXPORT keepwell-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY include/keepwell DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/keepwell)
install(EXPORT keepwell-targets NAMESPACE keepwell:: DESTINATION ${package_dir} COMPONENT development)
configure_package_config_file(cmake/keepwell-config.cmake.in ${PROJECT_BINARY_DIR}/keepwell-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/keepwell-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/keepwell-config.cmake ${PROJECT_BINARY_DIR}/keepwell-config-version.cmake
  DESTINATION ${package_dir} COMPONENT development)

foreach(program keepwell keepwell-ping)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  endif()
endforeach()
install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT programs FILES_MATCHING PATTERN "*.8")
install(DIRECTORY policies examples DESTINATION ${CMAKE_INSTALL_DATADIR}/keepwell COMPONENT programs USE_SOURCE_PERMISSIONS
  PATTERN "CMakeLists.txt" EXCLUDE PATTERN ".keepwell" EXCLUDE PATTERN "accountservice" EXCLUDE PATTERN "quickstart" EXCLUDE
  PATTERN "__pycache__" EXCLUDE)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs FILES_MATCHING PATTERN "*.md" PATTERN "*.json"
  PATTERN "*.svg")
