#!/usr/bin/env python3
"""Takes the blocks from docs/hunting-at-scale.md and runs them, as far as one host can.

Usage: scale_test.py <path of raftlab>
Exit code 77: a tool is not there, the last line says which.

The hosts of the first recipe are folders. One enters them over ssh if there is a sshd: ssh starts
one for each connection, with keys and settings of the test's own, so that no port is opened.
Otherwise the only host is `:`, where parallel does without ssh.
"""

import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/hunting-at-scale.md"
PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])
SKIPPED = 77
PARTS = 5
SIZE = 4

# Stands in the PATH before the program: one of the parts finds something, one is killed, once.
FINDS, IS_KILLED = 1, 3
STAND_IN = f"""#!/bin/sh
"{PROGRAM}" "$@"
code=$?
case $3 in
  {FINDS * SIZE + 1}..*) exit 1 ;;
  {IS_KILLED * SIZE + 1}..*)
    if mkdir "PLACE/killed" 2>/dev/null; then
      mv "found/{IS_KILLED}"/*.json "found/{IS_KILLED}/left.json"
      kill -9 $$
    fi ;;
esac
exit $code
"""

SSHD_CONFIG = """HostKey PLACE/key
AuthorizedKeysFile PLACE/key.pub
PasswordAuthentication no
StrictModes no
PermitRootLogin yes
PidFile none
SetEnv HOME=PLACE/HOST PATH=PLACE/bin:/usr/bin:/bin
ForceCommand cd PLACE/HOST && exec sh -c "$SSH_ORIGINAL_COMMAND"
"""
SSH_CONFIG = """Host one two
  ProxyCommand SSHD -i -f PLACE/sshd_%n
  User USER
  IdentityFile PLACE/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""


def block(note):
    """The block of the page below <!-- note -->."""
    found = re.findall(rf"<!-- {re.escape(note)} -->\n```\w+\n(.*?)^```", PAGE.read_text("utf-8"),
                       re.M | re.S)
    assert len(found) == 1, f"{PAGE.name}: {len(found)} blocks below <!-- {note} -->, expected one"
    return found[0]


def replaced(text, old, new):
    assert text.count(old) == 1, f"{PAGE.name}: expected once: {old}"
    return text.replace(old, new)


class Scale(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.home = self.place / "home"
        self.folder = self.home / "hunt"
        self.folder.mkdir(parents=True)
        self.file("bin/raftlab", STAND_IN).chmod(0o755)
        self.env = {**os.environ, "HOME": str(self.home), "PARALLEL_HOME": str(self.place / "p"),
                    "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}"}
        self.script = replaced(block("file: hunt-part.sh"), "size=100000", f"size={SIZE}")
        self.file("home/hunt/hunt-part.sh", self.script)

    def file(self, name, text):
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("PLACE", str(self.place)), encoding="utf-8")
        return path

    def run_here(self, *command, **more):
        return subprocess.run([str(word) for word in command], cwd=self.folder,
                              env={**self.env, **more}, text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120, check=False)

    def succeeds(self, *command, **more):
        done = self.run_here(*command, **more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def records(self):
        return sorted(str(path.relative_to(self.folder)) for path in
                      (self.folder / "found").rglob("*") if path.is_file())

    def expect_parts(self, *parts):
        self.assertEqual(self.records(), [
            f"found/{i}/seeds-{i * SIZE + 1}-{(i + 1) * SIZE}.json" for i in parts])


class Parts(Scale):
    def test_a_part_hunts_its_seeds_and_may_be_begun_anew(self):
        self.succeeds("sh", "hunt-part.sh", 0)
        self.assertEqual(self.run_here("sh", "hunt-part.sh", IS_KILLED).returncode, 137)
        self.expect_parts(0)
        self.file(f"home/hunt/found/{IS_KILLED}/left.json", "{")
        self.succeeds("sh", "hunt-part.sh", IS_KILLED)
        self.expect_parts(0, IS_KILLED)

    def test_a_find_is_no_failure_but_all_else_is(self):
        self.succeeds("sh", "hunt-part.sh", FINDS)
        (self.folder / "hunt-part.sh").write_text(replaced(self.script, "--out", "--uot"))
        self.assertEqual(self.run_here("sh", "hunt-part.sh", 0).returncode, 2)

    def test_shellcheck_has_nothing_to_say(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not installed")
        for name in ("hunt-part.sh", "hunt.sbatch"):
            self.file(f"home/hunt/{name}", block(f"file: {name}"))
            self.succeeds("shellcheck", name)


class Parallel(Scale):
    def setUp(self):
        super().setUp()
        for tool in ("parallel", "rsync"):
            if not shutil.which(tool):
                self.skipTest(f"{tool} is not installed")

    def hosts(self):
        """The lines of `hosts`."""
        if not (SSHD and shutil.which("ssh")):
            print("there is no ssh or no sshd: parallel goes without")
            return [":"]
        if os.geteuid() == 0:  # sshd wants it then; as a service it has it made at each start
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.succeeds("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.place / "key")
        for host in ("one", "two"):
            (self.place / host).mkdir()
            self.file(f"sshd_{host}", SSHD_CONFIG.replace("/HOST", f"/{host}"))
        user = pwd.getpwuid(os.geteuid()).pw_name
        ssh = self.file("ssh", SSH_CONFIG.replace("SSHD", SSHD).replace("USER", user, 1))
        self.env["PARALLEL_SSH"] = f"ssh -F {ssh}"
        return ["one", "two"]

    def test_the_recipe_runs(self):
        hosts = self.hosts()
        self.file("home/hunt/hosts", "\n".join(hosts) + "\n")
        hunt, report = replaced(block("run: parallel"), "seq 0 99",
                                f"seq 0 {PARTS - 1}").split("\nraftlab report")
        self.succeeds("bash", "-c", hunt)
        self.expect_parts(*range(PARTS))
        self.assertIn(f"seeds 1..{PARTS * SIZE}: {PARTS * SIZE} runs, ",
                      self.succeeds("bash", "-c", "raftlab report" + report))
        log = [line.split("\t") for line in (self.folder / "parts.log").read_text().splitlines()]
        self.assertEqual({line[1] for line in log[1:]}, set(hosts))
        # What is done is not done again; what an interruption has left out is.
        self.assertEqual(self.succeeds("bash", "-c", hunt), "")
        shutil.rmtree(self.folder / "found/2")
        kept = ["\t".join(line) for line in log if line[-1] != "sh hunt-part.sh 2"]
        (self.folder / "parts.log").write_text("\n".join(kept) + "\n")
        self.assertIn("seeds 9..12: 4 runs", self.succeeds("bash", "-c", hunt))
        self.expect_parts(*range(PARTS))


class Schedulers(Scale):
    def test_the_batch_script_of_slurm_hunts_the_part_of_its_task(self):
        script = self.file("home/hunt/hunt.sbatch", block("file: hunt.sbatch"))
        self.assertIn("\n#SBATCH --array=0-99\n", script.read_text())
        self.succeeds("bash", "-n", script)
        self.succeeds("bash", script, SLURM_ARRAY_TASK_ID="2")
        self.expect_parts(2)

    def test_the_job_of_kubernetes_hunts_the_part_of_its_index(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("the Python module yaml is not installed")
        job = yaml.safe_load(block("file: hunt.yaml"))
        self.assertEqual((job["apiVersion"], job["kind"]), ("batch/v1", "Job"))
        spec = job["spec"]
        self.assertEqual((spec["completionMode"], spec["completions"]), ("Indexed", 100))
        # A podFailurePolicy is refused with another policy of restarts.
        self.assertEqual(spec["template"]["spec"]["restartPolicy"], "Never")
        [container] = spec["template"]["spec"]["containers"]
        self.assertEqual([volume["name"] for volume in container["volumeMounts"]],
                         [volume["name"] for volume in spec["template"]["spec"]["volumes"]])
        self.assertEqual(container["workingDir"], container["volumeMounts"][0]["mountPath"])
        self.assertIn("\nCOPY . /raftlab\n", block("file: Dockerfile"))
        command = [word.replace("/raftlab/", f"{self.folder}/") for word in container["command"]]
        self.succeeds(*command, JOB_COMPLETION_INDEX="2")
        self.expect_parts(2)


if __name__ == "__main__":
    run = unittest.main(exit=False).result
    for _, reason in run.skipped:
        print(reason)
    sys.exit(1 if not run.wasSuccessful() else SKIPPED if run.skipped else 0)
