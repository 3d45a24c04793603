"""A real Docker engine for the end-to-end tests. The rules are those of tests/support/docker/docker.hpp, told there.

On import this program enters the engine's network, so that it, keepwell and whatever else it starts reach published
ports on 127.0.0.1 and containers by their addresses, and DOCKER_HOST is set. Without an engine DockerCase skips every
test of it and says what to do; with CI=true it fails.
"""

import ctypes
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import unittest

import harness

BUSYBOX = "keepwell-test/busybox"
REDIS = "keepwell-test/redis"
ACCOUNTSERVICE = "keepwell-test/accountservice"

CLONE_NEWNET = 0x40000000
REMEDY = (
    "no Docker engine for this test: run it by ctest as root with docker.io installed (./dev test does), or name one "
    "in KEEPWELL_TEST_DOCKER_HOST"
)


def join_network(descriptor):
    """As setns(2) does, which python has from 3.12 on; for the calling thread and what it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "the network of an engine can not be entered")


def enter_network(folder):
    pid = (folder / "holder.pid").read_text().strip()
    with open(f"/proc/{pid}/ns/net", "rb") as network:
        join_network(network.fileno())


def find_engine():
    """Makes the engine known to all that this program starts; otherwise says why there is none."""
    if given := os.environ.get("KEEPWELL_TEST_DOCKER_HOST"):
        os.environ["DOCKER_HOST"] = given
        return None
    folder = os.environ.get("KEEPWELL_TEST_DOCKER_FOLDER")
    if not folder or os.geteuid() != 0 or not pathlib.Path(folder, "docker.sock").exists():
        return REMEDY
    os.environ["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
    os.environ["DOCKER_CONFIG"] = f"{folder}/etc"
    enter_network(pathlib.Path(folder))
    return None


LACK = find_engine()


def docker(*args, check=True):
    """What `docker ARGS…` printed."""
    done = subprocess.run(
        ["docker", *map(str, args)], capture_output=True, text=True, timeout=harness.PATIENCE, check=False
    )
    if check and done.returncode != 0:
        raise AssertionError(f"docker {' '.join(map(str, args))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout.strip()


def inspect(container):
    """Everything that the engine knows of it."""
    return json.loads(docker("inspect", "--type", "container", container))[0]


def address_of(container):
    """Its address on the one network that it is on."""
    return docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)


def published(container, port):
    """HOST:PORT of a published port such as 6767."""
    return docker("port", container, port).splitlines()[0]


class EventWatch:
    """What the engine tells from now on: {"Action", "Actor", …} each, none missed. `filters` as `docker events` has."""

    def __init__(self, *filters):
        command = ["docker", "events", "--since", f"{time.time():.9f}", "--format", "{{json .}}"]
        for one in filters:
            command += ["--filter", one]
        self.events = []
        self._news = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            with self._news:
                self.events.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, action, name=None):
        """The first event of that action (of that container)."""

        def found():
            return [
                event
                for event in self.events
                if event["Action"] == action and name in (None, event["Actor"]["Attributes"].get("name"))
            ]

        with self._news:
            self._news.wait_for(lambda: found() or self._ended, harness.PATIENCE)
            if not found():
                seen = "\n".join(event["Action"] for event in self.events)
                raise AssertionError(f"the engine never told: {action} {name or ''}\n{seen}")
            return found()[0]

    def count(self, action, name=None):
        """How many of that action (of that container) were told so far."""
        with self._news:
            return sum(
                event["Action"] == action and name in (None, event["Actor"]["Attributes"].get("name"))
                for event in self.events
            )

    def close(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()


class PrivateEngine:
    """An engine that a test may end and start again. Until it is stopped, this program is in its network, and `docker`
    and keepwell reach it."""

    SCRIPT = harness.ROOT / "tests/support/docker/engine"
    _made = 0

    def __init__(self, *options, images=(BUSYBOX,)):
        shared = os.environ.get("KEEPWELL_TEST_DOCKER_FOLDER")
        if not shared or os.geteuid() != 0:
            raise unittest.SkipTest("a Docker engine of its own needs root and the one that ctest starts")
        PrivateEngine._made += 1
        self.folder = pathlib.Path(f"{shared}.{os.getpid()}.{PrivateEngine._made}")
        self.images = subprocess.run(["docker", "save", *images], capture_output=True, check=True).stdout
        self._before = {name: os.environ[name] for name in ("DOCKER_HOST", "DOCKER_CONFIG")}
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self._engine("start", *options)
        self.host = f"unix://{self.folder}/docker.sock"
        os.environ.update(DOCKER_HOST=self.host, DOCKER_CONFIG=f"{self.folder}/etc")
        enter_network(self.folder)
        subprocess.run(["docker", "load", "--quiet"], input=self.images, stdout=subprocess.DEVNULL, check=True)

    def _engine(self, command, *args):
        done = subprocess.run(
            [self.SCRIPT, command, self.folder, *args], capture_output=True, text=True, timeout=3 * harness.PATIENCE,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(f"engine {command}: exit code {done.returncode}\n{done.stderr}")

    def down(self, signal="TERM"):
        """Ends dockerd; its network and its data stay."""
        self._engine("down", signal)

    def up(self):
        self._engine("up")

    def stop(self):
        os.environ.update(self._before)
        join_network(self._home)
        os.close(self._home)
        self._engine("stop")


class DockerCase(harness.Case):
    """A test with names of its own on the engine; what bears them, or its label, is gone afterwards."""

    def setUp(self):
        if LACK and os.environ.get("CI") == "true":
            self.fail(LACK)
        if LACK:
            raise unittest.SkipTest(LACK)
        super().setUp()
        words = re.sub("[^a-z0-9]", "-", self.id().rpartition(".")[2].removeprefix("test_").lower())
        self.prefix = f"kw-{words[:24]}-{os.getpid()}"
        self.label = f"keepwell.test={self.prefix}"
        self.addCleanup(self._remove)

    def _remove(self):
        for kind, removal in (("container", ["rm", "-fv"]), ("network", ["rm"]), ("volume", ["rm", "-f"])):
            every = ["--all"] if kind == "container" else []
            ids = set()
            for one in (f"name={self.prefix}", f"label={self.label}"):
                ids |= set(docker(kind, "ls", *every, "--quiet", "--filter", one).split())
            if ids:
                docker(kind, *removal, *ids, check=False)

    def name(self, what):
        """Good for containers, networks, volumes, Compose projects and services."""
        return f"{self.prefix}-{what}"

    def run_container(self, what, *args):
        """`docker run --detach` under name(what), with options, image, command. Its full id."""
        return docker("run", "--detach", "--name", self.name(what), "--label", self.label, *args)

    def private_engine(self, *options, images=(BUSYBOX,)):
        """The engine of this test from now on, also for what keepwell is started with."""
        engine = PrivateEngine(*options, images=images)
        self.addCleanup(engine.stop)
        self.env.update(DOCKER_HOST=engine.host, DOCKER_CONFIG=f"{engine.folder}/etc")
        return engine

    def containers(self):
        """{name: full id} of all of this test, running or not."""
        lines = docker("ps", "--all", "--no-trunc", "--filter", f"name={self.prefix}", "--format", "{{.Names}} {{.ID}}")
        return dict(line.split() for line in lines.splitlines())

    def watch(self, *filters):
        watch = EventWatch(*filters)
        self.addCleanup(watch.close)
        return watch

    def wait_for_health(self, container, status):
        watch = self.watch(f"container={container}")
        if inspect(container)["State"].get("Health", {}).get("Status") != status:
            watch.wait_for(f"health_status: {status}")

    def compose(self, *args, files=(), cwd=None, **env):
        """docker-compose on a project of this test's name; what it printed."""
        command = ["docker-compose", "--project-name", self.prefix]
        for file in files:
            command += ["--file", str(file)]
        done = subprocess.run(
            [*command, *args], cwd=cwd or self.folder, env={**self.env, **env}, capture_output=True, text=True,
            timeout=2 * harness.PATIENCE, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, f"docker-compose {' '.join(args)}\n{done.stdout}{done.stderr}")
        return done.stdout
