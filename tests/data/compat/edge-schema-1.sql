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
INSERT INTO meta VALUES(1,'S014',8477323405842868161,1,1,4298838405831300776,8,2715521255894171028,0,8477323405842868161,3638967567713238523,2,0,0,0,1728043200000,20000,1,0);
CREATE TABLE event (
    seq   INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL,
    bytes BLOB    NOT NULL -- a packed tillwire.v1.Event
) STRICT;
INSERT INTO event VALUES(1,-9054184788493973882,X'0880dc9abba53210e807420b0a0019c1675e0bb980a575');
INSERT INTO event VALUES(2,-5690892216242481865,X'0880dc9abba53210e8071a390a090a013310c0b802180119080000000000000020012801320846696e69736865644a035554435080dc9abba53259070000000000000060647a140a064974656d5f312002289f9c01389f9c017001');
INSERT INTO event VALUES(3,-2239457703152539437,X'0880dc9abba53210e8071a3a0a090a013310c0b8021802190f0000000000000020012801320846696e69736865644a035554435080dc9abba53259070000000000000060c8017a140a064974656d5f312002289f9c0138bfb8027001');
INSERT INTO event VALUES(4,8924350699034739638,X'0880dc9abba53210e8071a3a0a090a013310c0b802180319160000000000000020012801320846696e69736865644a035554435080dc9abba53259070000000000000060ac027a140a064974656d5f312002289f9c0138dfd4037001');
INSERT INTO event VALUES(5,-930027074266717925,X'0880dc9abba53210e8071a3a0a090a013310c0b802180519240000000000000020012801320846696e69736865644a035554435080dc9abba53259070000000000000060f4037a140a064974656d5f312002289f9c0138fff0047001');
INSERT INTO event VALUES(6,-23323647386852891,X'0880dc9abba53210e8071a3a0a090a013310c0b8021806192b00000000000000200128023208747261696e696e674a035554435080dc9abba53259070000000000000060d804');
INSERT INTO event VALUES(7,4332478177030685120,X'0880dc9abba53210e8073a5c0907000000000000001207706f732e6c6f6718d80420642806312c000000000000003a2d73657175656e6365206e756d62657220616c72656164792075736564206279206f7468657220636f6e74656e744a090a013310c0b8021806');
INSERT INTO event VALUES(8,2715521255894171028,X'0880dc9abba53210e807320d090900000000000000100120017a1c0a064974656d5f32200128c0843d38c0843d7801800180dc9abba532');
CREATE TABLE mark (
    seq       INTEGER PRIMARY KEY,
    centre_ms INTEGER NOT NULL
) STRICT;
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
INSERT INTO stock VALUES('Item_1','floor',-40000,0,0,0,-40000,0,0,'EA','');
INSERT INTO stock VALUES('Item_2','floor',500000,0,0,0,0,1,1728043200000,'EA','');
CREATE TABLE workstation (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;
INSERT INTO workstation VALUES(1,'3');
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
INSERT INTO txn_key VALUES(20000,1,1,0,1,8,1,1728043200000,2,NULL);
INSERT INTO txn_key VALUES(20000,1,2,0,1,15,1,1728043200000,3,NULL);
INSERT INTO txn_key VALUES(20000,1,3,0,1,22,1,1728043200000,4,NULL);
INSERT INTO txn_key VALUES(20000,1,5,0,1,36,1,1728043200000,5,NULL);
INSERT INTO txn_key VALUES(20000,1,6,0,1,43,2,1728043200000,6,NULL);
CREATE TABLE document_line (
    document TEXT    NOT NULL,
    line     TEXT    NOT NULL,
    day      INTEGER NOT NULL,
    seq      INTEGER NOT NULL, -- of the transaction that counted it
    PRIMARY KEY (document, line)
) STRICT, WITHOUT ROWID;
CREATE TABLE series (
    workstation INTEGER NOT NULL,
    no          INTEGER NOT NULL, -- 1, 2, 3 … a workstation
    first_day   INTEGER NOT NULL,
    last_day    INTEGER NOT NULL,
    first       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    PRIMARY KEY (workstation, no)
) STRICT, WITHOUT ROWID;
INSERT INTO series VALUES(1,1,20000,20000,1,6);
CREATE TABLE gap (
    workstation INTEGER NOT NULL,
    no          INTEGER NOT NULL, -- of the series
    first       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    day         INTEGER NOT NULL, -- on which the last number before it was used
    PRIMARY KEY (workstation, no, first)
) STRICT, WITHOUT ROWID;
INSERT INTO gap VALUES(1,1,4,4,20000);
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
INSERT INTO quarantine VALUES(1,7,'pos.log',600,100,6,44,'sequence number already used by other content','',1728043200000,'3',20000,6);
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
INSERT INTO position VALUES(1,'pos',7,'/log/pos.log',0,0,0,0,700,0,0,7,X'');
CREATE TABLE command (
    id               INTEGER PRIMARY KEY,
    seq              INTEGER NOT NULL, -- the answer's last event
    outcome          INTEGER NOT NULL, -- tillwire.v1.CommandDone.Outcome
    reason           TEXT    NOT NULL,
    rows_done        INTEGER NOT NULL,
    rows_passed_over INTEGER NOT NULL
) STRICT;
INSERT INTO command VALUES(9,8,1,'',1,0);
CREATE TABLE restore_part (
    part            INTEGER PRIMARY KEY,
    parts           INTEGER NOT NULL,
    generation      INTEGER NOT NULL, -- the new one
    mark_generation INTEGER NOT NULL,
    mark_seq        INTEGER NOT NULL,
    mark_chain      INTEGER NOT NULL,
    bytes           BLOB    NOT NULL -- a packed tillwire.v1.RestorePart
) STRICT;
CREATE INDEX document_line_day ON document_line (day);
