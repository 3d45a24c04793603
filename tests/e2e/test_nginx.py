"""Debian's nginx under keepwell."""

import os
import signal
import unittest

import harness


class Nginx(harness.Case):
    def setUp(self):
        super().setUp()
        self.port = harness.free_port()
        self.conf = self.folder / "nginx.conf"
        self.write_conf("one")
        self.run_ = self.start(
            self.policy(f"""
services:
  nginx:
    command: [/usr/sbin/nginx, -c, "{self.conf}", -e, "{self.folder}/error.log"]
    stop_signal: SIGQUIT
    healthcheck:
      http: {{url: "http://127.0.0.1:{self.port}/", expect: {{status: 200, body: {{contains: served}}}}}}
      interval: 300ms
      timeout: 2s
      retries: 2
    deploy: {{restart_policy: {{delay: 0s}}}}
""")
        )
        self.well, _ = self.run_.wait_for("target.health", "nginx", to="healthy")

    def write_conf(self, word):
        self.conf.write_text(f"""
daemon off;
pid {self.folder}/nginx.pid;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {self.folder}/body;
    proxy_temp_path {self.folder}/proxy;
    fastcgi_temp_path {self.folder}/fastcgi;
    uwsgi_temp_path {self.folder}/uwsgi;
    scgi_temp_path {self.folder}/scgi;
    server {{
        listen 127.0.0.1:{self.port};
        location / {{ return 200 "served {word}\\n"; }}
    }}
}}
""")

    def served(self):
        return harness.http_get(f"http://127.0.0.1:{self.port}/")[1]

    def test_reload_by_hand_is_no_reason_to_act(self):
        master = self.pid_of("nginx")
        self.write_conf("two")
        os.kill(master, signal.SIGHUP)
        harness.wait_until(lambda: self.served() == "served two\n", "nginx serves its new configuration")
        self.assertEqual(self.status(code=0)["nginx"]["restarts"], 0)
        self.assertEqual(self.pid_of("nginx"), master)
        self.assertFalse(self.run_.has("target.health", "nginx", after=self.well))

    def test_dead_master_leaves_no_worker_behind_and_is_started_again(self):
        master = self.pid_of("nginx")
        workers = harness.children_of(master)
        self.assertTrue(workers)
        os.kill(master, signal.SIGKILL)
        again, _ = self.run_.wait_for("target.phase", "nginx", after=self.well, to="running")
        self.run_.wait_for("target.health", "nginx", after=again, to="healthy")
        self.assertNotEqual(self.pid_of("nginx"), master)
        self.assertFalse([pid for pid in workers if harness.alive(pid)])

    def test_answer_without_the_word_is_unhealthy_and_healed(self):
        sick_conf = self.conf.read_text().replace("served one", "sorry")
        good_conf = self.conf.read_text()
        self.conf.write_text(sick_conf)
        os.kill(self.pid_of("nginx"), signal.SIGHUP)
        sick, event = self.run_.wait_for("target.health", "nginx", after=self.well, to="unhealthy")
        self.assertEqual(event["failing_streak"], 2)
        self.conf.write_text(good_conf)
        self.run_.wait_for("remedy.verified", "nginx", after=sick, success=True)


if __name__ == "__main__":
    unittest.main()
