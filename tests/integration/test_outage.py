"""Long outages: the centre away while half a million transactions pile up, and a resolver that never answers."""
# test: tier=crash

import shutil
import subprocess
import sys
import time
import unittest

from tests.integration.house import House, Process, wait_for
from tests.integration.model import Model, centre_ledger, centre_stock, differences, normal

BACKLOG = 500000
RESIDENT_KIB_MAX = 16 * 1024
SILENCE_S = 60
SILENT_RESOLVER = "import socket, signal; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.2', 53)); " \
                  "signal.pause()"


class Backlog(unittest.TestCase):
    def test_half_a_million_transactions_while_the_centre_is_away(self):
        house = House()
        self.addCleanup(house.close)
        house.open(["S001"])
        house.wait_drained()
        house.cloud.kill()
        out = house.folder / "generated"
        subprocess.run([house.programs["tillsim"], "generate", "--stores", "1", "--transactions", str(BACKLOG), "--seed", "11",
                        "--format", "jsonl", "--out", str(out)], check=True, capture_output=True)
        shutil.move(out / "S001/tlog/tlog.jsonl", house.store_dir("S001") / "tlog/tlog.jsonl")
        edge = house.edges["S001"]
        wait_for("the edge to read its whole log",
                 lambda: house.ctl_store("S001", "sources")[0]["lag_bytes"] == 0, 240, 0.5)
        full = edge.resident_kib("VmHWM")
        status = house.ctl_store("S001", "status")[0]
        self.assertGreater(status["outbox"], BACKLOG * 0.9)
        house.start_cloud()
        house.wait_cloud()
        house.wait_drained(timeout_s=300)
        drained = edge.resident_kib("VmHWM")
        print(f"peak resident memory of the edge: {full} KiB with the backlog read, {drained} KiB drained", flush=True)
        self.assertLessEqual(drained, RESIDENT_KIB_MAX)
        model = Model(out / "model")
        self.assertEqual(differences(model.stock, centre_stock(house.cloud_dir / "centre.db"), "stock"), [])
        self.assertEqual(differences(normal(model.ledger), normal(centre_ledger(house.cloud_dir / "centre.db")), "ledger"), [])
        seqs = [row[0] for row in house.centre_sql("SELECT DISTINCT seq FROM ledger WHERE store = 'S001' ORDER BY seq")]
        self.assertEqual(seqs, sorted(seqs))


class SilentResolver(unittest.TestCase):
    def test_ingest_goes_on_undisturbed(self):
        house = House()
        self.addCleanup(house.close)
        house.open(["S001"])
        house.wait_drained()
        house.edges["S001"].stop()
        folder = house.store_dir("S001")
        config = folder / "edge.conf"
        config.write_text(config.read_text().replace('broker_host = "127.0.0.1"', 'broker_host = "broker.test"'))
        resolv = house.folder / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.2\noptions timeout:10 attempts:5\n")
        script = f"mount --bind {resolv} /etc/resolv.conf && ip link set lo up && " \
                 f"({sys.executable} -c \"{SILENT_RESOLVER}\" & exec {house.programs['edge']} --config {config})"
        house.edges["S001"] = Process("edge-S001", ["unshare", "-m", "-n", "sh", "-c", script], house.folder).start()

        def status():
            rows = house.ctl_store("S001", "status") if (folder / "state/control.sock").exists() else []
            return rows[0] if rows else None
        wait_for("the edge to listen", lambda: self.try_status(status))
        rung = 0
        for _ in range(SILENCE_S):
            before = status()["seq"]
            subprocess.run([house.programs["tillsim"], "ring", "--dir", house.folder / "stores", "--store", "S001", "--item", "A1",
                            "--quantity", "1"], check=True, capture_output=True)
            rung += 1
            wait_for("the sale to be durable at the store", lambda b=before: status()["seq"] > b, 5, 0.01)
            self.assertFalse(status()["connected"])
            self.pause_a_second()
        stock = house.ctl_store("S001", "stock")
        self.assertEqual([(row["item"], row["recorded"]) for row in stock], [("A1", str(-rung))])

    @staticmethod
    def try_status(status):
        try:
            return status()
        except subprocess.CalledProcessError:
            return None

    @staticmethod
    def pause_a_second():
        """The resolver's silence itself is what takes a minute: this is no wait for a condition."""
        time.sleep(1)


if __name__ == "__main__":
    unittest.main()
