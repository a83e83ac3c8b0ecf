#!/usr/bin/env python3
"""The hunter finds the mistake of examples/own_rules.cpp, shrinks it and tells it; without the
mistake it finds nothing.

usage: own_rules_test.py PROGRAM
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())


def run(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stdout + done.stderr


class OwnRules(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_without_the_mistake_nothing_is_found(self):
        code, told = run("hunt", "--seeds", "1..200")
        self.assertEqual(code, 0, told)

    def test_the_mistake_is_found_shrunk_told_and_played(self):
        code, told = run("--forgetful", "hunt", "--seeds", "1..30", "--out", self.folder)
        self.assertEqual(code, 1, told)
        self.assertIn("MoneyRemains in ", told)
        [find] = self.folder.glob("*.yaml")
        self.assertIn(f"see: own_rules run {find}\n", told)
        self.assertRegex(find.read_text(), r"(?m)^  At .*: [A-G] has \d+ in all accounts\.$")
        self.assertLessEqual(find.read_text().count("  - at: "), 6)
        code, told = run("--forgetful", "run", find)
        self.assertEqual(code, 1, told)
        self.assertIn("\nMoneyRemains is violated at ", told)
        self.assertEqual(run("run", find, "--quiet")[0], 0)
        self.assertEqual(run("--forgetful", "report", self.folder)[0], 1)

    def test_the_page_shows_the_example(self):
        page = (ROOT / "docs/hunting.md").read_text("utf-8")
        example = (ROOT / "examples/own_rules.cpp").read_text("utf-8")
        [code] = re.findall(r"^```cpp\n(.*?)^```", page, re.M | re.S)
        for line in code.splitlines():
            self.assertIn(line, example)
        self.assertLess(len(example.splitlines()), 100)
        [commands] = re.findall(r"^```\n(own_rules .*?)^```", page, re.M | re.S)
        for command in commands.splitlines():
            done = subprocess.run([PROGRAM, *command.split()[1:]], cwd=self.folder,
                                  capture_output=True, text=True, timeout=240, check=False)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
