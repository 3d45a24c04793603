"""A changed policy on a running keepwell with containers: created, replaced, removed, adopted and released."""

import unittest

import docker_harness
import harness
from docker_harness import inspect


class Reload(docker_harness.DockerCase):
    def entry(self, name, mark, replicas=1):
        """A container that keepwell owns, on one line."""
        return (
            f'  {name}: {{image: {docker_harness.BUSYBOX}, network_mode: bridge, command: [sleep, "{mark}"], '
            'stop_grace_period: 0s, healthcheck: {test: "true", interval: 100ms, retries: 1}, '
            f"deploy: {{replicas: {replicas}, restart_policy: {{delay: 0s}}, update_config: {{monitor: 100ms}}}}}}\n"
        )

    def write(self, *entries):
        return self.policy(f"name: {self.prefix}\nservices:\n  quiet: {{command: [sleep, '1000']}}\n" + "".join(entries))

    def test_containers_come_change_and_go_by_reloads_alone(self):
        self.run_container("web", docker_harness.BUSYBOX, "sleep", "1000")
        adopted = self.name("web")
        web = f"  web: {{container: {adopted}}}\n"
        run = self.start(self.write())
        run.wait_for("target.phase", "quiet", to="running")
        quiet = self.pid_of("quiet")
        before = inspect(adopted)

        # The first containers of a keepwell that had none.
        self.write(self.entry("cache", 1000, replicas=2), web)
        self.keepwell("reload")
        for target in ("cache.1", "cache.2"):
            run.wait_for("target.health", target, to="healthy")
        run.wait_for("target.phase", "web", to="running", reason="adopted")
        slots = [f"{self.prefix}-cache-{slot}" for slot in (1, 2)]
        ids = [inspect(slot)["Id"] for slot in slots]

        # A rule changes nothing, what it is made of replaces one slot after the other.
        self.write(self.entry("cache", 2000, replicas=2), web)
        self.assertIn("~ cache  changed: replace (cache.1, cache.2)", self.keepwell("plan"))
        self.keepwell("reload")
        run.wait_for("update.completed", name="cache")
        now = [inspect(slot) for slot in slots]
        self.assertFalse(set(ids) & {one["Id"] for one in now})
        self.assertEqual([one["Config"]["Cmd"] for one in now], [["sleep", "2000"]] * 2)

        # Gone: what is ours is removed, what was adopted is released as it is.
        self.write()
        self.keepwell("reload")
        run.wait_for("target.left", "web")
        harness.wait_until(lambda: not set(self.containers()) & set(slots), "the containers of cache are removed")
        after = inspect(adopted)
        self.assertEqual(after["Id"], before["Id"])
        self.assertEqual(after["State"]["StartedAt"], before["State"]["StartedAt"])
        self.assertEqual(self.pid_of("quiet"), quiet)
        self.assertFalse(run.has("engine.unexpected"))


if __name__ == "__main__":
    unittest.main()
