#!/usr/bin/env python3
"""One seed gives one run, to the byte, under every compiler and optimisation.

usage: determinism_test.py COMPILER...

Compiles main.cpp beside this file, and the floors that it stands on, with each COMPILER at -O0 and
at -O3 (the first of several only at -O0), and compares what the programs print. Where two part, the
first step that differs is named.
Without one of the compilers the test is skipped (exit 77).
"""

import concurrent.futures
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE.parent.parent / "src"
FLAGS = ["-std=c++23", "-fno-exceptions", "-I", str(SOURCES)]


def sources():
    floors = [f for floor in ("raft", "kv", "trace", "sim") for f in SOURCES.glob(f"{floor}/*.cpp")]
    found = [f for f in floors if not f.stem.endswith(("_test", "_test_support"))]
    return sorted(found) + [SOURCES / "sim/chaos_test_support.cpp", HERE / "main.cpp"]


def build(compiler, level, scratch):
    """The program, built by this compiler at this level."""
    program = scratch / f"{compiler}{level}"
    command = [compiler, level, *FLAGS, "-o", str(program)]
    # All in one is three times as fast. Should two files have a name in common that neither shows
    # to others, it does not compile, and they are compiled one by one.
    all_in_one = scratch / f"{compiler}{level}.cpp"
    all_in_one.write_text("".join(f'#include "{source}"\n' for source in sources()))
    if subprocess.run([*command, str(all_in_one)], stderr=subprocess.DEVNULL).returncode != 0:
        subprocess.run([*command, *map(str, sources())], check=True)
    return program


def output(program, *arguments):
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True)
    return done.returncode, done.stdout.splitlines()


def tell_first_difference(seed_line, one, other):
    seed = seed_line.split()[1].rstrip(":")
    trails = [output(program, seed)[1] for _, program in (one, other)]
    for a, b in zip(*trails):
        if a != b:
            print(f"  seed {seed} parts at\n    {one[0]}: {a}\n    {other[0]}: {b}")
            return
    print(f"  seed {seed}: one ends after {min(map(len, trails))} steps, the other goes on")


def same_output(builds):
    """Whether all print the same; names the first differences."""
    (first_name, first), *others = builds
    code, expected = output(first)
    good = code == 0
    if not good:
        print("\n".join([f"{first_name}:", *expected]))
    for name, program in others:
        code, lines = output(program)
        if lines == expected and code == 0:
            continue
        good = False
        print(f"{name} differs from {first_name}:")
        parted = [(a, b) for a, b in zip(expected, lines) if a != b]
        print(f"  {len(parted)} of {len(expected)} seeds, the first of them:")
        for a, b in parted[:3]:
            print(f"  {first_name}: {a}\n  {name}: {b}")
            tell_first_difference(a, (first_name, first), (name, program))
    return good, expected


def compared(compilers):
    """Each compiler's levels. The first at -O0 is what the others are compared with."""
    first, *others = compilers
    return [(first, ["-O0"] if others else ["-O0", "-O3"]), *((c, ["-O0", "-O3"]) for c in others)]


def main(compilers):
    for compiler in compilers:
        if not shutil.which(compiler):
            print(f"skipped: {compiler} is not installed, so its runs are not compared")
            return 77
    with tempfile.TemporaryDirectory() as scratch:
        kinds = [(c, level) for c, levels in compared(compilers) for level in levels]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            programs = pool.map(lambda kind: build(*kind, pathlib.Path(scratch)), kinds)
            builds = [(" ".join(kind), program) for kind, program in zip(kinds, programs)]
        good, lines = same_output(builds)
        if good:
            print(f"{len(lines)} seeds, each the same under {', '.join(n for n, _ in builds)}")
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["g++"]))
