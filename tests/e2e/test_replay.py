#!/usr/bin/env python3
"""A real past is recorded, decided again, asked about, and held against another policy."""

import json
import re
import subprocess
import unittest
import zlib

import harness

POLICY = """
record: true
services:
  worker:
    command: [sh, -c, "test -e crashed || { touch crashed; exit 3; }; exec sleep 1000"]
    deploy: {restart_policy: {delay: 100ms, backoff: {reset_after: 200ms}}}
  web:
    command: sleep 1000
    depends_on: [worker]
    healthcheck: {test: "test ! -e sick", interval: 100ms, timeout: 5s, retries: 2}
    deploy: {restart_policy: {delay: 100ms}}
"""


def summed(line):
    """With the checksum that it now has."""
    body = line.rpartition(',"crc":')[0]
    return f'{body},"crc":"{zlib.crc32(body.encode()):08x}"}}'


class Replay(harness.Case):
    def keepwell(self, *args):
        done = subprocess.run(
            [harness.KEEPWELL, *args], env=self.env, cwd=self.folder, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def a_past(self, record=True):
        """A crash, a target that turns sick and is healed, and an end in order."""
        policy = self.policy(POLICY if record else POLICY.replace("record: true", ""))
        run = self.start(policy)
        run.wait_for("target.health", "web", to="healthy")
        (self.folder / "sick").touch()
        seen, _ = run.wait_for("remedy.started", "web")
        (self.folder / "sick").unlink()
        run.wait_for("target.health", "web", after=seen, to="healthy")
        run.wait_for("incident.closed", "web", after=seen)
        run.signal(15)
        self.assertEqual(run.wait(), 0)
        return run

    def test_a_recorded_run_is_decided_again(self):
        self.a_past()
        code, text = self.keepwell("replay", self.journal, "-o", "json")
        self.assertEqual(code, 0, text)
        found = json.loads(text)
        self.assertTrue(found["same"])
        (run,) = found["runs"]
        self.assertEqual((run["not_verified"], run["difference"], run["assumed"], run["left_out"]), ("", None, 0, 0))
        self.assertGreater(run["decisions"], 30)
        self.assertIn("decided again", self.keepwell("replay", self.journal)[1])

    def lines(self, change):
        """The journal's lines, changed."""
        file = self.journal / "journal" / "00000001.jsonl"
        lines = change(file.read_text().splitlines())
        file.write_text("\n".join(lines) + "\n")

    def test_a_line_that_a_crash_cut_off_costs_that_line_alone(self):
        self.a_past()
        self.lines(lambda lines: [*lines[:-1], lines[-1][: len(lines[-1]) // 2]])
        code, text = self.keepwell("replay", self.journal)
        self.assertEqual(code, 0, text)
        self.assertIn("00000001.jsonl:", text)
        self.assertIn("decided again", text)
        self.assertNotIn("not verified", text)
        # The next keepwell goes on in the same file.
        run = self.start(self.policy(POLICY))
        run.wait_for("target.health", "web", to="healthy")
        run.signal(15)
        run.wait()
        self.assertEqual(len(harness.decided_again(self.journal)["runs"]), 2)

    def test_what_a_newer_keepwell_wrote_is_not_verified_and_said_to_be_newer(self):
        self.a_past()

        def newer(lines):
            number = next(i for i, line in enumerate(lines) if '"type":"incident.opened"' in line)
            lines[number] = summed(lines[number].replace("incident.opened", "incident.foreseen"))
            lines[0] = summed(re.sub(r'"keepwell_version":"[^"]*"', '"keepwell_version":"9.9.9"', lines[0]))
            return lines

        self.lines(newer)
        code, text = self.keepwell("replay", self.journal)
        self.assertEqual(code, 0, text)
        self.assertIn("unknown type `incident.foreseen`", text)
        self.assertRegex(text, r"not verified from record \d+ to record \d+: the records before \d+ are missing or could")
        self.assertIn("It was written by keepwell 9.9.9, and this is", text)

    def test_without_record_what_was_not_kept_is_assumed_and_said_to_be(self):
        self.a_past(record=False)
        code, text = self.keepwell("replay", self.journal, "-o", "json")
        self.assertEqual(code, 0, text)
        self.assertEqual(json.loads(text)["runs"][0]["difference"], None)

    def test_two_runs_are_decided_again_the_second_from_what_the_first_left(self):
        policy = self.policy(POLICY)
        first = self.start(policy)
        first.wait_for("target.health", "web", to="healthy")
        first.signal(9)
        first.wait()
        second = self.start(policy)
        second.wait_for("target.phase", "web", to="running")
        second.signal(15)
        second.wait()
        self.assertEqual(len(harness.decided_again(self.journal)["runs"]), 2)

    def test_made_up_pasts_of_every_shipped_policy_are_decided_again(self):
        faults = ["--crashes", "1/1h", "--hangs", "1/2h", "--outages", "1/6h", "--engine-restarts", "1/6h"]
        for policy in sorted((harness.ROOT / "policies").glob("*.yaml")):
            if policy.name.endswith(".test.yaml"):
                continue
            with self.subTest(policy=policy.name):
                past = self.folder / policy.stem
                code, text = self.keepwell("simulate", policy, "--chaos", "--for", "6h", *faults, "--journal", past)
                if policy.name == "labelled.yaml":  # nothing is there before its containers are
                    self.assertEqual(code, 2, text)
                    continue
                self.assertEqual(code, 0, text)
                self.assertEqual(len(harness.decided_again(past)["runs"]), 1)

    def with_other_rules(self):
        """The journal says that one failure was enough; two were."""

        def stricter(line):
            return summed(line.replace('"retries":2', '"retries":1')) if '"type":"rules.service"' in line else line

        self.lines(lambda lines: [stricter(line) for line in lines])

    def test_a_decision_that_today_is_taken_otherwise_ends_with_1_and_its_place(self):
        self.a_past()
        self.with_other_rules()
        code, text = self.keepwell("replay", self.journal)
        self.assertEqual(code, 1)
        self.assertIn("decided otherwise: record", text)
        self.assertIn("00000001.jsonl:", text)
        self.assertIn("cause:    input.probe_finished of web", text)
        self.assertRegex(text, r"recorded: probe\.failed of web with .*retries 2")
        self.assertRegex(text, r"today:    probe\.failed of web with .*retries 1")

    def test_without_record_the_same_is_no_verdict_and_said_to_be_none(self):
        self.a_past(record=False)
        self.with_other_rules()
        code, text = self.keepwell("replay", self.journal)
        self.assertEqual(code, 0, text)
        self.assertIn("could not be verified from here on: record", text)
        self.assertIn("set `record: true`", text)
        self.assertIn("decided again: records 1 to", text)

    def test_another_policy_is_held_against_the_record(self):
        self.a_past()
        other = self.folder / "other.yaml"
        other.write_text(POLICY.replace("retries: 2", "retries: 100"))
        code, text = self.keepwell("replay", self.journal, "--policy", other, "-o", "json")
        self.assertEqual(code, 0, text)
        found = json.loads(text)
        changes = found["runs"][0]["comparison"]["changes"]
        self.assertIn(("missing", "web"), [(one["change"], one["target"]) for one in changes], text)
        self.assertTrue(found["assumptions"])
        code, text = self.keepwell("replay", self.journal, "--policy", self.folder / "policy.yaml", "-o", "json")
        self.assertEqual(code, 0, text)
        comparison = json.loads(text)["runs"][0]["comparison"]
        self.assertEqual((comparison["same_policy"], comparison["changes"]), (True, []), text)
        self.assertGreater(comparison["same"], 0)
        code, text = self.keepwell("replay", self.journal, "--policy", self.folder / "policy.yaml")
        self.assertIn("nothing changes: the policy is the one of this run", text)

    def test_a_policy_is_held_against_all_that_a_reloaded_run_followed(self):
        policy = self.policy(POLICY.replace("retries: 2", "retries: 1000"))
        run = self.start(policy)
        run.wait_for("incident.closed", "worker")
        run.wait_for("target.health", "web", to="healthy")
        new = self.folder / "new.yaml"
        new.write_text(POLICY.replace("retries: 2", "retries: 1") + "  cache: {command: sleep 1000}\n")
        code, text = self.keepwell("reload", new, "--socket", self.socket)
        self.assertEqual(code, 0, text)
        at, _ = run.wait_for("target.phase", "cache", to="running")
        (self.folder / "sick").touch()
        at, _ = run.wait_for("remedy.started", "web", after=at)
        (self.folder / "sick").unlink()
        run.wait_for("incident.closed", "web", after=at)
        run.signal(15)
        self.assertEqual(run.wait(), 0)

        code, text = self.keepwell("replay", self.journal, "--policy", policy)
        self.assertEqual(code, 0, text)
        self.assertRegex(text, r"reloaded at 2.*: policy [0-9a-f]+ \(.*new\.yaml\)")
        self.assertRegex(text, r"compared as if .*policy\.yaml had been followed all the time, before and after the reload")
        self.assertRegex(text, r"- .*  web  restart, because its probes failed too often in a row  \(.*new\.yaml:\d+\)")
        self.assertIn("not compared: cache is not in the policy", text)
        code, text = self.keepwell("replay", self.journal, "--policy", policy, "-o", "json")
        (found,) = json.loads(text)["runs"]
        self.assertFalse(found["comparison"]["same_policy"], text)
        ((file,),) = [one["files"] for one in found["reloads"]]
        self.assertTrue(file.endswith("new.yaml"), text)
        code, text = self.keepwell("replay", self.journal, "--policy", new)
        self.assertEqual(code, 0, text)
        self.assertNotIn("cache", text.partition("Where the record")[0])

    def test_a_moment_of_the_past_is_explained_as_the_present_is(self):
        run = self.a_past()
        _, opened = run.wait_for("incident.opened", "web")
        code, text = self.keepwell("explain", "web", "--journal", self.journal, "--incident", str(opened["incident"]))
        self.assertEqual(code, 0, text)
        self.assertIn(f"Incident {opened['incident']} is open", text)
        self.assertIn("policy.yaml:", text)
        _, healthy = run.wait_for("target.health", "web", to="healthy")
        code, text = self.keepwell("explain", "web", "--journal", self.journal, "--at", healthy["time"])
        self.assertEqual(code, 0, text)
        self.assertIn("web at 2", text)
        code, text = self.keepwell("explain", "web", "--journal", self.journal, "--at", "2001-01-01T00:00:00Z")
        self.assertEqual((code, text), (1, "keepwell: the journal begins later\n"))

    def test_a_field_is_explained_when_no_target_is_called_so(self):
        code, text = self.keepwell("explain", "healthcheck.retries")
        self.assertEqual(code, 0, text)
        self.assertIn("So many failures in a row are unhealthy.", text)
        self.assertIn("source:  Docker's HEALTHCHECK", text)
        self.assertEqual(self.keepwell("explain", "--field", "intervall")[0], 4)


if __name__ == "__main__":
    unittest.main()
