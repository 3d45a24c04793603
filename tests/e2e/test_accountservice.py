"""The example service itself, without keepwell."""

import shutil
import subprocess
import tempfile
import unittest

import harness


class AccountService(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="keepwell-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = f"{self.folder}/store"
        self.process = subprocess.Popen(
            [harness.BIN / "accountservice", "--port", "0", "--store", self.store], stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(self.end)
        first = self.process.stdout.readline().strip()
        self.url = first.removeprefix("accountservice: listening on ").partition(",")[0]

    def end(self):
        self.process.terminate()
        self.assertEqual(self.process.wait(harness.PATIENCE), 0)
        self.assertEqual(self.process.stdout.read(), "accountservice: ended\n")
        self.process.stdout.close()

    def ask(self, path, method="GET"):
        return harness.http_get(self.url + path, method)

    def test_is_up(self):
        self.assertEqual(self.ask("/health"), (200, '{"status":"UP"}\n'))

    def test_is_made_sick_and_well(self):
        for method in ("GET", "PUT"):
            self.assertEqual(self.ask("/testability/healthy/false", method), (200, '{"healthy":false}\n'))
            self.assertEqual(self.ask("/health"), (503, '{"status":"Database unaccessible"}\n'))
            self.assertEqual(self.ask("/testability/healthy/true", method), (200, '{"healthy":true}\n'))
            self.assertEqual(self.ask("/health"), (200, '{"status":"UP"}\n'))

    def test_refuses_a_third_health(self):
        self.assertEqual(self.ask("/testability/healthy/maybe")[0], 400)
        self.assertEqual(self.ask("/health")[0], 200)

    def test_is_sick_while_its_store_is_away_and_well_when_it_is_back(self):
        shutil.move(self.store, self.store + ".away")
        self.assertEqual(self.ask("/health"), (503, '{"status":"Database unaccessible"}\n'))
        self.assertEqual(self.ask("/accounts/10000")[0], 503)
        shutil.move(self.store + ".away", self.store)
        self.assertEqual(self.ask("/health"), (200, '{"status":"UP"}\n'))

    def test_gives_accounts(self):
        self.assertEqual(self.ask("/accounts/10007"), (200, '{"id":"10007","name":"Person_7"}\n'))
        self.assertEqual(self.ask("/accounts/1")[0], 404)
        self.assertEqual(self.ask("/accounts/..%2Fx")[0], 404)

    def test_refuses_what_it_does_not_know(self):
        self.assertEqual(self.ask("/")[0], 404)
        self.assertEqual(self.ask("/health/x")[0], 404)
        self.assertEqual(self.ask("/health", "DELETE")[0], 405)
        self.assertEqual(self.ask("/accounts/10000", "PUT")[0], 405)

    def test_says_that_its_port_is_taken(self):
        port = self.url.rpartition(":")[2]
        second = subprocess.run(
            [harness.BIN / "accountservice", "--port", port, "--store", self.store],
            capture_output=True, text=True, timeout=harness.PATIENCE, check=False,
        )  # fmt: skip
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"accountservice: port {port}: ", second.stderr)
        self.assertIn("Address already in use", second.stderr)

    def test_says_how_it_is_used(self):
        for arguments in (["--port"], ["--port", "x"], ["--port", "70000"], ["--what", "1"]):
            wrong = subprocess.run(
                [harness.BIN / "accountservice", *arguments], capture_output=True, text=True, check=False
            )
            usage = "usage: accountservice [--port 6767] [--address 127.0.0.1] [--store DIR] [--sigterm end|ignore]\n"
            self.assertEqual((wrong.returncode, wrong.stderr), (2, usage))


if __name__ == "__main__":
    unittest.main()
