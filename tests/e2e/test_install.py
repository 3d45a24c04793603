"""What `cmake --install` leaves behind works there."""

import subprocess
import unittest

import harness


class Install(harness.Case):
    def setUp(self):
        super().setUp()
        subprocess.run(
            ["cmake", "--install", harness.BIN.parent, "--prefix", self.folder, "--component", "programs"],
            stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip

    def test_programs_pages_and_policies_are_there(self):
        pages = ("share/man/man8/keepwell.8", "share/doc/keepwell/operating.md", "share/doc/keepwell/simulate.svg")
        for name in ("bin/keepwell", "bin/keepwell-ping", *pages):
            self.assertTrue((self.folder / name).is_file(), name)
        policies = sorted((self.folder / "share/keepwell/policies").glob("*.yaml"))
        self.assertEqual(len(policies), len(list((harness.ROOT / "policies").glob("*.yaml"))))
        for policy in policies:
            verb = "test" if policy.name.endswith(".test.yaml") else "check"
            done = subprocess.run([self.folder / "bin/keepwell", verb, policy], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_installed_policy_runs_from_where_it_is(self):
        spool = self.folder / "spool"
        spool.mkdir()
        run = self.start(
            self.folder / "share/keepwell/policies/crash-looping-worker.yaml",
            SPOOL=str(spool), HEARTBEAT=str(self.folder / "heartbeat"), STATE_DIR=str(self.journal),
        )  # fmt: skip
        run.wait_for("target.health", "worker", to="healthy")


if __name__ == "__main__":
    unittest.main()
