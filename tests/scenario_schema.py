#!/usr/bin/env python3
"""Holds docs/scenario.schema.json to what ships: all scenarios and all examples of the reference.

Exit codes: 0 all fit, 1 something does not, 77 the modules that it needs are not there.
"""
import json
import pathlib
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing} (Debian: apt-get install python3-jsonschema python3-yaml)")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Loader(yaml.SafeLoader):
    """YAML 1.2's plain words, as editors read them: `on` and `off` are no truth values."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp",
                           "tag:yaml.org,2002:float")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents():
    """(name, text) of each scenario that must fit."""
    for path in sorted((ROOT / "scenarios").rglob("*.yaml")):
        yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
    reference = ROOT / "docs" / "scenarios.md"
    fences = re.finditer(r"^```yaml.*\n((?:.*\n)*?)```$", reference.read_text(encoding="utf-8"),
                         re.MULTILINE)
    for number, fence in enumerate(fences, 1):
        yield f"docs/scenarios.md, example {number}", fence.group(1)


def main():
    schema = json.loads((ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    seen = wrong = 0
    for name, text in documents():
        seen += 1
        for error in validator.iter_errors(yaml.load(text, Loader)):
            wrong += 1
            print(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    # What must not fit, so that the schema is not one that lets everything pass.
    for text in ("sevrers: 3", "servers: 0", "seed: x", "steps: [{wehn: there is a leader}]",
                 "network: {loss: 10}", "expect: {leeder: A}", "until: 0", "until: 0.0 ms",
                 "first election timeout: 0", "first election timeout: {A: 0 ms}",
                 "election timeout: 0..300 ms", "election timeout: 0 ms..300 ms",
                 "heartbeat interval: 0 s", "servers: [TwentyLettersAreNotMany]",
                 "servers: [leader]", "expect: {leader: all}", "expect: {applied: [7]}",
                 "steps: [{never: A is leader, for: 0}]", "steps: [{name: {all: A}}]"):
        if validator.is_valid(yaml.load(text, Loader)):
            wrong += 1
            print(f"the schema accepts {text!r}")
    # And what must, at the border.
    for text in ("until: 1 us", "election timeout: 0.5..300 ms", "election timeout: 10 ms",
                 "expect: {applied: ['7']}", "servers: [ExactlyTwentyLetters]",
                 "first election timeout: {A: 0.01 ms}"):
        if not validator.is_valid(yaml.load(text, Loader)):
            wrong += 1
            print(f"the schema refuses {text!r}")
    print(f"{seen} scenarios and examples, {wrong} mistakes")
    return 1 if wrong or seen < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
