"""tillsim's own model, and the comparison of databases with it. Shares nothing with the product."""

import csv
import decimal
import sqlite3

E4 = 10000


def e4(text):
    value = decimal.Decimal(text) * E4
    assert value == int(value), text
    return int(value)


def read_tsv(path):
    with open(path, encoding="utf-8", newline="") as f:
        rows = [line for line in csv.reader(f, delimiter="\t") if line]
    head = [name.lstrip("# ") for name in rows[0]]
    return [dict(zip(head, row)) for row in rows[1:]]


class Model:
    """What must have come out: {(store, item, location): e4} and the movements of each transaction."""

    def __init__(self, folder):
        self.stock = {(r["store"], r["item"], r["location"]): e4(r["quantity"]) for r in read_tsv(folder / "stock.tsv")}
        self.ledger = {}
        for r in read_tsv(folder / "ledger.tsv"):
            key = (r["store"], r["workstation"], r["business_day"], int(r["sequence"]))
            self.ledger.setdefault(key, []).append((r["item"], r["location"], r["kind"], e4(r["quantity"])))


def centre_stock(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return {(s, i, l): q for s, i, l, q in db.execute("SELECT store, item, location, recorded_e4 FROM stock")}


KINDS = {2: "sale", 3: "return", 4: "void", 5: "receipt"}


def centre_ledger(path):
    """The movements that transactions made, by business key, as the centre's ledger has them."""
    found = {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT store, workstation, date(business_day * 86400, 'unixepoch'), sequence, item, location, "
                          "kind, on_hand_delta_e4 FROM ledger WHERE workstation <> '' ORDER BY store, generation, seq, line")
        for store, workstation, day, sequence, item, location, kind, delta in rows:
            found.setdefault((store, workstation, day, sequence), []).append(
                (item, location, KINDS.get(kind, str(kind)), delta))
    return found


def edge_stock(path, store):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return {(store, i, l): q for i, l, q in db.execute("SELECT item, location, recorded_e4 FROM stock")}


def differences(want, got, what):
    """At most ten lines that say where two dicts differ."""
    lines = [f"{what}: {key}: want {want.get(key)}, got {got.get(key)}"
             for key in sorted(set(want) | set(got), key=str) if want.get(key) != got.get(key)]
    return lines[:10] + ([f"… {len(lines)} differences in all"] if len(lines) > 10 else [])


def normal(ledger):
    """Movements of one transaction, order left out."""
    return {key: sorted(lines) for key, lines in ledger.items()}
