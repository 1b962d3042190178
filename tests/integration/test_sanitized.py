"""One short pass of the whole path under ASan and UBSan: kills, questions, an orderly end, and no report in any log."""
# test: tier=spine

import os
import re
import subprocess
import unittest

from tests.integration.house import ROOT, House, wait_for
from tests.integration.model import Model, centre_stock, differences, edge_stock

TRANSACTIONS, SEED = 1500, 3
ASAN = ROOT / "build/asan"
REPORT = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:|DEADLYSIGNAL")
STORES = {"S001": ("jsonl", "standard"), "S002": ("poslog", "ncr-acs")}


class Sanitized(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["make", "-j2", "V=asan", "BUILD=build", "programs"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=1")

    def generate(self, house):
        """The logs of both stores, one in each format."""
        out = house.folder / "generated"
        subprocess.run([house.programs["tillsim"], "generate", "--stores", "2", "--transactions", str(TRANSACTIONS), "--seed",
                        str(SEED), "--format", "mixed", "--traps", "all", "--out", out], check=True, capture_output=True)
        return out

    def kill_each(self, house):
        for store in STORES:
            house.edges[store].kill()
            house.start_edge(store)
        house.kill_broker()
        house.start_broker()
        house.cloud.kill()
        house.start_cloud()
        house.wait_cloud()

    def ask(self, house):
        for store in STORES:
            for verb in ("status", "stock", "ledger", "sources", "quarantine"):
                self.assertTrue(house.ctl_store(store, verb) or verb == "quarantine", verb)
        house.tillctl("stores")
        for path in ("/v1/stock", "/v1/items", "/v1/stores", "/v1/stores/S001/ledger", "/v1/stores/S001/proof"):
            house.api.get(path)
        self.assertEqual(house.api.request("GET", "/v1/stores/none")[0], 404)

    def test_a_pass_of_the_whole_path(self):
        house = House({name: ASAN / file for name, file in (("edge", "tillwire-edge"), ("cloud", "tillwire-cloud"),
                                                             ("tillctl", "tillctl"), ("tillsim", "tillsim"))})
        self.addCleanup(house.close)
        house.open()
        out = self.generate(house)
        logs = []
        for store, (form, profile) in STORES.items():
            house.add_store(store, format=form, profile=profile)
            for log in sorted((out / store / "tlog").iterdir()):
                logs.append((log.read_bytes(), house.store_dir(store) / "tlog" / log.name))
            house.start_edge(store)
        for data, target in logs:  # cut anywhere, within a record too
            target.write_bytes(data[:len(data) // 2])
        wait_for("some of it to have arrived", lambda: len(centre_stock(house.cloud_dir / "centre.db")) > 0)
        self.kill_each(house)
        for data, target in logs:
            with open(target, "ab") as log:
                log.write(data[len(data) // 2:])
        house.wait_drained(list(STORES))
        self.ask(house)
        model = Model(out / "model")
        wrong = differences(model.stock, centre_stock(house.cloud_dir / "centre.db"), "centre's stock")
        for process in (*house.edges.values(), house.cloud):
            self.assertEqual(process.stop(), 0, process.text()[-3000:])
        for store in STORES:
            mine = {key: value for key, value in model.stock.items() if key[0] == store}
            wrong += differences(mine, edge_stock(house.store_dir(store) / "state/ledger.db", store), f"{store}'s stock")
        self.assertEqual(wrong, [], "\n".join(wrong))
        for process in (*house.edges.values(), house.cloud):
            self.assertIsNone(REPORT.search(process.text()), process.text()[-3000:])


if __name__ == "__main__":
    unittest.main()
