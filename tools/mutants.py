"""Famous mistakes, planted one at a time: what finds each?

usage: mutants.py [NAME...] [--seeds N] [--write]     build and judge each, all if none is named
       mutants.py --check                             whether each patch still applies
       mutants.py --build NAME                        build it, and print where its program is

A mutant is a file of mutants/: lines `What:`, `Seen:`, `Fails:` and `Faults:`, then a patch of the
real sources; some have a story in mutants/stories/, written by hand, that shows it. Three layers
are set on each: the directed tests of raft/ and kv/, the shipped scenarios, a hunt. `--write`
writes docs/mutants.md anew; it needs all of them. Exit code 1: the hunt did not find one, or a
patch does not apply.
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
TESTS = ("raft_test", "kv_test")
SCENARIO_SEEDS = "1..20"
PATIENCE = 300  # seconds, for a test or a scenario that a mistake keeps from ending


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


def prepare(with_tests):
    """The sources as they are, in TREE; files that did not change keep their time."""
    TREE.mkdir(parents=True, exist_ok=True)
    copied = ("CMakeLists.txt", "cmake", "src")
    for name in (each.name for each in ROOT.iterdir()):
        # What no patch changes is looked at where it is.
        if name not in copied and name not in ("build", ".git") and not (TREE / name).exists():
            (TREE / name).symlink_to(ROOT / name)
    for name in copied:
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
               f"-DRAFTLAB_BUILD_TESTS={'ON' if with_tests else 'OFF'}",
               stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"mutants: {TREE} cannot be configured, see above")


def build(mutant, *targets):
    """Where the programs with the mistake in them are, or what the compiler says."""
    prepare(bool(targets))
    wrong = mutant.apply(TREE) if mutant else ""
    if wrong:
        return None, wrong
    done = run("cmake", "--build", BUILD, "--target", "raftlab", *targets, capture_output=True,
               text=True)
    return (None, done.stdout) if done.returncode != 0 else (BUILD, "")


def output_of(*command):
    """What it prints, as far as it comes."""
    try:
        return run(*command, capture_output=True, text=True, timeout=PATIENCE).stdout
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode()


def test(folder):
    """The first directed test that fails, crashes or does not end."""
    for name in TESTS:
        told = output_of(folder / name, "--gtest_fail_fast", "--gtest_color=no")
        failed = re.findall(r"^\[  FAILED  \] (\S+)", told, re.M)
        ended = re.search(r"^\[==========\] .* ran\.", told, re.M)
        begun = re.findall(r"^\[ RUN      \] (\S+)", told, re.M)
        if failed or not ended:
            return failed[0] if failed else (begun or [name])[-1]
    return None


def play(program):
    """The shipped scenarios that fail."""
    told = output_of(program, "run", ROOT / "scenarios", "--seeds", SCENARIO_SEEDS)
    failed = re.findall(r"^(\S+): \d+ of \d+ seeds failed", told, re.M)
    if not re.search(r"^\d+ scenarios, seeds ", told, re.M):
        failed.append("one that does not end")
    return [name.removeprefix(f"{ROOT}/scenarios/").removesuffix(".yaml") for name in failed]


def story(mutant, program):
    """How many deeds the story by hand has, if there is one; -1: it does not show the mistake."""
    path = PATCHES / "stories" / f"{mutant.name}.yaml"
    if not path.exists():
        return None
    import yaml  # Debian: python3-yaml

    shown = run(program, "run", path, capture_output=True).returncode == 1
    deeds = 0
    for step in yaml.safe_load(path.read_text(encoding="utf-8")).get("steps", []):
        for key, value in step.items():
            what = value["command"] if key == "propose" and isinstance(value, dict) else value
            if key not in ("at", "when", "after", "within"):
                deeds += len(what) if key == "propose" and isinstance(what, list) else 1
    return deeds if shown else -1


def hunt(program, seeds):
    """What a hunt finds: {found, runs, seconds, steps}."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        try:
            done = run(program, "hunt", "--first", "--seeds", f"1..{seeds}", "--out", folder,
                       capture_output=True, text=True, timeout=10 * PATIENCE)
        except subprocess.TimeoutExpired:
            return {"found": None, "runs": 0, "seconds": 10 * PATIENCE, "steps": None}
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
    """A digest of all that a result depends on."""
    digest = hashlib.sha256()
    for file in sorted([*(ROOT / "src").rglob("*"), *(ROOT / "scenarios").rglob("*")]):
        if file.is_file():
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def judge(mutant, seeds, digest):
    """The result of a mutant: as it is known, or of a hunt."""
    known = json.loads(KNOWN.read_text()) if KNOWN.exists() else {}
    told = PATCHES / "stories" / f"{mutant.name}.yaml"
    told = told.read_bytes() if told.exists() else b""
    key = f"{digest} {seeds} ".encode() + mutant.path.read_bytes() + told
    key = hashlib.sha256(key).hexdigest()
    if key in known:
        return known[key]
    folder, wrong = build(mutant, *TESTS)
    if not folder:
        print(f"{mutant.name}: cannot be built:\n{wrong}", flush=True)
        return {"test": None, "scenarios": [], "story": None, "found": None, "runs": 0,
                "seconds": 0, "steps": None}
    program = folder / "raftlab"
    known[key] = {"test": test(folder), "scenarios": play(program),
                  "story": story(mutant, program), **hunt(program, seeds)}
    KNOWN.write_text(json.dumps(known, indent=1))
    return known[key]


def line(mutant, result):
    steps = "" if result["steps"] is None else result["steps"]
    by_hand = "" if result["story"] is None else f" ({result['story']})"
    found = result["found"] or "**nothing**"
    test = f"`{result['test']}`" if result["test"] else "none"
    failed = result["scenarios"]
    played = f"{len(failed)}: {failed[0]}" if failed else "none"
    return (f"| [{mutant.name}](../mutants/{mutant.name}.patch) | {mutant.header['What']} | "
            f"{mutant.header['Seen']} | {test} | {played} | {found} | {result['runs']} | "
            f"{result['seconds']:.1f} | {steps}{by_hand} |")


HEAD = """# Mutants

Mistakes that were made elsewhere, or that one is tempted to make, as patches of the real sources
in [`mutants/`](../mutants). Three layers are set on each, apart from one another: the directed
tests of `raft/` and `kv/`, the shipped scenarios with seeds {scenarios}, and a hunt with `--first`,
which has its own checkers and no test. The columns: the first *test* that fails; how many
*scenarios* fail, and one of them; what the *hunt* found (a property, `Invariant`: one of the core's
own, `Unexplained`: a deed for which the narrator knows no rule), after how many *worlds*, in how
many seconds with shrinking (*s*), and how many *steps* the scenario has to which it was shrunk; in
brackets those of the shortest story for it that was written by hand, in
[`mutants/stories/`](../mutants/stories), each deed counted as a step. Written by
`./dev mutants --write`.

"""


def write(results, seeds):
    def count(key):
        return sum(1 for _, result in results if result[key])

    text = HEAD.replace("{scenarios}", SCENARIO_SEEDS)
    text += (f"Of {len(results)} the hunt found {count('found')} within {seeds:,} worlds, "
             f"the tests {count('test')}, the scenarios {count('scenarios')}.\n\n")
    text += "| mutant | what it breaks | where it was seen | test | scenarios | hunt | worlds | s "
    text += "| steps |\n|" + 9 * "---|" + "\n"
    text += "\n".join(line(*each) for each in results) + "\n\n"
    text += (PATCHES / "README.md").read_text(encoding="utf-8")
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
        folder, wrong = build(chosen[0])
        if not folder:
            sys.exit(f"mutants: {chosen[0].name} cannot be built:\n{wrong}")
        print(folder / "raftlab")
        return
    results = []
    digest = sources()
    for mutant in chosen:
        result = judge(mutant, arguments.seeds, digest)
        results.append((mutant, result))
        told = "no" if result["steps"] is None else result["steps"]
        print(f"{mutant.name:44} {'test' if result['test'] else '':5}"
              f"{len(result['scenarios']) or '':3} {result['found'] or 'NOTHING':22} "
              f"{result['runs']:6} worlds {result['seconds']:6.1f} s {told:>3} steps"
              f"{'' if result['story'] is None else ', by hand ' + str(result['story'])}",
              flush=True)
    if arguments.write and len(chosen) == len(known):
        write(results, arguments.seeds)
    sys.exit(0 if all(result["found"] for _, result in results) else 1)


if __name__ == "__main__":
    main()
