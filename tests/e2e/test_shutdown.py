"""SIGTERM ends what keepwell started, in reverse dependency order; a second one at once. Stray signals end nothing."""

import pathlib
import signal
import time
import unittest

import harness


class Shutdown(harness.Case):
    def test_stops_in_reverse_dependency_order(self):
        run = self.start(self.policy("""
services:
  db: {command: [sleep, "1000"]}
  api: {command: [sleep, "1000"], depends_on: [db]}
  web: {command: [sleep, "1000"], depends_on: [api]}
"""))
        run.wait_for("target.phase", "web", to="running")
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 0)
        at = {}
        for number, event in enumerate(run.events):
            if event["type"] == "target.phase":
                at[event["target"], event["to"]] = number
        self.assertLess(at["web", "stopped"], at["api", "stopping"])
        self.assertLess(at["api", "stopped"], at["db", "stopping"])
        self.assertFalse(self.socket.exists())

    def test_second_signal_does_not_wait_for_the_grace(self):
        ready = self.folder / "ready"
        run = self.start(self.policy(f"""
services:
  stubborn:
    command: [sh, -c, "trap '' TERM; touch {ready}; while :; do sleep 1; done"]
    stop_grace_period: 10m
"""))
        run.wait_for("target.phase", "stubborn", to="running")
        harness.wait_until(ready.exists, "the service ignores SIGTERM")
        pid = self.pid_of("stubborn")
        run.signal(signal.SIGTERM)
        run.wait_for("target.phase", "stubborn", to="stopping")
        begin = time.monotonic()
        run.signal(signal.SIGTERM)
        run.wait()
        self.assertLess(time.monotonic() - begin, 30)
        self.assertFalse(harness.alive(pid))

    def test_what_was_stopped_by_the_end_of_keepwell_starts_with_the_next_one(self):
        policy = self.policy("services: {one: {command: [sleep, '1000']}}\n")
        run = self.start(policy)
        run.wait_for("target.phase", "one", to="running")
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 0)
        self.start(policy).wait_for("target.phase", "one", to="running")


class StraySignals(harness.Case):
    def test_are_told_or_ignored_and_are_not_passed_on(self):
        run = self.start(self.policy("services: {one: {command: [sleep, '1000']}}\n"))
        run.wait_for("target.phase", "one", to="running")
        for number in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGRTMIN, signal.SIGRTMAX):
            run.signal(number)
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            run.signal(number)
            line = f"received {number.name}, which means nothing to keepwell"
            harness.wait_until(lambda: line in run.said(), line)
        self.assertIn("SigIgn:\t0000000000000000\n", pathlib.Path(f"/proc/{self.pid_of('one')}/status").read_text())
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 0)


if __name__ == "__main__":
    unittest.main()
