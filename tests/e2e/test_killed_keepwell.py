"""keepwell itself is killed: the next one takes over what lives, and remembers what was decided."""

import os
import pathlib
import signal
import unittest

import harness


class KilledKeepwell(harness.Case):
    def kill(self, run):
        self.remember(run)
        run.signal(signal.SIGKILL)
        run.wait()

    def test_healthy_target_is_adopted_and_does_not_flap(self):
        port = harness.free_port()
        policy = self.policy(f"""
services:
  accounts:
    command: ["{harness.BIN}/accountservice", --port, "{port}", --store, "{self.folder}/accounts"]
    healthcheck: {{http: "http://127.0.0.1:{port}/health", interval: 300ms, timeout: 5s, retries: 3}}
    deploy: {{restart_policy: {{delay: 0s}}}}
""")
        first = self.start(policy)
        first.wait_for("target.health", "accounts", to="healthy")
        pid = self.pid_of("accounts")
        self.kill(first)
        self.assertTrue(harness.alive(pid))

        second = self.start(policy)
        _, event = second.wait_for("target.phase", "accounts", to="running")
        self.assertEqual(event["reason"], "adopted")
        self.assertEqual(event["instance"].partition("@")[0], str(pid))
        status = self.status(code=0)["accounts"]
        self.assertEqual((status["pid"], status["health"], status["restarts"]), (pid, "healthy", 0))
        # Made sick, it is found and healed like any child of its own; and nothing flapped before.
        sick_from = len(second.events) - 1
        self.assertFalse(second.has("target.health", "accounts", to="starting"))
        self.assertEqual(harness.http_get(f"http://127.0.0.1:{port}/testability/healthy/false", "PUT")[0], 200)
        second.wait_for("target.health", "accounts", after=sick_from, to="unhealthy")
        second.wait_for("remedy.verified", "accounts", after=sick_from, success=True)
        self.assertFalse(harness.alive(pid))

    def test_end_of_an_adopted_process_is_seen(self):
        policy = self.policy("services: {one: {command: [sleep, '1000'], deploy: {restart_policy: {delay: 0s}}}}\n")
        first = self.start(policy)
        first.wait_for("target.phase", "one", to="running")
        pid = self.pid_of("one")
        self.kill(first)
        second = self.start(policy)
        adopted, _ = second.wait_for("target.phase", "one", to="running", reason="adopted")
        os.kill(pid, signal.SIGTERM)
        second.wait_for("target.phase", "one", after=adopted, to="running")
        self.assertNotEqual(self.pid_of("one"), pid)

    def test_what_died_meanwhile_is_started_again(self):
        policy = self.policy("services: {one: {command: [sleep, '1000'], deploy: {restart_policy: {delay: 0s}}}}\n")
        first = self.start(policy)
        first.wait_for("target.phase", "one", to="running")
        pid = self.pid_of("one")
        self.kill(first)
        os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda: not harness.alive(pid), "it is dead")
        second = self.start(policy)
        second.wait_for("target.phase", "one", to="running")
        self.assertNotEqual(self.pid_of("one"), pid)

    def test_operator_stop_and_quarantine_survive(self):
        policy = self.policy("""
services:
  by_hand: {command: [sleep, "1000"]}
  given_up:
    command: ["false"]
    deploy: {restart_policy: {delay: 10ms, max_attempts: 2, window: 1h}}
""")
        first = self.start(policy)
        first.wait_for("target.phase", "by_hand", to="running")
        first.wait_for("target.quarantined", "given_up")
        self.keepwell("stop", "by_hand")
        first.wait_for("target.phase", "by_hand", to="stopped")
        restarts = self.status()["given_up"]["restarts"]
        self.kill(first)

        second = self.start(policy)
        second.wait_for("policy.loaded")
        status = self.status()
        self.assertEqual(status["by_hand"]["phase"], "stopped")
        self.assertEqual(status["given_up"]["remediation"]["state"], "quarantined")
        self.assertEqual(status["given_up"]["restarts"], restarts)
        self.assertFalse(second.has("target.phase", to="running"))
        self.keepwell("start", "by_hand")
        second.wait_for("target.phase", "by_hand", to="running")

    def test_killed_ten_times_there_is_one_copy(self):
        policy = self.policy("services: {one: {command: [sleep, '1000']}}\n")
        pids = set()
        for _ in range(10):
            run = self.start(policy)
            run.wait_for("target.phase", "one", to="running")
            pids.add(self.pid_of("one"))
            self.kill(run)
        self.assertEqual(len(pids), 1)

    def test_killed_while_it_starts_many_there_is_one_copy_of_each(self):
        policy = self.policy("services: {many: {command: [sleep, '1000'], deploy: {replicas: 30}}}\n")
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in self.pids_of("many")])
        for _ in range(5):
            run = self.start(policy)
            run.wait_for("target.phase", to="running")
            run.signal(signal.SIGKILL)  # the others are started, or are not, or are and it is not recorded
            run.wait()
        run = self.start(policy)
        for slot in range(1, 31):
            run.wait_for("target.phase", f"many.{slot}", to="running")
        known = {target["pid"] for target in self.status().values()}
        # A copy too many is ended in its grace; nothing else has the name.
        harness.wait_until(lambda: self.pids_of("many") == known, "there is one copy of each")

    def pids_of(self, service):
        """Whatever lives of a service on this host, as its environment says, of the same user's keepwell."""
        own = str(self.folder).encode()
        found = set()
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            of_us = any(own in value for value in environment) and command.startswith(b"sleep\0")
            if of_us and any(value.startswith(f"KEEPWELL_TARGET={service}.".encode()) for value in environment):
                found.add(int(folder.name))
        return found


if __name__ == "__main__":
    unittest.main()
