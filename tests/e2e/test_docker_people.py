"""What people do with docker at the side counts, and what ends by itself is healed: each once, whoever else acts."""

import signal
import unittest

import docker_harness
import harness
from docker_harness import docker, inspect

API = "the container engine's API"


class People(docker_harness.DockerCase):
    def adopt(self, *options, **fields):
        """A container that a person made, kept well as `one`: (its id, the running keepwell, the policy)."""
        container = self.run_container("one", *options, docker_harness.BUSYBOX, "sh", "-c", "trap : HUP; sleep 1000")
        more = "".join(f"\n    {field}: {value}" for field, value in fields.items())
        policy = self.policy(f"""
services:
  one:
    container: {self.name("one")}
    stop_grace_period: 0s{more}
""")
        run = self.start(policy)
        run.wait_for("target.phase", "one", to="running", reason="adopted")
        return container, run, policy

    def own(self, replicas=1, order="stop-first"):
        """A container of keepwell's, `one`: (the running keepwell, the policy). What has a file /sick is sick."""
        policy = self.policy(
            f"""
name: {self.prefix}
services:
  one:
    image: {docker_harness.BUSYBOX}
    command: [sleep, "1000"]
    network_mode: bridge
    stop_grace_period: 0s
    healthcheck: {{test: "test ! -e /sick", interval: 100ms, retries: 1}}
    on_unhealthy: [{{replace: {{order: {order}}}}}]
    deploy: {{replicas: {replicas}, restart_policy: {{delay: 0s}}}}
"""
        )
        run = self.start(policy)
        for target in ["one"] if replicas == 1 else [f"one.{slot + 1}" for slot in range(replicas)]:
            run.wait_for("target.health", target, to="healthy")
        return run, policy

    def the_one(self):
        """The id of the one owned container that is there."""
        now = self.containers()
        self.assertEqual(list(now), [f"{self.prefix}-one-1"])
        return now[f"{self.prefix}-one-1"]

    def kill(self, run):
        run.signal(signal.SIGKILL)
        run.wait()

    def state(self, container):
        return inspect(container)["State"]

    # ---- stop, start, restart, pause ------------------------------------------------------------------------------

    def test_docker_stop_stays_stopped_until_docker_start(self):
        container, run, file = self.adopt(deploy="{restart_policy: {delay: 0s}}")
        watch = self.watch(f"container={container}")
        docker("stop", "--time", "0", container)
        run.wait_for("target.phase", "one", to="stopped", reason="operated")
        self.assertTrue(run.has("operator.stop", "one", by=API))
        self.assertTrue(self.status()["one"]["operator_stopped"])
        self.kill(run)

        # A keepwell that knows of it from its journal alone leaves it stopped as well.
        second = self.start(file)
        second.wait_for("backend.found")
        self.assertEqual(self.status()["one"]["phase"], "stopped")
        self.assertTrue(self.status()["one"]["operator_stopped"])
        docker("start", container)
        second.wait_for("target.phase", "one", to="running", reason="started_elsewhere")
        self.assertTrue(second.has("operator.start", "one", by=API))
        watch.wait_for("start")
        self.assertEqual(watch.count("start"), 1)
        # And from then on it is kept as before.
        last = len(second.events) - 1
        docker("kill", container)
        second.wait_for("target.phase", "one", after=last, to="running")
        self.assertEqual(watch.count("start"), 2)

    def test_docker_stop_of_an_owned_one_holds_over_a_restart_of_keepwell(self):
        run, file = self.own()
        container = self.the_one()
        watch = self.watch(f"container={container}")
        docker("stop", "--time", "0", container)
        run.wait_for("target.phase", "one", to="stopped", reason="operated")
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 0)
        second = self.start(file)
        second.wait_for("backend.found")
        self.assertEqual(self.status()["one"]["phase"], "stopped")
        self.keepwell("start", "one")
        second.wait_for("target.phase", "one", to="running")
        self.assertEqual(self.the_one(), container)
        self.assertEqual(watch.count("start"), 1)

    def test_docker_restart_by_a_person_is_no_incident(self):
        container, run, _ = self.adopt(deploy="{restart_policy: {delay: 0s}}")
        watch = self.watch(f"container={container}")
        before = self.state(container)["StartedAt"]
        docker("restart", "--time", "0", container)
        watch.wait_for("restart")
        harness.wait_until(
            lambda: self.status()["one"]["instance"] == f"{container}@{self.state(container)['StartedAt']}",
            "its new life is known",
        )
        self.assertNotEqual(self.state(container)["StartedAt"], before)
        self.assertFalse(run.has("incident.opened"), run.story())
        self.assertFalse(run.has("remedy.due"), run.story())
        self.assertEqual(self.status(code=0)["one"]["restarts"], 0, run.story())
        self.assertEqual(watch.count("start"), 1)

    def test_nothing_is_done_to_a_paused_container(self):
        health = "--health-cmd=true --health-interval=100ms".split()
        container, run, _ = self.adopt(*health)
        well, _ = run.wait_for("target.health", "one", to="healthy")
        before = self.state(container)
        docker("pause", container)
        paused, _ = run.wait_for("operator.pause", "one", after=well, by=API)
        # The engine shows it unhealthy at once, and says nothing.
        self.assertEqual(self.state(container)["Health"]["Status"], "unhealthy")
        self.assertNotEqual(self.status()["one"]["health"], "unhealthy")
        docker("unpause", container)
        resumed, _ = run.wait_for("operator.resume", "one", after=paused, by=API)
        run.wait_for("target.health", "one", after=resumed, to="healthy")
        self.assertEqual(self.state(container)["StartedAt"], before["StartedAt"])
        for event in ("incident.opened", "remedy.due"):
            self.assertFalse(run.has(event), run.story())

    # ---- kill, rm, crash ------------------------------------------------------------------------------------------

    def test_docker_kill_is_healed(self):
        container, run, _ = self.adopt(deploy="{restart_policy: {delay: 0s}}")
        watch = self.watch(f"container={container}")
        docker("kill", container)
        died, event = run.wait_for("target.phase", "one", to="backoff", reason="exited")
        self.assertEqual(event["detail"], "exit code 137")
        run.wait_for("target.phase", "one", after=died, to="running")
        self.assertTrue(self.state(container)["Running"])
        watch.wait_for("start")
        self.assertEqual(watch.count("start"), 1)

    def test_a_removed_adopted_one_is_waited_for(self):
        container, run, _ = self.adopt()
        docker("rm", "--force", container)
        gone, _ = run.wait_for("target.phase", "one", to="waiting", reason="no_container")
        self.run_container("one", docker_harness.BUSYBOX, "sleep", "1000")
        run.wait_for("target.phase", "one", after=gone, to="running", reason="started_elsewhere")

    def test_a_removed_owned_one_is_created_again(self):
        run, _ = self.own()
        container = self.the_one()
        last = len(run.events) - 1
        docker("rm", "--force", container)
        run.wait_for("target.phase", "one", after=last, to="running")
        run.wait_for("target.health", "one", after=last, to="healthy")
        self.assertNotEqual(self.the_one(), container)
        self.assertEqual(self.status(code=0)["one"]["container_id"], self.the_one())

    def test_crash_of_one_with_a_restart_policy_of_its_own_is_one_new_start(self):
        container, run, _ = self.adopt("--restart", "always", deploy="{restart_policy: {delay: 0s}}")
        watch = self.watch(f"container={container}")
        docker("exec", container, "kill", "-9", "-1", check=False)  # of all but 1, which ends with its sleep
        _, event = run.wait_for("target.phase", "one", to="backoff")
        self.assertEqual(event["reason"], "engine_restarts")
        run.wait_for("target.phase", "one", to="running", reason="engine_restarts")
        run.wait_for("incident.closed", "one")
        self.assertEqual((watch.count("die"), watch.count("start"), watch.count("restart")), (1, 1, 0))
        self.assertEqual(inspect(container)["RestartCount"], 1)
        self.assertFalse(run.has("remedy.started"))
        self.assertEqual(self.status(code=0)["one"]["restarts"], 1)

    # ---- keepwell itself goes -------------------------------------------------------------------------------------

    def test_a_new_keepwell_makes_no_second_copy(self):
        run, file = self.own(replicas=2)
        before = self.containers()
        self.assertEqual(sorted(before), [f"{self.prefix}-one-1", f"{self.prefix}-one-2"])
        watch = self.watch(f"label=io.keepwell.project={self.prefix}")
        for number in (signal.SIGKILL, signal.SIGTERM):
            run.signal(number)
            run.wait()
            run = self.start(file)
            for target in ("one.1", "one.2"):
                _, event = run.wait_for("target.phase", target, to="running")
                self.assertEqual(event["reason"], "adopted")
                run.wait_for("target.health", target, to="healthy")
        self.assertEqual(self.containers(), before)
        self.assertEqual((watch.count("create"), watch.count("start"), watch.count("die")), (0, 0, 0))

    def test_what_was_healthy_is_so_for_the_next_keepwell_after_a_kill(self):
        self.assert_healthy_as_before(signal.SIGKILL)

    def test_what_was_healthy_is_so_for_the_next_keepwell_after_its_end(self):
        self.assert_healthy_as_before(signal.SIGTERM)

    def assert_healthy_as_before(self, number):
        run, file = self.own()
        self.status(code=0)  # answered after what was told is in the journal
        run.signal(number)
        run.wait()
        run = self.start(file)
        _, event = run.wait_for("target.health", "one")
        self.assertEqual((event["to"], event["reason"]), ("healthy", "adopted"))
        self.status(code=0)

    def test_killed_in_the_middle_of_a_stop_first_replacement(self):
        self.kill_at_each_step("stop-first", ("create {new}", "stop {name}", "rename {name} to {old}"))

    def test_killed_when_a_stop_first_replacement_has_swapped_the_names(self):
        self.kill_at_each_step("stop-first", ("rename {new} to {name}", "start {name}", "remove {old}"))

    def test_killed_in_the_middle_of_a_start_first_replacement(self):
        self.kill_at_each_step("start-first", ("create {new}", "start {new} beside {name}"))

    def test_killed_in_the_middle_of_the_swap_of_a_start_first_replacement(self):
        self.kill_at_each_step("start-first", ("rename {name} to {old}", "rename {new} to {name}", "stop {old}"))

    def kill_at_each_step(self, order, steps):
        """The next keepwell finishes what was begun, or undoes it and begins anew: in the end there is one, and well."""
        run, file = self.own(order=order)
        name = f"{self.prefix}-one-1"
        for step in steps:
            with self.subTest(step=step):
                sick = self.the_one()
                short = sick[:12]
                known = {"name": name, "new": f"{name}.keepwell-new-{short}", "old": f"{name}.keepwell-old-{short}"}
                docker("exec", sick, "touch", "/sick")
                run.wait_for("remedy.step", "one", step=step.format(**known))
                self.kill(run)
                run = self.start(file)
                harness.wait_until(lambda before=sick: self.is_healed(name, before), f"healed after: {step}")
                self.assertTrue(self.state(self.the_one())["Running"])
                self.assertEqual(self.status(code=0)["one"]["container_id"], self.the_one())
                self.assertFalse(run.has("alert.raised"), run.story())

    def is_healed(self, name, sick):
        now = self.containers()
        return list(now) == [name] and now[name] != sick and self.status()["one"]["health"] == "healthy"


if __name__ == "__main__":
    unittest.main()
