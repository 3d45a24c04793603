"""The first thing that a newcomer does: the README's lines, on the shipped policy."""

import pathlib
import re
import shutil
import subprocess
import unittest

import harness

README = (harness.ROOT / "README.md").read_text()


class Quickstart(harness.Case):
    def setUp(self):
        super().setUp()
        self.port = harness.free_port()
        text = (harness.ROOT / "examples/quickstart/policy.yaml").read_text()
        self.assertIn("6767", text)
        self.file = self.policy(text.replace("6767", str(self.port)))

    def readme_lines(self):
        """The three lines under the README's two commands, for this test's port and programs."""
        block = re.search(r"```sh\n(curl [^\n]*/testability/healthy/false\n.*?)```", README, re.DOTALL)
        lines = block.group(1).strip().split("\n")
        self.assertEqual(len(lines), 3)
        return [line.replace("6767", str(self.port)).replace("build/dev/bin", str(harness.BIN)) for line in lines]

    def shell(self, line):
        done = subprocess.run(["bash", "-c", line], env=self.env, capture_output=True, text=True, timeout=harness.PATIENCE)
        self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_readme_makes_it_sick_and_shows_it_healed(self):
        make_sick, show_events, show_status = self.readme_lines()
        run = self.start(self.file)
        well, _ = run.wait_for("target.health", "accountservice", to="healthy")
        old = self.pid_of("accountservice")

        self.shell(make_sick)
        sick, event = run.wait_for("target.health", "accountservice", after=well, to="unhealthy")
        self.assertEqual(event["failing_streak"], 3)
        run.wait_for("remedy.started", "accountservice", after=sick, remedy="restart")
        run.wait_for("target.health", "accountservice", after=sick, to="healthy")
        run.wait_for("incident.closed", "accountservice", after=sick)
        self.assertNotEqual(self.pid_of("accountservice"), old)
        self.assertFalse(harness.alive(old))

        # The README waits a while before it looks; here it has happened already.
        seen = self.shell(re.sub(r"^sleep \d+; ", "", show_events))
        for word in ("unhealthy", "restart", "healthy"):
            self.assertIn(word, seen)
        self.assertIn("healthy", self.shell(show_status))

    def test_what_run_prints_for_people_is_the_story(self):
        process = subprocess.Popen(
            [harness.KEEPWELL, "run", self.file, "--journal", self.journal],
            env=self.env, stdout=subprocess.PIPE, text=True, cwd=self.folder,
        )  # fmt: skip
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        told = []

        def read_until(word):
            for line in process.stdout:
                told.append(line)
                if word in line:
                    return
            self.fail("".join(told))

        read_until("healthy")
        self.assertEqual(harness.http_get(f"http://127.0.0.1:{self.port}/testability/healthy/false", "PUT")[0], 200)
        read_until("unhealthy")
        read_until("restart")
        read_until("healthy")
        process.terminate()
        told += process.stdout.readlines()
        self.assertEqual(process.wait(harness.PATIENCE), 0, "".join(told))
        for line in told:
            self.assertNotIn("{", line.replace('{"status":"Database unaccessible"}', ""))

    def test_shipped_folder_can_be_copied(self):
        copy = self.folder / "copy"
        shutil.copytree(harness.ROOT / "examples/quickstart", copy, ignore=shutil.ignore_patterns(".keepwell"))
        self.assertEqual([path.name for path in pathlib.Path(copy).iterdir()], ["policy.yaml"])
        self.keepwell("check", copy / "policy.yaml")


if __name__ == "__main__":
    unittest.main()
