"""The container engine goes away and comes back: nothing is done meanwhile, and then only what the truth calls for."""

import unittest

import docker_harness
from docker_harness import docker, inspect


class LostEngine(docker_harness.DockerCase):
    def setUp(self):
        super().setUp()
        self.file = self.policy(
            f"""
name: {self.prefix}
services:
  process: {{command: [sleep, "1000"]}}
  owned:
    image: {docker_harness.BUSYBOX}
    command: [sleep, "1000"]
    stop_signal: SIGKILL
    healthcheck: {{test: "true", interval: 200ms}}
    deploy: {{restart_policy: {{delay: 0s}}}}
  adopted:
    container: {self.name("adopted")}
    deploy: {{restart_policy: {{delay: 0s}}}}
"""
        )

    def start_both(self, *options):
        """With an engine of our own, and all well: (the engine, the running keepwell, {target: instance})."""
        engine = self.private_engine(*options)
        self.run_container("adopted", "--stop-signal", "KILL", docker_harness.BUSYBOX, "sleep", "1000")
        run = self.start(self.file)
        run.wait_for("target.health", "owned", to="healthy")
        run.wait_for("target.phase", "adopted", to="running")
        status = self.status()
        return engine, run, {name: status[name]["instance"] for name in ("owned", "adopted", "process")}

    def assert_lost(self, run):
        """It is said once, what is in containers is unknown, and nothing is done. The number of its event."""
        lost, _ = run.wait_for("backend.lost")
        status = self.status()
        for name in ("owned", "adopted"):
            self.assertEqual(status[name]["health"], "unknown", run.story())
        self.assertEqual((status["process"]["phase"], status["process"]["health"]), ("running", "none"))
        return lost

    def assert_found(self, run, lost):
        found, _ = run.wait_for("backend.found", after=lost)
        between = run.events[lost + 1 : found]
        done = [event["type"] for event in between if event["type"] in ("remedy.started", "remedy.step")]
        self.assertEqual(done, [], run.story())
        self.assertEqual(sum(event["type"] == "backend.lost" for event in run.events), 1)
        return found

    def assert_started_again(self, run, found, before):
        """Each once, in the same container."""
        run.wait_for("target.health", "owned", after=found, to="healthy")
        for name in ("owned", "adopted"):
            if self.status()[name]["phase"] != "running":
                run.wait_for("target.phase", name, after=found, to="running")
            now = self.status()[name]
            self.assertNotEqual(now["instance"], before[name])
            self.assertEqual(now["instance"].partition("@")[0], before[name].partition("@")[0])
            self.assertEqual(now["restarts"], 1)
            self.assertEqual(now["instance"].partition("@")[2], inspect(now["container_id"])["State"]["StartedAt"])
        self.assertEqual(self.status()["process"]["instance"], before["process"])

    def test_what_dockerd_stopped_at_its_end_is_started_when_it_is_back(self):
        engine, run, before = self.start_both()
        engine.down("TERM")
        lost = self.assert_lost(run)
        engine.up()
        found = self.assert_found(run, lost)
        self.assert_started_again(run, found, before)

    def test_what_was_lost_with_a_killed_dockerd_is_started_when_it_is_back(self):
        engine, run, before = self.start_both()
        engine.down("KILL")
        lost = self.assert_lost(run)
        engine.up()
        found = self.assert_found(run, lost)
        self.assert_started_again(run, found, before)

    def test_what_lives_on_without_dockerd_is_not_touched(self):
        engine, run, before = self.start_both("--live-restore")
        for signal in ("TERM", "KILL"):
            with self.subTest(signal=signal):
                count = len(run.events)
                engine.down(signal)
                lost, _ = run.wait_for("backend.lost", after=count - 1)
                self.assertEqual(self.status(code=3)["owned"]["health"], "unknown")
                engine.up()
                found, _ = run.wait_for("backend.found", after=lost)
                run.wait_for("target.health", "owned", after=lost, to="healthy")
                status = self.status(code=0)
                self.assertEqual({name: status[name]["instance"] for name in before}, before)
                since = [event["type"] for event in run.events[count:]]
                self.assertNotIn("target.phase", since, run.story())
                self.assertNotIn("incident.opened", since, run.story())
                self.assertEqual(since.count("backend.lost"), 1)
                # As before, at once: what has a healthcheck is healthy again, and no more is said of it.
                said = [(event["target"], event["to"]) for event in run.events[count:] if event["type"] == "target.health"]
                known, unknown = {"adopted": "none", "owned": "healthy"}, dict.fromkeys(("adopted", "owned"), "unknown")
                self.assertEqual(sorted(said[:2]), sorted(unknown.items()), run.story())
                self.assertEqual(sorted(said[2:]), sorted(known.items()), run.story())
                self.assertLess(lost, found)

    def test_what_a_person_stopped_before_stays_stopped(self):
        engine, run, _ = self.start_both("--live-restore")
        docker("stop", self.name("adopted"))
        run.wait_for("target.phase", "adopted", to="stopped", reason="operated")
        engine.down("TERM")
        lost, _ = run.wait_for("backend.lost")
        engine.up()
        found = self.assert_found(run, lost)
        run.wait_for("target.health", "owned", after=found - 1, to="healthy")
        self.assertEqual(self.status()["adopted"]["phase"], "stopped")
        self.assertFalse(inspect(self.name("adopted"))["State"]["Running"])

    def test_keepwell_is_there_before_any_engine(self):
        engine = self.private_engine()
        self.run_container("adopted", "--stop-signal", "KILL", docker_harness.BUSYBOX, "sleep", "1000")
        engine.down("TERM")
        run = self.start(self.file)
        run.wait_for("target.phase", "process", to="running")
        lost = self.assert_lost(run)
        self.assertFalse(run.has("target.phase", "owned", to="starting"))
        engine.up()
        found = self.assert_found(run, lost)
        run.wait_for("target.health", "owned", after=found, to="healthy")
        # Found dead, and never seen alive: an adopted one is left alone.
        adopted = self.status()["adopted"]
        self.assertEqual((adopted["phase"], adopted["reason"]), ("stopped", "not_running"))


if __name__ == "__main__":
    unittest.main()
