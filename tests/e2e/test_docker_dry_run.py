"""`run --dry-run` with containers: it says what it would do, and asks the engine for nothing but how things are."""

import os
import re
import signal
import socket
import threading
import unittest

import docker_harness
from docker_harness import docker, inspect


class Requests:
    """Where one side's bytes are read as requests: what follows a head is its body, by its Content-Length."""

    def __init__(self, tell):
        self.tell = tell
        self._bytes = b""
        self._body = 0

    def feed(self, data):
        self._bytes += data
        while self._bytes:
            skipped = min(self._body, len(self._bytes))
            self._bytes, self._body = self._bytes[skipped:], self._body - skipped
            head, end, rest = self._bytes.partition(b"\r\n\r\n")
            if not end:
                return
            self._bytes = rest
            length = re.search(rb"(?im)^content-length: *(\d+)", head)
            self._body = int(length[1]) if length else 0
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            self.tell(method, path)


class Proxy:
    """In front of the engine, on a socket in `folder`: hands everything on, and keeps who asked for what."""

    def __init__(self, folder):
        self.requests = []
        self.path = str(folder / "docker.sock")
        self._engine = os.environ["DOCKER_HOST"].removeprefix("unix://")
        self._open = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(self._engine)
            self._open += [client, engine]
            requests = Requests(lambda method, path: self.requests.append((method, path)))
            threading.Thread(target=self._pump, args=(client, engine, requests.feed), daemon=True).start()
            threading.Thread(target=self._pump, args=(engine, client, lambda data: None), daemon=True).start()

    def _pump(self, source, sink, look):
        try:
            while data := source.recv(65536):
                look(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def asked_to_change(self):
        """What was not only asked how it is."""
        return [(method, path) for method, path in self.requests if method not in ("GET", "HEAD")]

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            one.close()


class DryRun(docker_harness.DockerCase):
    def setUp(self):
        super().setUp()
        if not os.environ["DOCKER_HOST"].startswith("unix://"):
            self.skipTest("the proxy needs the engine on a unix socket")
        self.proxy = Proxy(self.folder)
        self.addCleanup(self.proxy.close)

    def dry_run(self, text):
        return self.start(self.policy(text), "--dry-run", DOCKER_HOST=f"unix://{self.proxy.path}")

    def lives(self):
        """{name: (id, when it was started, whether it runs)}, of all of this test."""
        return {name: (one, *self.life(one)) for name, one in self.containers().items()}

    def life(self, container):
        state = inspect(container)["State"]
        return state["StartedAt"], state["Running"]

    def assert_only_asked(self):
        self.assertTrue(self.proxy.requests)
        self.assertEqual(self.proxy.asked_to_change(), [])

    def test_a_sick_and_a_crashed_container_and_one_that_is_missing(self):
        health = ["--health-cmd", "test ! -e /sick", "--health-interval", "200ms", "--health-retries", "1"]
        sick = self.run_container("sick", *health, docker_harness.BUSYBOX, "sleep", "1000")
        crashing = self.run_container("crashing", docker_harness.BUSYBOX, "sleep", "1000")
        self.wait_for_health(sick, "healthy")
        run = self.dry_run(f"""
name: {self.prefix}
services:
  sick: {{container: {self.name("sick")}}}
  crashing: {{container: {self.name("crashing")}, deploy: {{restart_policy: {{delay: 0s}}}}}}
  missing: {{image: {docker_harness.BUSYBOX}, command: [sleep, "1000"]}}
""")
        run.wait_for("target.health", "sick", to="healthy")
        run.wait_for("target.phase", "crashing", to="running")
        run.wait_for("remedy.held", "missing", reason="dry_run", would="start")
        docker("kill", crashing)
        docker("exec", sick, "touch", "/sick")
        before = self.lives()
        run.wait_for("remedy.held", "crashing", reason="dry_run", would="restart")
        run.wait_for("remedy.held", "sick", reason="dry_run", would="restart")
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 0)
        self.assertEqual(self.lives(), before)
        self.assertFalse(run.has("remedy.started"), run.story())
        self.assert_only_asked()

    def test_a_changed_entry_and_one_that_is_gone(self):
        first = self.start(self.policy(f"""
name: {self.prefix}
services:
  changed: {{image: {docker_harness.BUSYBOX}, command: [sleep, "1000"], network_mode: bridge}}
  gone: {{image: {docker_harness.BUSYBOX}, command: [sleep, "1000"], network_mode: bridge}}
"""))
        first.wait_for("target.phase", "changed", to="running")
        first.wait_for("target.phase", "gone", to="running")
        first.signal(signal.SIGTERM)
        self.assertEqual(first.wait(), 0)
        before = self.lives()
        run = self.dry_run(f"""
name: {self.prefix}
services:
  changed: {{image: {docker_harness.BUSYBOX}, command: [sleep, "2000"], network_mode: bridge}}
""")
        run.wait_for("remedy.held", "changed", reason="dry_run", would="replace")
        _, orphan = run.wait_for("orphan.held", name=f"{self.prefix}-gone-1")
        self.assertIn("dry-run", orphan["detail"])
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 0)
        self.assertEqual(self.lives(), before)
        self.assert_only_asked()

    def test_a_probe_inside_is_all_that_is_run(self):
        container = self.run_container("one", docker_harness.BUSYBOX, "sleep", "1000")
        before = self.lives()
        run = self.dry_run(f"""
services:
  one:
    container: {self.name("one")}
    healthcheck: {{test: "test ! -e /sick", interval: 100ms, retries: 1}}
    on_unhealthy: [replace]
""")
        well, _ = run.wait_for("target.health", "one", to="healthy")
        docker("exec", container, "touch", "/sick")
        run.wait_for("remedy.held", "one", after=well, reason="dry_run", would="replace")
        self.assertEqual(self.lives(), before)
        changes = self.proxy.asked_to_change()
        self.assertTrue(changes)
        for method, path in changes:
            self.assertEqual(method, "POST")
            self.assertRegex(path, rf"^/v1\.\d+/(containers/{container}/exec|exec/[0-9a-f]{{64}}/start)$")


if __name__ == "__main__":
    unittest.main()
