"""Famous mistakes, planted one at a time: does a hunt find each?

usage: mutants.py [NAME...] [--seeds N] [--write]     build and hunt each, all if none is named
       mutants.py --check                             whether each patch still applies
       mutants.py --build NAME                        build it, and print where its program is

A mutant is a file of mutants/: lines `What:`, `Seen:`, `Fails:` and `Faults:`, then a patch of the
real sources. `--write` writes docs/mutants.md anew; it needs all of them. Exit code 1: one was not
found, or a patch does not apply.
"""
import argparse
import difflib
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATCHES = ROOT / "mutants"
WORK = ROOT / "build" / "mutants"  # a copy of the sources, and what is built of it
TREE = WORK / "tree"
BUILD = WORK / "build"
KNOWN = WORK / "known.json"  # results, by what they depend on: a run that is broken off goes on
HEADER = ("What", "Seen", "Fails", "Faults")


class Mutant:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        text = path.read_text(encoding="utf-8")
        self.header = {key: " ".join(found[1].split()) for key in HEADER
                       if (found := re.search(rf"^{key}:(.*)$", text, re.M))}
        self.files = re.findall(r"^\+\+\+ b/(\S+)", text, re.M)

    def apply(self, folder, *flags):
        """Returns what git says against it, or nothing."""
        # Not as a part of the checkout that the folder lies in.
        environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(folder.parent))
        done = subprocess.run(["git", "apply", *flags, str(self.path)], cwd=folder,
                              env=environment, capture_output=True, text=True)
        return done.stderr.strip()


def all_mutants():
    return [Mutant(path) for path in sorted(PATCHES.glob("*.patch"))]


def check():
    """Prints a complaint a line; returns how many there are."""
    complaints = []
    for mutant in all_mutants():
        for key in HEADER:
            if key not in mutant.header:
                complaints.append(f"mutants/{mutant.path.name}: it has no line `{key}:`")
        outside = [name for name in mutant.files if not name.startswith("src/")]
        if outside or not mutant.files:
            complaints.append(f"mutants/{mutant.path.name}: it changes {outside or 'nothing'}; "
                              "expected sources of src/")
        # Beside the sources, whose own repository must not matter.
        with tempfile.TemporaryDirectory() as folder:
            for name in mutant.files:
                copy = pathlib.Path(folder) / "tree" / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, copy)
            wrong = mutant.apply(pathlib.Path(folder) / "tree", "--check") if mutant.files else ""
        if wrong:
            complaints.append(f"mutants/{mutant.path.name}: it does not apply any more; the "
                              f"sources have changed where it does: mend it\n  {wrong}")
    print("\n".join(complaints + [f"mutants: {len(all_mutants())}, {len(complaints)} complaints"]))
    return len(complaints)


def run(*command, **options):
    return subprocess.run([str(word) for word in command], **options)


def prepare():
    """The sources as they are, in TREE; files that did not change keep their time."""
    TREE.mkdir(parents=True, exist_ok=True)
    for name in ("CMakeLists.txt", "cmake", "src"):
        source, copy = ROOT / name, TREE / name
        files = [source] if source.is_file() else [f for f in source.rglob("*") if f.is_file()]
        wanted = set()
        for file in files:
            to = TREE / file.relative_to(ROOT)
            wanted.add(to)
            to.parent.mkdir(parents=True, exist_ok=True)
            if not to.exists() or to.read_bytes() != file.read_bytes():
                shutil.copyfile(file, to)
        if copy.is_dir():
            for file in copy.rglob("*"):
                if file.is_file() and file not in wanted:
                    file.unlink()
    done = run("cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
               "-DCMAKE_CXX_FLAGS=-w", "-DCMAKE_CXX_FLAGS_RELEASE=-O2",
               stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"mutants: {TREE} cannot be configured, see above")


def build(mutant):
    """The program with the mistake in it, or what the compiler says."""
    prepare()
    wrong = mutant.apply(TREE) if mutant else ""
    if wrong:
        return None, wrong
    done = run("cmake", "--build", BUILD, "--target", "raftlab", capture_output=True, text=True)
    return (None, done.stdout) if done.returncode != 0 else (BUILD / "raftlab", "")


def hunt(program, seeds):
    """What a hunt finds: {found, runs, seconds, steps}."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        done = run(program, "hunt", "--first", "--seeds", f"1..{seeds}", "--out", folder,
                   capture_output=True, text=True)
        seconds = time.monotonic() - began
        if done.returncode not in (0, 1):
            return {"found": f"the hunt ended with {done.returncode}: {done.stderr[-300:]}",
                    "runs": 0, "seconds": seconds, "steps": None}
        record = json.loads(next(pathlib.Path(folder).glob("seeds-*.json")).read_text())
        shrunk = re.findall(r"shrunk from \S+ \S+ to (\d+)", done.stdout)
    finds = record["finds"]
    return {"found": finds[0]["kind"] if finds else None, "runs": record["runs"],
            "seconds": seconds, "steps": int(shrunk[0]) if shrunk else None}


def sources():
    """A digest of all that the program is made of."""
    digest = hashlib.sha256()
    for file in sorted((ROOT / "src").rglob("*")):
        if file.is_file() and "_test" not in file.name:
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def judge(mutant, seeds, digest):
    """The result of a mutant: as it is known, or of a hunt."""
    known = json.loads(KNOWN.read_text()) if KNOWN.exists() else {}
    key = hashlib.sha256(f"{digest} {seeds} ".encode() + mutant.path.read_bytes()).hexdigest()
    if key in known:
        return known[key]
    program, wrong = build(mutant)
    if not program:
        print(f"{mutant.name}: cannot be built:\n{wrong}", flush=True)
        return {"found": None, "runs": 0, "seconds": 0, "steps": None}
    known[key] = hunt(program, seeds)
    KNOWN.write_text(json.dumps(known, indent=1))
    return known[key]


def line(mutant, result):
    steps = "" if result["steps"] is None else result["steps"]
    found = result["found"] or "**nothing**"
    return (f"| [{mutant.name}](../mutants/{mutant.name}.patch) | {mutant.header['What']} | "
            f"{mutant.header['Seen']} | {found} | {result['runs']} | {steps} |")


HEAD = """# Mutants

Mistakes that were made elsewhere, or that one is tempted to make, as patches of the real sources
in [`mutants/`](../mutants). Each is built and hunted: `raftlab hunt --first`, with no test but the
hunt's own checkers. Written by `./dev mutants --write`; *runs*: worlds until something was found;
*steps*: what the scenario has that the find was shrunk to.

"""


def write(results, seeds):
    killed = [each for each in results if each[1]["found"]]
    seconds = sum(result["seconds"] for _, result in results)
    text = HEAD + (f"{len(killed)} of {len(results)} were found within {seeds} runs, in "
                   f"{seconds / 60:.0f} minutes of hunting and shrinking.\n\n")
    text += "| mutant | what it breaks | where it was seen | found by | runs | steps |\n"
    text += "|---|---|---|---|---|---|\n"
    text += "\n".join(line(*each) for each in results) + "\n"
    (ROOT / "docs" / "mutants.md").write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].replace("usage: ", ""))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", type=int, default=100_000)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--build", action="store_true")
    arguments = parser.parse_args()
    if arguments.check:
        sys.exit(1 if check() else 0)
    known = {mutant.name: mutant for mutant in all_mutants()}
    for name in arguments.names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            sys.exit(f"mutants: there is no mutant '{name}' in mutants/; " +
                     (f"did you mean '{near[0]}'?" if near else "see docs/mutants.md"))
    chosen = [known[name] for name in arguments.names] or list(known.values())
    if arguments.build:
        program, wrong = build(chosen[0])
        if not program:
            sys.exit(f"mutants: {chosen[0].name} cannot be built:\n{wrong}")
        print(program)
        return
    results = []
    digest = sources()
    for mutant in chosen:
        result = judge(mutant, arguments.seeds, digest)
        results.append((mutant, result))
        told = "no" if result["steps"] is None else result["steps"]
        print(f"{mutant.name:44} {result['found'] or 'NOTHING':24} {result['runs']:7} runs "
              f"{result['seconds']:6.1f} s  {told} steps", flush=True)
    if arguments.write and len(chosen) == len(known):
        write(results, arguments.seeds)
    sys.exit(0 if all(result["found"] for _, result in results) else 1)


if __name__ == "__main__":
    main()
