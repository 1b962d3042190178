"""The main path with real parts: a record in a till's log stands at the centre, exact and proven."""
# test: tier=spine

import decimal
import re
import shutil
import sqlite3
import subprocess
import unittest

from tests.integration.house import SAMPLES, House, wait_for

ACS = SAMPLES / "poslog-ncr-acs-v2.1"


def expected_totals(name):
    totals = {}
    for line in (SAMPLES / "expected" / name).read_text().splitlines():
        if line and not line.startswith("#"):
            item, delta = line.split("\t")
            totals[item] = decimal.Decimal(delta)
    return totals


def recorded(house, store):
    return {item: decimal.Decimal(str(row["recorded"])) for (_, item), row in house.stock(store).items()}


class Scenario(unittest.TestCase):
    """Five stores, nine controlled records, totals known in advance."""

    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.addClassCleanup(cls.house.close)
        cls.house.open()
        cls.stores = [f"Store_{n}" for n in range(1, 6)]
        for store in cls.stores:
            cls.house.add_store(store)
        subprocess.run([cls.house.programs["tillsim"], "scenario", "--out", cls.house.folder / "stores"], check=True,
                       capture_output=True)
        opening = "store,item,quantity\n" + "".join(f"{s},Item_1,0\n" for s in cls.stores) + \
            "Store_1,Item_2,0\nStore_1,Item_3,0\n"
        cls.opening = opening
        for store in cls.stores:
            cls.house.start_edge(store)
        cls.house.wait_drained(cls.stores)

    def test_recorded_totals(self):
        totals = {item: self.house.api.get(f"/v1/items/{item}")["total"]["recorded"] for item in ("Item_1", "Item_2", "Item_3")}
        self.assertEqual(totals, {"Item_1": 50, "Item_2": 0, "Item_3": 10})
        self.assertEqual(recorded(self.house, "Store_1"), {"Item_1": 10, "Item_2": 0, "Item_3": 10})

    def test_nothing_is_on_hand_that_was_never_counted(self):
        row = self.house.stock("Store_2")["Store_2", "Item_1"]
        self.assertEqual((row["basis"], row["on_hand"], row["available"]), ("none", None, None))

    def test_opening_stock_of_nothing_gives_the_totals(self):
        status, _, body = self.house.api.request("PUT", "/v1/opening-stock?as_of=2000-01-01T00:00:00Z",
                                                 self.opening.encode(), "text/csv")
        self.assertEqual(status, 202, body)
        wait_for("every opening to be answered",
                 lambda: all(row["basis"] == "opening" for row in self.house.stock().values()))
        totals = {item: self.house.api.get(f"/v1/items/{item}")["total"] for item in ("Item_1", "Item_2", "Item_3")}
        self.assertEqual({item: t["on_hand"] for item, t in totals.items()}, {"Item_1": 50, "Item_2": 0, "Item_3": 10})
        self.assertEqual({item: t["available"] for item, t in totals.items()}, {"Item_1": 50, "Item_2": 0, "Item_3": 10})
        self.house.wait_drained(self.stores)

    def test_a_sale_rung_arrives(self):
        before = self.house.stock("Store_3")["Store_3", "Item_1"]["recorded"]
        subprocess.run([self.house.programs["tillsim"], "ring", "--dir", self.house.folder / "stores", "--store", "Store_3",
                        "--item", "Item_1", "--quantity", "2"], check=True, capture_output=True)
        wait_for("the sale", lambda: self.house.stock("Store_3")["Store_3", "Item_1"]["recorded"] == before - 2)
        subprocess.run([self.house.programs["tillsim"], "ring", "--dir", self.house.folder / "stores", "--store", "Store_3",
                        "--item", "Item_1", "--quantity", "2", "--return"], check=True, capture_output=True)
        wait_for("its return", lambda: self.house.stock("Store_3")["Store_3", "Item_1"]["recorded"] == before)

    def test_proof(self):
        proof = self.house.api.get("/v1/stores/Store_1/proof")
        self.assertEqual(proof["centre_digest"], proof["store_digest"])
        self.assertIsNotNone(proof["verified_at"])


class RealLog(unittest.TestCase):
    """A real NCR ACS log through the whole path gives exactly the known totals."""

    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.addClassCleanup(cls.house.close)
        cls.house.open()
        for store in ("S009", "S010"):
            cls.house.add_store(store, profile="ncr-acs", format="poslog", tlog_store="9")
        whole = (ACS / "POSLog.redacted.xml").read_text()
        (cls.house.store_dir("S009") / "tlog/POSLog.xml").write_text(whole)
        transactions = re.findall(r"<Transaction>.*?</Transaction>", whole, re.S)
        gone = [t for t in transactions
                if "<WorkstationID>3</WorkstationID>" in t and "<SequenceNumber>90</SequenceNumber><BusinessDayDate>" in t]
        assert len(gone) == 1, len(gone)
        (cls.house.store_dir("S010") / "tlog/POSLog.xml").write_text(whole.replace(gone[0], ""))
        for store in ("S009", "S010"):
            cls.house.start_edge(store)
        cls.house.wait_drained()

    def test_totals(self):
        self.assertEqual(recorded(self.house, "S009"), expected_totals("poslog-ncr-acs-v2.1.POSLog.tsv"))

    def test_counts(self):
        row = self.house.api.get("/v1/stores/S009")
        self.assertEqual((row["transactions"], row["quarantined"], row["missing_numbers"], row["missing"]), (51, 0, 0, []))
        by_verdict = {}
        for event in self.house.ctl_store("S009", "ledger", "--from", "1", "--limit", "1000"):
            if event["event"] == "transaction":
                by_verdict[event["verdict"]] = by_verdict.get(event["verdict"], 0) + 1
        self.assertEqual(by_verdict, {"counted": 42, "ignored": 9})

    def test_a_missing_number_is_named(self):
        def missing():
            return self.house.api.get("/v1/stores/S010")["missing"]
        wait_for("the store to tell of its gap", missing)
        self.assertEqual([(m["workstation"], m["first"], m["last"]) for m in missing()], [("3", 90, 90)])

    def test_the_small_log(self):
        self.house.add_store("S011", profile="ncr-acs", format="poslog", tlog_store="9")
        shutil.copy(ACS / "SMALL.xml", self.house.store_dir("S011") / "tlog/POSLog.xml")
        self.house.start_edge("S011")
        self.house.wait_drained(["S011"])
        self.assertEqual(recorded(self.house, "S011"), expected_totals("poslog-ncr-acs-v2.1.SMALL.tsv"))


class Watchfulness(unittest.TestCase):
    """Who may speak, and what the centre does when its rows are not the store's."""

    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.addClassCleanup(cls.house.close)
        cls.house.open(["S001"])
        subprocess.run([cls.house.programs["tillsim"], "ring", "--dir", cls.house.folder / "stores", "--store", "S001",
                        "--item", "A1", "--quantity", "3"], check=True, capture_output=True)
        cls.house.wait_drained()

    def test_an_unknown_store_is_refused_and_shown(self):
        self.house.add_store("S666", enrol=False)
        self.house.start_edge("S666")
        wait_for("the stranger to be shown", lambda: "S666" in [
            u["store"] for u in self.house.api.get("/v1/stores")["unknown_stores"]])
        self.assertEqual(self.house.stock("S666"), {})
        self.assertTrue(wait_for("the store to hear it", lambda: self.house.ctl_store("S666", "status")[0]["unknown_store"]))
        self.house.api.request("PUT", "/v1/stores/S666", {"stage": "shadow"})
        wait_for("it to be let in", lambda: self.house.api.get("/v1/stores/S666")["freshness"]["state"] == "fresh")

    def test_a_row_altered_by_hand_loses_verified_and_is_corrected(self):
        self.house.cloud.stop()
        with sqlite3.connect(self.house.cloud_dir / "centre.db") as db:
            changed = db.execute("UPDATE stock SET on_hand_e4 = on_hand_e4 + 70000 WHERE store = 'S001' AND item = 'A1'")
            self.assertEqual(changed.rowcount, 1)
        db.close()
        self.house.start_cloud()
        self.house.wait_cloud()

        def corrections():
            return [e for e in self.house.api.pages("/v1/stores/S001/ledger?limit=1000") if e["kind"] == "correction"]
        wait_for("the correction", corrections)
        self.assertEqual([(c["item"], c["on_hand_delta"]) for c in corrections()], [("A1", -7)])
        self.house.wait_drained(["S001"])
        self.assertEqual(self.house.stock("S001")["S001", "A1"]["recorded"], -3)

    def test_resync_changes_nothing_that_is_right(self):
        before = self.house.stock("S001")["S001", "A1"]["recorded"]
        status, _, body = self.house.api.request("POST", "/v1/stores/S001/resync", {}, headers={"Idempotency-Key": "k1"})
        self.assertEqual(status, 202, body)
        wait_for("its answer", lambda: self.house.api.get("/v1/stores/S001/commands")["data"][0]["state"] == "done")
        self.house.wait_drained(["S001"])
        self.assertEqual(self.house.stock("S001")["S001", "A1"]["recorded"], before)

    def test_a_silent_store_turns_stale_by_itself(self):
        self.house.add_store("S002")
        edge = self.house.start_edge("S002")
        wait_for("it to be fresh", lambda: self.house.api.get("/v1/stores/S002")["freshness"]["state"] == "fresh")
        edge.kill()
        wait_for("it to turn stale", lambda: self.house.api.get("/v1/stores/S002")["freshness"]["state"] == "stale")


if __name__ == "__main__":
    unittest.main()
