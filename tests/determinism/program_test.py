#!/usr/bin/env python3
"""The program says the same, to the byte, whoever compiles it.

usage: program_test.py PROGRAM COMPILER

Builds the program anew with COMPILER, not optimised, and compares what it says with what PROGRAM
does: of each scenario that ships, of histories, and of the worlds that a hunt went through.
Without the compiler the test is skipped (exit 77).
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# And how it ends.
SAYINGS = (
    (("run", "scenarios"), 0),
    (("run", "scenarios", "--json", "--seed", "2"), 0),
    (("run", "scenarios", "--quiet", "--seeds", "3..5"), 0),
    (("check", *sorted(map(str, (ROOT / "histories").glob("*.*")))), 1),
    (("hunt", "--seeds", "1..200"), 0),
)
HOW_LONG_IT_TOOK = re.compile(r", in .* \(\d+ runs? a second\)")
DIFFERENCES_SHOWN = 5


def build(compiler, scratch):
    """The program that this compiler makes of the sources."""
    for command in (
        ["cmake", "-S", ROOT, "-B", scratch, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
         f"-DCMAKE_CXX_COMPILER={compiler}"],
        ["cmake", "--build", scratch, "--target", "raftlab"],
    ):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout)
    return scratch / "raftlab"


def said(program, saying):
    """Its exit code and its lines, but for how long a hunt took."""
    done = subprocess.run([program, *saying], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.returncode, HOW_LONG_IT_TOOK.sub("", done.stdout).splitlines()


def same(program, other, saying, expected):
    """Whether both end as expected and say the same. Tells the first differences."""
    (code, one), (other_code, another) = said(program, saying), said(other, saying)
    if (code, other_code, one) == (expected, expected, another):
        return True
    print(f"raftlab {' '.join(saying)}: exit codes {code} and, built anew, {other_code}; expected "
          f"{expected}; {len(one)} and {len(another)} lines")
    parted = [(a, b) for a, b in zip(one, another) if a != b]
    for a, b in parted[:DIFFERENCES_SHOWN]:
        print(f"  {a}\n  built anew: {b}")
    return False


def main(program, compiler):
    if not shutil.which(compiler):
        print(f"skipped: {compiler} is not installed, so what its program says is not compared")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        other = build(compiler, pathlib.Path(scratch))
        good = [same(program, other, *saying) for saying in SAYINGS]
    print(f"{sum(good)} of {len(good)} said alike")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]))
