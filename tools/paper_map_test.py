"""Shows that the paper map finds what is quoted and named, and refuses what is not."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import paper_map

RULES = {
    "boxes": [
        {"name": "RequestVote", "title": "RequestVote RPC", "file": "request_vote",
         "rules": [{"id": "RequestVote.1", "text": "Reply false if term < currentTerm"}]},
        {"name": "AppendEntries", "title": "AppendEntries RPC", "file": "append_entries",
         "rules": [{"id": "AppendEntries.1", "text": "Reply false if term < currentTerm"}]},
        {"name": "Candidates", "title": "Candidates",
         "rules": [
             {"id": "Candidates.1a", "under": "On conversion, start election:",
              "text": "Increment currentTerm"},
             {"id": "Candidates.1b", "under": "On conversion, start election:",
              "text": "Vote for self"},
         ]},
    ]
}
CODE = """namespace raft {
// Candidates: on conversion, start election: increment currentTerm,
// vote for self (§5.2).
void Server::becomeCandidate() {
  ++currentTerm;
}
void Server::receive() {
  // 1. Reply false if
  //    term < currentTerm (§5.1).
  if (term < currentTerm) return;  // thesis §10.2.1
}
}
"""
TESTS = """
// Figure 2, AppendEntries.1 and Candidates.1: as the paper says. §5.4.1, Figure 8.
TEST(Paper, SaysSo) {
}
"""


def built(files, rules=None):
    code, tests = [], []
    for path, text in files.items():
        places = list(paper_map.comments(path, text))
        if path.endswith("_test.cpp"):
            tests += [place for place in places if place.test]
        else:
            code += places
    return paper_map.build(rules or RULES, code, tests)


class PaperMap(unittest.TestCase):
    def test_a_quote_is_found_however_it_is_wrapped_and_in_its_own_file_alone(self):
        result, _ = built({"src/raft/append_entries.cpp": CODE})
        self.assertEqual([p.function for p in result.code["AppendEntries.1"]], ["Server::receive"])
        self.assertNotIn("RequestVote.1", result.code)
        for rule in ("Candidates.1a", "Candidates.1b"):
            self.assertEqual([p.function for p in result.code[rule]], ["Server::becomeCandidate"])

    def test_sections_are_found(self):
        result, _ = built({"src/raft/append_entries.cpp": CODE, "src/raft/a_test.cpp": TESTS})
        self.assertTrue({"§5.2", "§5.1", "thesis §10.2.1"} <= set(result.code))
        self.assertEqual([p.test for p in result.tests["§5.4.1"]], ["Paper.SaysSo"])
        self.assertIn("Figure 8", result.tests)
        self.assertNotIn("Figure 2", result.tests)

    def test_nothing_is_complained_of_when_all_is_there(self):
        files = {"src/raft/append_entries.cpp": CODE, "src/raft/request_vote.cpp": CODE,
                 "src/raft/a_test.cpp": TESTS.replace(" and ", ", RequestVote.1, ")}
        self.assertEqual(built(files)[1], [])

    def test_a_rule_without_code(self):
        _, complaints = built({"src/raft/append_entries.cpp": CODE})
        self.assertTrue(complaints[0].startswith(
            'src/raft/request_vote.cpp: no comment quotes RequestVote.1 "Reply false'), complaints)

    def test_a_rule_misquoted(self):
        code = CODE.replace("term < currentTerm (", "term <= currentTerm (")
        _, complaints = built({"src/raft/append_entries.cpp": code})
        self.assertTrue(any("quotes AppendEntries.1" in line for line in complaints), complaints)

    def test_a_rule_without_test(self):
        _, complaints = built({"src/raft/append_entries.cpp": CODE, "src/raft/a_test.cpp": TESTS})
        self.assertEqual([c for c in complaints if "no test" in c],
                         ['src/raft: no test names RequestVote.1 "Reply false if term < '
                          'currentTerm"; expected: a test below a comment '
                          '`// Figure 2, RequestVote.1: …`'])

    def test_a_comment_not_right_above_a_test_names_nothing(self):
        result, _ = built({"src/raft/a_test.cpp": TESTS.replace("\nTEST", "\n\nTEST")})
        self.assertEqual(result.tests, {})

    def test_an_id_that_no_rule_has(self):
        tests = TESTS.replace("AppendEntries.1", "Leaders.9")
        _, complaints = built({"src/raft/a_test.cpp": tests})
        self.assertTrue(complaints[0].startswith("src/raft/a_test.cpp:2: Leaders.9 is no rule"))

    def test_a_page_out_of_date_and_a_core_that_is_not_there(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            root = pathlib.Path(folder)
            self.assertEqual(paper_map.main(["--check"], root), 1)
            (root / "src/raft").mkdir(parents=True)
            self.assertEqual(paper_map.main([], root), 0)
            result, complaints = paper_map.build(RULES, *paper_map.read_places(root))
            self.assertTrue(complaints)
            page = root / paper_map.PAGE
            page.write_text(page.read_text() + "x\n")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                self.assertEqual(paper_map.main(["--check"], root), 1)
            self.assertIn("docs/paper-map.md:1: not up to date", out.getvalue())


if __name__ == "__main__":
    unittest.main()
