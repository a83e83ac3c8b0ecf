"""Runs the commands that README.md shows, and compares what they print with what it shows.

usage: readme_test.py [FILE]        README.md if no file is named
       readme_test.py --self-test

In a block fenced as `console` or `sh`, a line that begins with `$ ` is a command, and the lines
below it, if any, are what it prints on its standard output; a line `...` stands for any lines. A
command must succeed, or exit as a comment right above the block says: <!-- exits: 1 -->. A block
right below <!-- not run: REASON --> is left out. A fenced block of another kind is only shown.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = 77
SECONDS = 1200  # the first ./raftlab builds
# A program should print the same for everybody who reads the page.
ENVIRONMENT = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}


@dataclass
class Command:
    line: int
    text: str
    exits: int = 0
    printed: list = field(default_factory=list)


def commands(text):
    """The commands to run, and the reasons why blocks are left out: ([Command], [str])."""
    found, left_out = [], []
    fence = note = ""
    for number, line in enumerate(text.split("\n"), 1):
        if fence:
            if line.startswith("```"):
                fence = note = ""
            elif fence == "run" and line.startswith("$ "):
                exits = re.match(r"<!-- exits: (\d+) -->", note)
                found.append(Command(number, line[2:], int(exits[1]) if exits else 0))
            elif fence == "run" and found and found[-1].text.endswith("\\"):
                found[-1].text += "\n" + line.removeprefix("> ")
            elif fence == "run":
                if not found:
                    raise ValueError(f"{number}: `{line}` before any command; expected: `$ …`")
                found[-1].printed.append(line)
        elif line.startswith("```"):
            reason = re.match(r"<!-- not run: (.+) -->", note)
            if line.strip("` ") not in ("console", "sh"):
                fence = "shown"
            elif reason:
                fence = "left out"
                left_out.append(f"{number}: {reason[1]}")
            else:
                fence = "run"
        elif line.strip():
            note = line
    return found, left_out


def fits(expected, printed):
    """Whether the lines are those expected, where `...` stands for any number of lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + r"[ \t]*\n"
        for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


def run(command, folder):
    """Runs a command; returns what is wrong, or nothing."""
    try:
        done = subprocess.run(["bash", "-c", command.text], cwd=folder, env=ENVIRONMENT, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                              check=False)
    except subprocess.TimeoutExpired:
        return f"{command.line}: `{command.text}` ran for {SECONDS} s; expected: that it ends"
    if done.returncode != command.exits:
        return (f"{command.line}: `{command.text}` exits with {done.returncode}; expected: "
                f"{command.exits}. It printed:\n{done.stdout}{done.stderr}")
    printed = done.stdout.rstrip("\n").split("\n") if done.stdout else []
    expected = command.printed
    while expected and not expected[-1].strip():
        expected = expected[:-1]
    if expected and not fits(expected, printed):
        return (f"{command.line}: `{command.text}` does not print what the page shows. "
                f"It printed:\n{done.stdout}")
    return ""


def check(path, folder):
    found, left_out = commands(path.read_text("utf-8"))
    for reason in left_out:
        print(f"{path.name}:{reason} (not run)")
    wrong = [message for command in found if (message := run(command, folder))]
    for message in wrong:
        print(f"{path.name}:{message}")
    print(f"{path.name}: {len(found)} commands, {len(wrong)} of them not as the page says")
    return 1 if wrong else 0


class SelfTest(unittest.TestCase):
    def check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text(text)
            done = subprocess.run([sys.executable, __file__, str(page)], text=True, check=False,
                                  stdout=subprocess.PIPE)
            return done.returncode, done.stdout

    def test_what_is_as_shown_passes(self):
        for shown in ("", "a\nb\nc\n", "...\nc\n", "a\n...\n", "a\n...\nc\n", "a\nb\nc\n...\n"):
            with self.subTest(shown):
                code, out = self.check(f"```console\n$ printf 'a\\nb\\nc\\n'\n{shown}```\n")
                self.assertEqual(code, 0, out)

    def test_what_is_not_as_shown_fails(self):
        for shown in ("a\n", "a\nc\n", "b\n...\n", "...\nb\n", "a\nb\nc\nd\n"):
            with self.subTest(shown):
                code, out = self.check(f"```sh\n$ printf 'a\\nb\\nc\\n'\n{shown}```\n")
                self.assertEqual(code, 1)
                self.assertIn("page.md:2: `printf 'a\\nb\\nc\\n'` does not print what", out)

    def test_exit_codes(self):
        self.assertEqual(self.check("```sh\n$ exit 1\n```\n")[0], 1)
        self.assertEqual(self.check("<!-- exits: 1 -->\n```sh\n$ exit 1\n```\n")[0], 0)
        self.assertEqual(self.check("<!-- exits: 1 -->\n```sh\n$ true\n```\n")[0], 1)

    def test_what_is_not_to_be_run_is_not(self):
        code, out = self.check("<!-- not run: slow -->\n```sh\n$ exit 1\n```\n```text\n$ no\n```\n")
        self.assertEqual((code, out.split("\n")[0]), (0, "page.md:2: slow (not run)"))
        self.assertIn("0 commands", out)

    def test_a_note_counts_for_the_block_below_alone(self):
        text = "<!-- not run: slow -->\n```sh\n$ true\n```\nand\n```sh\n$ exit 1\n```\n"
        self.assertEqual(self.check(text)[0], 1)

    def test_a_command_may_go_on_in_the_next_line(self):
        self.assertEqual(self.check("```sh\n$ printf 'a\\n' \\\n> b\na\n```\n")[0], 0)


def main(arguments):
    if arguments == ["--self-test"]:
        unittest.main(argv=[sys.argv[0]])
    path = pathlib.Path(arguments[0]) if arguments else ROOT / "README.md"
    if not path.is_file():
        print(f"{path.name} is not there")
        return SKIPPED
    return check(path, ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
