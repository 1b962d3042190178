-- The store's own database (edge/stock/ledger.h), version 1. Unsigned 64-bit values (seq, hashes, ids) are kept as the
-- signed integer of the same bits. Quantities are in 1/10,000 of their unit; times are UTC milliseconds since 1970;
-- days are days since 1970-01-01.

-- What holds for the whole database, in one row.
CREATE TABLE meta (
    id                 INTEGER PRIMARY KEY CHECK (id = 1),
    store              TEXT    NOT NULL,
    birth              INTEGER NOT NULL, -- random, of this database
    generation         INTEGER NOT NULL, -- 0: not restored yet
    run_counter        INTEGER NOT NULL,
    run_id             INTEGER NOT NULL,
    seq                INTEGER NOT NULL, -- newest event
    chain              INTEGER NOT NULL, -- its chain; birth when there is none
    trimmed_seq        INTEGER NOT NULL, -- newest event that retention deleted
    trimmed_chain      INTEGER NOT NULL, -- its chain; birth when there is none
    digest             INTEGER NOT NULL,
    row_count          INTEGER NOT NULL,
    negatives          INTEGER NOT NULL,
    applied_seq        INTEGER NOT NULL,
    greatest_centre_ms INTEGER NOT NULL,
    last_own_ms        INTEGER NOT NULL, -- greatest own time of a transaction
    newest_day         INTEGER,          -- greatest business day counted; the horizon hangs on it
    quarantined        INTEGER NOT NULL, -- rows in quarantine
    quarantine_dropped INTEGER NOT NULL  -- rows that made room for newer ones
) STRICT;

-- Ledger and outbox in one.
CREATE TABLE event (
    seq   INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL,
    bytes BLOB    NOT NULL -- a packed tillwire.v1.Event
) STRICT;

-- Up to which seq the centre had applied when its clock read centre_ms: at most one row an hour. Retention counts from here.
CREATE TABLE mark (
    seq       INTEGER PRIMARY KEY,
    centre_ms INTEGER NOT NULL
) STRICT;

-- on_hand_e4 = carried_e4 + the movements still in `event`, likewise held.
CREATE TABLE stock (
    item            TEXT    NOT NULL,
    location        TEXT    NOT NULL,
    on_hand_e4      INTEGER NOT NULL,
    held_e4         INTEGER NOT NULL,
    carried_e4      INTEGER NOT NULL, -- on_hand deltas of movements that retention deleted
    carried_held_e4 INTEGER NOT NULL, -- held deltas of movements that retention deleted
    recorded_e4     INTEGER NOT NULL, -- movements without openings, counts and corrections
    basis           INTEGER NOT NULL, -- 0 none, 1 opening, 2 counted
    basis_ms        INTEGER NOT NULL,
    uom             TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    PRIMARY KEY (item, location)
) STRICT, WITHOUT ROWID;

CREATE TABLE workstation (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;

-- Business keys, above the horizon.
CREATE TABLE txn_key (
    day             INTEGER NOT NULL,
    workstation     INTEGER NOT NULL,
    sequence        INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    decoder_version INTEGER NOT NULL,
    content_hash    INTEGER NOT NULL,
    verdict         INTEGER NOT NULL, -- tillwire.v1.Verdict
    own_ms          INTEGER NOT NULL, -- 0: unknown
    seq             INTEGER NOT NULL, -- the newest event that touched it
    net             BLOB,             -- a packed tillwire.v1.KeyState with its net lines alone; NULL: they are in the event
    PRIMARY KEY (day, workstation, sequence)
) STRICT, WITHOUT ROWID;

-- Lines of documents already received or transferred; same horizon.
CREATE TABLE document_line (
    document TEXT    NOT NULL,
    line     TEXT    NOT NULL,
    day      INTEGER NOT NULL,
    seq      INTEGER NOT NULL, -- of the transaction that counted it
    PRIMARY KEY (document, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_line_day ON document_line (day);

-- Runs of sequence numbers; a number between first and last that is in no gap has been used.
CREATE TABLE series (
    workstation INTEGER NOT NULL,
    no          INTEGER NOT NULL, -- 1, 2, 3 … a workstation
    first_day   INTEGER NOT NULL,
    last_day    INTEGER NOT NULL,
    first       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    PRIMARY KEY (workstation, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE gap (
    workstation INTEGER NOT NULL,
    no          INTEGER NOT NULL, -- of the series
    first       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    day         INTEGER NOT NULL, -- on which the last number before it was used
    PRIMARY KEY (workstation, no, first)
) STRICT, WITHOUT ROWID;

-- Places and shapes of records that did not count; never their bytes.
CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY,
    file_id     INTEGER NOT NULL,
    file        TEXT    NOT NULL,
    offset      INTEGER NOT NULL,
    length      INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    hash        INTEGER NOT NULL,
    error       TEXT    NOT NULL,
    shape       TEXT    NOT NULL,
    wall_ms     INTEGER NOT NULL,
    workstation TEXT,             -- the key as far as it was read
    day         INTEGER,
    sequence    INTEGER,
    UNIQUE (file_id, offset, hash)
) STRICT;

-- Where each log file has been read to.
CREATE TABLE position (
    id        INTEGER PRIMARY KEY,
    source    TEXT    NOT NULL,
    file_id   INTEGER NOT NULL,
    path      TEXT    NOT NULL,
    device    INTEGER NOT NULL,
    inode     INTEGER NOT NULL,
    head_size INTEGER NOT NULL,
    head_hash INTEGER NOT NULL,
    offset    INTEGER NOT NULL,
    back_size INTEGER NOT NULL,
    back_hash INTEGER NOT NULL,
    line      INTEGER NOT NULL,
    context   BLOB    NOT NULL, -- the decoder's
    UNIQUE (source, file_id)
) STRICT;

-- Commands of the centre that were answered: never executed twice.
CREATE TABLE command (
    id               INTEGER PRIMARY KEY,
    seq              INTEGER NOT NULL, -- the answer's last event
    outcome          INTEGER NOT NULL, -- tillwire.v1.CommandDone.Outcome
    reason           TEXT    NOT NULL,
    rows_done        INTEGER NOT NULL,
    rows_passed_over INTEGER NOT NULL
) STRICT;

-- Parts of a restore that is not complete; all of one mark.
CREATE TABLE restore_part (
    part            INTEGER PRIMARY KEY,
    parts           INTEGER NOT NULL,
    generation      INTEGER NOT NULL, -- the new one
    mark_generation INTEGER NOT NULL,
    mark_seq        INTEGER NOT NULL,
    mark_chain      INTEGER NOT NULL,
    bytes           BLOB    NOT NULL -- a packed tillwire.v1.RestorePart
) STRICT;
