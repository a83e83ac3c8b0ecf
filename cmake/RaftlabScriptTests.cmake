# The tests of the house itself, which are scripts. Another one is a line:
#
#   raftlab_script_test(NAME <name> COMMAND <command> [<argument>...])
#
# Exit code 0: passed, 77: skipped (the last line it prints says why), all else: failed.

# Debian's own, since the modules that tests need (jsonschema, yaml) are installed for it. A system
# without Debian's has another.
find_program(RAFTLAB_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(RAFTLAB_PYTHON NAMES python3 REQUIRED)

raftlab_script_test(NAME house/tidy COMMAND ${RAFTLAB_PYTHON} tools/tidy.py)
raftlab_script_test(NAME house/tidy_refuses COMMAND ${RAFTLAB_PYTHON} tools/tidy_test.py)
raftlab_script_test(NAME house/paper_map COMMAND ${RAFTLAB_PYTHON} tools/paper_map.py --check)
raftlab_script_test(
  NAME house/paper_map_refuses COMMAND ${RAFTLAB_PYTHON} tools/paper_map_test.py)
raftlab_script_test(NAME house/mutants_apply COMMAND ${RAFTLAB_PYTHON} tools/mutants.py --check)
# Runs ./raftlab as a reader would, which builds the program anew.
raftlab_script_test(
  NAME house/readme TIMEOUT 1500 COMMAND ${RAFTLAB_PYTHON} tools/readme_test.py)
raftlab_script_test(
  NAME house/readme_refuses COMMAND ${RAFTLAB_PYTHON} tools/readme_test.py --self-test)
raftlab_script_test(NAME house/test_report COMMAND ${RAFTLAB_PYTHON} tools/test_report_test.py)
raftlab_script_test(NAME house/raftlab_and_dev COMMAND ${RAFTLAB_PYTHON} tools/house_test.py)
raftlab_script_test(NAME house/shell COMMAND tools/shell_test.sh)
raftlab_script_test(
  NAME house/install COMMAND tools/install_test.sh "${PROJECT_BINARY_DIR}" "${CMAKE_CXX_COMPILER}")

# Two compilers build everything without a warning; the lower floors do so without exceptions, too.
foreach(what IN ITEMS g++_lower clang++-19_lower clang++-19_rest g++_bench clang++-19_bench)
  string(REPLACE "_" ";" compiler_and_files ${what})
  raftlab_script_test(
    NAME house/compiles_${what} TIMEOUT 1200 COMMAND tools/compile_test.sh ${compiler_and_files})
endforeach()

# One seed gives one run, to the byte, whoever compiles it.
raftlab_script_test(
  NAME determinism/g++_gives_one_run TIMEOUT 1200
  COMMAND ${RAFTLAB_PYTHON} tests/determinism/determinism_test.py g++)
raftlab_script_test(
  NAME determinism/clang_gives_the_run_of_g++ TIMEOUT 1200
  COMMAND ${RAFTLAB_PYTHON} tests/determinism/determinism_test.py g++ clang++-19)

raftlab_script_test(NAME scenario/schema_fits_what_ships
                    COMMAND ${RAFTLAB_PYTHON} tests/scenario_schema.py)

set(writers_of_facts $<TARGET_FILE:trace_test>)
if(TARGET raftlab)
  list(APPEND writers_of_facts $<TARGET_FILE:raftlab>)
endif()
raftlab_script_test(NAME trace/json_fits_its_schema
                    COMMAND ${RAFTLAB_PYTHON} src/trace/json_schema_test.py
                            ${writers_of_facts})
if(TARGET raftlab)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    set(other_compiler clang++-19)
  else()
    set(other_compiler g++)
  endif()
  raftlab_script_test(
    NAME determinism/the_program_says_one_thing TIMEOUT 1200
    COMMAND ${RAFTLAB_PYTHON} tests/determinism/program_test.py $<TARGET_FILE:raftlab>
            ${other_compiler})
  raftlab_script_test(NAME cli/does_what_people_ask_of_it
                      COMMAND ${RAFTLAB_PYTHON} tests/cli_test.py $<TARGET_FILE:raftlab>)
  raftlab_script_test(NAME cli/checks_histories
                      COMMAND ${RAFTLAB_PYTHON} tests/check_test.py $<TARGET_FILE:raftlab>)
  raftlab_script_test(NAME cli/hunts_at_scale
                      COMMAND ${RAFTLAB_PYTHON} tests/scale_test.py $<TARGET_FILE:raftlab>)
endif()
