"""The engine and the images that the tests of containers stand on, from python."""

import unittest

import docker_harness
import harness


class Fixture(docker_harness.DockerCase):
    def test_a_container_is_reached_and_its_health_is_told(self):
        options = ["--publish", "127.0.0.1::6767", "--health-interval", "200ms"]
        api = self.run_container("api", *options, docker_harness.ACCOUNTSERVICE)
        self.wait_for_health(api, "healthy")
        up = (200, '{"status":"UP"}\n')
        self.assertEqual(harness.http_get(f"http://{docker_harness.published(api, 6767)}/health"), up)
        self.assertEqual(harness.http_get(f"http://{docker_harness.address_of(api)}:6767/health"), up)

    def test_a_compose_project_comes_up_under_the_name_of_the_test(self):
        file = self.folder / "docker-compose.yml"
        file.write_text(
            f"""\
version: "2.4"
services:
  redis:
    image: {docker_harness.REDIS}
    healthcheck: {{test: redis-cli ping | grep -qx PONG, interval: 200ms}}
  web:
    image: {docker_harness.BUSYBOX}
    command: [sleep, "1000"]
    depends_on: {{redis: {{condition: service_healthy}}}}
"""
        )
        self.compose("up", "--detach")
        ids = self.compose("ps", "--quiet").split()
        self.assertEqual(len(ids), 2)
        redis = self.compose("ps", "--quiet", "redis").strip()
        self.assertEqual(docker_harness.inspect(redis)["State"]["Health"]["Status"], "healthy")


if __name__ == "__main__":
    unittest.main()
