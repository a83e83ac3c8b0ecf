"""Shows how runs of ctest are counted: what passed, failed, was skipped, could not even begin."""

import io
import pathlib
import tempfile
import unittest

import test_report

PASSED = '<testcase name="raft/A.B" status="run"><system-out/></testcase>'
FAILED = '<testcase name="raft/A.C" status="fail"><failure message=""/></testcase>'
MISSING = ('<testcase name="sim_test_NOT_BUILT" status="notrun">'
           '<skipped message="Unable to find executable"/></testcase>')
SKIPPED_GTEST = ('<testcase name="raft/A.D" status="notrun"><skipped message="SKIP_REGULAR_EXPR"/>'
                 "<system-out>a.cpp:4: Skipped\nno clang\n[  SKIPPED ] 1</system-out></testcase>")
SKIPPED_SCRIPT = ('<testcase name="house/x" status="notrun">'
                  '<skipped message="SKIP_RETURN_CODE=77"/>'
                  "<system-out>looked around\nno shellcheck\n</system-out></testcase>")
DISABLED = '<testcase name="raft/A.E" status="disabled"><system-out/></testcase>'


def summary(*cases, code=0):
    """The exit code and the lines printed for such test cases."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tests.xml"
        if cases:
            path.write_text(f"<testsuite>{''.join(cases)}</testsuite>")
        out = io.StringIO()
        result = test_report.summary(path, code, out)
        return result, out.getvalue().splitlines()


class Summary(unittest.TestCase):
    def test_the_last_line_counts(self):
        self.assertEqual(summary(PASSED, PASSED), (0, ["2 passed, 0 failed"]))
        self.assertEqual(
            summary(PASSED, FAILED, code=8), (1, ["FAILED: raft/A.C", "1 passed, 1 failed"]))

    def test_what_was_skipped_says_why(self):
        self.assertEqual(
            summary(PASSED, SKIPPED_GTEST, SKIPPED_SCRIPT, DISABLED),
            (0, ["skipped: raft/A.D: no clang", "skipped: house/x: no shellcheck",
                 "skipped: raft/A.E: disabled", "1 passed, 0 failed, 3 skipped"]))

    def test_a_test_without_program_has_failed(self):
        self.assertEqual(
            summary(PASSED, MISSING, code=8),
            (1, ["FAILED: sim_test_NOT_BUILT: Unable to find executable", "1 passed, 1 failed"]))

    def test_a_run_that_left_nothing_has_failed(self):
        code, lines = summary(code=8)
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed"))

    def test_a_failure_of_ctest_alone_has_failed(self):
        self.assertEqual(summary(PASSED, code=8)[0], 1)
        self.assertEqual(summary(PASSED, code=8)[1][-1], "1 passed, 1 failed")

    def test_no_test_at_all_has_failed(self):
        self.assertEqual(summary("", code=8), (1, ["no test's name fits", "0 passed, 1 failed"]))


class Progress(unittest.TestCase):
    LINES = ["Test project /x\n", "      Start  1: raft/A.B\n",
             " 1/3 Test  #1: raft/A.B .......   Passed    0.01 sec\n",
             " 2/3 Test  #2: raft/A.C .......***Failed    0.01 sec\n", "why it failed\n",
             " 3/3 Test  #3: house/x ........***Skipped   0.01 sec\n",
             "50% tests passed, 1 tests failed out of 2\n", "again\n"]

    def test_only_failures_stay(self):
        out = io.StringIO()
        test_report.progress(iter(self.LINES), out, terminal=False)
        self.assertEqual(out.getvalue(), self.LINES[3] + self.LINES[4])

    def test_a_terminal_sees_the_others_pass_by(self):
        out = io.StringIO()
        test_report.progress(iter(self.LINES), out, terminal=True)
        self.assertIn("\r\033[K1/3 raft/A.B\r\033[K", out.getvalue())


if __name__ == "__main__":
    unittest.main()
