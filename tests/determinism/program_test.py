#!/usr/bin/env python3
"""The program says the same, to the byte, whoever compiles it.

usage: program_test.py PROGRAM COMPILER

Builds the program anew with COMPILER, not optimised, and compares what it says with what PROGRAM
does: of each scenario that ships, of histories, and of the worlds that a hunt went through.
Without the compiler the test is skipped (exit 77).
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAYINGS = (
    ("run", "scenarios"),
    ("run", "scenarios", "--json", "--seed", "2"),
    ("run", "scenarios", "--quiet", "--seeds", "3..5"),
    ("check", "histories"),
    ("hunt", "--seeds", "1..200"),
)
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
    """Its exit code and its lines, but for that which says how long a hunt took."""
    done = subprocess.run([program, *saying], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return [f"exit code {done.returncode}",
            *(line for line in done.stdout.splitlines() if " runs a second)" not in line)]


def same(program, other, saying):
    """Whether both say the same. Tells the first differences."""
    one, another = said(program, saying), said(other, saying)
    if one == another:
        return True
    print(f"raftlab {' '.join(saying)}: {len(one)} lines, built anew {len(another)}")
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
        good = [same(program, other, saying) for saying in SAYINGS]
    print(f"{sum(good)} of {len(good)} said alike")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]))
