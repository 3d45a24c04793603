"""A changed policy on a running keepwell: what `plan` shows is what `reload` does, and nothing else is touched."""

import json
import os
import signal
import unittest

import harness


class Reload(harness.Case):
    def setUp(self):
        super().setUp()
        self.port = harness.free_port()

    def shop(self, more="", interval="200ms", mark="one", web=True):
        text = f"""services:
  quiet:
    command: [sleep, '1000']
  api:
    command: [sleep, '1000']
    environment: {{MARK: {mark}}}
    stop_grace_period: 2s
"""
        if web:
            text += f"""  web:
    command: [python3, -m, http.server, '{self.port}', --bind, 127.0.0.1]
    working_dir: {self.folder}
    healthcheck: {{http: 'http://127.0.0.1:{self.port}/', interval: {interval}, timeout: 5s, retries: 3}}
"""
        return self.policy(text + more)

    def pids(self):
        return {name: target["pid"] for name, target in self.status().items()}

    def plan(self, *args, code=0):
        return json.loads(self.keepwell("plan", "-o", "json", *args, code=code))

    def test_the_plan_names_what_the_end_of_dry_run_does(self):
        text = "services:\n  one: {{command: [sleep, '1000'], dry_run: {}, deploy: {{restart_policy: {{delay: 0s}}}}}}\n"
        run = self.start(self.policy(text.format("false")))
        run.wait_for("target.phase", "one", to="running")
        self.policy(text.format("true"))
        self.keepwell("reload")
        os.kill(self.pid_of("one"), signal.SIGKILL)
        run.wait_for("remedy.held", "one", reason="dry_run", would="restart")
        one = self.status()["one"]
        self.assertEqual((one["taken_as_started"], one["well"], one["hold"]["would"]), (True, False, "restart"))
        self.policy(text.format("false"))
        self.assertEqual(self.plan()["comes_due"], [{"target": "one", "what": "start"}])
        before = len(run.events) - 1
        self.assertIn("dry-run ends, and what it held is done: start one\n", self.keepwell("reload"))
        run.wait_for("target.phase", "one", after=before, to="running")

    def test_what_the_plan_shows_is_done_and_nothing_else_is_touched(self):
        policy = self.shop()
        run = self.start(policy)
        run.wait_for("target.health", "web", to="healthy")
        run.wait_for("target.phase", "api", to="running")
        before = self.pids()
        self.keepwell("plan", "--exit-code", code=0)
        self.assertTrue(self.plan()["same"])

        self.shop(interval="300ms", mark="two", more="  extra: {command: [sleep, '1000']}\n")
        plan = self.plan()
        self.assertEqual(
            {one["service"]: (one["change"], one["effect"]) for one in plan["services"]},
            {"api": ("changed", "restart"), "web": ("changed", "probes"), "extra": ("added", "none")},
        )
        fields = {field["field"]: field for one in plan["services"] for field in one["fields"]}
        self.assertEqual(fields["environment"]["after"], "MARK changed")
        self.assertEqual((fields["healthcheck.interval"]["before"], fields["healthcheck.interval"]["after"]),
                         ("200ms", "300ms"))  # fmt: skip
        self.assertEqual(fields["healthcheck.interval"]["at"]["file"], str(policy))
        self.keepwell("plan", "--exit-code", code=2)
        self.assertEqual(self.pids(), before)  # a plan does nothing

        at = len(run.events) - 1
        self.keepwell("reload", "--expect", plan["plan"])
        _, reloaded = run.wait_for("policy.reloaded", after=at)
        self.assertEqual(reloaded["changes"], ["api: restart", "web: probes", "extra: added"])
        self.assertEqual(reloaded["version"], plan["version"])
        run.wait_for("target.phase", "extra", after=at, to="running")
        run.wait_for("target.phase", "api", after=at, to="stopping", reason="changed")
        run.wait_for("target.phase", "api", after=at, to="running")
        now = self.pids()
        self.assertEqual((now["quiet"], now["web"]), (before["quiet"], before["web"]))
        self.assertNotEqual(now["api"], before["api"])
        self.assertFalse(run.has("target.health", "web", after=at))
        self.assertTrue(self.plan()["same"])
        self.assertFalse(run.has("engine.unexpected"))

    def scaled(self, replicas):
        return self.policy(f"services: {{api: {{command: [sleep, '1000'], deploy: {{replicas: {replicas}}}}}}}\n")

    def test_from_one_replica_to_two_leaves_the_first_one_alone_also_for_the_next_keepwell(self):
        run = self.start(self.scaled(1))
        run.wait_for("target.phase", "api", to="running")
        first = self.pid_of("api")
        self.scaled(2)
        self.keepwell("reload")
        run.wait_for("target.phase", "api.2", to="running")
        self.assertEqual(self.pid_of("api.1"), first)
        self.remember(run)
        run.signal(signal.SIGKILL)
        run.wait()
        again = self.start(self.folder / "policy.yaml")
        again.wait_for("target.phase", "api.1", to="running", reason="adopted")
        again.wait_for("target.phase", "api.2", to="running", reason="adopted")
        self.assertEqual(self.pid_of("api.1"), first)
        self.assertFalse(again.has("orphan.removed"))

    def test_a_removed_service_is_stopped_and_sighup_reads_the_same_files(self):
        self.shop()
        run = self.start(self.folder / "policy.yaml")
        run.wait_for("target.health", "web", to="healthy")
        web = self.pid_of("web")
        self.shop(web=False)
        run.signal(signal.SIGHUP)
        run.wait_for("target.left", "web")
        self.assertFalse(harness.alive(web))
        self.assertEqual(sorted(self.status()), ["api", "quiet"])
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 0)
        self.keepwell("explain", "api", "--journal", self.journal)
        self.keepwell("explain", "web", "--journal", self.journal, code=4)

    def test_files_are_called_as_they_were_and_the_last_line_says_what_was_done(self):
        text = self.shop().read_text()
        run = self.start("policy.yaml")
        run.wait_for("target.phase", "api", to="running")
        (self.folder / "new.yaml").write_text(text.replace("2s", "3s"))
        said = self.keepwell("reload", self.folder / "new.yaml")
        self.assertEqual(said.splitlines()[-1], "reloaded: 1 changed")
        self.assertIn("  (new.yaml:4)\n", self.keepwell("explain", "api"))
        self.keepwell("reload", "policy.yaml")
        self.assertIn("  (policy.yaml:4)\n", self.keepwell("explain", "api"))
        self.assertEqual(self.keepwell("reload").splitlines()[-1], "reloaded: nothing has changed")

    def test_a_policy_with_mistakes_changes_nothing(self):
        self.shop()
        run = self.start(self.folder / "policy.yaml")
        run.wait_for("target.health", "web", to="healthy")
        before = self.pids()
        policy = self.policy("services:\n  one:\n    comand: [sleep, '1']\n")
        for command in ("plan", "reload"):
            said = self.keepwell(command, code=2)
            self.assertIn(f"{policy}:3:5: error: unknown key `comand`", said)
        self.keepwell("plan", "--exit-code", code=1)
        run.signal(signal.SIGHUP)
        harness.wait_until(lambda: "unknown key" in run.said(), "the mistakes in the log")
        self.assertEqual(self.pids(), before)
        self.assertFalse(run.has("policy.reloaded"))
        self.assertIn("; policy: the changed one has mistakes (`keepwell plan` shows them)", self.keepwell("status"))
        self.shop()
        self.keepwell("reload")
        self.assertNotIn("mistakes", self.keepwell("status"))

    def test_files_that_changed_since_the_plan_are_not_followed(self):
        self.shop()
        run = self.start(self.folder / "policy.yaml")
        run.wait_for("target.phase", "api", to="running")
        self.shop(mark="two")
        shown = self.plan()["plan"]
        self.shop(mark="three")
        self.assertIn(f"and not {shown}; nothing was done", self.keepwell("reload", "--expect", shown, code=1))
        self.assertFalse(run.has("policy.reloaded"))
        self.keepwell("reload")  # somebody else does
        self.shop(mark="two")
        self.assertIn(f"and not {shown}; nothing was done", self.keepwell("reload", "--expect", shown, code=1))

    def test_two_files_are_compared_without_a_keepwell(self):
        old = self.folder / "old.yaml"
        old.write_text(self.shop().read_text())
        new = self.shop(mark="two", web=False)
        said = self.keepwell("plan", "--from", old, new)
        self.assertIn("~ api  changed: restart (api)", said)
        self.assertIn("- web  removed: stopped (web)", said)
        self.assertIn("0 to add, 1 to change, 1 to remove", said)

    def test_what_changed_while_keepwell_was_away_is_done_at_its_start(self):
        self.shop()
        run = self.start(self.folder / "policy.yaml")
        run.wait_for("target.health", "web", to="healthy")
        run.wait_for("target.phase", "api", to="running")
        run.wait_for("target.phase", "quiet", to="running")
        before = self.pids()
        self.remember(run)
        run.signal(signal.SIGKILL)
        run.wait()
        self.assertTrue(harness.alive(before["web"]))

        self.shop(mark="two", web=False)
        again = self.start(self.folder / "policy.yaml")
        again.wait_for("orphan.removed", name="web")
        again.wait_for("target.phase", "api", to="stopping", reason="changed")
        again.wait_for("target.phase", "api", to="starting", reason="changed")
        self.assertFalse(harness.alive(before["web"]))
        self.assertFalse(harness.alive(before["api"]))
        self.assertEqual(self.pid_of("quiet"), before["quiet"])
        self.assertFalse(again.has("engine.unexpected"))


if __name__ == "__main__":
    unittest.main()
