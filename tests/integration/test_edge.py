"""The store agent as a program: its command line, its life under a supervisor, its control socket. No centre needed."""
# test: tier=spine parallel

import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from tests.integration.house import BIN, Process, free_port, wait_for

EDGE = BIN / "tillwire-edge"


def run(*words):
    return subprocess.run([EDGE, *map(str, words)], capture_output=True, text=True, timeout=30, check=False)


class Client:
    """One connection to a control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rb")

    def ask(self, request):
        line = request if isinstance(request, bytes) else json.dumps(request).encode()
        self.socket.sendall(line + b"\n")
        rows = []
        while True:
            row = json.loads(self.lines.readline())
            if "end" in row or list(row) == ["error"]:
                return rows, row
            rows.append(row)

    def close(self):
        self.lines.close()
        self.socket.close()


class Agent(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tillwire-edge-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.state, self.logs, self.config = self.folder / "state", self.folder / "tlog", self.folder / "edge.conf"
        self.state.mkdir()
        self.logs.mkdir()
        self.write_config()

    def write_config(self, extra=""):
        self.config.write_text(
            f'store = "S014"\ntime_zone = "UTC"\nstate_dir = "{self.state}"\nbroker_host = "127.0.0.1"\n'
            f'broker_port = {free_port()}\nca_file = ""\ncert_file = ""\nkey_file = ""\npoll_ms = 100\n{extra}\n'
            f'source "pos" {{\n    format = "jsonl"\n    globs = {{"{self.logs}/*"}}\n}}\n')

    def start(self, environment=None):
        agent = Process("edge", [EDGE, "--config", self.config], self.folder, environment).start()
        self.addCleanup(agent.kill)
        wait_for("the control socket", lambda: (self.state / "control.sock").exists() or not agent.running())
        self.assertTrue(agent.running(), agent.text())
        return agent

    def client(self):
        client = Client(self.state / "control.sock")
        self.addCleanup(client.close)
        return client

    def test_command_line(self):
        self.assertRegex(run("--version").stdout, r"^tillwire-edge \d+\.\d+")
        self.assertIn("--check-config", run("--help").stdout)
        self.assertEqual(run("--help").returncode, 0)
        self.assertEqual(run("--nonsense").returncode, 2)
        self.assertEqual(run("word").returncode, 2)
        missing = run("--config", "/nowhere/edge.conf")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("/nowhere/edge.conf", missing.stderr)

    def test_check_config(self):
        good = run("--config", self.config, "--check-config")
        self.assertEqual((good.returncode, good.stdout), (0, f"{self.config}: in order\n"))
        self.logs.rmdir()
        bad = run("--config", self.config, "--check-config")
        self.assertEqual(bad.returncode, 2)
        self.assertIn(str(self.logs), bad.stdout)
        self.assertEqual(list(self.state.iterdir()), [], "looking changes nothing")

    def test_a_new_store_waits_and_leaves_in_order(self):
        agent = self.start()
        path = self.state / "control.sock"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        rows, end = self.client().ask({"command": "status"})
        self.assertEqual(end, {"end": True, "rows": 1})
        status = rows[0]
        self.assertEqual((status["store"], status["state"], status["generation"], status["seq"], status["connected"]),
                         ("S014", "new", 0, 0, False))
        run_before = status["run"]
        self.assertEqual(agent.stop(), 0, agent.text())
        self.assertFalse(path.exists())
        self.start()
        self.assertEqual(self.client().ask({"command": "status"})[0][0]["run"], run_before + 1)

    def test_one_agent_a_database(self):
        self.start()
        second = run("--config", self.config)
        self.assertEqual(second.returncode, 1)
        self.assertIn("ledger.db", second.stderr)
        self.assertEqual(len(self.client().ask({"command": "status"})[0]), 1, "the first is undisturbed")

    def test_control_requests(self):
        self.start()
        client = self.client()
        for command in ("stock", "ledger", "gaps", "quarantine"):
            self.assertEqual(client.ask({"command": command}), ([], {"end": True, "rows": 0}), command)
        rows, _ = client.ask({"command": "sources"})
        self.assertEqual((rows[0]["source"], rows[0]["format"], rows[0]["globs"]), ("pos", "jsonl", [f"{self.logs}/*"]))
        for wrong in (b"", b"nonsense", b'{"command":"reboot"}', b'{"command":"stock","item":"\xff"', b"\x00\x01"):
            self.assertIn("error", client.ask(wrong)[1])
        # several at once in one write are answered in order
        client.socket.sendall(b'{"command":"gaps"}\n{"command":"nope"}\n{"command":"stock"}\n')
        answers = [json.loads(client.lines.readline()) for _ in range(3)]
        self.assertEqual(["end" in a for a in answers], [True, False, True])

    def test_too_long_and_too_many(self):
        self.start()
        client = self.client()
        client.socket.sendall(b"x" * 5000)
        try:
            self.assertEqual(client.lines.read(), b"", "hung up")
        except ConnectionResetError:
            pass
        clients = [self.client() for _ in range(9)]
        for client in clients[:8]:
            self.assertEqual(client.ask({"command": "gaps"})[1], {"end": True, "rows": 0})
        self.assertIn(b"busy", clients[8].lines.readline())
        clients[0].close()
        wait_for("room for another", lambda: b"busy" not in self.first_line())

    def first_line(self):
        client = Client(self.state / "control.sock")
        try:
            client.socket.sendall(b'{"command":"gaps"}\n')
            return client.lines.readline()
        except OSError:
            return b"busy"
        finally:
            client.close()

    def test_reload(self):
        agent = self.start()
        self.config.write_text(self.config.read_text().replace('source "pos"', 'source "till"'))
        agent.signal(signal.SIGHUP)
        wait_for("the new source", lambda: self.client().ask({"command": "sources"})[0][0]["source"] == "till")
        good = self.config.read_text()
        self.config.write_text(good + "nonsense = 1\n")
        agent.signal(signal.SIGHUP)
        wait_for("a word about it", lambda: "nonsense" in agent.text())
        self.config.write_text(good.replace("S014", "S015"))
        agent.signal(signal.SIGHUP)
        wait_for("a word about what cannot change", lambda: "restart" in agent.text())
        self.assertEqual(self.client().ask({"command": "status"})[0][0]["store"], "S014")
        self.assertEqual(agent.stop(), 0)

    def test_the_supervisor_is_told(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            path = self.folder / "notify"
            ear.bind(str(path))
            ear.settimeout(20)
            agent = self.start({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "200000"})
            heard = set()
            while {"READY", "WATCHDOG", "STATUS"} - heard:
                heard.add(ear.recv(1000).decode().split("=")[0])
            agent.signal(signal.SIGTERM)
            while "STOPPING" not in heard:
                heard.add(ear.recv(1000).decode().split("=")[0])
            while agent.running():  # an impatient supervisor changes nothing
                for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                    agent.signal(number)
            self.assertEqual(agent.child.wait(20), 0, agent.text())

    def test_a_state_folder_that_is_not_there(self):
        os.rmdir(self.state)
        agent = run("--config", self.config)
        self.assertEqual(agent.returncode, 1)
        self.assertIn("state_dir", agent.stderr)


if __name__ == "__main__":
    unittest.main()
