#!/usr/bin/env python3
"""Validates a line of every kind of fact against docs/trace.schema.json.

Usage: json_schema_test.py <trace_test>. That program writes the lines. Each line must be valid, and
must not be any more once it lacks a required field or has one that the schema does not know.
"""
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

root = pathlib.Path(__file__).resolve().parents[2]
schema = json.loads((root / "docs/trace.schema.json").read_text(encoding="utf-8"))


def fail(line, why):
    print(f"{why}:\n  {json.dumps(line, ensure_ascii=False)}")
    sys.exit(1)


with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "facts.jsonl"
    subprocess.run(
        [sys.argv[1], "--gtest_brief=1", "--gtest_filter=Json.HasALineForEveryKind"],
        check=True, stdout=subprocess.DEVNULL, env={**os.environ, "RAFTLAB_FACTS_FILE": str(path)})
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

version = getattr(jsonschema, "Draft202012Validator", None)
if version is None:
    print("skipped: this jsonschema does not know draft 2020-12")
    sys.exit(77)
version.check_schema(schema)

seen = set()
for line in lines:
    kind = schema["$defs"].get(line["kind"])
    if kind is None:
        fail(line, "a kind that the schema does not know")
    seen.add(line["kind"])
    # Against its own kind, not against all of them: that says what is wrong.
    validator = version({"$defs": schema["$defs"], **kind})
    for error in validator.iter_errors(line):
        fail(line, f"{error.json_path}: {error.message}")
    if validator.is_valid({**line, "unheardOf": 1}):
        fail(line, "the schema lets an unknown field pass")
    for field in kind["required"]:
        if validator.is_valid({key: value for key, value in line.items() if key != field}):
            fail(line, f"the schema does not ask for {field}")
    if not version(schema).is_valid(line):
        fail(line, "valid as its kind, but not as a fact")

missing = set(schema["properties"]["kind"]["enum"]) - seen
if missing:
    sys.exit(f"no line of these kinds: {sorted(missing)}")
print(f"{len(lines)} lines of {len(seen)} kinds are valid")
