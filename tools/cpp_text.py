"""Just enough of C++'s grammar for our tools: code without comments, functions, members.

It knows the code that clang-format leaves behind, not all of C++.
"""

import re

# One comment, string, character or raw string; a digit separator (1'000) is none of them.
TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'""",
    re.DOTALL | re.VERBOSE,
)


def blank(text):
    """As many lines and columns of nothing."""
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """The text without comments and without what stands in literals; places stay as they were."""

    def replace(match):
        if match["comment"] is not None:
            return blank(match[0])
        quote = match[0][-1]
        opening = match[0].index(quote)
        return match[0][:opening] + quote + blank(match[0][opening + 1 : -1]) + quote

    return TOKEN.sub(replace, text)


def without_directives(code):
    """Code without preprocessor lines, continued ones included."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: blank(m[0]), code, flags=re.M)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


CONTAINER = re.compile(r'\b(namespace|class|struct|union|enum)\b[^()=]*$|\bextern\s*"\s*"\s*$')
TYPE = re.compile(r"\b(class|struct|union)\b[^()=]*$")
# `Log::Log() : store_{1}, size_` before another `{`: still the initialisers, not the body.
INITIALISER = re.compile(r"\)\s*(noexcept\s*)?:(?!:).*[\w>]\s*$", re.DOTALL)


def is_variable(head):
    """Whether a brace after this head begins a value. A lambda is a function, not a value."""
    if "(" not in head:
        return re.search(r"=\s*\[[^\[]*\]\s*$", head) is None
    head = re.sub(r"\boperator\s*\W+?(?=\s*\()", "", head)
    while (shorter := re.sub(r"\([^()]*\)", "", head)) != head:
        head = shorter
    return re.search(r"=\s*(?!\[)[^\s\[]?[^\[]*$", head) is not None


def matching_brace(code, opening):
    depth = 0
    for position in range(opening, len(code)):
        if code[position] == "{":
            depth += 1
        elif code[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    return len(code) - 1


def outline(text):
    """What stands outside of function bodies: ("function" | "statement", head, first, last line).

    A statement's kind is "member" if it is a declaration directly within a class or struct.
    """
    code = without_directives(code_only(text))
    found = []
    inside = []  # for each open container: whether it is a type
    start = position = 0

    def add(kind, head_end, end):
        head = code[start:head_end]
        first = line_of(code, start + len(head) - len(head.lstrip()))
        found.append((kind, " ".join(head.split()), first, line_of(code, end)))

    parentheses = 0
    while position < len(code):
        character = code[position]
        parentheses += (character == "(") - (character == ")")
        label = re.compile(r"\b(public|private|protected)\s*:(?!:)").match(code, position)
        if label and not code[start:position].strip():
            position = start = label.end()
            continue
        if character == ";" and parentheses == 0:
            add("member" if inside and inside[-1] else "statement", position, position)
            start = position + 1
        elif character == "}":
            if inside:
                inside.pop()
            start = position + 1
        elif character == "{":
            head = re.sub(r"\balignas\([^()]*\)", "", code[start:position])
            if parentheses == 0 and CONTAINER.search(head):
                inside.append(bool(TYPE.search(head)) and "enum" not in head.split())
                start = position + 1
            elif parentheses > 0 or INITIALISER.search(head) or is_variable(head):
                position = matching_brace(code, position)
            else:
                end = matching_brace(code, position)
                add("function", position, end)
                position, start = end, end + 1
        position += 1
    return found
