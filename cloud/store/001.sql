-- The centre's embedded database, version 1. Times are UTC milliseconds, quantities 1/10,000 units, 64-bit hashes and
-- random ids stand as signed integers of the same bits.

CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    clock_ms INTEGER NOT NULL,      -- greatest reading given (docs/protocol.md, clock epoch)
    clock_epoch INTEGER NOT NULL
);
INSERT INTO meta VALUES (1, 0, 0);

CREATE TABLE store (
    store TEXT NOT NULL PRIMARY KEY,
    stage INTEGER NOT NULL, name TEXT NOT NULL, time_zone TEXT NOT NULL, enrolled_ms INTEGER NOT NULL,
    generation INTEGER NOT NULL, birth INTEGER NOT NULL, seq INTEGER NOT NULL, chain INTEGER NOT NULL,
    digest INTEGER NOT NULL, row_count INTEGER NOT NULL, cursor_run_id INTEGER NOT NULL,
    poison_seq INTEGER NOT NULL, poison_tries INTEGER NOT NULL, applied_ms INTEGER NOT NULL,
    last_transaction_ms INTEGER NOT NULL, transactions INTEGER NOT NULL,
    offered_generation INTEGER NOT NULL, offered_birth INTEGER NOT NULL,
    offered_run_counter INTEGER NOT NULL, offered_run_id INTEGER NOT NULL,
    fresh_epoch INTEGER NOT NULL, fresh_as_of_ms INTEGER NOT NULL, fresh_lag_bytes INTEGER NOT NULL,
    fresh_outbox INTEGER NOT NULL, fresh_read_age_ms INTEGER NOT NULL,
    run_counter INTEGER NOT NULL, run_id INTEGER NOT NULL, heartbeat_no INTEGER NOT NULL,
    heartbeat_ms INTEGER NOT NULL, proven_ms INTEGER NOT NULL,
    head_seq INTEGER NOT NULL, head_chain INTEGER NOT NULL,
    other_run_id INTEGER NOT NULL, other_head_seq INTEGER NOT NULL, other_head_chain INTEGER NOT NULL,
    vouched INTEGER NOT NULL, forked_ms INTEGER NOT NULL, hello_ms INTEGER NOT NULL, hello_birth INTEGER NOT NULL,
    hole_first INTEGER NOT NULL, hole_last INTEGER NOT NULL, hole_since_ms INTEGER NOT NULL,
    hole_asked_ms INTEGER NOT NULL, hole_asked INTEGER NOT NULL,
    verified_seq INTEGER NOT NULL, verified_ms INTEGER NOT NULL, mismatch INTEGER NOT NULL,
    recomputed_ms INTEGER NOT NULL, repair_id INTEGER NOT NULL, repair_from_seq INTEGER NOT NULL,
    repair_failures INTEGER NOT NULL, repaired_ms INTEGER NOT NULL,
    heartbeat BLOB NOT NULL,        -- packed Heartbeat; empty: none
    gap_total INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE unknown_store ( -- heard, not enrolled
    store TEXT NOT NULL PRIMARY KEY,
    last_ms INTEGER NOT NULL,
    times INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE gap ( -- missing numbers of a workstation, from the store's heartbeats
    store TEXT NOT NULL, business_day INTEGER NOT NULL, workstation TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (store, business_day, workstation, first)
) WITHOUT ROWID;

CREATE TABLE stock (
    store TEXT NOT NULL, item TEXT NOT NULL, location TEXT NOT NULL,
    on_hand_e4 INTEGER NOT NULL, held_e4 INTEGER NOT NULL, recorded_e4 INTEGER NOT NULL, carried_e4 INTEGER NOT NULL,
    basis INTEGER NOT NULL, basis_ms INTEGER NOT NULL, uom TEXT NOT NULL,
    generation INTEGER NOT NULL, seq INTEGER NOT NULL, changed_ms INTEGER NOT NULL,
    PRIMARY KEY (store, item, location)
) WITHOUT ROWID;
CREATE INDEX stock_item ON stock (item, store, location);

CREATE TABLE ledger (
    store TEXT NOT NULL, generation INTEGER NOT NULL, seq INTEGER NOT NULL, line INTEGER NOT NULL,
    item TEXT NOT NULL, location TEXT NOT NULL, uom TEXT NOT NULL, kind INTEGER NOT NULL,
    on_hand_delta_e4 INTEGER NOT NULL, held_delta_e4 INTEGER NOT NULL, on_hand_e4 INTEGER NOT NULL, held_e4 INTEGER NOT NULL,
    own_ms INTEGER NOT NULL, workstation TEXT NOT NULL, business_day INTEGER NOT NULL, sequence INTEGER NOT NULL,
    reason TEXT NOT NULL, document TEXT NOT NULL, applied_ms INTEGER NOT NULL,
    PRIMARY KEY (store, generation, seq, line)
) WITHOUT ROWID;
CREATE INDEX ledger_item ON ledger (store, item);

CREATE TABLE txn_key ( -- business keys; by day first, so that retention takes a prefix
    store TEXT NOT NULL, business_day INTEGER NOT NULL, workstation TEXT NOT NULL, sequence INTEGER NOT NULL,
    version INTEGER NOT NULL, generation INTEGER NOT NULL, content_hash INTEGER NOT NULL, seq INTEGER NOT NULL,
    decoder_version INTEGER NOT NULL, verdict INTEGER NOT NULL, own_ms INTEGER NOT NULL,
    PRIMARY KEY (store, business_day, workstation, sequence)
) WITHOUT ROWID;

CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    item TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    gtin TEXT NOT NULL              -- 14 digits, or empty
);
CREATE INDEX item_gtin ON item (gtin) WHERE gtin <> '';
CREATE VIRTUAL TABLE item_words USING fts5(description, content='item', content_rowid='id',
    tokenize='unicode61 remove_diacritics 2');

CREATE TABLE early ( -- batches beyond the cursor, as they came
    store TEXT NOT NULL, first_seq INTEGER NOT NULL, run_id INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (store, first_seq, run_id)
) WITHOUT ROWID;

CREATE TABLE dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    store TEXT NOT NULL, generation INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    hash INTEGER NOT NULL,          -- of the payload: the same one again is counted, not kept again
    topic TEXT NOT NULL, reason TEXT NOT NULL,
    payload BLOB NOT NULL,          -- card-masked
    at_ms INTEGER NOT NULL, times INTEGER NOT NULL,
    UNIQUE (store, generation, first_seq, hash)
);

CREATE TABLE stage ( -- parts of a repair's answer, until the last is there
    store TEXT NOT NULL, command INTEGER NOT NULL, seq INTEGER NOT NULL, event BLOB NOT NULL,
    PRIMARY KEY (store, command, seq)
) WITHOUT ROWID;

CREATE TABLE command (
    no INTEGER PRIMARY KEY AUTOINCREMENT, -- order of sending
    id INTEGER NOT NULL UNIQUE,
    store TEXT NOT NULL, kind INTEGER NOT NULL, payload BLOB NOT NULL,
    created_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL, state INTEGER NOT NULL,
    outcome TEXT NOT NULL, answered_ms INTEGER NOT NULL
);
CREATE INDEX command_store ON command (store, no);
CREATE INDEX command_waiting ON command (store, no) WHERE state = 0;

CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    store TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,
    opened_ms INTEGER NOT NULL, closed_ms INTEGER NOT NULL, acknowledged_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX alert_open ON alert (store, kind) WHERE closed_ms = 0;

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL,             -- SHA-256 of the secret
    scopes TEXT NOT NULL, stores TEXT NOT NULL, label TEXT NOT NULL,
    created_ms INTEGER NOT NULL, revoked_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE idempotency (
    key BLOB NOT NULL PRIMARY KEY,
    request_hash BLOB NOT NULL, answer BLOB NOT NULL, at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at_ms);
