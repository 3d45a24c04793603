"""`keepwell run --labels`: containers that ask for it by labels are kept well, and no others are touched.

On an engine of its own: it looks at every container there is.
"""

import subprocess
import unittest

import docker_harness
import harness
from docker_harness import docker, inspect

SICK_WHEN_TOLD = ["--health-cmd", "test ! -e /sick", "--health-interval", "200ms", "--health-retries", "1"]
PLAIN = "keepwell-test/plain"
SLEEP = [PLAIN, "sleep", "1000"]


class Labels(docker_harness.DockerCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = None
        if not docker_harness.LACK:
            cls.engine = docker_harness.PrivateEngine()
            cls.addClassCleanup(cls.engine.stop)
            cls.make_plain_image()

    @staticmethod
    def make_plain_image():
        """Busybox without a label: those of an image are its containers' as well, and ours begin like keepwell's."""
        busybox = docker("create", docker_harness.BUSYBOX)
        tree = subprocess.run(["docker", "export", busybox], capture_output=True, check=True).stdout
        make = ["docker", "import", "--change", "ENV PATH=/bin", "-", PLAIN]
        subprocess.run(make, input=tree, stdout=subprocess.DEVNULL, check=True)
        docker("rm", busybox)

    def setUp(self):
        super().setUp()
        self.label = f"test={self.prefix}"

    def labelled(self, what, *labels, health=True):
        """A container with labels, which has become healthy: its name, by which keepwell calls it."""
        options = [option for label in labels for option in ("--label", label)]
        self.run_container(what, "--stop-signal", "KILL", *options, *(SICK_WHEN_TOLD if health else []), *SLEEP)
        if health:
            self.wait_for_health(self.name(what), "healthy")
        return self.name(what)

    def keep(self, *args, **env):
        run = self.start("--labels", *args, **env)
        run.wait_for("backend.found")
        return run

    def make_sick(self, *names):
        for name in names:
            docker("exec", name, "touch", "/sick")

    def started(self, name):
        return inspect(name)["State"]["StartedAt"]

    def test_sick_ones_that_ask_by_any_label_are_restarted_and_others_are_not(self):
        asking = [
            self.labelled("autoheal", "autoheal=true"),
            self.labelled("deunhealth", "deunhealth.restart.on.unhealthy=true"),
            self.labelled("monitored", "autoheal.monitor.enable=Yes"),
            self.labelled("enabled", "keepwell.enable=true"),
        ]
        others = [
            self.labelled("silent"),
            self.labelled("out", "autoheal=true", "keepwell.enable=false"),
            self.labelled("false", "autoheal=false", "deunhealth.restart.on.unhealthy=true"),
        ]
        before = {name: self.started(name) for name in asking + others}
        watch = self.watch("event=start")
        run = self.keep()
        self.assertEqual(sorted(self.status(code=0)), sorted(asking))
        self.make_sick(*others, *asking)
        for name in asking:
            run.wait_for("remedy.started", name, remedy="restart", reason="unhealthy")
            watch.wait_for("start", name)
        # The mark is in the container, which is the same one: they stay sick. The others were not touched.
        for name in others:
            self.wait_for_health(name, "unhealthy")
            self.assertEqual(self.started(name), before[name])
            self.assertEqual(watch.count("start", name), 0)
        for name in asking:
            self.assertNotEqual(self.started(name), before[name])

    def test_our_labels_say_how(self):
        own = ["keepwell.probe.test=test ! -e /sick", "keepwell.probe.interval=200ms", "keepwell.probe.retries=1"]
        replaced = self.labelled("replaced", "keepwell.on-unhealthy=replace", *own, health=False)
        crashing = self.labelled("crashing", "keepwell.restart=any", "keepwell.restart.delay=0s", health=False)
        left = self.labelled("left", "keepwell.on-unhealthy=none", health=False)
        dry = self.labelled("dry", "autoheal=true", "keepwell.dry-run=true")
        first = docker("inspect", "-f", "{{.Id}}", replaced)
        run = self.keep()
        for name in (replaced, dry):
            run.wait_for("target.health", name, to="healthy")
        explained = self.keepwell("explain", replaced)
        self.assertIn("replace", explained)

        watch = self.watch(f"container={first}")
        self.make_sick(replaced, dry)
        docker("kill", crashing)
        docker("kill", left)
        run.wait_for("remedy.verified", replaced, remedy="replace", success=True)
        watch.wait_for("destroy")
        self.assertNotEqual(docker("inspect", "-f", "{{.Id}}", replaced), first)
        died, _ = run.wait_for("target.phase", crashing, to="backoff")
        run.wait_for("target.phase", crashing, after=died, to="running")
        run.wait_for("remedy.held", dry, reason="dry_run", would="restart")
        run.wait_for("target.phase", left, to="completed")
        self.assertFalse(inspect(left)["State"]["Running"])
        harness.decided_again(self.journal)

    def test_targets_come_and_go_with_their_containers(self):
        run = self.keep()
        self.assertEqual(self.status(code=0), {})
        name = self.labelled("guest", "autoheal=true")
        came, _ = run.wait_for("target.joined", name)
        run.wait_for("target.health", name, to="healthy")
        docker("rm", "--force", name)
        left, _ = run.wait_for("target.left", name, after=came)
        self.assertEqual(self.status(code=0), {})
        # The next one of that name is another target, and healed like any.
        self.assertEqual(self.labelled("guest", "autoheal=true"), name)
        run.wait_for("target.joined", name, after=left)
        run.wait_for("target.health", name, after=left, to="healthy")
        self.make_sick(name)
        run.wait_for("remedy.started", name, after=left, remedy="restart")
        harness.decided_again(self.journal)

    def test_a_wrong_label_is_reported_and_its_container_left_alone(self):
        wrong = self.labelled("wrong", "keepwell.on-unhealthy=reboot")
        unknown = self.labelled("unknown", "keepwell.probe.intervall=5s")
        right = self.labelled("right", "autoheal=true")
        run = self.keep()
        run.wait_for("target.health", right, to="healthy")
        self.assertEqual(list(self.status(code=0)), [right])
        self.assertRegex(run.said(), f"{wrong}.*reboot")
        self.assertRegex(run.said(), f"{unknown}.*intervall")
        # Containers are listed again and again; it is said once.
        docker("rename", right, f"{right}-renamed")
        docker("run", "--detach", "--name", self.name("more"), "--label", self.label, "--label", "autoheal=true", *SLEEP)
        run.wait_for("target.joined", self.name("more"))
        self.assertEqual(run.said().count(f"{wrong} is left alone"), 1, run.said())

    def test_a_dependency_that_comes_later_is_heeded(self):
        web = self.labelled("web", "autoheal=true", "keepwell.depends-on=shop/db")
        run = self.keep()
        run.wait_for("target.health", web, to="healthy")
        compose = ("com.docker.compose.project=shop", "com.docker.compose.service=db")
        database = self.labelled("db", "keepwell.on-unhealthy=none", *compose)
        run.wait_for("target.health", database, to="healthy")
        self.make_sick(database)
        run.wait_for("target.health", database, to="unhealthy")
        self.make_sick(web)
        _, held = run.wait_for("remedy.held", web, reason="dependency")
        self.assertEqual(held["detail"], database)

    def test_the_maintenance_of_a_named_entry_holds(self):
        always = 'maintenance: [{from: "00:00", to: "12:00"}, {from: "12:00", to: "00:00"}]'
        rules = self.policy(f"services:\n  rules: {{container: {self.name('none')}, on_unhealthy: [restart], {always}}}\n")
        web = self.labelled("web", "keepwell.policy=rules")
        run = self.keep(rules)
        run.wait_for("target.health", web, to="healthy")
        self.make_sick(web)
        run.wait_for("remedy.held", web, reason="maintenance")

    def test_another_label_by_configuration(self):
        every = self.labelled("every")
        out = self.labelled("out", "autoheal=false")
        run = self.keep(AUTOHEAL_CONTAINER_LABEL="all")
        run.wait_for("target.health", every, to="healthy")
        self.assertNotIn(out, self.status())

    def test_a_task_of_swarm_is_never_touched(self):
        docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1")
        self.addCleanup(docker, "swarm", "leave", "--force")
        service = self.name("service")
        docker(
            "service", "create", "--detach", "--quiet", "--no-resolve-image", "--name", service, "--container-label",
            "autoheal=true", "--label", self.label, "--health-cmd", "false", "--health-interval", "300ms",
            "--health-retries", "1", "--restart-delay", "0s", *SLEEP,
        )  # fmt: skip
        watch = self.watch(f"label=com.docker.swarm.service.name={service}")
        right = self.labelled("right", "autoheal=true")
        run = self.keep()
        run.wait_for("target.health", right, to="healthy")
        task = watch.wait_for("health_status: unhealthy")["Actor"]["Attributes"]["name"]
        # Swarm replaces it by another one; keepwell does nothing, and says why.
        watch.wait_for("die", task)
        self.assertEqual(list(self.status()), [right])
        self.assertEqual(watch.count("restart"), 0)
        self.assertIn(f"{task} is left alone: it is a task of a Swarm service", run.said())
        self.assertFalse(run.has("remedy.due"))


if __name__ == "__main__":
    unittest.main()
