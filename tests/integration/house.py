"""A whole house of real processes for a test: certificates, broker, centre, and as many stores as it wants.

Everything lives in one temporary folder that is removed at the end, unless KEEP is set in the environment. Conditions are waited for,
never slept for. Nothing here knows how the product works inside: it starts programs, asks their HTTP API and reads
their databases when they are not running.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TILLWIRE_BIN", ROOT / "build/release"))
SAMPLES = ROOT.parent / "shared" / "samples"
WAIT_S = 60
LAST_TAG_BYTES_MAX = 16  # a log's closing tag is never passed: some tills overwrite it when they append


def wait_for(what, condition, timeout_s=WAIT_S, every_s=0.05):
    """Returns the first true value of condition(); fails with `what` and its last value."""
    until = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"waited {timeout_s} s in vain for {what}")
        time.sleep(every_s)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """A child whose output goes to a file; restarted and killed at will."""

    def __init__(self, name, command, folder, environment=None):
        self.name, self.command, self.folder = name, [str(word) for word in command], pathlib.Path(folder)
        self.environment = {**os.environ, **(environment or {})}
        self.log = self.folder / f"{name}.log"
        self.child = None

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                          env=self.environment, start_new_session=True)
        return self

    def running(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        if self.running():
            self.child.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        if self.child is not None:
            self.child.wait()

    def stop(self, timeout_s=20):
        """SIGTERM, and what it exited with."""
        self.signal(signal.SIGTERM)
        return self.child.wait(timeout_s) if self.child is not None else None

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def resident_kib(self, field="VmRSS"):
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        return 0


class Api:
    """The centre's HTTP API with one key."""

    def __init__(self, base, key):
        self.base, self.key = base, key

    def request(self, method, path, body=None, content_type="application/json", headers=None):
        """(status, headers, parsed JSON or text)"""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)
        request.add_header("Content-Type", content_type)
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, self._parse(answer)
        except urllib.error.HTTPError as problem:
            return problem.code, problem.headers, self._parse(problem)

    @staticmethod
    def _parse(answer):
        text = answer.read().decode()
        return json.loads(text) if text and "json" in (answer.headers.get("Content-Type") or "") else text

    def get(self, path):
        status, _, body = self.request("GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body}")
        return body

    def pages(self, path):
        """All rows of a list."""
        cursor, rows = None, []
        while True:
            page = self.get(path + (("&" if "?" in path else "?") + "cursor=" + cursor if cursor else ""))
            rows += page["data"]
            cursor = page["next_cursor"]
            if not cursor:
                return rows


class House:
    def __init__(self, programs=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tillwire-"))
        self.pki, self.broker_dir = self.folder / "pki", self.folder / "broker"
        self.cloud_dir = self.folder / "cloud"
        self.programs = {"edge": BIN / "tillwire-edge", "cloud": BIN / "tillwire-cloud", "tillctl": BIN / "tillctl",
                         "tillsim": BIN / "tillsim", **(programs or {})}
        self.cloud = None
        self.edges = {}
        self.api_port = free_port()
        self.store_port, self.centre_port = free_port(), free_port()
        self.cloud_dir.mkdir()
        self.script("pki", "init", self.pki)
        self.script("pki", "broker", self.pki)
        self.script("pki", "centre", self.pki, "centre1")
        self.script("broker", "config", self.broker_dir, "--pki", self.pki, "--store-port", self.store_port,
                    "--centre-port", self.centre_port)

    def script(self, name, *words):
        subprocess.run([ROOT / "scripts" / name, *map(str, words)], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)

    # the broker

    def start_broker(self):
        self.script("broker", "start", self.broker_dir)

    def broker_pid(self):
        return int((self.broker_dir / "pid").read_text())

    def kill_broker(self):
        """SIGKILL. Its disk holds nothing durable; what there is goes too."""
        pid = self.broker_pid()
        os.kill(pid, signal.SIGKILL)
        wait_for("the broker's end", lambda: not pathlib.Path(f"/proc/{pid}").exists() or self._zombie(pid))
        for path in self.broker_dir.glob("*.db*"):
            path.unlink()

    @staticmethod
    def _zombie(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "Z"
        except FileNotFoundError:
            return True

    # the centre

    def write_cloud_config(self, extra=""):
        (self.cloud_dir / "cloud.conf").write_text(
            f'database = "{self.cloud_dir}/centre.db"\n'
            f'instance = "centre1"\n'
            f'broker_host = "127.0.0.1"\nbroker_port = {self.centre_port}\n'
            f'ca_file = "{self.pki}/ca.pem"\ncert_file = "{self.pki}/centre/centre1.pem"\n'
            f'key_file = "{self.pki}/centre/centre1.key"\n'
            f'api_address = "127.0.0.1"\napi_port = {self.api_port}\n'
            f'bootstrap_key_file = "{self.cloud_dir}/admin.key"\n' + extra)

    def start_cloud(self, program=None, arguments=()):
        if not (self.cloud_dir / "cloud.conf").exists():
            self.write_cloud_config()
        self.cloud = Process("cloud", [program or self.programs["cloud"], *arguments, "--config",
                                       self.cloud_dir / "cloud.conf"], self.folder).start()
        return self.cloud

    def wait_cloud(self):
        def ready():
            if not self.cloud.running():
                raise AssertionError(f"the centre ended: {self.cloud.text()[-2000:]}")
            try:
                return Api(f"http://127.0.0.1:{self.api_port}", None).request("GET", "/readyz")[0] == 200
            except OSError:
                return False
        wait_for("the centre", ready)

    @property
    def api(self):
        return Api(f"http://127.0.0.1:{self.api_port}", (self.cloud_dir / "admin.key").read_text().strip())

    def tillsim(self, *words):
        return subprocess.run([self.programs["tillsim"], *map(str, words)], check=True, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)

    def start_process(self, name, command):
        """One more program of this house, ended with it."""
        self.edges[name] = Process(name, command, self.folder).start()
        return self.edges[name]

    def tillctl(self, *words, check=True, given=None):
        environment = {**os.environ, "TILLWIRE_CENTRE": f"http://127.0.0.1:{self.api_port}",
                       "TILLWIRE_PKI": str(ROOT / "scripts/pki")}
        if (self.cloud_dir / "admin.key").exists():
            environment["TILLWIRE_KEY"] = (self.cloud_dir / "admin.key").read_text().strip()
        environment.update(given or {})
        return subprocess.run([self.programs["tillctl"], *map(str, words)], env=environment, check=check,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)

    # stores

    def store_dir(self, store):
        return self.folder / "stores" / store

    def add_store(self, store, profile="standard", format="jsonl", glob=None, stage="live", extra="", enrol=True,
                  tlog_store=""):
        """Enrols a store, makes its certificate and config; its logs lie in store_dir/tlog."""
        folder = self.store_dir(store)
        (folder / "tlog").mkdir(parents=True, exist_ok=True)
        self.script("pki", "store", self.pki, store)
        if enrol:
            status, _, body = self.api.request("PUT", f"/v1/stores/{store}", {"stage": stage, "time_zone": "Europe/Berlin"})
            assert status == 200, body
        (folder / "edge.conf").write_text(
            f'store = "{store}"\ntlog_store = "{tlog_store}"\ntime_zone = "Europe/Berlin"\nstate_dir = "{folder}/state"\n'
            f'broker_host = "127.0.0.1"\nbroker_port = {self.store_port}\nca_file = "{self.pki}/ca.pem"\n'
            f'cert_file = "{self.pki}/store/{store}.pem"\nkey_file = "{self.pki}/store/{store}.key"\n'
            f'heartbeat_ms = 1000\n{extra}\n'
            f'source "pos" {{\n    format = "{format}"\n    profile = "{profile}"\n'
            f'    globs = {{"{glob or folder / "tlog" / "*"}"}}\n}}\n')
        (folder / "state").mkdir(exist_ok=True)
        return folder

    def start_edge(self, store, program=None, arguments=(), environment=None):
        self.edges[store] = Process(f"edge-{store}", [program or self.programs["edge"], *arguments, "--config",
                                                      self.store_dir(store) / "edge.conf"],
                                    self.folder, environment).start()
        return self.edges[store]

    def ctl_store(self, store, *words):
        """tillctl at the store; its JSON lines."""
        answer = self.tillctl("--socket", self.store_dir(store) / "state/control.sock", *words, "--json")
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def open(self, stores=()):
        """Broker, centre and these stores, started."""
        self.start_broker()
        self.start_cloud()
        self.wait_cloud()
        for store in stores:
            self.add_store(store)
            self.start_edge(store)
        return self

    def drained(self, store):
        """The store's summary, once the centre has applied all that the store has and both digests agree."""
        row = self.api.get(f"/v1/stores/{store}")
        done = row["head_seq"] is not None and row["head_seq"] == row["applied_seq"] and row["outbox"] == 0 and \
            row["verified"] and row["freshness"]["state"] == "fresh" and row["source_lag_bytes"] <= LAST_TAG_BYTES_MAX
        return row if done else None

    def wait_drained(self, stores=None, timeout_s=WAIT_S):
        for store in stores or self.edges:
            wait_for(f"{store} to drain and verify", lambda s=store: self.drained(s), timeout_s, 0.2)

    def stock(self, store=None):
        """{(store, item): row}"""
        rows = self.api.pages("/v1/stock?limit=1000" + (f"&store={store}" if store else ""))
        return {(row["store"], row["item"]): row for row in rows}

    def centre_sql(self, sql, *values):
        """Rows of the centre's database, read beside it."""
        with sqlite3.connect(f"file:{self.cloud_dir}/centre.db?mode=ro", uri=True) as db:
            return db.execute(sql, values).fetchall()

    def close(self):
        for process in [*self.edges.values(), self.cloud]:
            if process is not None:
                process.kill()
        try:
            os.kill(self.broker_pid(), signal.SIGKILL)
        except (OSError, ValueError):
            pass
        if os.environ.get("KEEP"):
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
