"""What the clients of a container notice while keepwell replaces it."""

import pathlib
import subprocess
import sys
import unittest

import docker_harness
from docker_harness import docker, inspect

CLIENT = pathlib.Path(__file__).with_name("alias_client.py")


class Clients(docker_harness.DockerCase):
    def client(self, network, alias):
        """Begins to ask at once."""
        place = self.run_container("client", "--network", network, docker_harness.BUSYBOX, "sleep", "1000")
        process = subprocess.Popen(
            ["nsenter", "--net", "--target", str(inspect(place)["State"]["Pid"]),
             sys.executable, str(CLIENT), alias, "6767", "/accounts/10000"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(process.kill)
        return process

    def test_who_asks_an_alias_through_a_start_first_replacement_is_always_answered(self):
        run = self.start(
            self.policy(
                f"""
name: {self.prefix}
services:
  shop:
    image: {docker_harness.ACCOUNTSERVICE}
    networks: {{back: {{aliases: [store]}}}}
    healthcheck: {{http: "http://{{{{.Container.IP}}}}:6767/health", interval: 100ms, timeout: 5s}}
    deploy: {{restart_policy: {{delay: 0s}}, update_config: {{order: start-first}}}}
networks: {{back: {{}}}}
"""
            )
        )
        run.wait_for("target.health", "shop", to="healthy")
        old = docker("ps", "--quiet", "--no-trunc", "--filter", f"name={self.prefix}-shop-1")
        removed = self.watch(f"container={old}")
        client = self.client(f"{self.prefix}_back", "store")
        self.keepwell("replace", "shop")
        run.wait_for("remedy.verified", "shop", success=True)
        removed.wait_for("destroy")
        self.assertRegex(client.communicate()[0], r"\A[1-9]\d+ requests\n\Z")


if __name__ == "__main__":
    unittest.main()
