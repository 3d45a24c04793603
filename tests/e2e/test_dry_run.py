"""`run --dry-run` probes for real, says what it would do, and neither starts nor signals anything."""

import re
import shutil
import signal
import unittest

import harness

# System calls that would start or signal a process.
TRACED = "execve,execveat,fork,vfork,kill,tkill,tgkill,pidfd_send_signal,rt_sigqueueinfo"


class DryRun(harness.Case):
    def setUp(self):
        super().setUp()
        port = harness.free_port()
        self.marker = self.folder / "started"
        self.file = self.policy(f"""
services:
  one:
    command: [touch, "{self.marker}"]
    healthcheck: {{http: "http://127.0.0.1:{port}/", interval: 100ms, timeout: 5s, retries: 2}}
    on_unhealthy: [{{run: [touch, "{self.marker}"]}}, restart]
    deploy: {{restart_policy: {{delay: 0s}}}}
""")

    def follow(self, run):
        run.wait_for("remedy.held", "one", reason="dry_run", would="start")
        run.wait_for("target.health", "one", to="unhealthy")
        run.wait_for("remedy.held", "one", reason="dry_run", would="run")

    def test_says_what_it_would_do_and_starts_nothing(self):
        run = self.start(self.file, "--dry-run")
        self.follow(run)
        self.assertEqual(harness.children_of(run.pid), [])
        self.assertFalse(self.marker.exists())
        self.assertFalse(run.has("remedy.started"))

    def test_mode_in_the_file_does_the_same(self):
        self.file.write_text("mode: dry-run\n" + self.file.read_text())
        run = self.start(self.file)
        self.follow(run)
        self.assertFalse(self.marker.exists())

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_makes_no_system_call_that_starts_or_signals(self):
        log = self.folder / "strace"
        # -D: keepwell is our child, and strace beside it. LeakSanitizer, when it is built in, can not work under a tracer.
        run = self.start(
            self.file, "--dry-run", before=["strace", "-D", "-f", "-o", log, "-e", f"trace={TRACED}"],
            ASAN_OPTIONS="detect_leaks=0",
        )  # fmt: skip
        self.follow(run)
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 0)
        ended = re.compile(rf"^{run.pid} +\+\+\+ exited", re.MULTILINE)  # strace pads the pid
        harness.wait_until(lambda: ended.search(log.read_text()), "strace has written its log")
        calls = [line for line in log.read_text().splitlines() if re.search(r"\b(" + TRACED.replace(",", "|") + r")\(", line)]
        # strace's own start of keepwell is the only one.
        self.assertEqual(len(calls), 1, "\n".join(calls))
        self.assertIn("execve", calls[0])


if __name__ == "__main__":
    unittest.main()
