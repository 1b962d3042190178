"""scripts/broker: starts, says where, starts again after a kill, and tells plainly why it cannot."""
# test: tier=spine parallel

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*words):
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)


class Broker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="tillwire-broker-")
        cls.addClassCleanup(folder.cleanup)
        cls.base = pathlib.Path(folder.name)
        for words in (["init"], ["broker"], ["centre", "centre-1"]):
            assert run(ROOT / "scripts/pki", words[0], cls.base / "pki", *words[1:]).returncode == 0

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(dir=self.base))
        self.addCleanup(self.broker, "stop")

    def broker(self, command, *words):
        return run(ROOT / "scripts/broker", command, self.dir, *words)

    def config(self, *words):
        self.assertEqual(self.broker("config", "--pki", self.base / "pki", *words).returncode, 0)
        return [int(line.split("=")[1]) for line in (self.dir / "ports").read_text().split()]

    def pid(self):
        return int((self.dir / "pid").read_text())

    def test_its_life(self):
        store, centre = self.config()
        self.assertNotEqual(store, centre)
        self.assertEqual(self.broker("status").returncode, 3)
        self.assertEqual(self.broker("start").returncode, 0)
        for port in (store, centre):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        status = self.broker("status")
        self.assertEqual(status.returncode, 0)
        self.assertIn(f"running as {self.pid()}: stores on 127.0.0.1:{store}, centre on 127.0.0.1:{centre}", status.stdout)
        self.assertIn("runs already", self.broker("start").stderr)
        self.assertEqual(self.broker("stop").returncode, 0)
        self.assertEqual(self.broker("status").returncode, 3)
        self.assertEqual(self.broker("stop").returncode, 0)

    def test_it_starts_again_after_a_kill(self):
        self.config()
        self.broker("start")
        first = self.pid()
        os.kill(first, signal.SIGKILL)
        while self.broker("status").returncode == 0:
            pass
        self.assertEqual(self.broker("start").returncode, 0)
        self.assertNotEqual(self.pid(), first)

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.config("--store-port", taken.getsockname()[1])
            result = self.broker("start")
        self.assertEqual(result.returncode, 1)
        self.assertIn("Address already in use", result.stderr)

    def test_another_process_with_its_number_is_left_alone(self):
        self.config()
        with subprocess.Popen(["sleep", "60"]) as other:
            (self.dir / "pid").write_text(str(other.pid))
            self.assertEqual(self.broker("status").returncode, 3)
            self.assertEqual(self.broker("stop").returncode, 0)
            self.assertIsNone(other.poll())
            other.kill()

    def test_wrong_calls_say_what_to_do(self):
        self.assertIn("scripts/broker config", self.broker("start").stderr)
        self.assertIn("--pki is missing", self.broker("config").stderr)
        self.assertIn("run scripts/pki broker", self.broker("config", "--pki", self.base).stderr)
        self.assertIn("--help", self.broker("dance").stderr)


if __name__ == "__main__":
    unittest.main()
