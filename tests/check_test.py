#!/usr/bin/env python3
"""Runs `raftlab check` as people do, wrongly too: verdicts, pictures, mistakes, exit codes.

Usage: check_test.py <path of raftlab> [unittest arguments]
"""
import gzip
import json
import os
import pathlib
import pty
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
HISTORIES = ROOT / "histories"
sys.path.insert(0, str(ROOT / "tools"))
import readme_test  # noqa: E402  (the way in which a page is read)

CALL = "{:process 0, :type :invoke, :f :write, :value 1}\n"


def check(*arguments, stdin=b"", **environment):
    """The finished process. No terminal, so no colours."""
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    done = subprocess.run([PROGRAM, "check", *map(str, arguments)], input=stdin, cwd=ROOT,
                          capture_output=True, env={**env, **environment}, timeout=120,
                          check=False)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


def hard_history(count):
    """Comparisons all at once, whose order is hard to find."""
    lines = ["{:process 0, :type :invoke, :f :write, :value 0}",
             "{:process 0, :type :ok, :f :write, :value 0}"]
    lines += [f"{{:process {i + 1}, :type :invoke, :f :cas, :value [{i * 3 % 7} {(i + 1) % 7}]}}"
              for i in range(count)]
    lines += [f"{{:process {i + 1}, :type :ok, :f :cas}}" for i in range(count)]
    return "\n".join(lines) + "\n"


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def refused(self, done, *words):
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        for word in words:
            self.assertIn(word, done.stderr)


class Verdicts(Check):
    def test_exit_codes_are_the_verdicts(self):
        for name, code in (("concurrent-writes.jsonl", 0), ("unanswered-cas.edn", 0),
                           ("log.jsonl", 0), ("stale-read.jsonl", 1), ("lost-append.edn", 1)):
            done = check(HISTORIES / name)
            self.assertEqual((done.returncode, done.stderr), (code, ""), name)
            self.assertIn("● takes effect", done.stdout)
            self.assertNotIn("\x1b", done.stdout)

    def test_of_several_files_the_worst_counts(self):
        good, bad = HISTORIES / "log.jsonl", HISTORIES / "stale-read.jsonl"
        self.assertEqual(check(good, bad, good, "-q").returncode, 1)
        done = check(good, self.folder / "none", bad, "-q")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.assertEqual(done.stderr, f"{self.folder}/none: there is no such file\n")

    def test_too_little_time_or_memory_is_unknown(self):
        path = self.file("hard.edn", hard_history(60))
        done = check(path, "--timeout", "200ms")
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("unknown: the time that --timeout allows ran out", done.stdout)
        self.assertRegex(done.stdout, r"\d+ configurations were looked at")
        self.assertIn("Allow more, or record fewer clients at once", " ".join(done.stdout.split()))
        done = check(path, "--memory", "1MB")
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("unknown: the memory that --memory allows was used up", done.stdout)

    def test_one_key_without_an_order_decides_though_another_is_unknown(self):
        read = ("{:process :a, :type :invoke, :f :read, :key 7}\n"
                "{:process :a, :type :ok, :f :read, :key 7, :value 8}\n").replace(":a", '"a"')
        for text in (read + hard_history(60), hard_history(60) + read):
            done = check("-", "--memory", "2MB", stdin=text.encode())
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("not linearizable", done.stdout)
            self.assertIn("Of the 2 keys, 1 could not be judged.", done.stdout)

    def test_standard_input_and_gzip_are_read(self):
        text = (HISTORIES / "stale-read.jsonl").read_bytes()
        middle = text.index(b"\n") + 1
        # One part or two, as `cat a.gz b.gz` makes them.
        parts = gzip.compress(text[:middle]) + gzip.compress(text[middle:])
        for packed in (text, gzip.compress(text), parts):
            done = check("-", "-q", stdin=packed)
            self.assertEqual((done.returncode, done.stdout),
                             (1, "✗ standard input: not linearizable (register: 4 operations of 3 "
                                 "processes)\n"))
        self.assertEqual(check(self.file("x.gz", gzip.compress(text))).returncode, 1)

    def test_keys_are_checked_apart_and_all_that_fail_are_named(self):
        lines = []
        for key in "abc":
            for value in (1, 2):
                for type in ("invoke", "ok"):
                    lines.append(f'{{:process 0, :type :{type}, :f :put, :key "{key}", '
                                 f':value {value}}}')
            lines.append(f'{{:process 0, :type :invoke, :f :get, :key "{key}"}}')
            lines.append(f'{{:process 0, :type :ok, :f :get, :key "{key}", '
                         f':value {1 if key > "a" else 2}}}')
        done = check(self.file("keys.edn", "\n".join(lines)))
        self.assertEqual(done.returncode, 1)
        self.assertIn('Key "b": no order has room for process 0\'s get→1 (lines 11 and 12)',
                      " ".join(done.stdout.split()))
        self.assertIn('One more key is not linearizable either: "c".', done.stdout)

    def test_independent_keys_and_failed_comparisons_are_as_asked(self):
        path = self.file("a.edn", "{:process 0, :type :invoke, :f :write, :value [1 2]}\n"
                                  "{:process 0, :type :ok, :f :write, :value [1 2]}\n"
                                  "{:process 0, :type :invoke, :f :read, :value [3 nil]}\n"
                                  "{:process 0, :type :ok, :f :read, :value [3 nil]}\n")
        self.assertEqual(check(path, "--independent").returncode, 0)
        path = self.file("b.edn", CALL + "{:process 0, :type :ok, :f :write}\n"
                                         "{:process 0, :type :invoke, :f :cas, :value [1 2]}\n"
                                         "{:process 0, :type :fail, :f :cas}\n")
        self.assertEqual(check(path).returncode, 0)
        self.assertEqual(check(path, "--failed-cas", "compared").returncode, 1)

    def test_a_history_of_many_clients_takes_seconds(self):
        draw = random.Random(1)
        state, lines, calls = None, [], {}
        for i in range(20_000):
            client = draw.randrange(100)
            if client not in calls:
                calls[client] = ("write", i) if draw.random() < 0.5 else ("read", None)
                lines.append((client, "invoke", *calls[client]))
            elif len(calls[client]) == 2:  # it happens
                f, value = calls[client]
                state = value if f == "write" else state
                calls[client] = (f, value if f == "write" else state, "done")
            else:
                lines.append((client, "ok", *calls.pop(client)[:2]))
        keys = ("process", "type", "f", "value")
        text = "".join(json.dumps(dict(zip(keys, line))) + "\n" for line in lines)
        done = check("-", "--timeout", "60s", stdin=text.encode())
        self.assertEqual(done.returncode, 0, done.stdout)


class Pages(Check):
    def test_the_page_shows_what_is_printed(self):
        page = (ROOT / "docs" / "checking.md").read_text("utf-8")
        found, _ = readme_test.commands(page)
        self.assertGreater(len(found), 1)
        for command in found:
            done = subprocess.run(["bash", "-c", command.text.replace("./raftlab", PROGRAM)],
                                  cwd=ROOT, env=readme_test.ENVIRONMENT, capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, command.exits, done.stderr)
            printed = done.stdout.rstrip("\n").split("\n")
            while command.printed and not command.printed[-1]:
                command.printed.pop()
            self.assertTrue(readme_test.fits(command.printed, printed), done.stdout)

    def test_the_schema_fits_what_ships(self):
        try:
            import jsonschema
        except ImportError as missing:
            self.skipTest(str(missing))
        schema = json.loads((ROOT / "docs" / "history.schema.json").read_text("utf-8"))
        validator = jsonschema.Draft202012Validator(schema)
        count = 0
        for path in HISTORIES.glob("*.jsonl"):
            for line in path.read_text("utf-8").splitlines():
                validator.validate(json.loads(line))
                count += 1
        self.assertGreater(count, 10)
        for wrong in ({"type": "ok"}, {"process": 0, "type": "done"},
                      {"process": 0, "type": "invoke"},
                      {"process": 0, "type": "invoke", "f": "cas", "value": 3}):
            self.assertFalse(validator.is_valid(wrong), wrong)

    def test_help_shows_an_example(self):
        done = check("--help")
        self.assertEqual(done.returncode, 0)
        for words in ("raftlab check history.edn", "--timeout", "--memory", "cas-register",
                      '{"process": 0, "type": "invoke"', "3 unknown"):
            self.assertIn(words, done.stdout)

    def test_the_picture_fits_the_page_and_its_letters(self):
        done = check(HISTORIES / "stale-read.jsonl", "--width", 60, "--ascii")
        self.assertTrue(done.stdout.isascii(), done.stdout)
        # A path is not broken.
        self.assertLessEqual(max(map(len, done.stdout.splitlines()[1:])), 60)
        self.assertIn("| read->1 X|", done.stdout)

    def test_a_terminal_has_colours_unless_they_are_unwanted(self):
        for no_color, coloured in (("", True), ("1", False)):
            try:
                master, terminal = pty.openpty()
            except OSError as none:
                self.skipTest(f"no terminal to be had: {none}")
            env = dict(os.environ, TERM="xterm", NO_COLOR=no_color)
            child = subprocess.Popen([PROGRAM, "check", HISTORIES / "stale-read.jsonl"],
                                     stdout=terminal, env=env)
            os.close(terminal)
            seen = b""
            try:
                while chunk := os.read(master, 65536):
                    seen += chunk
            except OSError:  # how a terminal says that it is closed
                pass
            os.close(master)
            self.assertEqual(child.wait(), 1)
            self.assertEqual(b"\x1b[" in seen, coloured)

    def test_what_a_value_says_cannot_command_a_terminal(self):
        done = check("-", stdin=CALL.replace("1}", '"a\\u001b[2J\\u0007"}').encode())
        self.assertNotIn("\x1b", done.stdout)
        self.assertNotIn("\x07", done.stdout)


class Mistakes(Check):
    def test_what_is_no_history_is_refused(self):
        self.refused(check(), "check needs a history: a file, or - for standard input")
        self.refused(check(self.folder), f"{self.folder}: is a folder: expected a file")
        self.refused(check(self.file("empty.edn", "")), "empty.edn:1:1: the history is empty")
        self.refused(check(self.file("bin", b"\x7fELF\0\0")), "bin:1:1: byte 0x7f stands here")
        self.refused(check("-", stdin=b""), "standard input:1:1: the history is empty")
        self.refused(check(self.folder / "none.edn"), "none.edn: there is no such file")
        self.refused(check(""), "'': there is no such file")
        secret = self.file("secret.edn", CALL)
        secret.chmod(0)
        if os.geteuid() != 0:
            self.refused(check(secret), "cannot be read: Permission denied")

    def test_mistakes_are_told_with_their_place_and_their_line(self):
        path = self.file("a.edn", CALL + CALL + "{:process 1, :type :ok, :f :wirte}\n")
        self.refused(check(path),
                     f"{path}:2:1: process 0 calls write while its write of line 1 is not answered",
                     "  2 | {:process 0, :type :invoke, :f :write, :value 1}\n      ^\n",
                     f"{path}:3:1: process 1 gets a response, ok of wirte, and has called nothing")
        path = self.file("b.edn", "{:process 1, :type :invoke, :f :wirte}\n")
        self.refused(check(path), f"{path}:1:32: there is no function 'wirte'; did you mean "
                                  "'write'?")
        path = self.file("c.jsonl", '{"process": 1, "type": "invoke", "f": "re')
        self.refused(check(path), f"{path}:1:42: the file ends here, within the operation of 1:1")

    def test_damaged_gzip_is_refused(self):
        packed = gzip.compress((HISTORIES / "lost-append.edn").read_bytes())
        self.refused(check(self.file("cut.gz", packed[:-30])), "is cut off: its gzip data has no",
                     "expected a whole file: copy it anew")
        self.refused(check(self.file("head.gz", packed[:5])), "is cut off: its gzip data has no")
        broken = packed[:40] + bytes(byte ^ 0xff for byte in packed[40:60]) + packed[60:]
        self.refused(check(self.file("broken.gz", broken)))
        # Of what is cut off, the operations that are whole are a history.
        text = (HISTORIES / "stale-read.jsonl").read_text("utf-8")
        last = text.count("\n")
        done = check("-", stdin=text[:-10].encode())
        self.refused(done, f":{last}:", "the file ends here, within the operation of",
                     f"What stands above line {last} can be checked without it")
        whole = text[:text.rindex("\n", 0, -1) + 1]
        self.assertEqual(check("-", stdin=whole.encode()).returncode, 0)

    def test_a_line_of_a_gigabyte_is_refused_with_little_memory(self):
        for begin in (b'{:process "', b'{"process": "'):
            # Zeros are packed a thousandfold: a gigabyte in a megabyte.
            with open(self.folder / "long.gz", "wb") as out:
                for part in (begin, *[b"x" * 50_000_000] * 20):
                    out.write(gzip.compress(part, 1))
            limited = ["bash", "-c", 'ulimit -v 400000; exec "$@"', "bash", PROGRAM, "check",
                       str(self.folder / "long.gz")]
            if b"asan" in subprocess.run(["ldd", PROGRAM], capture_output=True,
                                         check=False).stdout:
                limited = limited[4:]  # it takes terabytes of addresses
            done = subprocess.run(limited, capture_output=True, text=True, timeout=120,
                                  check=False)
            self.refused(done, "has no end within 16 MB")

    def test_bad_flags_are_refused(self):
        path = HISTORIES / "log.jsonl"
        self.refused(check(path, "--model", "registre"),
                     "--model: 'registre' is none; did you mean 'register'?")
        self.refused(check(path, "--timeout", "5"), "--timeout:", "has no unit")
        self.refused(check(path, "--memory", "much"),
                     "--memory: 'much' is no amount of memory: expected such as 500MB or 2GB")
        self.refused(check(path, "--failed-cas", "x"), "expected ignored or compared")
        self.refused(check(path, "--modle", "kv"), "did you mean '--model'?")

    def test_an_interrupt_ends_it_with_what_is_known(self):
        path = self.file("hard.edn", hard_history(80))
        child = subprocess.Popen([PROGRAM, "check", path], stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130, out)
        self.assertIn("unknown: interrupted", out)
        # While it waits for standard input, too.
        child = subprocess.Popen([PROGRAM, "check", "-"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(timeout=60), 130)
        child.communicate()


if __name__ == "__main__":
    unittest.main()
