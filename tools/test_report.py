"""Tells a run of ctest: first what goes on (--progress), then how it ended (--summary)."""

import argparse
import re
import sys
import xml.etree.ElementTree as ElementTree

DONE = re.compile(r"^\s*(\d+/\d+) Test +#\d+: (\S+) \.*(?: +Passed|\*\*\*Skipped) ")
NOISE = re.compile(r"^(\s*Start +\d+: |Internal ctest changing into|Test project )")
# From here on ctest repeats itself; the summary says it better.
END = re.compile(r"^\d+% tests passed")


def progress(lines, out, terminal):
    """Copies ctest's lines. Tests that did not fail are shown in passing, on a terminal."""
    blanks = ""
    for line in lines:
        if END.match(line):
            break
        if not line.strip():
            blanks += line
            continue
        done = DONE.match(line)
        if terminal:
            out.write("\r\033[K")
            if done:
                out.write(f"{done[1]} {done[2]}"[:78])
        if not done and not NOISE.match(line):
            out.write(blanks + line)
        blanks = ""
        out.flush()
    if terminal:
        out.write("\r\033[K")
    for _ in lines:  # ctest must not die of a closed pipe
        pass


def skip_reason(output):
    """What a skipped test said: GoogleTest's message, or else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for number, line in enumerate(lines[:-1]):
        if line.endswith(": Skipped"):
            reason = lines[number + 1]
            return "no reason given" if reason.startswith("[") else reason
    return lines[-1] if lines else "no reason given"


def summary(path, ctest_code, out):
    """Prints why tests were skipped, and the counts as the last line. Returns the exit code."""
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        out.write(f"ctest left no report ({error}), see above\n0 passed, 1 failed\n")
        return 1
    failed, skipped, passed = [], [], 0
    for case in cases:
        note = case.find("skipped")
        message = "" if note is None else note.get("message", "")
        if case.get("status") == "run":
            passed += 1
        elif case.get("status") == "disabled":
            skipped.append((case.get("name"), "disabled"))
        elif message.startswith("SKIP_"):
            skipped.append((case.get("name"), skip_reason(case.findtext("system-out") or "")))
        else:  # failed, timed out, crashed, or has no program to run
            failed.append(f"{case.get('name')}{': ' if message else ''}{message}")
    for name, reason in skipped:
        out.write(f"skipped: {name}: {reason}\n")
    for name in failed:
        out.write(f"FAILED: {name}\n")
    failures = len(failed)
    if failures == 0 and (ctest_code != 0 or not cases):
        out.write("ctest itself failed, see above\n" if cases else "no test's name fits\n")
        failures = 1
    out.write(f"{passed} passed, {failures} failed")
    out.write(f", {len(skipped)} skipped\n" if skipped else "\n")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--progress", action="store_true", help="filter ctest's output")
    parser.add_argument("--summary", nargs=2, metavar=("XML", "CODE"))
    arguments = parser.parse_args()
    if arguments.progress:
        progress(iter(sys.stdin), sys.stdout, sys.stdout.isatty())
        return 0
    return summary(arguments.summary[0], int(arguments.summary[1]), sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
