"""The journal's disk is full, or its folder is gone: said once, and healing goes on."""

import os
import shutil
import signal
import subprocess
import unittest

import harness

POLICY = "services: {one: {command: [sleep, '1000'], deploy: {restart_policy: {delay: 0s}}}}\n"


class Journal(harness.Case):
    def kill_and_see_it_healed(self, run):
        for _ in range(3):
            at = len(run.events) - 1
            pid = self.pid_of("one")
            os.kill(pid, signal.SIGKILL)
            run.wait_for("target.phase", "one", after=at, to="running")
            self.assertNotEqual(self.pid_of("one"), pid)

    def test_lost_folder_does_not_stop_healing(self):
        run = self.start(self.policy(POLICY))
        run.wait_for("target.phase", "one", to="running")
        shutil.rmtree(self.journal)
        self.kill_and_see_it_healed(run)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, for a small tmpfs")
    def test_full_disk_does_not_stop_healing_and_is_said_once(self):
        self.journal.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.journal], capture_output=True, text=True, check=False
        )
        if mounted.returncode != 0:
            self.skipTest(f"no tmpfs here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.journal], check=False)
        run = self.start(self.policy(POLICY))
        run.wait_for("target.phase", "one", to="running")
        with open(self.journal / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 1024):
                    pass
            except OSError:
                pass
        self.kill_and_see_it_healed(run)
        self.kill_and_see_it_healed(run)
        self.assertEqual(run.said().count("No space left on device"), 1, run.said())
        self.status(code=0)


if __name__ == "__main__":
    unittest.main()
