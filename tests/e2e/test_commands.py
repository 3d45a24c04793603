"""The commands on a running keepwell: its socket, its exit codes, the operator's hand."""

import os
import signal
import stat
import subprocess
import unittest

import harness

SLEEPER = "services: {one: {command: [sleep, '1000']}}\n"


class Socket(harness.Case):
    def test_second_keepwell_on_the_socket_is_refused(self):
        policy = self.policy(SLEEPER)
        run = self.start(policy)
        run.wait_for("target.phase", "one", to="running")
        second = subprocess.run(
            [harness.KEEPWELL, "run", policy, "--journal", self.folder / "other"],
            env=self.env, capture_output=True, text=True, timeout=harness.PATIENCE, check=False,
        )  # fmt: skip
        self.assertEqual(second.returncode, 1)
        self.assertIn(str(self.socket), second.stderr)
        self.status(code=0)

    def test_second_keepwell_on_the_journal_starts_no_second_copy(self):
        policy = self.policy(SLEEPER)
        run = self.start(policy)
        run.wait_for("target.phase", "one", to="running")
        second = subprocess.run(
            [harness.KEEPWELL, "run", policy, "--journal", self.journal, "--socket", self.folder / "other.sock"],
            env=self.env, capture_output=True, text=True, timeout=harness.PATIENCE, check=False,
        )  # fmt: skip
        self.assertEqual(second.returncode, 1)

    def test_stale_socket_is_taken_over(self):
        policy = self.policy(SLEEPER)
        first = self.start(policy)
        first.wait_for("target.phase", "one", to="running")
        self.remember(first)
        first.signal(signal.SIGKILL)
        first.wait()
        self.assertTrue(stat.S_ISSOCK(os.stat(self.socket).st_mode))
        second = self.start(policy)
        second.wait_for("target.phase", "one", to="running")
        self.status(code=0)
        self.assertEqual(stat.S_IMODE(os.stat(self.socket).st_mode), 0o600)

    def test_what_is_told_goes_into_no_file_when_the_shell_has_closed_its_place(self):
        policy = self.policy(SLEEPER)
        run = subprocess.Popen(
            ["sh", "-c", f"exec {harness.KEEPWELL} run {policy} --journal {self.journal} <&- >&- 2>&-"], env=self.env
        )  # fmt: skip
        self.addCleanup(run.wait)
        self.addCleanup(run.terminate)
        harness.wait_until(self.socket.exists, "it listens")
        self.keepwell("restart", "one")
        run.send_signal(signal.SIGUSR1)
        run.terminate()
        self.assertEqual(run.wait(harness.PATIENCE), 0)
        for file in (file for file in self.folder.rglob("*") if file.is_file()):
            self.assertNotRegex(file.read_text(), "keeps 1 service|stopping everything|means nothing", file)

    def test_what_finds_no_room_is_told_and_is_a_failure(self):
        run = self.start(self.policy("services: {one: {command: [sh, -c, 'echo here; exec sleep 1000']}}\n"))
        run.wait_for("target.phase", "one", to="running")
        harness.wait_until(lambda: self.keepwell("logs", "one") == "here\n", "it has printed")
        for command in (["status"], ["status", "one"], ["events"], ["logs", "one"], ["pause", "one"], ["stop", "one"],
                        ["events", "--journal", self.journal]):  # fmt: skip
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run(
                    [harness.KEEPWELL, *command], env=self.env, stdout=full, stderr=subprocess.PIPE, text=True,
                    timeout=harness.PATIENCE, check=False,
                )  # fmt: skip
            self.assertEqual(done.returncode, 1, command)
            self.assertEqual(done.stderr, "keepwell: what is told can not be written: No space left on device\n", command)
        self.assertEqual(self.status()["one"]["phase"], "stopped")

    def test_without_a_keepwell_commands_say_so(self):
        self.assertIn(str(self.socket), self.keepwell("status", code=5))


class ExitCodes(harness.Case):
    def test_of_status(self):
        port = harness.free_port()
        run = self.start(self.policy(f"""
services:
  accounts:
    command: ["{harness.BIN}/accountservice", --port, "{port}", --store, "{self.folder}/accounts"]
    healthcheck: {{http: "http://127.0.0.1:{port}/health", interval: 200ms, timeout: 5s, retries: 2}}
    on_unhealthy: [notify]
"""))
        run.wait_for("target.health", "accounts", to="healthy")
        self.keepwell("status", code=0)
        harness.http_get(f"http://127.0.0.1:{port}/testability/healthy/false")
        run.wait_for("target.health", "accounts", to="unhealthy")
        self.assertIn("unhealthy", self.keepwell("status", code=3))
        self.assertIn("accounts", self.keepwell("explain", "accounts"))
        self.keepwell("status", "nobody", code=4)
        self.keepwell("explain", "nobody", code=4)
        self.assertIn(
            "no target or service is called `retires`; did you mean the field `retries` (keepwell explain retries)?",
            self.keepwell("explain", "retires", code=4),
        )
        self.keepwell("nonsense", code=2)
        self.keepwell("check", self.folder / "nowhere.yaml", code=2)

    def test_mistakes_in_the_policy_are_all_said_and_nothing_starts(self):
        policy = self.policy("services:\n  one:\n    comand: [sleep, '1']\n    healthcheck: {intervall: 5s}\n")
        said = self.keepwell("run", policy, "--journal", self.journal, code=2)
        self.assertIn(f"{policy}:3:5: error: unknown key `comand`", said)
        self.assertIn("did you mean `command`?", said)
        self.assertIn("intervall", said)
        self.assertFalse(self.journal.exists())

    def test_of_ping(self):
        port = harness.free_port()
        server = subprocess.Popen(
            [harness.BIN / "accountservice", "--port", str(port), "--store", self.folder / "accounts"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        server.stdout.readline()
        for program in ([harness.KEEPWELL, "ping"], [harness.BIN / "keepwell-ping"]):
            for url, code in ((f"http://127.0.0.1:{port}/health", 0), (f"http://127.0.0.1:{port}/nowhere", 1),
                              (f"tcp://127.0.0.1:{port}", 0), (f"tcp://127.0.0.1:{harness.free_port()}", 1)):  # fmt: skip
                done = subprocess.run([*program, url], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, code, f"{program} {url}: {done.stdout}{done.stderr}")


class ByHand(harness.Case):
    def test_stop_start_and_restart(self):
        run = self.start(self.policy(SLEEPER))
        at, _ = run.wait_for("target.phase", "one", to="running")
        pid = self.pid_of("one")
        self.keepwell("stop", "one")
        at, _ = run.wait_for("target.phase", "one", after=at, to="stopped")
        self.assertFalse(harness.alive(pid))
        self.keepwell("start", "one")
        at, _ = run.wait_for("target.phase", "one", after=at, to="running")
        pid = self.pid_of("one")
        self.keepwell("restart", "one")
        at, _ = run.wait_for("target.phase", "one", after=at, to="running")
        self.assertNotEqual(self.pid_of("one"), pid)

    def test_stop_that_is_overtaken_by_a_start_says_so(self):
        slow = "trap 'until [ -e go ]; do sleep 0.01; done; exit' TERM; echo > ready; while :; do sleep 0.01; done"
        run = self.start(self.policy(f'services: {{one: {{command: [sh, -c, "{slow}"]}}}}\n'))
        harness.wait_until((self.folder / "ready").exists, "it can be told to end")
        stop = subprocess.Popen([harness.KEEPWELL, "stop", "one"], env=self.env, stderr=subprocess.PIPE, text=True)
        self.addCleanup(stop.kill)
        run.wait_for("target.phase", "one", to="stopping")
        self.keepwell("start", "one", "--no-wait")
        self.assertIn("one: a person asked for its start meanwhile\n", stop.communicate(timeout=harness.PATIENCE)[1])
        self.assertEqual(stop.returncode, 1)
        (self.folder / "go").touch()
        run.wait_for("target.phase", "one", reason="operated", to="starting")

    def test_several_are_stopped_and_started_and_the_worst_exit_code_counts(self):
        self.start(self.policy("services: {a: {command: [sleep, '1000']}, b: {command: [sleep, '1000']}}\n"))
        harness.wait_until(self.socket.exists, "it listens")
        self.assertIn("called `nobody`", self.keepwell("stop", "a", "nobody", "b", code=4))
        self.assertEqual({one["phase"] for one in self.status().values()}, {"stopped"})
        self.keepwell("start", "a", "b")
        self.assertEqual({one["phase"] for one in self.status().values()}, {"running"})
        pids = {one["pid"] for one in self.status().values()}
        self.keepwell("restart", "--all")
        self.assertFalse(pids & {one["pid"] for one in self.status().values()})
        self.keepwell("stop", "--all")
        self.assertEqual({one["phase"] for one in self.status().values()}, {"stopped"})

    def test_a_star_is_no_target_and_stops_nothing(self):
        self.start(self.policy("services: {one: {command: [sleep, '1000'], deploy: {replicas: 2}}}\n"))
        harness.wait_until(self.socket.exists, "it listens")
        self.keepwell("start", "one")
        self.assertIn("`*`; --all is everything", self.keepwell("stop", "*", code=4))
        self.assertEqual({one["phase"] for one in self.status().values()}, {"running"})
        self.assertIn("\n\ntarget    one.2\n", self.keepwell("status", "one"))

    def test_start_and_restart_fail_for_what_does_not_stay_up(self):
        self.start(self.policy("""
services:
  once: {command: [sh, -c, "sleep 0.05; exit 3"], restart: "no"}
  loops: {command: [sh, -c, "sleep 0.05; exit 4"], deploy: {restart_policy: {delay: 1h}}}
  absent: {command: [/no/such/program], deploy: {restart_policy: {delay: 1h}}}
  good: {command: [sleep, "1000"]}
"""))
        harness.wait_until(self.socket.exists, "it listens")
        self.assertIn("once: it ended: exit code 3\n", self.keepwell("start", "once", code=1))
        self.assertIn("loops: it ended: exit code 4\n", self.keepwell("restart", "loops", code=1))
        self.assertIn("absent: it could not be executed: ", self.keepwell("start", "absent", code=1))
        said = self.keepwell("start", "once", "good", "loops", code=1)
        self.assertIn("once: it ended: exit code 3\n", said)
        self.assertIn("loops: it ended: exit code 4\n", said)
        self.assertNotIn("good: it", said)

    def test_start_of_what_waits_in_vain_says_so(self):
        run = self.start(self.policy("""
services:
  job: {command: [sh, -c, "exit 1"], restart: "no"}
  after: {command: [sleep, "1000"], depends_on: {job: {condition: service_completed_successfully}}}
"""))
        run.wait_for("target.phase", "after", reason="dependency_failed")
        why = "after: what it depends on can not be had (job: service_completed_successfully)\n"
        self.assertIn(why, self.keepwell("start", "after", code=1))
        self.assertIn(why, self.keepwell("start", "after", "job", code=1))

    def test_paused_target_is_not_started_again_until_resumed(self):
        run = self.start(self.policy("services: {one: {command: [sleep, '1000'], deploy: {restart_policy: {delay: 0s}}}}\n"))
        run.wait_for("target.phase", "one", to="running")
        self.assertIn("until `keepwell resume one`\n", self.keepwell("pause", "one"))
        at, _ = run.wait_for("operator.pause", "one")
        os.kill(self.pid_of("one"), signal.SIGKILL)
        run.wait_for("remedy.held", "one", after=at, reason="paused")
        self.keepwell("resume", "one")
        run.wait_for("target.phase", "one", after=at, to="running")

    def test_events_are_followed(self):
        run = self.start(self.policy(SLEEPER))
        run.wait_for("target.phase", "one", to="running")
        follower = subprocess.Popen(
            [harness.KEEPWELL, "events", "-f", "-o", "json", "--target", "one"],
            env=self.env, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(follower.stdout.close)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.terminate)
        first = follower.stdout.readline()
        self.assertIn('"target.phase"', first)
        self.keepwell("stop", "one")
        for line in follower.stdout:
            if '"stopped"' in line:
                return
        self.fail("the stop was not told")


if __name__ == "__main__":
    unittest.main()
