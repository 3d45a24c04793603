"""The journal's disk is full or read-only, or its folder is gone: said once, healing goes on, and no state is lost for good."""

import os
import shutil
import signal
import subprocess
import unittest

import harness

POLICY = "services: {one: {command: [sleep, '1000'], deploy: {restart_policy: {delay: 0s}}}}\n"
PAIR = "services: {a: {command: [sleep, '1000']}, b: {command: [sleep, '1000']}}\n"
needs_a_small_disk = unittest.skipUnless(os.geteuid() == 0, "needs root, for a small tmpfs")


class Journal(harness.Case):
    def small_disk(self, options):
        self.journal.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.journal], capture_output=True, text=True, check=False
        )
        if mounted.returncode != 0:
            self.skipTest(f"no tmpfs here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.journal], check=False)

    def fill_the_disk(self):
        """The file that takes all room."""
        path = self.journal / "filler"
        with open(path, "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 1024):
                    pass
            except OSError:
                pass
        return path

    def kill_and_see_it_healed(self, run):
        for _ in range(3):
            at = len(run.events) - 1
            pid = self.pid_of("one")
            os.kill(pid, signal.SIGKILL)
            run.wait_for("target.phase", "one", after=at, to="running")
            self.assertNotEqual(self.pid_of("one"), pid)

    def state_is_said_again(self, target):
        for file in self.journal.rglob("*.jsonl"):
            for line in file.read_text().split("\n")[:-1]:
                if '"type":"state"' in line and f'"target":"{target}"' in line and '"repeated":true' in line:
                    return True
        return False

    def test_lost_folder_does_not_stop_healing(self):
        run = self.start(self.policy(POLICY))
        run.wait_for("target.phase", "one", to="running")
        shutil.rmtree(self.journal)
        self.kill_and_see_it_healed(run)

    @needs_a_small_disk
    def test_full_disk_does_not_stop_healing_and_is_said_once(self):
        self.small_disk("size=64k")
        run = self.start(self.policy(POLICY))
        run.wait_for("target.phase", "one", to="running")
        self.fill_the_disk()
        self.kill_and_see_it_healed(run)
        self.kill_and_see_it_healed(run)
        self.assertEqual(run.said().count("No space left on device"), 1, run.said())
        self.assertEqual(self.status()["one"]["phase"], "running")

    @needs_a_small_disk
    def test_what_was_decided_while_the_disk_was_full_is_known_to_the_next_keepwell(self):
        self.small_disk("size=300k")
        policy = self.policy(PAIR)
        first = self.start(policy)
        for target in "ab":
            first.wait_for("target.phase", target, to="running")
        filler = self.fill_the_disk()
        for _ in range(6):  # what is left of the journal's last page is used up by then
            at = len(first.events) - 1
            self.keepwell("restart", "a")
            first.wait_for("target.phase", "a", after=at, to="running")
        self.keepwell("stop", "b")
        first.wait_for("target.phase", "b", to="stopped")
        self.assertIn("No space left on device", first.said())
        pid = self.pid_of("a")
        filler.unlink()
        harness.wait_until(lambda: self.state_is_said_again("b"), "the states are in the journal")
        self.remember(first)
        first.signal(signal.SIGKILL)
        first.wait()

        second = self.start(policy)
        _, event = second.wait_for("target.phase", "a", to="running")
        self.assertEqual(event["reason"], "adopted")
        status = self.status()
        self.assertEqual(status["a"]["pid"], pid)
        self.assertEqual(status["b"]["phase"], "stopped")

    @needs_a_small_disk
    def test_disk_that_is_read_only_is_said_to_be_so(self):
        self.small_disk("ro")
        self.journal = self.journal / "keepwell"
        run = self.start(self.policy(POLICY))
        run.wait_for("policy.loaded")
        self.assertIn(
            f"the journal in {self.journal}/journal can not be written: Read-only file system; healing goes on, and it is "
            "tried again. Should keepwell be killed meanwhile, the next one does not know what was decided since\n",
            run.said(),
        )


if __name__ == "__main__":
    unittest.main()
