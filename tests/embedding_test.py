#!/usr/bin/env python3
"""The code in docs/embedding.md is the code of examples/, and that does what it says.

usage: embedding_test.py PROGRAM

Every block of C++ on the page stands in a file of examples/, line by line, however it is indented.
PROGRAM, replicated_kv, kills servers in the middle of writes and starts them again from their
files; a second run goes on with the files of the first.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOST_LINES = 150


def lines(text):
    """Without indentation, blanks and empty lines."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def blocks_that_are_not_code():
    page = (ROOT / "docs/embedding.md").read_text("utf-8")
    sources = sorted((ROOT / "examples").glob("*.[hc]*"))
    code = ["\n".join(lines(path.read_text("utf-8"))) for path in sources]
    blocks = re.findall(r"^```cpp\n(.*?)^```", page, re.M | re.S)
    if not blocks:
        yield "no block of C++ at all"
    for block in blocks:
        if not any("\n".join(lines(block)) in text for text in code):
            yield block


def main(program):
    failed = False
    for block in blocks_that_are_not_code():
        print(f"docs/embedding.md: this does not stand in examples/:\n{block}")
        failed = True
    size = len((ROOT / "examples/host.h").read_text("utf-8").splitlines())
    if size >= HOST_LINES:
        print(f"examples/host.h: {size} lines; expected: less than {HOST_LINES}")
        failed = True
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            done = subprocess.run([program, folder, "2"], timeout=120, capture_output=True,
                                  text=True)
            print(done.stdout + done.stderr, end="")
            failed = failed or done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
