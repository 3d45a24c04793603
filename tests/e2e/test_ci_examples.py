"""examples/ci: the git hook lets a policy pass that keeps its promises, and stops one that does not."""

import os
import shutil
import subprocess
import textwrap
import unittest

import harness

POLICY = """\
services:
  api:
    command: ./api
    healthcheck: {tcp: "127.0.0.1:8000", interval: 1s, timeout: 500ms, retries: 2}
    on_unhealthy: [restart]
    deploy: {restart_policy: {delay: 1s}}
"""
TEST = """\
policies: [api.yaml]
tests:
  - name: an api that hangs is restarted
    for: 1m
    targets: {api: {probes: ok x3 timeout, after: {restart: ok}}}
    remedies: {api: [restart]}
"""


@unittest.skipUnless(shutil.which("git"), "git is not installed")
class Hook(harness.Case):
    def setUp(self):
        super().setUp()
        self.git("init", "--quiet")
        hook = self.folder / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        shutil.copy(harness.ROOT / "examples/ci/pre-commit", hook)
        (self.folder / "policies").mkdir()
        self.write("api.yaml", POLICY)
        self.write("api.test.yaml", TEST)

    def write(self, name, text):
        (self.folder / "policies" / name).write_text(text)

    def git(self, *arguments):
        who = ["-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"]
        path = f"{harness.BIN}:{os.environ['PATH']}"
        return subprocess.run(
            ["git", *who, *arguments], cwd=self.folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )  # fmt: skip

    def commit(self):
        self.git("add", "--all")
        return self.git("commit", "--quiet", "--message", "Change a policy")

    def test_what_keeps_its_promises_is_committed(self):
        done = self.commit()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_all_policies_may_go_and_others_may_be_called_otherwise(self):
        self.commit()
        for one in (self.folder / "policies").iterdir():
            one.unlink()
        done = self.commit()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.write("api.yml", POLICY)
        self.write("worse.yml", POLICY.replace("interval", "intervall"))
        self.write("worst.json", '{"services": {"api": {"comand": "./api"}}}\n')
        done = self.commit()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("worse.yml:4:", done.stdout + done.stderr)
        self.assertIn("worst.json:1:", done.stdout + done.stderr)

    def test_a_mistake_is_not_committed_and_shown_with_its_line(self):
        self.write("api.yaml", POLICY.replace("interval", "intervall"))
        done = self.commit()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("policies/api.yaml:4:", done.stdout + done.stderr)
        self.assertIn("did you mean `interval`?", done.stdout + done.stderr)

    def test_a_broken_promise_is_not_committed(self):
        self.write("api.yaml", POLICY.replace("on_unhealthy: [restart]", "on_unhealthy: [stop]"))
        done = self.commit()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("an api that hangs is restarted", done.stdout + done.stderr)

    def test_the_workflow_checks_every_policy_and_no_test(self):
        workflow = (harness.ROOT / "examples/ci/github-workflow.yml").read_text()
        step = textwrap.dedent(workflow.partition("- name: Check\n        run: |\n")[2].partition("      - name:")[0])

        def check():
            path = f"{harness.BIN}:{os.environ['PATH']}"
            return subprocess.run(
                ["sh", "-e", "-c", step], cwd=self.folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
            )  # fmt: skip

        done = check()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for name in ("worse.yml", "worst.json"):
            self.write(name, '{"services": {"api": {"comand": "./api"}}}\n')
        done = check()
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for name in ("worse.yml", "worst.json"):
            self.assertIn(f"::error file=policies/{name},line=1", done.stdout)

    def test_what_is_not_staged_does_not_count(self):
        self.assertEqual(self.commit().returncode, 0)
        self.write("api.yaml", "services: nonsense\n")
        (self.folder / "notes").write_text("another change")
        self.git("add", "notes")
        done = self.git("commit", "--quiet", "--message", "Take notes")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
