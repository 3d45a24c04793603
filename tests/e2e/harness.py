"""Runs the real keepwell on real services, for the end-to-end tests.

Everything of one test is in one temporary folder: policy, socket, journal, output. What keepwell says is read from
its own event stream (`run -o jsonl`); a test waits for an event, never for a time.
KEEPWELL_BIN names the folder of the programs. python3's standard library alone.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("KEEPWELL_BIN", ROOT / "build/dev/bin"))
KEEPWELL = BIN / "keepwell"

# Far longer than anything takes: a test that waits so long has failed.
PATIENCE = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def http_get(url, method="GET"):
    """(status, body) of one request; (0, reason) when nobody answers."""
    request = urllib.request.Request(url, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()
    except OSError as failed:
        return 0, str(failed)


def alive(pid):
    """Whether the process runs; a zombie is dead."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def children_of(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def wait_until(condition, what):
    """For what no event tells: a file or a process outside keepwell's sight."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.02)


class Run:
    """One `keepwell run`. Its events are read as they come."""

    def __init__(self, command, env, cwd):
        self.events = []
        self.errors = tempfile.TemporaryFile(mode="w+")
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._news:
                self.events.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    @property
    def pid(self):
        return self.process.pid

    def wait_for(self, kind, target=None, after=-1, **fields):
        """The first event after number `after` that has this type and these fields, and its number."""

        def fits(event):
            return (
                event["type"] == kind
                and (target is None or event.get("target") == target)
                and all(event.get(name) == value for name, value in fields.items())
            )

        end = time.monotonic() + PATIENCE
        with self._news:
            looked_at = after + 1
            while True:
                for number in range(looked_at, len(self.events)):
                    if fits(self.events[number]):
                        return number, self.events[number]
                looked_at = len(self.events)
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    raise AssertionError(f"never came: {kind} {target or ''} {fields}\n{self.story()}")
                self._news.wait(left)

    def has(self, kind, target=None, after=-1, **fields):
        return any(
            event["type"] == kind
            and (target is None or event.get("target") == target)
            and all(event.get(name) == value for name, value in fields.items())
            for event in self.events[after + 1 :]
        )

    def story(self):
        return "\n".join(json.dumps(event) for event in self.events[-60:]) + "\n" + self.said()

    def said(self):
        """What it wrote to stderr so far."""
        with open(f"/proc/self/fd/{self.errors.fileno()}", encoding="utf-8") as text:
            return text.read()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Its exit code, and every event read."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        self.errors.close()


def decided_again(journal):
    """What `keepwell replay` says of the journal, each run of which it must decide again from its begin to its end; where
    probes were not kept, as far as can be told."""
    done = subprocess.run([KEEPWELL, "replay", journal, "-o", "json"], capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    for run in found["runs"]:
        doubt = run["doubt"] and not run["record"]
        if run["difference"] or run["left_out"] or (run["not_verified"] and not doubt):
            raise AssertionError(f"not decided again: {json.dumps(run, indent=2)}\n{done.stderr}")
    if done.returncode != 0:
        raise AssertionError(f"exit code {done.returncode}: {done.stderr}")
    return found


class Case(unittest.TestCase):
    """A test with a folder, a socket and a journal of its own; nothing of it lives on."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="keepwell-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.journal = self.folder / "state"
        self.socket = self.folder / "keepwell.sock"
        self.env = dict(os.environ, KEEPWELL_SOCKET=str(self.socket), KEEPWELL_BIN=str(BIN), NO_COLOR="1")
        self.instances = set()
        self.addCleanup(self._end_instances)

    def _end_instances(self):
        """Ends what a killed keepwell left, when it is still the same process."""
        for name in self.instances:
            pid, _, started = name.partition("@")
            try:
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
            except OSError:
                continue
            if stat.rpartition(")")[2].split()[19] == started:
                os.killpg(int(pid), signal.SIGKILL)

    def policy(self, text):
        path = self.folder / "policy.yaml"
        path.write_text(text)
        return path

    def start(self, policy, *args, before=(), cwd=None, **env):
        run = Run(
            [*before, KEEPWELL, "run", policy, "--journal", self.journal, "-o", "jsonl", *args],
            {**self.env, **env},
            cwd or self.folder,
        )

        def close():
            self.remember(run)
            run.close()

        self.addCleanup(close)
        return run

    def remember(self, run):
        self.instances |= {event["instance"] for event in run.events if "@" in str(event.get("instance") or "")}

    def keepwell(self, *args, code=0):
        """Runs a command against the running keepwell; returns what it printed."""
        done = subprocess.run(
            [KEEPWELL, *args], env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        self.assertEqual(done.returncode, code, f"keepwell {' '.join(map(str, args))}\n{done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stdout + done.stderr

    def status(self, code=None):
        """What `status -o json` says: {target name: target}."""
        done = subprocess.run(
            [KEEPWELL, "status", "-o", "json"], env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return {target["name"]: target for target in json.loads(done.stdout)["targets"]}

    def journal_records(self, kind):
        """All of that type that are in the journal so far."""
        lines = [line for file in sorted(self.journal.rglob("*.jsonl")) for line in file.read_text().splitlines()]
        return [record for record in map(json.loads, lines) if record["type"] == kind]

    def pid_of(self, target):
        return self.status()[target]["pid"]
