"""Processes that crash, that can not be executed, and that will not end."""

import os
import pathlib
import signal
import unittest

import harness

WORKER_POLICY = harness.ROOT / "policies/crash-looping-worker.yaml"


class CrashLoop(harness.Case):
    def setUp(self):
        super().setUp()
        self.spool = self.folder / "spool"
        self.variables = {
            "SPOOL": str(self.spool),
            "HEARTBEAT": str(self.folder / "heartbeat"),
            "STATE_DIR": str(self.journal),
        }

    def test_attempts_used_up_lead_to_quarantine_and_reset_out_of_it(self):
        run = self.start(WORKER_POLICY, **self.variables)
        given_up, event = run.wait_for("target.quarantined", "worker")
        self.assertEqual(event["reason"], "attempts_used_up")
        # The first start and max_attempts restarts, and not one more.
        running = [e for e in run.events if e["type"] == "target.phase" and e["to"] == "running"]
        self.assertEqual(len(running), 1 + 4)
        status = self.status(code=3)["worker"]
        self.assertEqual(status["remediation"]["state"], "quarantined")
        self.assertIn("no spool folder", self.keepwell("logs", "worker"))

        self.spool.mkdir()
        (self.spool / "a.job").touch()
        self.keepwell("reset", "worker")
        run.wait_for("target.phase", "worker", after=given_up, to="running")
        run.wait_for("target.health", "worker", after=given_up, to="healthy")
        harness.wait_until(lambda: not (self.spool / "a.job").exists(), "the worker takes its job")
        self.status(code=0)

    def test_worker_that_works_is_left_alone(self):
        self.spool.mkdir()
        run = self.start(WORKER_POLICY, **self.variables)
        run.wait_for("target.health", "worker", to="healthy")
        self.assertFalse(run.has("incident.opened"))


class Ends(harness.Case):
    def one(self, command, rest=""):
        return self.start(self.policy(f"services:\n  one:\n    command: {command}\n{rest}"))

    def test_failed_exec_is_told_from_an_exit(self):
        run = self.one("[/no/such/program]", "    deploy: {restart_policy: {condition: none}}\n")
        _, event = run.wait_for("target.phase", "one", to="completed")
        self.assertIn("/no/such/program", event["detail"])
        self.assertIn("No such file or directory", event["detail"])

    def test_exit_code_and_signal_are_told_apart(self):
        policy = self.policy("""
services:
  code: {command: [sh, -c, "exit 7"], deploy: {restart_policy: {condition: none}}}
  signal: {command: [sh, -c, "kill -9 $$$$"], deploy: {restart_policy: {condition: none}}}
""")
        run = self.start(policy)
        self.assertEqual(run.wait_for("target.phase", "code", to="completed")[1]["detail"], "exit code 7")
        self.assertEqual(run.wait_for("target.phase", "signal", to="completed")[1]["detail"], "signal 9 (SIGKILL)")

    def test_service_that_ignores_sigterm_is_killed_with_its_children_after_its_grace(self):
        marker = self.folder / "child"
        script = f"trap '' TERM; sh -c 'trap \\\"\\\" TERM; echo $$$$ > {marker}; while :; do sleep 1; done' & while :; do sleep 1; done"
        run = self.one(f'[sh, -c, "{script}"]', "    stop_grace_period: 500ms\n")
        run.wait_for("target.phase", "one", to="running")
        harness.wait_until(lambda: marker.exists() and marker.read_text().strip(), "the child runs")
        child, leader = int(marker.read_text()), self.pid_of("one")
        self.keepwell("stop", "one")
        run.wait_for("target.phase", "one", to="stopped")
        self.assertFalse(harness.alive(leader))
        self.assertFalse(harness.alive(child))

    def test_children_of_a_crashed_leader_are_ended_before_the_successor_starts(self):
        marker = self.folder / "child"
        run = self.one(
            f'[sh, -c, "sleep 1000 & echo $$! > {marker}; wait"]', "    deploy: {restart_policy: {delay: 0s}}\n"
        )
        first, _ = run.wait_for("target.phase", "one", to="running")
        harness.wait_until(lambda: marker.exists() and marker.read_text().strip(), "the child runs")
        child = int(marker.read_text())
        os.kill(self.pid_of("one"), signal.SIGKILL)
        run.wait_for("target.phase", "one", after=first, to="running")
        self.assertFalse(harness.alive(child))

    def test_output_is_kept_and_shown(self):
        run = self.one('[sh, -c, "echo out; echo err >&2"]', "    deploy: {restart_policy: {condition: none}}\n")
        run.wait_for("target.phase", "one", to="completed")
        self.assertEqual(sorted(self.keepwell("logs", "one").split()), ["err", "out"])
        self.assertTrue((pathlib.Path(self.journal) / "output/one.log").exists())


if __name__ == "__main__":
    unittest.main()
