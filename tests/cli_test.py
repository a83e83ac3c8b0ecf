#!/usr/bin/env python3
"""Runs the program as people do, wrongly too: what it says, where it says it, its exit codes.

Usage: cli_test.py <path of raftlab> [unittest arguments]
"""
import json
import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
ELECTION = str(ROOT / "scenarios" / "challenge" / "1-basic-election.yaml")

FAILS = """\
servers: [A, B, C]
first election timeout: {A: 10 ms}
steps:
  - at: 100 ms
    expect: B is leader
"""


def run(*arguments, **environment):
    """The finished process, its output as text. No terminal, so no colours."""
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    env.update({"RAFTLAB_SCENARIOS": str(ROOT / "scenarios"), **environment})
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, env=env,
                          stdin=subprocess.DEVNULL, timeout=120, check=False)


class Cli(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.folder.chmod(0o755)

    def run_without_rights(self, *arguments):
        """As somebody who may not read everything: root becomes nobody for it."""
        if os.geteuid() != 0:
            return run(*arguments)
        try:
            return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                                  user=65534, group=65534, extra_groups=[], timeout=120,
                                  check=False)
        except PermissionError:
            self.skipTest("nobody else may run the program from where it stands")

    def file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def refused(self, done, *words):
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        for word in words:
            self.assertIn(word, done.stderr)


class Story(Cli):
    def test_a_run_that_holds_exits_with_0(self):
        done = run("run", ELECTION)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("1. A basic election\n"))
        self.assertIn("✓ all 24 expectations hold (seed 1, ", done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_the_same_run_gives_the_same_bytes(self):
        for flags in ((), ("--details",), ("--json",), ("--seed", 7), ("--seeds", "1..9")):
            one, other = (run("run", "challenge", *flags) for _ in range(2))
            self.assertEqual(one.stdout, other.stdout)
            self.assertEqual(one.returncode, 0, one.stderr)

    def test_a_run_that_fails_exits_with_1_and_says_where_and_why(self):
        path = self.file("fails.yaml", FAILS)
        done = run("run", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{path}:5:13: at 100 ms, expected: B is leader\n  but: B@1 follower",
                      done.stdout)
        self.assertIn("  why: ", done.stdout)
        self.assertIn("✗ 1 of 1 expectation failed (", done.stdout)

    def test_quiet_tells_the_outcome_alone(self):
        self.assertEqual(len(run("run", ELECTION, "-q").stdout.splitlines()), 1)

    def test_the_page_is_as_wide_as_it_was_asked_to_be(self):
        for width in (80, 140):
            for line in run("run", "challenge", "--width", width).stdout.splitlines():
                self.assertLessEqual(len(line), width, line)

    def test_details_tell_more_and_ascii_draws_with_ascii(self):
        self.assertGreater(len(run("run", ELECTION, "--details").stdout),
                           len(run("run", ELECTION).stdout))
        fails = self.file("fails.yaml", "title: Déjà vu — again ✓\n" + FAILS)
        for arguments in ((ELECTION,), (fails,), (ELECTION, fails, "--quiet"),
                          (ELECTION, fails, "--seeds", "1..3")):
            told = run("run", *arguments, "--ascii").stdout.replace("Déjà", "Deja")
            self.assertTrue(told.isascii(), told)
        self.assertIn("ok: all 24 expectations hold", run("run", ELECTION, "--ascii").stdout)
        self.assertIn("FAILED: 1 of 1 expectation failed", run("run", fails, "--ascii").stdout)

    def test_a_number_and_its_unit_stay_on_one_line(self):
        for blanks in range(60):
            path = self.file("about.yaml", "until: 1 ms\nabout: " + "x" * (blanks + 1) +
                             " takes 10 ms, or 1.5 s; 30 % of it.\n")
            told = run("run", path, "--width", 60).stdout.split("\n\n")[1].splitlines()
            self.assertTrue("10 ms" in "|".join(told) and "1.5 s;" in "|".join(told) and
                            "30 %" in "|".join(told), told)
            self.assertTrue(all(len(line) <= 60 for line in told), told)

    def test_the_verdict_counts_what_was_expected(self):
        for steps, words in (
                ("until: 1 ms", "✓ nothing was violated, and nothing else was expected ("),
                ("steps: [{when: there is a leader, note: x}]", "✓ the one expectation holds ("),
                ("steps: [{when: there is a leader, expect: there is one leader}]",
                 "✓ both expectations hold ("),
                ("steps: [{when: [A is leader, C is leader], within: 1 s, note: x}]",
                 "✗ 1 of 2 expectations failed (")):
            self.assertIn(words, run("run", self.file("a.yaml", steps)).stdout)

    def test_until_cuts_a_run_short_without_blame(self):
        done = run("run", ELECTION, "--until", "11 ms")
        self.assertEqual(done.returncode, 0)
        self.assertIn("so far: 3 steps not reached", done.stdout)

    def test_json_is_a_fact_a_line(self):
        done = run("run", ELECTION, "--json")
        facts = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertGreater(len(facts), 30)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        failed = run("run", self.file("fails.yaml", FAILS), "--json")
        self.assertEqual(failed.returncode, 1)
        for line in failed.stdout.splitlines():
            json.loads(line)
        self.assertIn("expected: B is leader", failed.stderr)

    def test_a_terminal_has_colours_unless_they_are_unwanted(self):
        for no_color, coloured in (("", True), ("1", False)):
            try:
                master, terminal = pty.openpty()
            except OSError as none:  # as in a chroot without /dev/pts
                self.skipTest(f"no terminal to be had: {none}")
            env = dict(os.environ, TERM="xterm", NO_COLOR=no_color)
            child = subprocess.Popen([PROGRAM, "run", ELECTION], stdout=terminal, env=env)
            os.close(terminal)
            seen = b""
            try:
                while chunk := os.read(master, 65536):
                    seen += chunk
            except OSError:  # how a terminal says that it is closed
                pass
            self.assertEqual(child.wait(), 0)
            os.close(master)
            self.assertEqual(b"\x1b[" in seen, coloured)


class Files(Cli):
    def test_a_folder_runs_all_within_in_order(self):
        for name in ("b.yaml", "a/z.yaml", "a/b/c.yml"):
            self.file(name, f"title: {name}\nuntil: 1 ms\n")
        self.file("a/notes.txt", "not a scenario")
        done = run("run", self.folder, "-q")
        told = [line.split(":")[0] for line in done.stdout.splitlines()]
        self.assertEqual(told, [str(self.folder / name) for name in
                                ("a/b/c.yml", "a/z.yaml", "b.yaml")] + ["3 scenarios"])

    def test_both_endings_are_listed(self):
        for name in ("a.yaml", "b.yml"):
            self.file(name, f"title: {name}\nuntil: 1 ms\n")
        done = run("list", RAFTLAB_SCENARIOS=str(self.folder))
        self.assertEqual((done.returncode, done.stdout), (0, "a  a.yaml\nb  b.yml\n"))
        self.assertEqual(run("run", "b", "-q", RAFTLAB_SCENARIOS=str(self.folder)).returncode, 0)

    def test_what_a_note_says_cannot_command_a_terminal(self):
        path = self.file("esc.yaml", 'steps:\n  - note: "a\\eb"\nuntil: 1 ms\n')
        done = run("run", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("\x1b", done.stdout)
        self.assertIn("a\\x1bb", done.stdout)

    def test_what_ships_is_found_by_name(self):
        for name in ("challenge/1-basic-election", "1-basic-election"):
            self.assertEqual(run("run", name, "-q").returncode, 0)
        self.refused(run("run", "challenge/1-basic-electoin"), "did you mean",
                     "'challenge/1-basic-election'")

    def test_what_nearly_ships_is_answered_with_its_name(self):
        for word, name in (("minority-leadr", "partitions/minority-leader"),
                           ("partition", "partitions"), ("challange", "challenge"),
                           ("mine/minority-leadr.yaml", "partitions/minority-leader")):
            self.refused(run("run", word), f"did you mean '{name}'?")
        self.refused(run("run", "frobnicate"), "`raftlab list` shows what ships")

    def test_missing_files_and_empty_folders_are_refused(self):
        self.refused(run("run", self.folder / "none.yaml"), "there is no such file")
        self.refused(run("run", self.folder), "there is no scenario in this folder")

    def test_a_file_that_cannot_be_read_is_refused(self):
        path = self.file("secret.yaml", FAILS)
        path.chmod(0)
        self.refused(self.run_without_rights("run", path), "cannot be read: Permission denied")

    def test_what_cannot_even_be_looked_at_is_refused(self):
        self.refused(run("run", "x" * 300), "x: cannot be read: File name too long")
        self.refused(run("run", "x" * 254), "there is no such file")
        self.refused(run("run", ""), "'': expected a file, a folder or a name")
        path = self.file("closed/a.yaml", "until: 1 ms\n")
        path.parent.chmod(0)
        self.addCleanup(path.parent.chmod, 0o700)
        for what in (path, path.parent):
            self.refused(self.run_without_rights("run", what),
                         f"{what}: cannot be read: Permission denied")
        # Nor is a folder below taken for empty.
        self.file("open.yaml", "until: 1 ms\n")
        self.refused(self.run_without_rights("run", self.folder),
                     f"{path.parent}: cannot be read: Permission denied")

    def test_a_file_without_end_is_too_long(self):
        for device in ("/dev/zero", "/dev/full"):
            if os.path.exists(device):
                self.refused(run("run", device), f"{device}: is too long for a scenario")

    def test_all_mistakes_of_all_files_are_told_before_anything_runs(self):
        good = self.file("a.yaml", "title: good\n")
        bad = self.file("b.yaml", "sevrers: 3\nseed: x\n")
        worse = self.file("c.yaml", "until: -1 ms\n")
        self.refused(run("run", good, bad, worse, self.folder / "none.yaml"),
                     f"{bad}:1:1: a scenario has no key 'sevrers'; did you mean 'servers'?\n"
                     "  1 | sevrers: 3\n      ^\n",
                     f"{bad}:2:7: expected a seed", f"{worse}:1:8: '-1 ms' is negative",
                     "none.yaml: there is no such file")

    def test_any_bytes_as_a_file_are_refused_or_run(self):
        for i, content in enumerate((b"\xff\xfe\x00", b"\0" * 99, b"[" * 5000, b"a: " * 5000,
                                     b"title: \xc3\x28\n", "title: é ✓\n".encode())):
            path = self.folder / f"{i}.yaml"
            path.write_bytes(content)
            self.assertIn(run("run", path, "-q").returncode, (0, 2), content[:20])


class Sweep(Cli):
    def test_each_seed_is_a_line_then_comes_a_summary(self):
        done = run("run", ELECTION, "--seeds", "3..7")
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 6)
        self.assertEqual([line.split()[3] for line in lines[:5]], ["3:", "4:", "5:", "6:", "7:"])
        self.assertIn("1 scenario, seeds 3..7: 5 runs", lines[5])
        self.assertIn("all as expected", lines[5])
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_quiet_tells_what_failed_and_how_to_see_it(self):
        path = self.file("fails.yaml", FAILS)
        done = run("run", path, ELECTION, "--seeds", "1..5", "--quiet")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stdout.splitlines()), 7)
        self.assertIn(f"see: raftlab run {path} --seed 1", done.stdout)


class Hunts(Cli):
    def test_a_hunt_tells_what_it_met_and_leaves_a_record(self):
        with tempfile.TemporaryDirectory() as folder:
            a, b = os.path.join(folder, "a"), os.path.join(folder, "b")
            first = run("hunt", "--seeds", "1..6", "--out", a)
            self.assertEqual((first.returncode, first.stderr), (0, ""))
            self.assertIn("seeds 1..6: 6 runs, ", first.stdout)
            self.assertIn("becameLeader", first.stdout)
            self.assertTrue(first.stdout.endswith("nothing found\n"))
            run("hunt", "--seeds", "8..9", "--out", b)
            both = run("report", a, b)
            self.assertEqual((both.returncode, both.stderr), (0, ""))
            self.assertIn("seeds 1..6, 8..9: 8 runs, ", both.stdout)
            run("hunt", "--seeds", "7..7", "--out", b)
            self.assertIn("seeds 1..9: 9 runs, ", run("report", a, b).stdout)
            self.refused(run("report", a, a), "seed 1 was hunted twice: in 1..6 and in 1..6")
            with open(os.path.join(a, "seeds-1-6.json"), "w", encoding="utf-8") as record:
                record.write("{")
            self.refused(run("report", a), "seeds-1-6.json: is no record of a hunt")

    def test_what_is_wrong_with_a_hunt_is_told(self):
        self.refused(run("hunt", "--seeds", "9..1"), "runs backwards", "1..9")
        self.refused(run("hunt", "--time", "7"), "--time: '7' has no unit")
        self.refused(run("hunt", "--out", "/dev/null/x"), "--out: there can be no folder")
        self.refused(run("hunt", "3"), "`raftlab hunt` takes no '3'")
        self.refused(run("report"), "report needs a folder")
        self.refused(run("report", "/nowhere"), "/nowhere: cannot be read")
        with tempfile.TemporaryDirectory() as folder:
            self.refused(run("report", folder), "there is no record of a hunt in this folder")


class Flags(Cli):
    def test_bad_flags_are_refused(self):
        self.refused(run("run", ELECTION, "--seed", "x"), "'x' is not a seed")
        self.refused(run("run", ELECTION, "--seeds", "9..1"), "runs backwards", "1..9")
        self.refused(run("run", ELECTION, "--seeds", "a..b"), "'a..b' is not a range")
        self.refused(run("run", ELECTION, "--seeds", "1..2", "--seed", "3"), "exclude each other")
        self.refused(run("run", ELECTION, "--seeds", "1..2", "--json"), "--json")
        self.refused(run("run", ELECTION, "--json", "--quiet"), "exclude each other")
        self.refused(run("run", ELECTION, "--until", "-3 ms"), "'-3 ms' is negative")
        self.refused(run("run", ELECTION, "--until", "3"), "has no unit")
        for width in ("3", "59", "1001", "wide", "-70", "70.5"):
            self.refused(run("run", ELECTION, f"--width={width}"),
                         f"--width: '{width}' is no width of a page: expected 60 to 1000")
        self.refused(run("run", ELECTION, "--seed"), "--seed lacks its value")
        self.refused(run("run", ELECTION, "--seed", 1, "--seed", 2),
                     "--seed stands there more than once")
        self.refused(run("run"), "run needs a scenario: a file, a folder or a name")

    def test_unknown_flags_are_answered_with_the_nearest_or_with_what_there_is(self):
        for sede in (("--sede", "3"), ("--sede=3",)):
            self.refused(run("run", ELECTION, *sede),
                         "`raftlab run` has no flag '--sede'; did you mean '--seed'?")
        self.refused(run("run", ELECTION, "-x"), "no flag '-x'; expected one of: --help, --seed,")
        self.refused(run("demo", "--seed", "3"),
                     "`raftlab demo` has no flag '--seed'; expected one of: --help, --width,")
        self.refused(run("demo", "mine.yaml"), "raftlab run mine.yaml")
        self.refused(run("--json", "run", ELECTION),
                     "--json stands behind its subcommand: raftlab run --json")
        self.refused(run("--verson"), "did you mean '--version'?")

    def test_an_unknown_subcommand_is_answered_with_the_nearest(self):
        self.refused(run("rnu"), "there is no subcommand 'rnu'; did you mean 'run'?")
        self.refused(run("dmeo"), "did you mean 'demo'?")
        self.refused(run("x.yaml"), "raftlab run x.yaml")
        self.refused(run("frobnicate"),
                     "expected one of: run, check, demo, list, hunt, report or help")

    def test_help_and_version(self):
        for arguments in ((), ("--help",), ("help",)):
            done = run(*arguments)
            self.assertEqual(done.returncode, 0)
            self.assertIn("raftlab run challenge", done.stdout)
        self.assertIn("--seeds", run("run", "--help").stdout)
        self.assertEqual(run("help", "run").stdout, run("run", "--help").stdout)
        self.refused(run("help", "rnu"), "did you mean 'run'?")
        self.assertRegex(run("--version").stdout, r"^raftlab \d+\.\d+\.\d+\n$")

    def test_list_shows_name_and_title_of_what_ships(self):
        done = run("list")
        self.assertEqual(done.returncode, 0)
        self.assertIn("challenge/1-basic-election", done.stdout)
        self.assertIn("A basic election", done.stdout)
        self.refused(run("list", RAFTLAB_SCENARIOS=str(self.folder)), "there are no scenarios")

    def test_the_demo_plays_the_challenge(self):
        done = run("demo", "--width", 80)
        self.assertEqual(done.returncode, 0)
        self.assertIn("3 scenarios: all as expected", done.stdout)


class Endings(Cli):
    def test_a_closed_pipe_ends_it_quietly(self):
        done = subprocess.run(["sh", "-c", f"'{PROGRAM}' run '{ROOT}/scenarios' | head -n 1"],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_a_full_disk_is_told(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([PROGRAM, "run", ELECTION], stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot write the output", done.stderr)

    def interrupt(self, *arguments):
        child = subprocess.Popen([PROGRAM, "run", *map(str, arguments)], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        select.select([child.stdout], [], [], 60)  # its first words
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130, out[-300:])
        self.assertTrue(out.endswith("\n"))
        return out

    def test_an_interrupt_tells_what_was_found_so_far(self):
        path = self.file("long.yaml", "servers: 9\nuntil: 500 min\nclients: 9\n")
        self.assertIn("interrupted at ", self.interrupt(path))
        out = self.interrupt(ELECTION, "--seeds", "1..90000000")
        self.assertIn("; interrupted, ", out.splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
