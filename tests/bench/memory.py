"""A store's agent with TLS and a backlog of 2 million transactions: resident memory from start to drained, and how fast
it drains through to the centre.

The backlog is read while the centre is away; then the centre comes. Beside the drain stands what the broker alone carries in
messages of the same size, from one publisher to one subscriber over TLS.
"""

import shutil
import subprocess
import threading
import time

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


def drain(house, transactions):
    """(resident KiB, anonymous KiB, transactions/s read, transactions/s drained, events a message)"""
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
    house.wait_drained(["S001"])
    sampler.stop()
    edge.kill()
    size, events = house.event_bytes("S001")
    return sampler.resident_kib, sampler.anonymous_kib, transactions / read_s, transactions / drained_s, \
        MESSAGE_BYTES * events / size


class Backlogged(House):
    def event_bytes(self, store):
        """Bytes and number of the store's events, read when nothing runs on its database."""
        import sqlite3
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
        return (*drain(house, TRANSACTIONS // options.shrink), messages_s)
    finally:
        house.close()


def measure(options):
    found = [one_round(options) for _ in range(options.long_rounds)]
    resident, anonymous, read, drained, per_message, messages = zip(*found)
    backlog = f"backlog of {TRANSACTIONS // options.shrink:,} transactions, TLS"
    yield Figure(f"resident memory, peak, {backlog}", "MiB", [kib / MIB for kib in resident], at_most=16)
    yield Figure("  of it anonymous", "MiB", [kib / MIB for kib in anonymous], at_most=8)
    yield Figure("  read while the centre is away", "transactions/s", read)
    yield Figure("  drained through to the centre", "transactions/s", drained,
                 [events * rate for events, rate in zip(per_message, messages)], "mosquitto alone, 64 KiB, TLS")
