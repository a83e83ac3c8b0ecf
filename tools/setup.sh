# shellcheck shell=bash
# What ./raftlab and ./dev share: installing what is missing, and building. To be sourced by bash;
# the caller has set `root`, the folder of the checkout. All talk goes to stderr.

: "${root:?is set by the caller}"

# The exit code when nothing can be run at all: the program itself has 0, 1 and 2.
# shellcheck disable=SC2034
readonly CANNOT_SET_UP=3

# Debian's own Python, where there is Debian: its modules come as packages.
PYTHON=python3
if command -v apt-get >/dev/null; then PYTHON=/usr/bin/python3; fi

# What is needed, a line each: group, Debian's package, the sign that it is there (a command, a
# header in <>, or a module of Python) and its name on other systems.
NEEDS="
base  cmake               cmake                    CMake 3.25 or later
base  ninja-build         ninja                    Ninja
base  g++                 g++                      GCC 12 or later
base  libcli11-dev        <CLI/CLI.hpp>            CLI11 2
base  libfmt-dev          <fmt/core.h>             {fmt} 9
base  libyaml-cpp-dev     <yaml-cpp/yaml.h>        yaml-cpp 0.7
base  nlohmann-json3-dev  <nlohmann/json.hpp>      nlohmann-json 3
base  zlib1g-dev          <zlib.h>                 zlib 1.2
test  libgtest-dev        <gtest/gtest.h>          GoogleTest
test  libgmock-dev        <gmock/gmock.h>          GoogleMock
test  python3             $PYTHON                  Python 3.9 or later
bench libbenchmark-dev    <benchmark/benchmark.h>  Google Benchmark
peers libraft-dev         <raft.h>                 C-Raft (cowsql/raft)
peers valgrind            valgrind                 Valgrind
dev   libbenchmark-dev    <benchmark/benchmark.h>  Google Benchmark
dev   clang-19            clang++-19               clang 19
dev   clang-format-14     clang-format-14          clang-format 14
format clang-format-14    clang-format-14          clang-format 14
dev   libraft-dev         <raft.h>                 C-Raft (cowsql/raft)
dev   shellcheck          shellcheck               ShellCheck
dev   valgrind            valgrind                 Valgrind
dev   parallel            parallel                 GNU parallel
dev   rsync               rsync                    rsync
dev   openssh-client      ssh                      OpenSSH's client
dev   python3-jsonschema  module:jsonschema        the Python module jsonschema
dev   python3-yaml        module:yaml              the Python module yaml
"
# Where services run, this one's package opens a port: there it is left to whoever wants it, and the
# test that would use it goes without ssh.
if [[ ! -d /run/systemd/system ]]; then
  NEEDS+="dev openssh-server /usr/sbin/sshd OpenSSH's server"
fi
readonly NEEDS

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

is_there() {
  case $1 in
    '<'*) echo "#include $1" | "${CXX:-g++}" -E -x c++ -o /dev/null - 2>/dev/null ;;
    module:*) "$PYTHON" -c "import ${1#*:}" 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# missing package|name <group>...: what of these groups is not there, a line each.
missing() {
  local column=$1 group package sign name
  shift
  while read -r group package sign name; do
    if [[ -z $group || " $* " != *" $group "* ]] || is_there "$sign"; then continue; fi
    if [[ $column == package ]]; then echo "$package"; else echo "  $name"; fi
  done <<<"$NEEDS"
}

# quietly <log> <command>...: keeps the command's output in <log>, of which a terminal shows the
# last line meanwhile. If the command fails, all of it is shown, and its exit code returned.
quietly() {
  local log=$1 code=0 columns
  shift
  if [[ -t 2 ]]; then
    columns=$(stty size <&2 2>/dev/null | cut -d' ' -f2)
    "$@" </dev/null 2>&1 | tee "$log" | while IFS= read -r line; do
      printf '\r\033[K%.*s' "$((${columns:-80} - 1))" "$line" >&2
    done
    code=${PIPESTATUS[0]}
    printf '\r\033[K' >&2
  else
    "$@" </dev/null >"$log" 2>&1 || code=$?
  fi
  if [[ $code != 0 ]]; then cat "$log" >&2; fi
  return "$code"
}

# apt_install <package>...: the lists of packages may be missing or too old; only then fetch them.
apt_install() {
  local as_root=()
  if [[ $(id -u) != 0 ]]; then as_root=(sudo); fi
  apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -q -y -o DPkg::Lock::Timeout=600 "$@"
  }
  apt install --no-install-recommends "$@" && return
  apt update && apt install --no-install-recommends "$@"
}

# need <group>...: installs what is missing. Fails if that cannot be done, having said why.
need() {
  local packages log code=0
  mapfile -t packages < <(missing package "$@")
  if [[ ${#packages[@]} == 0 ]]; then return; fi
  if ! command -v apt-get >/dev/null; then
    say "this system has no apt-get. Please install, by the names that your system has for them:"
    missing name "$@" >&2
    # A library may be where only CMake finds it: with the tools there, CMake has the last word.
    is_there cmake && is_there ninja && is_there "${CXX:-g++}"
    return
  fi
  if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
    say "packages are missing, you are not root, and there is no sudo. Please run as root:"
    say "  apt-get install ${packages[*]}"
    return 1
  fi
  say "installing from the distribution's packages: ${packages[*]}"
  log=$(mktemp)
  quietly "$log" apt_install "${packages[@]}" || code=$?
  rm -f "$log"
  if [[ $code != 0 ]]; then
    say "apt-get failed, see above. If there is no network, or no right to install, please see to"
    say "it that these are there and try again: ${packages[*]}"
    return 1
  fi
}

# build <preset>: configures and builds into build/<preset>. Fails having shown what was wrong.
build() {
  local folder=$root/build/$1 fresh=()
  mkdir -p "$folder"
  # g++, which is what was looked for, even where c++ is something else.
  if [[ -z ${CXX:-} ]]; then export CXX=g++; fi
  # A checkout that was moved or copied: CMake would refuse to go on where it was not begun.
  if [[ -f $folder/CMakeCache.txt ]] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    fresh=(--fresh)
  fi
  quietly "$folder/configure.log" cmake -S "$root" --preset "$1" "${fresh[@]}" &&
    quietly "$folder/build.log" cmake --build "$folder"
}
