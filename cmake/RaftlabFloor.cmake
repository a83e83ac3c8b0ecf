# One floor of the tower: src/<name>/ becomes the static library raftlab::<name>, and
#
#   *_test.cpp            go to the GoogleTest program <name>_test;
#   *_test_support.cpp    go to a library that the tests of this floor and of those above it link;
#   main.cpp              becomes the program raftlab;
#   everything else       is the library.
#
# Files are found by name: a new file needs no line here, and a floor without sources is skipped.
#
# UNITY: an optimised build compiles the library as one source, so that calls between its files are
# inlined, as Figure 2's are on the way of every message. Link-time optimisation would do it too,
# but an installed library would be of use to this one compiler alone.

# The CMake target of each package that a floor may ask for, and what Debian calls it.
set(RAFTLAB_PACKAGE_yaml-cpp yaml-cpp libyaml-cpp-dev)
set(RAFTLAB_PACKAGE_fmt fmt::fmt libfmt-dev)
set(RAFTLAB_PACKAGE_nlohmann_json nlohmann_json::nlohmann_json nlohmann-json3-dev)
set(RAFTLAB_PACKAGE_CLI11 CLI11::CLI11 libcli11-dev)
set(RAFTLAB_PACKAGE_ZLIB ZLIB::ZLIB zlib1g-dev)

# raftlab_link_package(<target> <package>): find the package or say what to install, and link it.
function(raftlab_link_package target package)
  list(GET RAFTLAB_PACKAGE_${package} 0 package_target)
  list(GET RAFTLAB_PACKAGE_${package} 1 debian_name)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${target} needs ${package}, which was not found. Install it (Debian: "
                        "apt-get install ${debian_name}) or turn RAFTLAB_BUILD_PROGRAM off.")
  endif()
  # SYSTEM, so that our warnings are not asked of headers that are not ours.
  get_target_property(directories ${package_target} INTERFACE_INCLUDE_DIRECTORIES)
  if(directories)
    target_include_directories(${target} SYSTEM PUBLIC "$<BUILD_INTERFACE:${directories}>")
  endif()
  target_link_libraries(${target} PUBLIC ${package_target})
endfunction()

function(raftlab_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic)
  # GCC 12's std::stable_sort uses what is deprecated, of which clang warns in our place.
  target_compile_options(
    ${target} PRIVATE $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
  # GCC 12 takes `"x" + std::string` for a copy of half the address space (GCC bug 105651), and the
  # move of a std::variant for one of the alternative that it does not hold.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized)
  endif()
endfunction()

# raftlab_floor(<name> [INSTALL] [UNITY] [LINKS <floor below>...] [PACKAGES <package>...])
#
# A floor below that has no source yet is not linked.
function(raftlab_floor name)
  cmake_parse_arguments(PARSE_ARGV 1 floor "INSTALL;UNITY" "" "LINKS;PACKAGES")
  set(folder "${PROJECT_SOURCE_DIR}/src/${name}")
  file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.cpp")
  file(GLOB headers CONFIGURE_DEPENDS "${folder}/*.h")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(support ${sources})
  list(FILTER support INCLUDE REGEX "_test_support\\.cpp$")
  set(main ${sources})
  list(FILTER main INCLUDE REGEX "/main\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|_test_support|/main)\\.cpp$")
  list(FILTER headers EXCLUDE REGEX "_test_support\\.h$")
  if(NOT sources AND NOT headers)
    return()
  endif()

  set(library raftlab_${name})
  add_library(${library} STATIC ${sources} ${headers})
  # A floor of headers alone is still a library, so that whoever links it need not know.
  set_target_properties(${library} PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME ${name})
  add_library(raftlab::${name} ALIAS ${library})
  target_compile_features(${library} PUBLIC cxx_std_23)
  target_include_directories(
    ${library} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>"
                      "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/raftlab>")
  raftlab_warnings(${library})
  if(floor_UNITY AND CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
    set_target_properties(${library} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  foreach(below IN LISTS floor_LINKS)
    if(TARGET raftlab_${below})
      target_link_libraries(${library} PUBLIC raftlab_${below})
    endif()
  endforeach()
  foreach(package IN LISTS floor_PACKAGES)
    raftlab_link_package(${library} ${package})
  endforeach()
  if(floor_PACKAGES)
    # What the upper floors may know of where they came from, and whoever links them may not.
    target_compile_definitions(
      ${library}
      PRIVATE RAFTLAB_VERSION="${PROJECT_VERSION}"
              RAFTLAB_SCENARIOS_DIR="${PROJECT_SOURCE_DIR}/scenarios"
              RAFTLAB_INSTALLED_SCENARIOS_DIR="${CMAKE_INSTALL_FULL_DATADIR}/raftlab/scenarios")
  endif()

  if(main)
    add_executable(raftlab ${main})
    target_link_libraries(raftlab PRIVATE ${library})
    raftlab_warnings(raftlab)
    install(TARGETS raftlab RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  if(floor_INSTALL)
    set_property(GLOBAL APPEND PROPERTY RAFTLAB_INSTALLED_FLOORS ${name})
    # What needs packages is a set of its own: who wants the lower floors alone need not have them.
    set(export raftlab)
    if(floor_PACKAGES)
      set(export raftlab-hunt)
    endif()
    install(TARGETS ${library} EXPORT ${export} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/raftlab/${name})
  endif()
  if(RAFTLAB_BUILD_TESTS)
    raftlab_floor_tests(${name} LINKS ${floor_LINKS} SUPPORT ${support} TESTS ${tests})
  endif()
endfunction()
