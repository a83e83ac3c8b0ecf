"""The tidy test: layers, sources of nondeterminism, sizes, formatting, places on a machine.

usage: tidy.py [FILE...]     all files of the checkout if none is named

Every complaint is a line `file:line: what stands there; expected: what should`. The file
tools/tidy_test.py shows each rule refusing something.
"""

import pathlib
import re
import shutil
import subprocess
import sys

from cpp_text import code_only, line_of, outline, without_directives

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Each floor, and the floors below it along the lines of the tower.
BELOW = {
    "raft": (),
    "kv": ("raft",),
    "trace": ("raft",),
    "sim": ("trace", "kv", "raft"),
    "check": ("trace", "raft"),
    "scenario": ("sim", "check", "trace", "kv", "raft"),
    "hunt": ("scenario", "sim", "check", "trace", "kv", "raft"),
    "cli": ("hunt", "scenario", "sim", "check", "trace", "kv", "raft"),
    "lab": ("hunt", "scenario", "sim", "check", "trace", "kv", "raft"),
}
# These have the standard library alone, and nothing that differs from run to run.
LOWER = ("raft", "kv", "trace", "sim", "check")

OUR_RANDOM = "our own generator, in integers (raft/random.h)"
NO_THREADS = "no threads: a step is a function, the host decides what runs beside it"
NO_IO = "no input or output: give text back to the caller"
SAME_ORDER = "std::map, std::set or a sorted vector: an order that is the same everywhere"
NO_EXCEPTIONS = "no exceptions, they do not link in the browser: return an error or RAFT_ASSERT"

# Headers that the lower floors do not include, and what to do instead.
BANNED_HEADERS = {
    "random": OUR_RANDOM,
    "unordered_map": SAME_ORDER,
    "unordered_set": SAME_ORDER,
    "cassert": "RAFT_ASSERT (raft/assert.h), which is on in every build",
    "assert.h": "RAFT_ASSERT (raft/assert.h), which is on in every build",
    "cmath": "integers alone",
    "ctime": "`now` is an argument",
    "exception": NO_EXCEPTIONS,
    "stdexcept": NO_EXCEPTIONS,
    **dict.fromkeys(
        "thread mutex shared_mutex condition_variable future semaphore latch barrier stop_token"
        .split(), NO_THREADS),
    **dict.fromkeys(
        "iostream istream ostream fstream sstream spanstream syncstream cstdio stdio.h print "
        "iomanip filesystem format locale".split(), NO_IO),
}

# Words that the lower floors do not contain, and what to do instead.
BANNED_WORDS = [
    (r"\w+_distribution\b", OUR_RANDOM),
    (r"\b(?:random_device|mt19937(?:_64)?|default_random_engine|s?rand(?=\())", OUR_RANDOM),
    (r"\bstd::hash\b", "a hash of our own, the same everywhere"),
    (r"\bunordered_\w+", SAME_ORDER),
    (r"\b(?:float|double)\b", "integers alone"),
    (r"(?<![\w.])\d[\d']*\.\d+", "integers alone"),
    (r"(?<!long )\blong\b(?! long)", "a type of the same width everywhere, such as std::int64_t"),
    (r"\b\w+_clock\b", "`now` is an argument"),
    (r"\b(?:std::time|gettimeofday|clock_gettime)\b", "`now` is an argument"),
    (r"\bstd::(?:j?thread|\w*mutex|async|future|promise|lock_guard|unique_lock)\b", NO_THREADS),
    (r"\bthread_local\b", NO_THREADS),
    (r"\b(?:std::c(?:out|err|log|in)|f?printf|fopen|fputs|puts|getenv)\b", NO_IO),
    (r"\b(?:throw|try|catch)\b", NO_EXCEPTIONS),
    (r"(?<![\w.>:])assert\s*\(", "RAFT_ASSERT (raft/assert.h), which is on in every build"),
]
# Exceptions to the above, as few as can be: (floor or file, word).
ALLOWED = {
    ("src/raft/assert.cpp", "thread_local"),  # so that simulators may run side by side
}

COLUMNS = 100
FILE_LINES = 500
FUNCTION_LINES = {"raft": 40}
FUNCTION_LINES_ELSEWHERE = 70

CPP = (".h", ".cpp")
CODE = (".h", ".cpp", ".py", ".sh", ".cmake", "CMakeLists.txt", "raftlab", "dev", "run")
TEXT = CODE + (".md", ".json", ".yaml", ".yml", ".in", ".txt", ".html", ".js", ".css", ".ts")
STANDARD_FOLDERS = "bin boot dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var"


def floor_of(path):
    parts = pathlib.PurePosixPath(path).parts
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


def is_test(path):
    return re.search(r"_test(_support)?\.(cpp|h)$", path) is not None


def check_includes(path, text, _code):
    floor = floor_of(path)
    if floor is None:
        return
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', text, re.M):
        line, quote, name = line_of(text, match.start()), match[1], match[2]
        folder = name.split("/")[0] if "/" in name else None
        if quote == '"':
            if folder not in BELOW:
                yield line, f'"{name}"', f'a path from src/, such as "{floor}/{name}"'
            elif folder != floor and folder not in BELOW.get(floor, ()):
                below = ", ".join(BELOW.get(floor, ())) or "none"
                yield line, f'"{name}" in {floor}/', f"{floor}/ or a floor below it ({below})"
        elif floor in LOWER and not is_test(path):
            if name == "atomic" and floor != "raft":
                yield line, "<atomic>", f"reference counts are raft/'s alone; {NO_THREADS}"
            elif name in BANNED_HEADERS:
                yield line, f"<{name}>", BANNED_HEADERS[name]
            elif folder or "." in name:
                yield line, f"<{name}>", f"{floor}/ uses the C++ standard library alone"


def check_words(path, _text, code):
    floor = floor_of(path)
    if floor not in LOWER or is_test(path):
        return
    code = without_directives(code)
    for pattern, instead in BANNED_WORDS:
        for match in re.finditer(pattern, code):
            word = match[0].rstrip("( ")
            if (path, word) not in ALLOWED:
                yield line_of(code, match.start()), f"`{word}`", instead
    if floor != "raft":
        for match in re.finditer(r"\bstd::atomic\w*", code):
            yield line_of(code, match.start()), f"`{match[0]}`", NO_THREADS


def check_sizes(path, text, _code):
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield lines, f"a file of {lines} lines", f"at most {FILE_LINES}; split it"
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS:
            yield number, f"a line of {len(line)} columns", f"at most {COLUMNS}"


def check_outline(path, text, _code):
    floor = floor_of(path)
    limit = FUNCTION_LINES.get(floor, FUNCTION_LINES_ELSEWHERE)
    if is_test(path):
        limit = FUNCTION_LINES_ELSEWHERE
    for kind, head, first, last in outline(text):
        if kind == "function" and last - first + 1 > limit:
            name = re.sub(r"\(.*", "", head).split()[-1]
            yield first, f"`{name}` has {last - first + 1} lines", f"at most {limit}"
        if kind == "member" and floor in LOWER and not is_test(path):
            declared = re.split(r"[={]", head)[0]
            if "(" in declared or declared.startswith(("using ", "static ")):
                continue
            if re.search(r"\bsize_t\b", declared):
                yield last, f"the member `{head}`", "a type of the same width everywhere"


def check_header(path, text, _code):
    if not path.endswith(".h"):
        return
    if not text.startswith("//"):
        first = text.split("\n", 1)[0]
        yield 1, f"`{first}`", "first a comment: what the header is, how to read it"
    if not re.search(r"^#pragma once$", text, re.M):
        yield 1, "no #pragma once", "it follows the opening comment"


def check_text(path, text, _code):
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            yield number, "a tab", "blanks"
        if line.endswith("\r"):
            yield number, "a carriage return", "lines that end with a line feed alone"
        elif line != line.rstrip():
            yield number, "blanks at the end of the line", "none"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no line feed at the end of the file", "one"


def machine_places(root):
    """Patterns of what belongs to one machine: home folders, and where this checkout stands."""
    places = [r"/(?:home|Users)/\w+"]
    parent = root.parent
    if len(parent.parts) > 1:
        places.append(re.escape(str(root)))
        if len(parent.parts) > 2 or parent.parts[1] not in STANDARD_FOLDERS.split():
            places.append(re.escape(str(parent)) + r"(?=/)")
    return re.compile(r"(?<![\w.])(?:" + "|".join(places) + ")")


PLACES = machine_places(ROOT)


def check_places(_path, text, _code):
    for match in PLACES.finditer(text):
        place = f"`{match[0]}`, a place on one machine"
        yield line_of(text, match.start()), place, "a relative path"


def check_links(path, text, _code):
    """Links inside the checkout lead to something. What stands in a block of code is no link."""
    folder = (ROOT / path).parent
    prose = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), text, flags=re.M | re.S)
    for match in re.finditer(r"\]\(([^)#\s:]+)(?:#[^)\s]*)?\)", prose):
        if not (folder / match[1]).exists():
            yield line_of(prose, match.start()), f"a link to `{match[1]}`", "a file that is there"


RULES = [
    (CPP, check_includes),
    (CPP, check_words),
    (CPP, check_outline),
    (CPP, check_header),
    (CODE, check_sizes),
    (TEXT, check_text),
    (TEXT, check_places),
    ((".md",), check_links),
]


def complaints(path, text):
    """All complaints about a file, by line: (line, found, expected). `path` is from the root."""
    code = code_only(text) if path.endswith(CPP) else ""
    found = []
    for endings, rule in RULES:
        if path.endswith(endings):
            found.extend(rule(path, text, code))
    return sorted(found)


def files():
    """What git knows or would add; without git, everything but what was built."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
        paths = [path for path in listed.decode().split("\0") if path]
    except (OSError, subprocess.CalledProcessError):
        everything = (path.relative_to(ROOT) for path in sorted(ROOT.rglob("*")))
        paths = [path.as_posix() for path in everything if path.parts[0] not in ("build", ".git")]
    return [path for path in paths if path.endswith(TEXT) and (ROOT / path).is_file()]


def formatting(paths):
    """clang-format's own complaints; None if version 14, whose opinion we follow, is not there."""
    program = shutil.which("clang-format-14")
    if program is None:
        return None
    command = [program, "--dry-run", "--Werror", "--ferror-limit=1", "--", *paths]
    errors = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stderr
    return re.findall(r"^(\S+?:\d+):\d+: error", errors, re.M)


def main(arguments):
    given = [pathlib.Path(path).resolve().relative_to(ROOT).as_posix() for path in arguments]
    paths = given or files()
    count = 0
    for path in paths:
        text = (ROOT / path).read_text(encoding="utf-8")
        for line, found, expected in complaints(path, text):
            print(f"{path}:{line}: {found}; expected: {expected}")
            count += 1
    places = formatting([path for path in paths if path.endswith(CPP)])
    for place in places or []:
        print(f"{place}: not formatted; expected: what `./dev format` makes of it")
        count += 1
    if places is None:
        print("tidy: clang-format-14 is not installed: formatting was not looked at")
    print(f"tidy: {len(paths)} files, {count} complaints")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
