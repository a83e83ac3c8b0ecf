"""Tries ./raftlab and ./dev on a small checkout: first and later calls, and what goes wrong."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A program that tells its arguments, its input, and where it stands; exits with 5 if asked to.
MAIN = """#include <iostream>
#include <string>
#include "word.h"
int main(int count, char** values) {
  std::cout << WORD;
  for (int i = 1; i < count; ++i) std::cout << " <" << values[i] << ">";
  std::string line;
  if (std::getline(std::cin, line)) std::cout << " input " << line;
  std::cout << "\\n";
  return count > 1 && std::string(values[1]) == "five" ? 5 : 0;
}
"""
CMAKE = """cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES CXX)
add_executable(raftlab src/main.cpp)
"""


def run(*command, stdin="", cwd=None, path=None):
    environment = {**os.environ, "LC_ALL": "C", "CI": ""}
    if path is not None:
        environment["PATH"] = path
    return subprocess.run([str(word) for word in command], input=stdin, cwd=cwd, env=environment,
                          text=True, capture_output=True, timeout=300, check=False)


class Checkout(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.place = pathlib.Path(folder.name)
        self.root = self.place / "a place with blanks"
        (self.root / "src").mkdir(parents=True)
        (self.root / "cmake").mkdir()
        shutil.copytree(ROOT / "tools", self.root / "tools")
        for name in ("raftlab", "dev", "CMakePresets.json"):
            shutil.copy(ROOT / name, self.root / name)
        self.write("src/main.cpp", MAIN)
        self.write("src/word.h", '#define WORD "one"\n')
        self.write("CMakeLists.txt", CMAKE)
        self.raftlab = self.root / "raftlab"

    def write(self, path, text):
        (self.root / path).write_text(text)

    def commands(self, *names):
        """A folder with these commands alone, as a PATH; a name=text is a script of that text."""
        folder = self.place / "bin"
        folder.mkdir()
        # Of two with one name the last counts. Not written through the first: as root, that would
        # replace the system's own command.
        for name, text in dict(word.partition("=")[::2] for word in names).items():
            if text:
                (folder / name).write_text(f"#!/bin/sh\n{text}\n")
                (folder / name).chmod(0o755)
            elif found := shutil.which(name):
                (folder / name).symlink_to(found)
        return str(folder)


TOOLS = ("bash", "cat", "dirname", "env", "find", "flock", "grep", "id", "mkdir", "mktemp", "mv",
         "readlink", "rm", "sh", "tee")


class Raftlab(Checkout):
    def test_builds_once_passes_everything_on_and_rebuilds_when_a_source_changes(self):
        link = self.place / "link"
        link.symlink_to(self.raftlab)
        first = run(link, "a b", "", "*", stdin="line\n", cwd="/")
        self.assertEqual(first.stdout, "one <a b> <> <*> input line\n", first.stderr)
        self.assertEqual(first.stderr, "link: building, once (a few minutes)\n")

        later = run(self.raftlab, "five")
        self.assertEqual((later.returncode, later.stdout, later.stderr), (5, "one <five>\n", ""))

        self.write("src/word.h", '#define WORD "two"\n')
        changed = run(self.raftlab)
        self.assertEqual(changed.stdout, "two\n", changed.stderr)
        self.assertEqual(changed.stderr, "raftlab: building what has changed\n")
        self.assertEqual(run(self.raftlab).stderr, "")

        self.write("src/word.h", "#define WORD nonsense\n")
        broken = run(self.raftlab)
        self.assertEqual((broken.returncode, broken.stdout), (3, ""))
        self.assertIn("'nonsense' was not declared", broken.stderr)
        self.assertIn("the build failed, see above", broken.stderr)

        self.write("src/word.h", '#define WORD "three"\n')
        moved = self.root.rename(self.place / "elsewhere")
        self.assertEqual(run(moved / "raftlab").stdout, "three\n")

    def test_first_calls_at_the_same_time_build_once(self):
        calls = [subprocess.Popen([self.raftlab], stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                 for _ in range(4)]
        told = [call.communicate(timeout=300) for call in calls]
        self.assertEqual([out for out, _ in told], ["one\n"] * 4, told)
        self.assertEqual("".join(err for _, err in told).count("building, once"), 1, told)

    def test_without_apt_it_lists_what_is_missing(self):
        told = run(self.raftlab, path=self.commands(*TOOLS))
        self.assertEqual((told.returncode, told.stdout), (3, ""))
        self.assertIn("this system has no apt-get. Please install", told.stderr)
        for name in ("CMake 3.25 or later", "Ninja", "GCC 12 or later", "yaml-cpp 0.7"):
            self.assertIn(f"\n  {name}\n", told.stderr)

    def test_without_apt_it_goes_on_if_all_is_there(self):
        tools = self.commands(*TOOLS, "cmake", "ninja", "g++", "as", "ld")
        self.assertEqual(run(self.raftlab, path=tools).stdout, "one\n")

    def test_a_failing_apt_says_what_to_do(self):
        tools = self.commands(*TOOLS, "id=echo 0", "apt-get=echo no network; exit 100")
        told = run(self.raftlab, path=tools)
        self.assertEqual((told.returncode, told.stdout), (3, ""))
        self.assertIn("raftlab: installing from the distribution's packages: cmake ninja-build g++",
                      told.stderr)
        self.assertIn("no network\nno network\n", told.stderr)
        self.assertIn("apt-get failed, see above", told.stderr)

    def test_neither_root_nor_sudo_says_what_to_do(self):
        tools = self.commands(*TOOLS, "id=echo 1000", "apt-get=exit 1")
        told = run(self.raftlab, path=tools)
        self.assertEqual(told.returncode, 3)
        self.assertIn("Please run as root:\nraftlab:   apt-get install cmake", told.stderr)

    def test_apt_runs_through_sudo_without_questions_and_leaves_the_input_alone(self):
        log = self.place / "log"
        tools = self.commands(
            *TOOLS, "id=echo 1000", f'sudo=echo "sudo $@" >>"{log}"; exec "$@"',
            f'apt-get=cat >>"{log}"; echo "$DEBIAN_FRONTEND" >>"{log}"; case "$*" in *update*) ;; '
            f'*) test -e "{log}.again" || {{ touch "{log}.again"; exit 100; }};; esac',
            "touch")
        told = run(self.raftlab, stdin="line\n", path=tools)
        # Nothing was installed, so the build fails; what matters is how apt was called.
        self.assertEqual(told.returncode, 3)
        lines = log.read_text().splitlines()
        self.assertEqual([line.split()[8] for line in lines[::2]], ["install", "update", "install"])
        self.assertEqual(set(lines[1::2]), {"noninteractive"})
        self.assertNotIn("line", lines)


class Dev(Checkout):
    def test_help(self):
        self.assertIn("./dev test [FILTER]", run(self.root / "dev").stdout)
        self.assertEqual(run(self.root / "dev", "help").returncode, 0)

    def test_a_misspelt_subcommand(self):
        told = run(self.root / "dev", "tets")
        self.assertEqual((told.returncode, told.stdout), (2, ""))
        self.assertEqual(
            told.stderr, "dev: there is no subcommand 'tets'; did you mean: ./dev test\n")

    def test_a_build_that_fails_is_one_failure(self):
        self.write("src/word.h", "#define WORD nonsense\n")
        told = run(self.root / "dev", "test")
        self.assertEqual((told.returncode, told.stdout), (1, "0 passed, 1 failed\n"))
        self.assertIn("'nonsense' was not declared", told.stderr)

    def test_counts_what_ctest_runs(self):
        self.write("CMakeLists.txt", CMAKE + "enable_testing()\n"
                   "add_test(NAME good COMMAND raftlab)\nadd_test(NAME bad COMMAND raftlab five)\n")
        told = run(self.root / "dev", "test")
        self.assertEqual(told.returncode, 1, told.stderr)
        self.assertEqual(told.stdout.splitlines()[-2:], ["FAILED: bad", "1 passed, 1 failed"])
        self.assertIn("one <five>", told.stdout)
        told = run(self.root / "dev", "test", "go+d")
        self.assertEqual((told.returncode, told.stdout), (0, "1 passed, 0 failed\n"))
        told = run(self.root / "dev", "test", "none")
        self.assertEqual((told.returncode, told.stdout.splitlines()[-1]), (1, "0 passed, 1 failed"))


if __name__ == "__main__":
    unittest.main()
