"""scripts/run as a person uses it: start, ring, cut, heal, kill -9, stop, and start again."""
# test: tier=spine

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from tests.integration.house import ROOT, Api, free_port, wait_for

SCRIPT = ROOT / "scripts/run"
START_S = 180
ITEM = "100001"


def mind_ctrl_c():
    """What runs in a shell's background is started with SIGINT ignored, and a script cannot trap what was ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Demo:
    """One run of the script in a folder of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.run_dir, self.log = self.folder / "run", self.folder / "out"
        self.environment = {**os.environ, "TILLWIRE_RUN": str(self.run_dir), "TILLWIRE_RATE": "4", **{
            f"TILLWIRE_{name}_PORT": str(free_port()) for name in ("API", "STORE", "CENTRE")}}
        self.child = None

    def start(self):
        with open(self.log, "wb") as out:
            self.child = subprocess.Popen([SCRIPT, "--no-setup"], env=self.environment, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=mind_ctrl_c)
        wait_for("scripts/run to be ready", self.ready, START_S, 0.2)

    def ready(self):
        if self.child.poll() is not None:
            raise AssertionError(f"scripts/run ended: {self.text()}")
        return "Ctrl-C stops everything" in self.text()

    def text(self):
        return self.log.read_text(errors="replace")

    def verb(self, *words):
        return subprocess.run([SCRIPT, *words], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)

    @property
    def base(self):
        return re.search(r"(http://127\.0\.0\.1:\d+)/#code=", self.text())[1]

    @property
    def api(self):
        return Api(self.base, (self.run_dir / "centre/admin.key").read_text().strip())

    def store(self, name):
        return self.api.get(f"/v1/stores/{name}")

    def state(self, name):
        return self.store(name)["freshness"]["state"]

    def recorded(self, store):
        rows = self.api.get(f"/v1/stock?store={store}&item={ITEM}")["data"]
        return rows[0]["recorded"] if rows else 0

    def pid(self, name):
        return int((self.run_dir / "pid" / name).read_text())

    def processes(self):
        """Everything alive that belongs to this run, by the mark in its environment or the folder in its words."""
        found = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                environment, words = (entry / "environ").read_bytes(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if words and (f"TILLWIRE_RUN_MARK={self.run_dir}".encode() in environment or str(self.run_dir).encode() in words):
                found[int(entry.name)] = words.replace(b"\0", b" ").decode()
        return found

    def stop(self):
        self.child.send_signal(signal.SIGINT)
        return self.child.wait(60)

    def close(self):
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)


class Usage(unittest.TestCase):
    def setUp(self):
        self.demo = Demo(tempfile.mkdtemp(prefix="tillwire-run-"))
        self.addCleanup(self.demo.close)

    def test_wrong_calls_say_what_is_right(self):
        for words, code, told in ((["nonsense"], 2, "no verb nonsense"), (["--nonsense"], 2, "unknown option"),
                                  (["cut"], 2, "cut STORE"), (["cut", "S009"], 2, "no store S009"),
                                  (["kill", "S001", "now"], 2, "kill STORE|centre|broker"), (["ring", "S001"], 2, "ring STORE ITEM"),
                                  (["cut", "S001"], 1, "does not run"), (["status"], 1, "does not run")):
            answer = self.demo.verb(*words)
            self.assertEqual(answer.returncode, code, words)
            self.assertIn(told, answer.stderr)
            self.assertEqual(answer.stdout, "")

    def test_a_port_that_is_none(self):
        self.demo.environment["TILLWIRE_API_PORT"] = "http"
        answer = self.demo.verb("--no-setup")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("TILLWIRE_API_PORT=http: a port is a number", answer.stderr)

    def test_a_foreign_folder_is_not_removed(self):
        self.demo.run_dir.mkdir()
        (self.demo.run_dir / "precious").write_text("mine")
        answer = self.demo.verb("--fresh", "--no-setup")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("remove it by hand", answer.stderr)
        self.assertEqual((self.demo.run_dir / "precious").read_text(), "mine")


class FirstTenMinutes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = Demo(tempfile.mkdtemp(prefix="tillwire-run-"))
        cls.addClassCleanup(cls.demo.close)
        cls.demo.start()

    def ring(self, store, quantity):
        """Rings while the other tills go on, so the item's figure may also move by itself: the till's own line is looked for."""
        answer = self.demo.verb("ring", store, ITEM, str(quantity))
        self.assertEqual(answer.returncode, 0, answer.stderr)
        words = dict(word.split("=") for word in answer.stdout.splitlines()[0].split())
        return words["workstation"], int(words["sequence"])

    def arrived(self, store, rung):
        entries = self.demo.api.get(f"/v1/stores/{store}/ledger?item={ITEM}&order=newest&limit=200")["data"]
        return any((e["transaction"]["workstation"], e["transaction"]["sequence"]) == rung
                   for e in entries if e["transaction"])

    def wait_well(self, store):
        def well():
            row = self.demo.store(store)
            return row["freshness"]["state"] == "fresh" and row["verified"]
        wait_for(f"{store} to be fresh and verified", well, 60, 0.2)

    def test_1_three_stores_are_live_fresh_and_verified(self):
        for store in ("S001", "S002", "S003"):
            self.wait_well(store)
            self.assertEqual(self.demo.store(store)["stage"], "live")
        wait_for("opening stock to stand", lambda: self.available("S001") is not None)
        formats = {name: (self.demo.run_dir / f"stores/{name}/tlog").glob("*") for name in ("S001", "S002")}
        self.assertEqual({name: [path.suffix for path in paths] for name, paths in formats.items()},
                         {"S001": [".jsonl"], "S002": [".xml"]})

    def available(self, store):
        rows = self.demo.api.get(f"/v1/stock?store={store}&item={ITEM}")["data"]
        return rows[0]["available"] if rows else None

    def test_2_the_printed_address_signs_in_once(self):
        address = self.demo.verb("address").stdout.strip()
        base, code = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/#code=([0-9a-f]+)", address).groups()
        stranger = Api(base, None)
        self.assertEqual(stranger.request("POST", "/v1/session", {"code": code})[0], 200)
        self.assertEqual(stranger.request("POST", "/v1/session", {"code": code})[0], 401)
        status, _, page = stranger.request("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("<title>", page)

    def test_3_a_sale_arrives(self):
        rung = self.ring("S001", 2)
        wait_for("the sale", lambda: self.arrived("S001", rung))
        self.wait_well("S001")

    def test_4_cut_and_healed(self):
        self.assertEqual(self.demo.verb("cut", "S001").returncode, 0)
        rung = self.ring("S001", 3)
        wait_for("S001 to turn stale", lambda: self.demo.state("S001") == "stale", 60, 0.2)
        self.assertIn("cut", self.demo.verb("status").stdout)
        self.assertEqual(self.demo.state("S003"), "fresh")
        self.assertFalse(self.arrived("S001", rung))
        self.assertEqual(self.demo.verb("heal", "S001").returncode, 0)
        wait_for("what was sold during the cut", lambda: self.arrived("S001", rung))
        self.wait_well("S001")

    def test_5_killed_programs_start_again(self):
        for name, word in (("agent-S002", "S002"), ("centre", "centre"), ("broker", "broker")):
            before = self.demo.pid(name)
            self.assertEqual(self.demo.verb("kill", word).returncode, 0)
            wait_for(f"{name} to start again", lambda n=name, b=before: self.demo.pid(n) != b)
            wait_for("the centre to answer", self.centre_answers)
            rung = self.ring("S001", 1)
            wait_for("a sale after it", lambda r=rung: self.arrived("S001", r))
            for store in ("S001", "S002", "S003"):
                self.wait_well(store)

    def centre_answers(self):
        try:
            return self.demo.api.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def shell(self, commands):
        """Commands of the documentation, as they stand there, in one shell."""
        script = "\n".join(["set -euo pipefail", *commands]).replace("build/run", str(self.demo.run_dir))
        return subprocess.run(["bash", "-c", script], env=self.demo.environment, cwd=ROOT, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)

    def test_6_the_commands_of_the_readme_work(self):
        section = (ROOT / "README.md").read_text().split("## The first ten minutes")[1].split("\n## ")[0]
        commands = re.findall(r"^    (\S.*)$", section, re.M)
        self.assertGreaterEqual(len(commands), 10)
        answer = self.shell(commands)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn('"verified_seq"', answer.stdout)
        self.assertIn("Stock changes:", answer.stdout)
        self.wait_well("S001")

    def test_6_the_questions_of_the_api_page_work(self):
        text = (ROOT / "docs/api.md").read_text().replace("\\\n        ", "")
        commands = [line for line in re.findall(r"^    (curl .*)$", text, re.M) if "curl -sN" not in line]
        self.assertEqual(len(commands), 2)
        for command in commands:
            answer = self.shell(["source build/run/env", command.replace("curl -s", "curl -sf")])
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertTrue(json.loads(answer.stdout))

    def test_6_a_second_one_is_refused(self):
        for words in (["--no-setup"], ["--fresh", "--no-setup"]):
            answer = self.demo.verb(*words)
            self.assertEqual(answer.returncode, 1)
            self.assertIn("runs already", answer.stderr)

    def test_7_stopped_leaves_nothing_and_goes_on_where_it_was(self):
        rung = self.ring("S001", 4)
        wait_for("the sale", lambda: self.arrived("S001", rung))
        self.demo.verb("cut", "S003")  # a stopped network must not hold it up
        before = self.demo.store("S001")["applied_seq"]
        self.assertEqual(self.demo.stop(), 0)
        self.assertEqual(self.demo.processes(), {})
        self.demo.start()
        self.assertGreaterEqual(self.demo.store("S001")["applied_seq"], before)
        self.assertEqual(self.demo.store("S001")["generation"], 1)
        self.assertTrue(self.arrived("S001", rung))
        self.wait_well("S003")

    def test_8_one_that_was_killed_itself_is_cleared_up(self):
        self.demo.child.kill()
        self.demo.child.wait()
        survivors = set(self.demo.processes())
        self.assertTrue(survivors)
        self.demo.start()
        self.assertFalse(survivors & set(self.demo.processes()))
        self.wait_well("S001")


if __name__ == "__main__":
    unittest.main()
