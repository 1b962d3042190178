"""`tillctl tlog explain` agrees with tillsim's model, record by record, on logs full of traps, and shows no card number."""
# test: tier=spine

import collections
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.integration.house import BIN
from tests.integration.model import Model, e4

STORES, TRANSACTIONS, SEEDS = 4, 500, (1, 2)
CARD = re.compile(r"\d(?:[ .\-/]?\d){12,18}")


def luhn(digits):
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def gtin(digits):
    """Item ids of this kind may be shown: many pass the Luhn test."""
    total = sum(int(digit) * (3 if place % 2 == 1 else 1) for place, digit in enumerate(reversed(digits)))
    return len(digits) <= 14 and total % 10 == 0


def explain(paths):
    """(exit status, objects of the transactions, the summary)"""
    done = subprocess.run([BIN / "tillctl", "tlog", "explain", "--json", *paths], check=False, capture_output=True,
                          text=True)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, objects[:-1], objects[-1]["summary"]


class AgainstTheModel(unittest.TestCase):
    def generate(self, seed):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        subprocess.run([BIN / "tillsim", "generate", "--out", folder, "--stores", str(STORES), "--seed", str(seed),
                        "--transactions", str(TRANSACTIONS), "--format", "mixed", "--traps", "all", "--cards", "--quiet"],
                       check=True)
        return folder

    def check_store(self, folder, store, model, counts):
        paths = sorted((folder / store / "tlog").iterdir())
        status, transactions, summary = explain(paths)
        self.assertEqual(status, 1)  # the traps
        self.assertEqual({k: counts[k] for k in ("counted", "ignored", "quarantined", "duplicates")},
                         {k: summary[k] for k in ("counted", "ignored", "quarantined", "duplicates")})
        self.assertEqual(summary["transactions"], len(transactions))
        totals = {(t["store"], t["item"], t["location"]): e4(t["quantity"]) for t in summary["totals"]}
        wanted = {key: quantity for key, quantity in model.stock.items() if key[0] == store}
        for key in totals.keys() | wanted.keys():
            self.assertEqual(totals.get(key, 0), wanted.get(key, 0), key)
        ledger = collections.defaultdict(list)
        for t in transactions:
            if t["verdict"] == "counted":
                key = (t["store"], t["workstation"], t["business_day"], t["sequence"])
                ledger[key] += [(m["item"], m["location"], m["kind"], e4(m["quantity"])) for m in t["movements"]]
        for key, movements in model.ledger.items():
            if key[0] == store:
                self.assertEqual(sorted(ledger[key]), sorted(movements), key)

    def check_places(self, folder, store):
        """Line and offset lead to the record."""
        for path in (folder / store / "tlog").iterdir():
            data = path.read_bytes()
            for t in explain([path])[1]:
                self.assertEqual(data.count(b"\n", 0, t["offset"]) + 1, t["line"])
                if t["sequence"] is not None:
                    record = data[t["offset"]:].split(b"</Transaction>" if data[:1] == b"<" else b"\n")[0]
                    self.assertIn(str(t["sequence"]).encode(), record)

    def test_traps(self):
        for seed in SEEDS:
            folder = self.generate(seed)
            model = Model(folder / "model")
            summary = json.loads((folder / "model" / "summary.json").read_text())
            for counts in summary["stores"]:
                with self.subTest(seed=seed, store=counts["store"]):
                    self.check_store(folder, counts["store"], model, counts)
            self.check_places(folder, "S001")
            self.check_places(folder, "S002")

    def test_no_card_number_is_shown(self):
        folder = self.generate(7)
        for store in ("S001", "S002"):
            for words in ([], ["--json"]):
                paths = sorted((folder / store / "tlog").iterdir())
                told = subprocess.run([BIN / "tillctl", "tlog", "explain", *words, *paths], check=False,
                                      capture_output=True, text=True).stdout
                for run in CARD.findall(told):
                    digits = re.sub(r"\D", "", run)
                    self.assertFalse(luhn(digits) and not gtin(digits), f"{store}: {run}")
        self.assertGreater(json.loads((folder / "model" / "summary.json").read_text())["total"]["cards"], 0)


if __name__ == "__main__":
    unittest.main()
