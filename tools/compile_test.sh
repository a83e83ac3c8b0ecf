#!/bin/sh
# Compiles sources as one kind of user would, without making anything: warnings are errors.
# usage: compile_test.sh COMPILER lower    the floors that have the standard library alone, without
#                                          exceptions, as the browser needs them
#        compile_test.sh COMPILER rest     what of src/ is not that: upper floors, all tests
#        compile_test.sh COMPILER bench    the benchmarks
set -eu
compiler=$1
what=$2
if ! command -v "$compiler" >/dev/null; then
  echo "$compiler is not installed"
  exit 77
fi
set -- -std=c++23 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -I src
case $compiler in
  # GCC 12's std::stable_sort uses what is deprecated, of which clang warns in our place.
  clang*) set -- "$@" -Wno-deprecated-declarations ;;
esac
lower=$(find src/raft src/kv src/trace src/sim src/check \
  -name '*.cpp' ! -name '*_test.cpp' ! -name '*_test_support.cpp')
case $what in
  lower)
    files=$lower
    set -- "$@" -fno-exceptions
    ;;
  rest)
    files=$(find src -name '*.cpp' | grep -vxF "$lower")
    # What CMake defines, with values that do.
    for name in VERSION SOURCE_DIR SCENARIOS_DIR INSTALLED_SCENARIOS_DIR; do
      set -- "$@" "-DRAFTLAB_$name=\"\""
    done
    ;;
  bench)
    if ! echo '#include <benchmark/benchmark.h>' | "$compiler" -E -x c++ - >/dev/null 2>&1; then
      echo "Google Benchmark is not installed"
      exit 77
    fi
    # What is in bench/peers needs what it is measured against.
    files=$(find bench -name '*.cpp' ! -path 'bench/peers/*')
    set -- "$@" -I .
    ;;
esac
echo "$files" | xargs -P 2 -n 4 "$compiler" "$@"
