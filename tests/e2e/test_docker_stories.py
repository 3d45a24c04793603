"""The stories of examples/containers, as they are: each policy is run and something is done to its containers."""

import json
import unittest

import docker_harness
import harness
from docker_harness import docker, inspect

STORIES = harness.ROOT / "examples/containers"


class Story(docker_harness.DockerCase):
    """One example; its containers, network and volumes are gone afterwards."""

    project = ""

    def setUp(self):
        super().setUp()
        self.port = harness.free_port()
        self.env.update(
            ACCOUNTSERVICE_IMAGE=docker_harness.ACCOUNTSERVICE,
            BUSYBOX_IMAGE=docker_harness.BUSYBOX,
            REDIS_IMAGE=docker_harness.REDIS,
            ACCOUNTSERVICE_PORT=str(self.port),
            API_PORT=str(self.port),
            WEB_PORT=str(self.port),
        )
        self._remove_project()
        self.addCleanup(self._remove_project)

    def _remove_project(self):
        """Names of the examples are their own: what a killed test left would be in the way of this one."""
        if not self.project:
            return
        owned = docker("ps", "-aq", "--filter", f"label=io.keepwell.project={self.project}").split()
        if owned:
            docker("rm", "-fv", *owned, check=False)  # one may be going at the moment
        for kind in ("network", "volume"):
            for name in docker(kind, "ls", "--quiet", "--filter", f"name={self.project}_").split():
                docker(kind, "rm", name, check=False)

    def tell(self, path, port=None):
        """A switch of accountservice."""
        return harness.http_get(f"http://127.0.0.1:{port or self.port}{path}", "PUT")

    def get(self, path):
        return harness.http_get(f"http://127.0.0.1:{self.port}{path}")


class AccountService(Story):
    project = "accountservice"

    def test_sick_container_is_replaced_and_docker_ps_shows_a_new_healthy_one(self):
        run = self.start(STORIES / "accountservice/policy.yaml")
        well, _ = run.wait_for("target.health", "accountservice", to="healthy")
        old = self.status(code=0)["accountservice"]["container_id"]
        watch = self.watch(f"container={old}")
        self.assertEqual(self.tell("/testability/healthy/false")[0], 200)

        run.wait_for("target.health", "accountservice", after=well, to="unhealthy")
        run.wait_for("remedy.started", "accountservice", after=well, remedy="replace")
        run.wait_for("remedy.verified", "accountservice", after=well, success=True)
        run.wait_for("incident.closed", "accountservice", after=well, reason="recovered")
        new = self.status(code=0)["accountservice"]["container_id"]
        self.assertNotEqual(new, old)
        watch.wait_for("destroy")
        # The successor is the only one, and has the name and the port of the old one.
        mine = f"label=io.keepwell.project={self.project}"
        listed = docker("ps", "-a", "--no-trunc", "--filter", mine, "--format", "{{.ID}} {{.Names}} {{.Status}}")
        self.assertRegex(listed, rf"\A{new} accountservice-accountservice-1 Up .* \(healthy\)\Z")
        self.assertEqual(self.get("/health"), (200, '{"status":"UP"}\n'))
        self.assert_is_dockers_health(inspect(new)["State"]["Health"])
        # What there was to know of the old one, before it went.
        [kept] = self.journal_records("evidence")
        self.assertEqual(json.loads(kept["inspect"])["Id"], old)
        self.assertEqual(kept["probes"][-1]["outcome"], "failed")
        self.assertIn("accountservice: listening", kept["output_tail"])

    def assert_is_dockers_health(self, health):
        self.assertEqual(sorted(health), ["FailingStreak", "Log", "Status"])
        self.assertEqual((health["Status"], health["FailingStreak"]), ("healthy", 0))
        self.assertEqual(sorted(health["Log"][-1]), ["End", "ExitCode", "Output", "Start"])
        self.assertEqual(health["Log"][-1]["ExitCode"], 0)

    def test_adopted_container_is_restarted_and_stays_the_same(self):
        own = self.run_container("adopted", "--publish", f"127.0.0.1:{self.port}:6767", docker_harness.ACCOUNTSERVICE)
        run = self.start(STORIES / "accountservice/adopted.yaml", ACCOUNTSERVICE_CONTAINER=self.name("adopted"))
        well, _ = run.wait_for("target.health", "accountservice", to="healthy")
        before = inspect(own)["State"]["StartedAt"]
        self.assertEqual(self.tell("/testability/healthy/false")[0], 200)

        run.wait_for("remedy.started", "accountservice", after=well, remedy="restart")
        run.wait_for("remedy.verified", "accountservice", after=well, success=True)
        self.assertNotEqual(inspect(own)["State"]["StartedAt"], before)
        self.assertEqual(inspect(own)["Name"], "/" + self.name("adopted"))
        self.assertEqual(self.get("/health")[0], 200)


class WebWithRedis(Story):
    def test_web_is_held_while_redis_is_away_and_recovers_untouched(self):
        folder = STORIES / "web-with-redis"
        # Compose and keepwell both take the project's name from here, so that this test's is its own.
        self.env["COMPOSE_PROJECT_NAME"] = self.prefix
        self.addCleanup(self.compose, "down", "--volumes", "--timeout", "0", cwd=folder)
        self.compose("up", "--detach", cwd=folder)
        run = self.start(folder / "policy.yaml")
        well, _ = run.wait_for("target.health", "web", to="healthy")
        web, redis = (self.compose("ps", "--quiet", name, cwd=folder).strip() for name in ("web", "redis"))
        started = {container: inspect(container)["State"]["StartedAt"] for container in (web, redis)}
        self.assertEqual(self.get("/cgi-bin/index.cgi"), (200, "visits: 1\n"))

        docker("exec", redis, "redis-cli", "shutdown", "nosave", check=False)  # ends with its server
        sick, _ = run.wait_for("target.health", "web", after=well, to="unhealthy")
        _, held = run.wait_for("remedy.held", "web", after=well, reason="dependency")
        self.assertEqual((held["would"], held["detail"]), ("restart", "redis"))
        self.assertIn("redis", self.keepwell("explain", "web"))
        health = inspect(web)["State"]["Health"]
        self.assertEqual(health["Status"], "unhealthy")
        self.assertGreaterEqual(health["FailingStreak"], 3)
        self.assertIn("503", health["Log"][-1]["Output"])

        run.wait_for("target.health", "redis", after=sick, to="healthy")
        run.wait_for("target.health", "web", after=sick, to="healthy")
        self.assertEqual(inspect(web)["State"]["StartedAt"], started[web])
        self.assertNotEqual(inspect(redis)["State"]["StartedAt"], started[redis])
        self.assertFalse(run.has("remedy.started", "web"))
        self.assertEqual(self.status(code=0)["web"]["restarts"], 0)
        self.assertEqual(self.get("/cgi-bin/index.cgi")[0], 200)
        harness.decided_again(self.journal)


class ApiWithDatabase(Story):
    project = "api-with-database"

    def order(self):
        """The number of a new order; none when it was not taken."""
        status, body = self.get("/cgi-bin/orders")
        return int(body.partition(":")[2].rstrip("}\n")) if status == 200 else None

    def test_sick_database_is_healed_the_api_left_alone_and_no_order_lost(self):
        run = self.start(STORIES / "api-with-database/policy.yaml")
        well, _ = run.wait_for("target.health", "api", to="healthy")
        api, database = (self.status()[name]["container_id"] for name in ("api", "database"))
        started = {container: inspect(container)["State"]["StartedAt"] for container in (api, database)}
        self.assertEqual([self.order() for _ in range(5)], [1, 2, 3, 4, 5])

        docker("exec", database, "redis-cli", "config", "set", "requirepass", "x")
        sick, _ = run.wait_for("target.health", "database", after=well, to="unhealthy")
        self.assertIsNone(self.order())
        run.wait_for("remedy.verified", "database", after=sick, success=True)
        run.wait_for("incident.closed", "database", after=sick)
        if run.has("target.health", "api", after=well, to="unhealthy"):
            run.wait_for("remedy.held", "api", after=well, reason="dependency")
            run.wait_for("target.health", "api", after=sick, to="healthy")
        self.assertEqual(self.order(), 6)
        self.assertFalse(run.has("remedy.started", "api"), run.story())
        self.assertEqual(inspect(api)["State"]["StartedAt"], started[api])
        self.assertNotEqual(inspect(database)["State"]["StartedAt"], started[database])


class IgnoresSigterm(Story):
    project = "ignores-sigterm"

    def test_is_killed_when_its_grace_is_over(self):
        run = self.start(STORIES / "ignores-sigterm/policy.yaml")
        well, _ = run.wait_for("target.health", "stubborn", to="healthy")
        container = self.status()["stubborn"]["container_id"]
        watch = self.watch(f"container={container}")
        self.assertEqual(self.tell("/testability/healthy/false")[0], 200)

        run.wait_for("target.phase", "stubborn", after=well, to="stopping")
        died = watch.wait_for("die")
        asked = [event for event in watch.events if event["Action"] == "kill"]
        self.assertEqual([event["Actor"]["Attributes"]["signal"] for event in asked], ["15", "9"])
        self.assertEqual(died["Actor"]["Attributes"]["exitCode"], "137")
        took = (died["timeNano"] - asked[0]["timeNano"]) / 1e9
        self.assertGreaterEqual(took, 2)  # its grace
        self.assertLess(took, 6)
        run.wait_for("remedy.verified", "stubborn", after=well, success=True)
        self.assertEqual(self.get("/health")[0], 200)


class CrashLoop(Story):
    project = "crash-loop"

    def test_ends_in_quarantine_after_three_more_starts(self):
        watch = self.watch("label=io.keepwell.project=crash-loop")
        run = self.start(STORIES / "crash-loop/policy.yaml")
        run.wait_for("target.quarantined", "crashing", reason="attempts_used_up", restarts=3)
        run.wait_for("alert.raised", "crashing", alert="quarantined")
        status = self.status(code=3)["crashing"]
        self.assertEqual((status["remediation"]["state"], status["restarts"]), ("quarantined", 3))
        self.assertEqual(watch.count("create"), 1)
        self.assertEqual(watch.count("start"), 4)
        why = self.keepwell("explain", "crashing")
        self.assertIn("quarantined", why)
        self.assertIn("exit code 3", why)
        self.assertIn("3 of 3 attempts are used", why)


if __name__ == "__main__":
    unittest.main()
