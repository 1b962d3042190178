"""A store's agent with TLS and a backlog of 2 million transactions: resident memory from start to drained, and how fast
it drains through to the centre.

The backlog is read while the centre is away; then the centre comes. Beside the drain stands what the broker alone carries in
messages of the same size, from one publisher to one subscriber over TLS, and what SQLite alone takes in at the centre.
"""

import shutil
import sqlite3
import subprocess
import threading
import time

from tests.bench import centre_raw
from tests.bench.figures import Figure
from tests.integration.house import House, wait_for

TRANSACTIONS = 2000000
MESSAGE_BYTES, MESSAGES = 64 * 1024, 4000
MIB = 1024.0  # in KiB
DRAIN_S_MAX = 3600


class Sampler(threading.Thread):
    """The greatest VmHWM and RssAnon of a process while it runs."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.resident_kib, self.anonymous_kib = process, 0, 0
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.05):
            try:
                self.resident_kib = max(self.resident_kib, self.process.resident_kib("VmHWM"))
                self.anonymous_kib = max(self.anonymous_kib, self.process.resident_kib("RssAnon"))
            except OSError:
                return

    def stop(self):
        self.ended.set()
        self.join()


def broker_messages_s(house):
    """Messages of the batch's size through the broker alone, each acknowledged."""
    def words(kind, name, port):
        return ["-h", "127.0.0.1", "-p", port, "-V", "5", "--cafile", house.pki / "ca.pem", "--cert", house.pki / kind / f"{name}.pem",
                "--key", house.pki / kind / f"{name}.key", "-q", "1"]
    sub = subprocess.Popen(["mosquitto_sub", *map(str, words("centre", "centre1", house.centre_port)), "-i", "centre1", "-t",
                            "tillwire/v1/S001/up/events", "-C", str(MESSAGES), "-W", "300"], stdout=subprocess.DEVNULL)
    time.sleep(1)  # nothing tells from outside that the subscription stands
    lines = ("x" * (MESSAGE_BYTES - 1) + "\n").encode() * MESSAGES
    began = time.monotonic()
    subprocess.run(["mosquitto_pub", *map(str, words("store", "S001", house.store_port)), "-i", "S001", "-t",
                    "tillwire/v1/S001/up/events", "-l"], input=lines, check=True)
    if sub.wait(300) != 0:
        raise AssertionError("mosquitto_sub did not get all messages")
    return MESSAGES / (time.monotonic() - began)


def commits(house):
    """Of the centre since it started."""
    lines = house.api.get("/metrics").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("tillwire_collector_commits_total "))


def drain(house, transactions):
    """What one backlog showed, by name."""
    out = house.folder / "generated"
    subprocess.run([house.programs["tillsim"], "generate", "--out", out, "--transactions", str(transactions), "--seed", "11",
                    "--no-ledger", "--quiet"], check=True)
    shutil.move(out / "S001/tlog/tlog.jsonl", house.store_dir("S001") / "tlog/tlog.jsonl")
    began = time.monotonic()
    edge = house.start_edge("S001")
    sampler = Sampler(edge)
    sampler.start()
    wait_for("the control socket", (house.store_dir("S001") / "state/control.sock").exists)
    wait_for("the backlog to be read", lambda: house.ctl_store("S001", "sources")[0]["lag_bytes"] == 0, DRAIN_S_MAX, 0.2)
    read_s = time.monotonic() - began
    head = house.ctl_store("S001", "status")[0]["seq"]
    house.start_cloud()
    house.wait_cloud()
    began = time.monotonic()
    wait_for("the store to drain", lambda: house.api.get("/v1/stores/S001")["applied_seq"] >= head, DRAIN_S_MAX, 0.1)
    drained_s = time.monotonic() - began
    events_a_commit = max(1, head // commits(house))
    house.wait_drained(["S001"])
    sampler.stop()
    edge.kill()
    house.cloud.stop()
    size, events = house.event_bytes("S001")
    return {"resident": sampler.resident_kib / MIB, "anonymous": sampler.anonymous_kib / MIB, "read": transactions / read_s,
            "drained": transactions / drained_s, "events_a_message": MESSAGE_BYTES * events / size,
            "sqlite": centre_raw.transactions_s(house.folder, house.cloud_dir / "centre.db", "S001", events_a_commit)}


class Backlogged(House):
    def event_bytes(self, store):
        """Bytes and number of the store's events, read when nothing runs on its database."""
        with sqlite3.connect(self.store_dir(store) / "state/ledger.db") as db:
            return db.execute("SELECT sum(length(bytes)), count(*) FROM (SELECT bytes FROM event LIMIT 100000)").fetchone()


def one_round(options):
    house = Backlogged()
    try:
        house.open(["S001"])
        house.wait_drained()
        house.edges["S001"].stop()
        house.cloud.stop()
        messages_s = broker_messages_s(house)
        found = drain(house, TRANSACTIONS // options.shrink)
        return {**found, "broker": messages_s * found["events_a_message"]}
    finally:
        house.close()


def measure(options):
    rounds = [one_round(options) for _ in range(options.long_rounds)]

    def of(name):
        return [found[name] for found in rounds]
    backlog = f"backlog of {TRANSACTIONS // options.shrink:,} transactions, TLS"
    yield Figure(f"resident memory, peak, {backlog}", "MiB", of("resident"), at_most=16)
    yield Figure("  of it anonymous", "MiB", of("anonymous"), at_most=8)
    yield Figure("  read while the centre is away", "transactions/s", of("read"))
    yield Figure("  drained through to the centre", "transactions/s", of("drained"), of("sqlite"), "SQLite alone at the centre")
    yield Figure("  what the broker alone would carry", "transactions/s", of("broker"))
