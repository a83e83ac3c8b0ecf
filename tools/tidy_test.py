"""Shows each rule of the tidy test refusing something, and letting pass what is like it."""

import unittest

import tidy
from cpp_text import outline

HEADER = "// What it is.\n#pragma once\n"


def found(path, text):
    """The complaints as "line: what was found", without what was expected."""
    return [f"{line}: {what}" for line, what, _ in tidy.complaints(path, text)]


class Layers(unittest.TestCase):
    def test_a_floor_may_include_itself_and_what_is_below(self):
        text = '#include "sim/world.h"\n#include "trace/fact.h"\n#include "raft/log.h"\n'
        self.assertEqual(found("src/sim/world.cpp", text), [])

    def test_a_floor_may_not_include_what_is_above(self):
        self.assertEqual(
            found("src/raft/log.cpp", '#include "trace/fact.h"\n'), ['1: "trace/fact.h" in raft/'])

    def test_sim_and_check_do_not_know_each_other_even_in_tests(self):
        self.assertEqual(
            found("src/sim/bus.cpp", '\n#include "check/all.h"\n'), ['2: "check/all.h" in sim/'])
        self.assertEqual(
            found("src/check/all_test.cpp", '#include "sim/bus.h"\n'), ['1: "sim/bus.h" in check/'])

    def test_scenario_knows_both_but_not_cli(self):
        text = '#include "sim/world.h"\n#include "check/all.h"\n#include "cli/story.h"\n'
        self.assertEqual(found("src/scenario/run.cpp", text), ['3: "cli/story.h" in scenario/'])

    def test_our_includes_are_paths_from_src(self):
        self.assertEqual(found("src/raft/log.cpp", '#include "log.h"\n'), ['1: "log.h"'])

    def test_lower_floors_include_no_library(self):
        for name in ("fmt/core.h", "unistd.h", "gtest/gtest.h"):
            with self.subTest(name):
                text = f"#include <{name}>\n"
                self.assertEqual(found("src/trace/story.cpp", text), [f"1: <{name}>"])
                self.assertEqual(found("src/trace/story_test.cpp", text), [])
                self.assertEqual(found("src/cli/story.cpp", text), [])


class Nondeterminism(unittest.TestCase):
    REFUSED = (
        "std::uniform_int_distribution<int> d;", "std::mt19937_64 g;", "std::random_device r;",
        "int x = rand();", "auto h = std::hash<int>{}(1);", "std::unordered_map<int, int> m;",
        "double d = 1;", "float f = 1;", "auto half = 0.5;", "unsigned long n = 1;",
        "auto t = std::chrono::steady_clock::now();", "auto t = std::time(nullptr);",
        "std::jthread t;", "std::mutex m;", "std::shared_mutex m;", "thread_local int n;",
        'std::printf("x");', "std::cout << 1;", 'std::getenv("HOME");', "throw 1;",
        "try { f(); } catch (...) {}", "assert(x == 1);",
    )
    ALLOWED = (
        "static_assert(x == 1);", "RAFT_ASSERT(x, \"\");", "std::chrono::microseconds t;",
        "long long n = 1'000'000;", "auto random = Random{};", "double_check();", "operand(1);",
        "// a double throw of rand()", 'f("double 0.5 throw");', "world.assert(1);",
    )

    def test_refused_in_lower_floors(self):
        for line in self.REFUSED:
            for floor in tidy.LOWER:
                with self.subTest(line, floor=floor):
                    complaints = found(f"src/{floor}/a.cpp", f"\n{line}\n")
                    self.assertTrue(complaints and complaints[0].startswith("2: `"), complaints)

    def test_allowed_above_and_in_tests(self):
        for line in self.REFUSED:
            with self.subTest(line):
                self.assertEqual(found("src/cli/a.cpp", line + "\n"), [])
                self.assertEqual(found("src/raft/a_test.cpp", line + "\n"), [])

    def test_what_only_looks_like_it_is_allowed(self):
        for line in self.ALLOWED:
            with self.subTest(line):
                self.assertEqual(found("src/raft/a.cpp", line + "\n"), [])

    def test_headers(self):
        for name in tidy.BANNED_HEADERS:
            with self.subTest(name):
                text = f"#include <{name}>\n"
                self.assertEqual(found("src/check/a.cpp", text), [f"1: <{name}>"])

    def test_atomic_is_for_the_reference_counts_of_the_core(self):
        text = "#include <atomic>\nstd::atomic<int> n;\n"
        self.assertEqual(found("src/raft/a.cpp", text), [])
        self.assertEqual(found("src/sim/a.cpp", text), ["1: <atomic>", "2: `std::atomic`"])

    def test_members_of_a_type_that_differs_between_machines(self):
        text = (HEADER + "struct A {\n  std::size_t size() const;\n  static size_t live;\n"
                "  std::size_t size_ = 0;\n  std::vector<std::size_t> all;\n};\nstd::size_t f();\n")
        self.assertEqual(
            found("src/sim/a.h", text),
            ["6: the member `std::size_t size_ = 0`",
             "7: the member `std::vector<std::size_t> all`"])


class Sizes(unittest.TestCase):
    def test_functions(self):
        body = "void f() {\n" + "  g();\n" * 39 + "}\n"
        self.assertEqual(found("src/raft/a.cpp", body), ["1: `f` has 41 lines"])
        self.assertEqual(found("src/raft/a_test.cpp", body), [])
        self.assertEqual(found("src/sim/a.cpp", body), [])
        body = "\nvoid A::f(int x = 1)\n    const {\n" + "  g();\n" * 68 + "}\n"
        self.assertEqual(found("src/sim/a.cpp", body), ["2: `A::f` has 71 lines"])

    def test_files(self):
        self.assertEqual(found("src/sim/a.cpp", "\n" * 500), [])
        self.assertEqual(found("src/sim/a.cpp", "\n" * 501), ["501: a file of 501 lines"])

    def test_columns_are_characters(self):
        self.assertEqual(found("tools/a.py", "§" * 100 + "\n"), [])
        self.assertEqual(found("tools/a.py", "§" * 101 + "\n"), ["1: a line of 101 columns"])


class Outline(unittest.TestCase):
    def functions(self, text):
        return [(head, first, last) for kind, head, first, last in outline(text)
                if kind == "function"]

    def test_functions_of_every_kind(self):
        self.assertEqual(
            self.functions("""namespace a {
class B final : public C<D> {
 public:
  explicit B(int x = 0) : x_{x}, y_(f({1, 2})) {}
  B& operator+=(const B& b) {
    x_ += b.x_;
  }
  friend bool operator==(const B&, const B&) = default;
  int z = 3, w{4};
};
enum class E : int { x, y };
const char* const names[] = {
    "{", R"(})"
};
int table[] = {f({1}), 2};
#define M(x) \\
  { x }
auto g = [](int x) {
  return x;
};
template <class T>
auto h(T t) -> std::vector<T> {
  if (t) { while (false) {} }
}
TEST(A, B) {
  int x = '{';
}
}  // namespace a
"""),
            [("explicit B(int x = 0) : x_{x}, y_(f({1, 2}))", 4, 4),
             ("B& operator+=(const B& b)", 5, 7),
             ("auto g = [](int x)", 18, 20),
             ("template <class T> auto h(T t) -> std::vector<T>", 21, 24),
             ("TEST(A, B)", 25, 27)])


class Texts(unittest.TestCase):
    def test_headers(self):
        self.assertEqual(found("src/raft/a.h", HEADER), [])
        self.assertEqual(found("src/raft/a.h", "#pragma once\n"), ["1: `#pragma once`"])
        self.assertEqual(found("src/raft/a.h", "// What it is.\n"), ["1: no #pragma once"])

    def test_blanks(self):
        self.assertEqual(found("README.md", "a\tb\n"), ["1: a tab"])
        self.assertEqual(found("README.md", "a \n"), ["1: blanks at the end of the line"])
        self.assertEqual(found("README.md", "a\r\n"), ["1: a carriage return"])
        self.assertEqual(found("README.md", "a"), ["1: no line feed at the end of the file"])

    def test_places_on_one_machine(self):
        home = "/".join(["", "home", "someone"])
        self.assertEqual(
            found("docs/a.md", f"see {home}/x\n"), [f"1: `{home}`, a place on one machine"])
        self.assertEqual(found("docs/a.md", "see src/home/someone and /usr/bin/python3\n"), [])
        here = tidy.machine_places(tidy.pathlib.Path("/", "shelf", "raftlab"))
        self.assertTrue(here.search("in /shelf/other") and here.search("/shelf/raftlab"))
        self.assertFalse(here.search("a bookshelf/raftlab, /shelfmark"))


    def test_links_lead_somewhere(self):
        text = "[a](scenarios.md), [b](../src/raft#x), [c](#here), [d](https://example.org/no.md)\n"
        self.assertEqual(found("docs/a.md", text), [])
        self.assertEqual(
            found("docs/a.md", "\n[a](nothing.md#x)\n```\n[b](no.md)\n```\n[c](../no)\n"),
            ["2: a link to `nothing.md`", "6: a link to `../no`"])


class Formatting(unittest.TestCase):
    def test_clang_format_is_asked(self):
        if tidy.shutil.which("clang-format-14") is None:
            self.skipTest("clang-format-14 is not installed")
        bad = tidy.ROOT / "build" / "tidy_test.cpp"
        bad.parent.mkdir(exist_ok=True)
        bad.write_text("int   f( ) ;\n")
        try:
            self.assertEqual(tidy.formatting(["build/tidy_test.cpp"]), ["build/tidy_test.cpp:1"])
        finally:
            bad.unlink()


if __name__ == "__main__":
    unittest.main()
