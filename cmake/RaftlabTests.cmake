# How tests are registered. `./dev test` runs all of them; `./dev test REGEX` those whose name fits.

if(RAFTLAB_BUILD_TESTS)
  enable_testing()
  find_package(GTest QUIET)
  if(NOT GTest_FOUND)
    message(FATAL_ERROR "The tests need GoogleTest, which was not found. Install it (Debian: "
                        "apt-get install libgtest-dev libgmock-dev), or set "
                        "RAFTLAB_BUILD_TESTS=OFF.")
  endif()
  include(GoogleTest)
endif()

# raftlab_floor_tests(<floor> LINKS <floor>... SUPPORT <source>... TESTS <source>...)
#
# Called by raftlab_floor(). Each TEST of a floor becomes a test <floor>/<Suite>.<Name> of ctest.
function(raftlab_floor_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 floor "" "" "LINKS;SUPPORT;TESTS")
  # The support of a floor stands on that of the floors below: tests of sim/ may use that of raft/.
  set(support raftlab_${name}_test_support)
  add_library(${support} INTERFACE)
  target_link_libraries(${support} INTERFACE raftlab_${name} GTest::gmock GTest::gtest)
  foreach(below IN LISTS floor_LINKS)
    if(TARGET raftlab_${below}_test_support)
      target_link_libraries(${support} INTERFACE raftlab_${below}_test_support)
    endif()
  endforeach()
  if(floor_SUPPORT)
    add_library(${support}_code STATIC ${floor_SUPPORT})
    target_link_libraries(${support}_code PRIVATE ${support})
    raftlab_warnings(${support}_code)
    # Last, since what it links must not contain itself.
    target_link_libraries(${support} INTERFACE ${support}_code)
  endif()
  if(floor_TESTS)
    add_executable(${name}_test ${floor_TESTS})
    target_link_libraries(${name}_test PRIVATE ${support} GTest::gtest_main)
    target_compile_definitions(
      ${name}_test PRIVATE RAFTLAB_VERSION="${PROJECT_VERSION}"
                           RAFTLAB_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                           RAFTLAB_SCENARIOS_DIR="${PROJECT_SOURCE_DIR}/scenarios")
    raftlab_warnings(${name}_test)
    gtest_discover_tests(
      ${name}_test
      TEST_PREFIX "${name}/"
      EXTRA_ARGS --gtest_brief=1
      WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
      DISCOVERY_MODE PRE_TEST
      DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT 300)
  endif()
endfunction()

# raftlab_script_test(NAME <name> COMMAND <command> [<argument>...] [TIMEOUT <seconds>] [ALONE])
#
# A test that is a command, run in the root of the sources. Exit code 0 is passed, 77 is skipped
# (the command says why), all else is failed. ALONE keeps other tests from running beside it.
function(raftlab_script_test)
  if(NOT RAFTLAB_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 0 test "ALONE" "NAME;TIMEOUT" "COMMAND")
  if(NOT test_TIMEOUT)
    set(test_TIMEOUT 300)
  endif()
  add_test(NAME ${test_NAME} COMMAND ${test_COMMAND} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(
    ${test_NAME} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${test_TIMEOUT}
                            RUN_SERIAL $<BOOL:${test_ALONE}>)
endfunction()
