"""A house of real processes at a browser test's command: one JSON request a line on standard input, one answer each."""

import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests.integration.house import ROOT, SAMPLES, House, wait_for  # noqa: E402

ENROLLED_ONLY = 110  # more than one page of the list
NAMES = {"S001": "Harbour Street", "S002": "Old Mill", "S003": "Central Station"}


class Server:
    def __init__(self):
        self.house = House()

    def open(self):
        subprocess.run([ROOT / "scripts/web", self.house.folder / "web"], check=True, stdin=subprocess.DEVNULL,
                       stdout=sys.stderr)
        self.house.write_cloud_config(f'web_root = "{self.house.folder}/web"\nsla_ms = 4000\n')
        self.house.open(list(NAMES))
        for store, name in NAMES.items():
            self.request("PUT", f"/v1/stores/{store}", {"name": name})
        for number in range(ENROLLED_ONLY):
            self.request("PUT", f"/v1/stores/N{number:03}", {"stage": "enrolled"})
        self.house.add_store("S010", profile="ncr-acs", format="poslog", tlog_store="9")
        log = SAMPLES / "poslog-ncr-acs-v2.1/POSLog.redacted.xml"
        shutil.copy(log, self.house.store_dir("S010") / "tlog/POSLog.xml")
        self.house.start_edge("S010")
        self.house.wait_drained(list(NAMES))
        wait_for("the real log", lambda: self.get("/v1/stores/S010")["transactions"] == 51)
        return {"base": f"http://127.0.0.1:{self.house.api_port}"}

    def request(self, method, path, body=None, headers=None):
        status, _, answer = self.house.api.request(method, path, body, headers=headers)
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    def code(self):
        return self.request("POST", "/v1/login-codes")["code"]

    def get(self, path):
        return self.house.api.get(path)

    def ring(self, store, item, quantity, *words):
        self.house.tillsim("ring", "--dir", self.house.folder / "stores", "--store", store, "--item", item, "--quantity", quantity,
                           *words)

    def opening(self, text):
        status, _, answer = self.house.api.request("PUT", "/v1/opening-stock?as_of=2000-01-01T00:00:00Z", text.encode(), "text/csv")
        assert status == 202, answer
        wait_for("the openings", lambda: all(c["state"] == "done" for s in NAMES for c in self.get(f"/v1/stores/{s}/commands")["data"]))

    def stranger(self, store):
        self.house.add_store(store, enrol=False)
        self.house.start_edge(store)
        wait_for("it to be heard", lambda: self.get("/v1/stores")["unknown_stores"])

    def kill(self, store):
        self.house.edges[store].kill()

    def start(self, store):
        self.house.start_edge(store)

    def stop_centre(self):
        self.house.cloud.stop()

    def start_centre(self):
        self.house.start_cloud()
        self.house.wait_cloud()

    def wait_drained(self):
        self.house.wait_drained(list(NAMES))


def main():
    server = Server()
    try:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {"ok": getattr(server, request["do"])(*request["with"])}
            except (AssertionError, OSError, subprocess.CalledProcessError) as problem:
                answer = {"error": f"{request['do']}: {problem}"}
            print(json.dumps(answer), flush=True)
    finally:
        server.house.close()


if __name__ == "__main__":
    main()
