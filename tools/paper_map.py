"""Builds docs/paper-map.md: each rule of the paper, its code, and the tests that name it.

usage: paper_map.py           writes the page
       paper_map.py --check   fails if a rule has no code or no test, or the page is not up to date

Code names a rule by quoting it in a comment of src/raft/ or src/kv/, wrapped as one likes:
    // 2. Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm
    //    (§5.3).
A test names a rule by its id in the comment right above it (`Candidates.1` stands for 1a to 1d):
    // Figure 2, AppendEntries.2: the entry before the new ones has another term.
Ids and texts are in tools/paper_rules.json. Any comment may name sections (§5.4.1), sections of the
thesis (thesis §10.2.1) or other figures (Figure 8); they make up the page's second table.
"""

import json
import pathlib
import re
import sys
from dataclasses import dataclass, field

from cpp_text import outline

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = "docs/paper-map.md"
BOXES = ("RequestVote|AppendEntries|AllServers|Followers|Candidates|Leaders"
         "|ClientRequest|RegisterClient|InstallSnapshot"
         "|PreVote|Stickiness|CheckQuorum|Transfer|ConflictHints|Membership|Reads")
CODE = ("src/raft/", "src/kv/")  # whose comments quote rules
FIRST_PART = "Figure 2"  # of the page; a box with a "part" begins another
ID = re.compile(rf"\b(?:{BOXES})\.\d+[a-z]?")
SECTION = re.compile(r"(thesis\s+)?§\s*(\d+(?:\.\d+)*)|\bFigure\s+(\d+)\b", re.IGNORECASE)


@dataclass
class Place:
    """A comment, and what it stands above or in: a function, a test, or only a file."""

    path: str
    line: int
    comment: str
    function: str = ""
    test: str = ""


@dataclass
class Map:
    """Who names what: by a rule's id, or by a section's name."""

    code: dict = field(default_factory=dict)
    tests: dict = field(default_factory=dict)

    @staticmethod
    def add(table, key, value):
        if value not in table.setdefault(key, []):
            table[key].append(value)


def words(text):
    """A text as its words and operators alone, so that wrapping, case and brackets do not count."""
    text = text.replace("≥", ">=").replace("≤", "<=").replace("’", "'")
    text = re.sub(r"\((?:thesis )?§[^)]*\)", " ", text)
    return " " + " ".join(re.findall(r"[a-z0-9'\[\]-]+|[<>=]+", text.lower())) + " "


def comments(path, text):
    """The comments of a file: each run of lines that are comments, each comment after code."""
    lines = text.split("\n")
    functions = [(first, last, head) for kind, head, first, last in outline(text)
                 if kind == "function"]
    number = 0
    while number < len(lines):
        start = number
        while number < len(lines) and lines[number].lstrip().startswith("//"):
            number += 1
        block = lines[start:number]
        if not block and "//" in lines[number]:
            block = [lines[number][lines[number].index("//"):]]
        if block:
            comment = " ".join(line.strip().lstrip("/").strip() for line in block)
            # The first line of a function that it stands right above belongs to the function.
            below = number + 1
            inside = [head for first, last, head in functions
                      if first <= start + 1 <= last or first == below]
            place = Place(path, start + 1, comment)
            if inside:
                name_place(place, inside[0])
            yield place
        number = max(number, start + 1)


def name_place(place, head):
    test = re.match(r"(?:TEST|TEST_F|TEST_P|TYPED_TEST)\((\w+), (\w+)\)", head)
    if test:
        place.test = f"{test[1]}.{test[2]}"
    else:
        place.function = re.sub(r"\(.*", "", head).split()[-1]


def read_places(root):
    """The comments of the core, and those right above tests, of all floors."""
    code, tests = [], []
    for path in sorted((root / "src").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix not in (".h", ".cpp"):
            continue
        if path.stem.endswith("_test"):
            tests += [place for place in comments(name, path.read_text("utf-8")) if place.test]
        elif name.startswith(CODE) and not path.stem.endswith("_test_support"):
            code += comments(name, path.read_text("utf-8"))
    return code, tests


def quotes(place, box, rule):
    if box.get("file", "") not in pathlib.PurePosixPath(place.path).stem:
        return False
    text, under = words(place.comment), words(rule.get("under", ""))
    if under.strip():
        start = text.find(under)
        return start >= 0 and words(rule["text"]) in text[start:]
    return words(rule["text"]) in text


def sections(comment):
    for thesis, section, figure in SECTION.findall(comment):
        if figure and figure != "2":
            yield f"Figure {figure}"
        elif section:
            yield f"{'thesis ' if thesis else ''}§{section}"


def build(rules, code, tests):
    """Returns the Map, and the complaints about ids that no rule has."""
    result, complaints = Map(), []
    ids = [rule["id"] for box in rules["boxes"] for rule in box["rules"]]
    for place in code:
        for box in rules["boxes"]:
            for rule in box["rules"]:
                if quotes(place, box, rule):
                    Map.add(result.code, rule["id"], place)
        for section in sections(place.comment):
            Map.add(result.code, section, place)
    for place in tests:
        for name in ID.findall(place.comment):
            meant = [name] if name in ids else [i for i in ids if re.fullmatch(name + "[a-z]", i)]
            if not meant:
                complaints.append(f"{place.path}:{place.line}: {name} is no rule; expected: "
                                  "an id from tools/paper_rules.json")
            for rule_id in meant:
                Map.add(result.tests, rule_id, place)
        for section in sections(place.comment):
            Map.add(result.tests, section, place)
    for box in rules["boxes"]:
        for rule in box["rules"]:
            quoted = f'{rule["id"]} "{rule["text"]}"'
            if rule["id"] not in result.code:
                where = f"src/raft/{box['file']}.cpp" if "file" in box else "src/raft"
                complaints.append(f"{where}: no comment quotes {quoted}; expected: one above the "
                                  "code that carries it out")
            if rule["id"] not in result.tests:
                complaints.append(f"src/raft: no test names {quoted}; expected: a test below a "
                                  f"comment `// Figure 2, {rule['id']}: …`")
    return result, complaints


def shown(places):
    """Places as a cell: file by file, without lines, so that the page changes with its subject."""
    by_file = {}
    for place in places:
        names = by_file.setdefault(place.path, [])
        name = place.test or place.function
        if name and name not in names:
            names.append(name)
    cells = []
    for path, names in by_file.items():
        link = f"[{path.removeprefix('src/')}](../{path})"
        cells.append(link + (": " + ", ".join(f"`{name}`" for name in names) if names else ""))
    return "<br>".join(cells) or "—"


def section_order(name):
    """The paper's sections, then its figures, then the thesis, each by number."""
    kind = ("§", "Figure", "thesis").index(re.match(r"§|Figure|thesis", name)[0])
    return kind, [int(number) for number in re.findall(r"\d+", name)]


def page(rules, result):
    lines = [
        "# From the paper to the code and its tests",
        "",
        "Written by `./dev map` from the comments in `src/`. A test fails when it is not up to",
        "date, or when a rule has no code or no test.",
        "",
        f"## The rules of {FIRST_PART}",
    ]
    part = FIRST_PART
    for box in rules["boxes"]:
        if box.get("part", FIRST_PART) != part:
            part = box["part"]
            lines += ["", f"## The rules of {part}"]
        lines += ["", f"### {box['title']}", "", "| | rule | code | tests |", "|---|---|---|---|"]
        for rule in box["rules"]:
            under = f"{rule['under']} " if "under" in rule else ""
            reference = f" ({rule['sections']})" if "sections" in rule else ""
            number = rule["id"].split(".")[1]
            lines.append(f"| {number} | {under}{rule['text']}{reference} | "
                         f"{shown(result.code.get(rule['id'], []))} | "
                         f"{shown(result.tests.get(rule['id'], []))} |")
    names = {name for table in (result.code, result.tests) for name in table
             if not ID.fullmatch(name)}
    lines += ["", "## By section", "",
              "Sections and figures of the paper, then sections of the thesis, wherever a comment",
              "of the core or right above a test names them.", "",
              "| section | code | tests |", "|---|---|---|"]
    for name in sorted(names, key=section_order):
        lines.append(f"| {name} | {shown(result.code.get(name, []))} | "
                     f"{shown(result.tests.get(name, []))} |")
    return "\n".join(lines) + "\n"


def main(arguments, root=ROOT):
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    rules = json.loads((ROOT / "tools/paper_rules.json").read_text("utf-8"))
    if not (root / "src/raft").is_dir():
        print("src/raft: not there; expected: the core, whose comments quote the paper")
        return 1
    result, complaints = build(rules, *read_places(root))
    for complaint in complaints:
        print(complaint)
    text = page(rules, result)
    target = root / PAGE
    if arguments == ["--check"]:
        if not target.is_file() or target.read_text("utf-8") != text:
            print(f"{PAGE}:1: not up to date; expected: what `./dev map` writes")
            return 1
        return 1 if complaints else 0
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, "utf-8")
    print(f"paper_map: wrote {PAGE}, {len(complaints)} complaints")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
