# find_package(raftlab) for others: raftlab::raft, raftlab::kv, raftlab::trace, raftlab::sim,
# raftlab::check; and, with COMPONENTS hunt, raftlab::hunt and raftlab::cli, for a hunter with rules
# of one's own (docs/hunting.md).
#
# The headers are installed under include/raftlab, which is also the include directory of the
# targets: a consumer that links raftlab::raft writes #include <raft/server.h>, as we do ourselves,
# and meets no other library's headers.

include(CMakePackageConfigHelpers)

get_property(installed_floors GLOBAL PROPERTY RAFTLAB_INSTALLED_FLOORS)
if(NOT installed_floors)
  return()
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/raftlab)
install(EXPORT raftlab NAMESPACE raftlab:: FILE raftlab-targets.cmake DESTINATION ${package_dir})
if(RAFTLAB_BUILD_PROGRAM)
  install(EXPORT raftlab-hunt NAMESPACE raftlab:: FILE raftlab-hunt-targets.cmake
          DESTINATION ${package_dir})
endif()
configure_package_config_file(cmake/raftlab-config.cmake.in raftlab-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(raftlab-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/raftlab-config.cmake"
              "${PROJECT_BINARY_DIR}/raftlab-config-version.cmake" DESTINATION ${package_dir})
if(RAFTLAB_BUILD_PROGRAM AND EXISTS "${PROJECT_SOURCE_DIR}/scenarios")
  install(DIRECTORY scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/raftlab)
endif()
