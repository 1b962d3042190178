"""SQLite alone with what the centre has written: the same rows into the same schema with the same pragmas, in batches as large
as the centre's commits were, copied by INSERT … SELECT, so that nothing but SQLite runs."""

import sqlite3
import time

from tests.bench.figures import ROOT

EVENTS_MAX = 500000
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "temp_store = MEMORY", "cache_size = -65536", "wal_autocheckpoint = 10000")
COPIES = (
    "INSERT INTO ledger SELECT * FROM centre.ledger WHERE store = ?1 AND generation = ?2 AND seq BETWEEN ?3 AND ?4",
    "INSERT INTO txn_key SELECT store, business_day, workstation, sequence, version, generation, content_hash, seq,"
    " decoder_version, verdict, own_ms FROM temp.key WHERE seq BETWEEN ?3 AND ?4 AND store = ?1 AND generation = ?2",
    "INSERT INTO stock SELECT now.* FROM (SELECT DISTINCT item, location FROM centre.ledger WHERE store = ?1 AND"
    " generation = ?2 AND seq BETWEEN ?3 AND ?4) AS moved JOIN centre.stock AS now ON now.store = ?1 AND"
    " now.item = moved.item AND now.location = moved.location WHERE true ON CONFLICT (store, item, location)"
    " DO UPDATE SET on_hand_e4 = excluded.on_hand_e4 + 1, recorded_e4 = excluded.recorded_e4 + 1, seq = excluded.seq",
)


def open_raw(path, centre, store):
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}").fetchall()
    db.executescript((ROOT / "cloud/store/001.sql").read_text())
    db.execute("ATTACH ? AS centre", (str(centre),))
    db.execute("CREATE TEMP TABLE key AS SELECT * FROM centre.txn_key WHERE store = ? AND seq <= ? ORDER BY seq", (store, EVENTS_MAX))
    db.execute("CREATE INDEX temp.key_seq ON key (seq)")
    return db


def transactions_s(folder, centre, store, events_a_commit):
    """How many transactions a second SQLite takes in."""
    db = open_raw(folder / "raw.db", centre, store)
    generation, head = db.execute("SELECT generation, seq FROM centre.store WHERE store = ?", (store,)).fetchone()
    last = min(head, EVENTS_MAX)
    began = time.monotonic()
    for first in range(1, last + 1, events_a_commit):
        db.execute("BEGIN IMMEDIATE")
        for copy in COPIES:
            db.execute(copy, (store, generation, first, min(first + events_a_commit - 1, last)))
        db.execute("COMMIT")
    took = time.monotonic() - began
    count = db.execute("SELECT count(*) FROM txn_key").fetchone()[0]
    db.close()
    return count / took
