#!/bin/sh
# Installs the tree that was built in BUILD, then builds and runs tests/consumer against it.
# usage: install_test.sh BUILD [COMPILER]
set -eu
build=$1
# GNU install folders differ (lib, lib64, lib/x86_64-linux-gnu): CMake finds any under the prefix.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
quietly() { "$@" >"$place/log" 2>&1 || { cat "$place/log"; exit 1; }; }

quietly cmake --install "$build" --prefix "$place/installed"
quietly cmake -G Ninja -S tests/consumer -B "$place/build" -DCMAKE_CXX_COMPILER="${2:-g++}" \
  -DCMAKE_PREFIX_PATH="$place/installed" -DCMAKE_CXX_FLAGS="${CXXFLAGS:-}"
quietly cmake --build "$place/build"
"$place/build/consumer"
quietly "$place/build/own_rules" hunt --seeds 1..3

# A header that includes what is not installed would only show itself to whoever includes it.
for header in "$place"/installed/include/raftlab/*/*.h; do
  echo "#include <${header#"$place"/installed/include/raftlab/}>"
done >"$place/all.cpp"
"${2:-g++}" -std=c++23 -fsyntax-only -Wall -Wextra -Wpedantic -Werror \
  -I "$place/installed/include/raftlab" "$place/all.cpp"
