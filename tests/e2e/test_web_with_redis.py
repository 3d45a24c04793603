"""policies/web-with-redis.yaml with Debian's redis-server: a sick dependant of a sick dependency is left alone."""

import os
import signal
import unittest

import harness

POLICY = harness.ROOT / "policies/web-with-redis.yaml"


class WebWithRedis(harness.Case):
    def setUp(self):
        super().setUp()
        self.port = harness.free_port()
        self.ports = {"REDIS_PORT": str(harness.free_port()), "WEB_PORT": str(self.port), "STATE_DIR": str(self.journal)}
        self.run_ = self.start(POLICY, **self.ports)
        self.run_.wait_for("target.health", "redis", to="healthy")
        self.well, _ = self.run_.wait_for("target.health", "web", to="healthy")

    def test_redis_is_away_and_web_recovers_untouched(self):
        run = self.run_
        web = self.pid_of("web")
        self.keepwell("stop", "redis")
        sick, _ = run.wait_for("target.health", "web", after=self.well, to="unhealthy")
        _, held = run.wait_for("remedy.held", "web", after=self.well, reason="dependency")
        self.assertEqual((held["would"], held["detail"]), ("restart", "redis"))
        self.assertIn("redis", self.keepwell("explain", "web"))

        self.keepwell("start", "redis")
        run.wait_for("target.health", "redis", after=sick, to="healthy")
        run.wait_for("target.health", "web", after=sick, to="healthy")
        self.assertEqual(self.pid_of("web"), web)
        self.assertFalse(run.has("remedy.started", "web"))
        self.assertEqual(self.status(code=0)["web"]["restarts"], 0)
        self.assertEqual(harness.http_get(f"http://127.0.0.1:{self.port}/")[0], 200)

    def test_redis_hangs_and_is_healed_before_web(self):
        run = self.run_
        web, redis = self.pid_of("web"), self.pid_of("redis")
        os.kill(redis, signal.SIGSTOP)
        sick, _ = run.wait_for("target.health", "redis", after=self.well, to="unhealthy")
        run.wait_for("remedy.verified", "redis", after=sick, success=True)
        run.wait_for("target.health", "redis", after=sick, to="healthy")
        self.assertNotEqual(self.pid_of("redis"), redis)
        self.assertEqual(self.pid_of("web"), web)
        self.assertFalse(run.has("remedy.started", "web"))

    def test_redis_dies_and_comes_back(self):
        redis = self.pid_of("redis")
        os.kill(redis, signal.SIGKILL)
        gone, _ = self.run_.wait_for("target.phase", "redis", after=self.well, to="backoff")
        self.run_.wait_for("target.health", "redis", after=gone, to="healthy")
        self.assertNotEqual(self.pid_of("redis"), redis)
        self.assertFalse(self.run_.has("remedy.started", "web"))

    def test_web_itself_is_healed(self):
        web = self.pid_of("web")
        os.kill(web, signal.SIGSTOP)
        sick, _ = self.run_.wait_for("target.health", "web", after=self.well, to="unhealthy")
        self.run_.wait_for("remedy.started", "web", after=sick, remedy="restart")

    def test_stops_web_before_redis(self):
        self.run_.signal(signal.SIGTERM)
        self.assertEqual(self.run_.wait(), 0)
        web, _ = self.run_.wait_for("target.phase", "web", to="stopped")
        redis, _ = self.run_.wait_for("target.phase", "redis", to="stopping")
        self.assertLess(web, redis)


if __name__ == "__main__":
    unittest.main()
