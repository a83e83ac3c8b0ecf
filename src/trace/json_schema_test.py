#!/usr/bin/env python3
"""Validates facts as JSON against docs/trace.schema.json.

Usage: json_schema_test.py <trace_test> [<raftlab>]. The first program writes a line of every kind
of fact. Each must be valid, and must not be any more once it lacks a required field or has one that
the schema does not know. The second one plays every scenario that ships: what it prints must be
valid as well.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: needs the Python module jsonschema (Debian: python3-jsonschema)")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/trace.schema.json").read_text(encoding="utf-8"))
LINES_OF_A_KIND = 20  # are looked at in each scenario: runs repeat themselves, and it takes time


def fail(line, why):
    print(f"{why}:\n  {json.dumps(line, ensure_ascii=False)}")
    sys.exit(1)


def validators(version):
    """By kind: what is wrong is said better against one kind than against any of them."""
    return {kind: version({"$defs": SCHEMA["$defs"], **definition})
            for kind, definition in SCHEMA["$defs"].items()}


def check(line, of_kind):
    if line["kind"] not in of_kind:
        fail(line, "a kind that the schema does not know")
    for error in of_kind[line["kind"]].iter_errors(line):
        fail(line, f"{error.json_path}: {error.message}")


def check_every_kind(trace_test, version, of_kind):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "facts.jsonl"
        subprocess.run(
            [trace_test, "--gtest_brief=1", "--gtest_filter=Json.HasALineForEveryKind"],
            check=True, stdout=subprocess.DEVNULL,
            env={**os.environ, "RAFTLAB_FACTS_FILE": str(path)})
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        check(line, of_kind)
        validator = of_kind[line["kind"]]
        if validator.is_valid({**line, "unheardOf": 1}):
            fail(line, "the schema lets an unknown field pass")
        for field in SCHEMA["$defs"][line["kind"]]["required"]:
            if validator.is_valid({key: value for key, value in line.items() if key != field}):
                fail(line, f"the schema does not ask for {field}")
        if not version(SCHEMA).is_valid(line):
            fail(line, "valid as its kind, but not as a fact")
    seen = {line["kind"] for line in lines}
    missing = set(SCHEMA["properties"]["kind"]["enum"]) - seen
    if missing:
        sys.exit(f"no line of these kinds: {sorted(missing)}")
    print(f"{len(lines)} lines of {len(seen)} kinds are valid")


def check_runs(raftlab, of_kind):
    scenarios = sorted((ROOT / "scenarios").rglob("*.yaml"))
    checked = told = 0
    for scenario in scenarios:
        run = subprocess.run([raftlab, "run", "--json", scenario], check=True, text=True,
                             stdout=subprocess.PIPE, encoding="utf-8")
        seen = collections.Counter()
        before = (0, 0)
        for line in map(json.loads, run.stdout.splitlines()):
            told += 1
            at = (line["time"], line["step"])
            if at < before:
                fail(line, f"{scenario.name}: time or step goes back from {before}")
            before = at
            seen[line["kind"]] += 1
            if seen[line["kind"]] <= LINES_OF_A_KIND:
                checked += 1
                check(line, of_kind)
        if len(seen) < 5:
            sys.exit(f"{scenario.name} tells nothing but {sorted(seen)}")
    if not scenarios:
        sys.exit("there are no scenarios")
    print(f"{checked} of {told} lines of {len(scenarios)} scenarios are valid")


def main():
    version = getattr(jsonschema, "Draft202012Validator", None)
    if version is None:
        print("skipped: this jsonschema does not know draft 2020-12")
        sys.exit(77)
    version.check_schema(SCHEMA)
    of_kind = validators(version)
    check_every_kind(sys.argv[1], version, of_kind)
    if len(sys.argv) > 2:
        check_runs(sys.argv[2], of_kind)


if __name__ == "__main__":
    main()
