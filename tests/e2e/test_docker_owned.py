"""Containers that keepwell creates: as the entry says, changed one slot at a time, and removed with their entry."""

import shutil
import signal
import unittest

import docker_harness
import harness
from docker_harness import docker, inspect

FAST = 'stop_grace_period: 0s, healthcheck: {test: "test ! -e /sick", interval: 100ms, retries: 1}'


class Owned(docker_harness.DockerCase):
    def entry(self, name, *fields, replicas=1, update="monitor: 100ms", command='[sleep, "1000"]'):
        """A service on one line."""
        deploy = f"deploy: {{replicas: {replicas}, restart_policy: {{delay: 0s}}, update_config: {{{update}}}}}"
        parts = [f"image: {docker_harness.BUSYBOX}", "network_mode: bridge", f"command: {command}", FAST, deploy, *fields]
        return f"  {name}: {{{', '.join(parts)}}}\n"

    def run_policy(self, *entries, rest=""):
        return self.start(self.policy(f"name: {self.prefix}\nservices:\n" + "".join(entries) + rest))

    def end(self, run):
        """Containers run on."""
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 0)

    def all_well(self, run, *targets, after=-1):
        for target in targets:
            run.wait_for("target.health", target, after=after, to="healthy")

    def at(self, *slots):
        return [f"{self.prefix}-{slot}" for slot in slots]

    def wait_for_names(self, *slots):
        harness.wait_until(lambda: sorted(self.containers()) == sorted(self.at(*slots)), f"only {slots} are left")

    # ---- what is made ---------------------------------------------------------------------------------------------

    def test_a_container_is_made_as_its_entry_says(self):
        port = harness.free_port()
        (self.folder / "site").mkdir()
        (self.folder / "site/index.html").write_text("it works\n")
        (self.folder / "site.env").write_text("FROM_FILE=a\nBOTH=file\n")
        has_init = shutil.which("docker-init") is not None
        run = self.start(
            self.policy(
                f"""
name: {self.prefix}
services:
  web:
    image: {docker_harness.BUSYBOX}
    entrypoint: [sh, -c]
    command: ["echo $$BOTH > /scratch/greeting; exec httpd -f -p 8080 -h /site"]
    environment: {{BOTH: "entry {{{{.Task.Slot}}}}", SERVICE: "{{{{.Service.Name}}}}"}}
    env_file: site.env
    user: "65534:65534"
    working_dir: /tmp
    hostname: "web-{{{{.Task.Slot}}}}"
    ports: ["127.0.0.1:{port}:8080"]
    volumes: ["data:/data", "./site:/site:ro"]
    tmpfs: ["/scratch:size=1m,mode=1777"]
    networks: {{back: {{aliases: [site]}}}}
    labels: {{shop.tier: web}}
    extra_hosts: ["elsewhere=10.9.8.7"]
    ulimits: {{nofile: {{soft: 256, hard: 512}}}}
    init: {str(has_init).lower()}
    read_only: true
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE]
    security_opt: [no-new-privileges]
    sysctls: {{net.core.somaxconn: "1024"}}
    shm_size: 32m
    dns: 10.0.0.53
    stop_signal: SIGKILL
    stop_grace_period: 7s
    logging: {{driver: json-file, options: {{max-size: 1m}}}}
    healthcheck: {{http: "http://{{{{.Container.IP}}}}:8080/index.html", interval: 100ms, timeout: 5s}}
networks: {{back: {{}}}}
volumes: {{data: {{}}}}
"""
            )
        )
        run.wait_for("target.health", "web", to="healthy")
        name = f"{self.prefix}-web-1"
        made = inspect(name)
        self.assertEqual(harness.http_get(f"http://127.0.0.1:{port}/index.html"), (200, "it works\n"))
        # What it sees itself.
        self.assertEqual(docker("exec", name, "cat", "/scratch/greeting"), "entry 1")
        self.assertEqual(docker("exec", name, "sh", "-c", "pwd; id -u; hostname; ulimit -Hn"), "/tmp\n65534\nweb-1\n512")
        self.assertEqual(docker("exec", name, "sh", "-c", "echo $FROM_FILE $SERVICE"), "a web")
        self.assertIn("10.9.8.7\telsewhere", docker("exec", name, "cat", "/etc/hosts"))
        self.assertIn("10.0.0.53", docker("exec", name, "cat", "/etc/resolv.conf") + str(made["HostConfig"]["Dns"]))
        self.assertEqual(docker("exec", name, "cat", "/proc/sys/net/core/somaxconn"), "1024")
        self.assertNotEqual(docker("exec", name, "sh", "-c", "touch /site/x /x 2>/dev/null || echo refused"), "")
        # What others find it by.
        for alias in ("web", "site", name):
            got = self.ask_on_network(f"{self.prefix}_back", alias)
            self.assertEqual(got, "it works", alias)
        # What the engine shows of it.
        host, config = made["HostConfig"], made["Config"]
        self.assertEqual(config["Labels"]["shop.tier"], "web")
        self.assertEqual(config["Labels"]["io.keepwell.project"], self.prefix)
        self.assertEqual((config["Labels"]["io.keepwell.service"], config["Labels"]["io.keepwell.slot"]), ("web", "1"))
        self.assertEqual((config["StopSignal"], config["StopTimeout"]), ("SIGKILL", 7))
        self.assertEqual((host["ReadonlyRootfs"], bool(host["Init"])), (True, has_init))
        self.assertEqual((host["CapDrop"], host["CapAdd"]), (["ALL"], ["NET_BIND_SERVICE"]))
        self.assertEqual((host["SecurityOpt"], host["ShmSize"]), (["no-new-privileges"], 32 << 20))
        # Not by asking inside: runc built with Go 1.19 now and then leaves the soft limit raised to the hard one.
        self.assertEqual(host["Ulimits"], [{"Name": "nofile", "Soft": 256, "Hard": 512}])
        self.assertEqual(host["LogConfig"], {"Type": "json-file", "Config": {"max-size": "1m"}})
        self.assertEqual(host["RestartPolicy"]["Name"], "no")
        mounts = {mount["Destination"]: (mount["Type"], mount.get("Name"), mount["RW"]) for mount in made["Mounts"]}
        self.assertEqual(mounts["/data"], ("volume", f"{self.prefix}_data", True))
        self.assertEqual(mounts["/site"][0::2], ("bind", False))

    def test_what_starts_at_once_shares_one_new_network(self):
        run = self.start(
            self.policy(
                f"""
name: {self.prefix}
services:
  web:
    image: {docker_harness.BUSYBOX}
    command: [sleep, "1000"]
    stop_grace_period: 0s
    deploy: {{replicas: 6, restart_policy: {{delay: 0s}}}}
"""
            )
        )
        for slot in range(1, 7):
            run.wait_for("target.phase", f"web.{slot}", to="running")
        networks = docker("network", "ls", "--filter", f"name={self.prefix}", "--format", "{{.Name}}")
        self.assertEqual(networks, f"{self.prefix}_default")
        self.assertFalse(run.has("target.phase", to="backoff"), run.story())

    def ask_on_network(self, network, host):
        args = ["--rm", "--name", self.name("asker"), "--network", network, docker_harness.BUSYBOX]
        return docker("run", *args, "wget", "-q", "-O", "-", f"http://{host}:8080/index.html")

    def test_a_name_that_a_stranger_has_is_a_clear_failure(self):
        stranger = docker("run", "--detach", "--name", f"{self.prefix}-one-1", docker_harness.BUSYBOX, "sleep", "1000")
        run = self.run_policy(self.entry("one"))
        _, event = run.wait_for("target.phase", "one", to="backoff", reason="start_failed")
        self.assertIn(f"{self.prefix}-one-1", event["detail"])
        self.assertIn(stranger[:12], event["detail"])
        self.assertIn("is not this policy's", event["detail"])
        self.assertEqual(self.containers(), {f"{self.prefix}-one-1": stranger})
        self.assertTrue(inspect(stranger)["State"]["Running"])
        self.assertIn(stranger[:12], self.keepwell("explain", "one"))

    # ---- what is changed ------------------------------------------------------------------------------------------

    def test_a_changed_entry_is_rolled_out_one_slot_at_a_time(self):
        targets = ("web.1", "web.2", "web.3")
        first = self.run_policy(self.entry("web", replicas=3), self.entry("other"))
        self.all_well(first, *targets, "other")
        before = self.containers()
        self.end(first)

        changed = self.entry("web", 'environment: {VERSION: "2"}', replicas=3)
        run = self.run_policy(changed, self.entry("other"))
        run.wait_for("update.started", name="web")
        done, _ = run.wait_for("update.completed", name="web")
        self.wait_for_names("web-1", "web-2", "web-3", "other-1")
        now = self.containers()
        self.assertEqual([name for name in before if now[name] == before[name]], self.at("other-1"))
        for slot in self.at("web-1", "web-2", "web-3"):
            self.assertIn("VERSION=2", inspect(slot)["Config"]["Env"])
        self.assertEqual(self.status(code=0)["web.2"]["container_id"], now[f"{self.prefix}-web-2"])
        # One after the other: the next begins when the one before has proven itself.
        begun = [n for n, event in enumerate(run.events) if event["type"] == "remedy.started"]
        self.assertEqual([run.events[n]["target"] for n in begun], list(targets))
        self.assertEqual({run.events[n]["reason"] for n in begun}, {"changed"})
        for target, n, following in zip(targets, begun, begun[1:] + [done]):
            proof, _ = run.wait_for("target.health", target, after=n, to="healthy")
            self.assertLess(proof, following)
        self.assertFalse(run.has("incident.opened"), run.story())
        self.assertEqual(len(harness.decided_again(self.journal)["runs"]), 2)

    def test_what_is_not_of_the_container_changes_without_a_new_one(self):
        first = self.run_policy(self.entry("one"))
        self.all_well(first, "one")
        before = self.containers()
        self.end(first)
        watch = self.watch(f"label=io.keepwell.project={self.prefix}")
        run = self.run_policy(self.entry("one", "on_unhealthy: [restart]", "verify: 20s"))
        run.wait_for("target.phase", "one", to="running", reason="adopted")
        self.assertEqual(self.containers(), before)
        docker("exec", before[f"{self.prefix}-one-1"], "touch", "/sick")
        _, event = run.wait_for("remedy.started", "one")
        self.assertEqual((event["remedy"], event["reason"]), ("restart", "unhealthy"))
        self.assertEqual(watch.count("create"), 0)

    def test_removed_slots_and_entries_are_stopped_and_removed(self):
        first = self.run_policy(self.entry("web", replicas=3), self.entry("other"), self.entry("third"))
        self.all_well(first, "web.1", "web.2", "web.3", "other", "third")
        before = self.containers()
        self.end(first)
        run = self.run_policy(self.entry("web", replicas=2), self.entry("third"))
        for gone in self.at("web-3", "other-1"):
            run.wait_for("orphan.removed", name=gone)
        now = self.containers()
        self.assertEqual(sorted(now), sorted(self.at("web-1", "web-2", "third-1")))
        self.assertEqual(now, {name: before[name] for name in now})

    def test_one_becomes_two_and_one_again(self):
        first = self.run_policy(self.entry("web"))
        self.all_well(first, "web")
        self.end(first)
        second = self.run_policy(self.entry("web", replicas=2))
        self.all_well(second, "web.1", "web.2")
        self.wait_for_names("web-1", "web-2")
        self.end(second)
        third = self.run_policy(self.entry("web"))
        self.all_well(third, "web")
        self.wait_for_names("web-1")
        self.assertEqual(self.status()["web"]["container_id"], self.containers()[f"{self.prefix}-web-1"])

    def test_the_first_of_one_or_more_is_the_same(self):
        first = self.run_policy(self.entry("web"))
        self.all_well(first, "web")
        before = self.containers()[f"{self.prefix}-web-1"]
        self.end(first)
        second = self.run_policy(self.entry("web", replicas=2))
        self.all_well(second, "web.1", "web.2")
        self.assertEqual(self.containers()[f"{self.prefix}-web-1"], before)

    # ---- what fails -----------------------------------------------------------------------------------------------

    def assert_update_is_paused(self, changed):
        first = self.run_policy(self.entry("web", replicas=2))
        self.all_well(first, "web.1", "web.2")
        before = self.containers()
        self.end(first)
        run = self.run_policy(changed)
        _, event = run.wait_for("update.paused", name="web")
        self.assertTrue(event["detail"].startswith("web.1"), event)
        run.wait_for("alert.raised", alert="update_paused")
        harness.wait_until(lambda: self.containers() == before, "the old ones are in their places")
        for name in before:
            self.assertTrue(inspect(name)["State"]["Running"], name)
        self.assertFalse(run.has("remedy.started", "web.2"))
        harness.wait_until(lambda: self.status()["web.1"]["health"] == "healthy", "the old one is well")
        self.assertEqual(self.status()["web.1"]["container_id"], before[f"{self.prefix}-web-1"])
        self.assertFalse(run.has("update.completed"))
        return event["detail"]

    def test_an_image_that_can_not_be_had_leaves_the_old_ones(self):
        changed = self.entry("web", "pull_policy: never", replicas=2).replace(docker_harness.BUSYBOX, "keepwell-test/none")
        self.assertIn("keepwell-test/none", self.assert_update_is_paused(changed))

    def test_a_command_that_ends_at_once_is_rolled_back(self):
        self.assert_update_is_paused(self.entry("web", replicas=2, command='["false"]'))

    def test_a_command_that_does_not_exist_is_rolled_back(self):
        self.assertIn("no-such", self.assert_update_is_paused(self.entry("web", replicas=2, command="[no-such]")))

    def test_an_update_that_never_gets_well_is_rolled_back(self):
        changed = self.entry("web", "verify: 1s", replicas=2, command='[sh, -c, "touch /sick; sleep 1000"]')
        self.assert_update_is_paused(changed)

    def test_a_rollback_takes_the_whole_service_back(self):
        update = "monitor: 100ms, failure_action: rollback"
        first = self.run_policy(self.entry("web", 'environment: {VERSION: "1"}', replicas=2, update=update))
        self.all_well(first, "web.1", "web.2")
        before = self.containers()
        versions = {name: inspect(name)["Config"]["Labels"]["io.keepwell.version"] for name in before}
        self.end(first)
        # The second slot can not get well: it finds another hostname than the first one.
        command = '[sh, -c, "case $$HOSTNAME in *-2) touch /sick;; esac; sleep 1000"]'
        changed = self.entry(
            "web", 'environment: {VERSION: "2"}', 'hostname: "w-{{.Task.Slot}}"', "verify: 2s", replicas=2, update=update,
            command=command,
        )  # fmt: skip
        run = self.run_policy(changed)
        run.wait_for("update.started", name="web")
        _, event = run.wait_for("update.rollback_started", name="web")
        self.assertTrue(event["detail"].startswith("web.2"), event)
        run.wait_for("update.rollback_completed", name="web")
        self.wait_for_names("web-1", "web-2")
        now = self.containers()
        self.assertEqual(now[f"{self.prefix}-web-2"], before[f"{self.prefix}-web-2"])
        self.assertNotEqual(now[f"{self.prefix}-web-1"], before[f"{self.prefix}-web-1"])
        for name in before:
            config = inspect(name)["Config"]
            self.assertIn("VERSION=1", config["Env"])
            self.assertEqual(config["Labels"]["io.keepwell.version"], versions[name])
            self.assertTrue(inspect(name)["State"]["Running"], name)
        # Nor does the next keepwell try it again, until somebody asks for it.
        self.end(run)
        third = self.run_policy(changed)
        self.all_well(third, "web.1", "web.2")
        self.assertEqual(self.containers(), now)
        self.assertFalse(third.has("update.started"), third.story())
        self.keepwell("reset", "web.1")
        third.wait_for("update.started", name="web")

    # ---- what it prints -------------------------------------------------------------------------------------------

    def test_logs_of_a_container_are_what_its_engine_has_of_it(self):
        command = '[sh, -c, "echo to stdout; echo to stderr >&2; echo done; sleep 1000"]'
        run = self.run_policy(self.entry("web", command=command), self.entry("mute", "logging: {driver: none}"))
        self.all_well(run, "web", "mute")
        said = ["done", "to stderr", "to stdout"]  # two streams: which comes first is not certain
        harness.wait_until(lambda: sorted(self.keepwell("logs", "web").splitlines()) == said, "all is in the log")
        self.assertEqual(len(self.keepwell("logs", "-n", "1", "web").splitlines()), 1)
        self.assertIn("the log of mute can not be read: ", self.keepwell("logs", "mute", code=1))

    def test_start_first_has_the_new_one_up_before_the_old_one_ends(self):
        first = self.run_policy(self.entry("web"))
        self.all_well(first, "web")
        before = self.containers()[f"{self.prefix}-web-1"]
        self.end(first)
        watch = self.watch(f"label=io.keepwell.project={self.prefix}")
        run = self.run_policy(self.entry("web", 'environment: {VERSION: "2"}', update="order: start-first, monitor: 0s"))
        run.wait_for("update.completed", name="web")
        watch.wait_for("destroy")
        order = [(event["Action"], event["Actor"]["ID"] == before) for event in list(watch.events)]
        self.assertLess(order.index(("start", False)), order.index(("die", True)))
        self.wait_for_names("web-1")


if __name__ == "__main__":
    unittest.main()
