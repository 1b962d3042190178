/* The store's own database: positions, business keys, stock, events (ledger and outbox in one), quarantine
 * and the digest, committed together or not at all (invariant 1). SQLite, one connection, one thread.
 *
 * Changes happen between ledger_begin and ledger_commit; after a failed commit or any ERR_FATAL the ledger
 * must be closed and opened again (never retry an fsync). Reads are allowed at any time, also inside a batch.
 */
#ifndef EDGE_STOCK_LEDGER_H
#define EDGE_STOCK_LEDGER_H

#include "common/buf.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/log.h"
#include "common/zone.h"
#include "edge/tail/tail.h"
#include "edge/tlog/txn.h"
#include "proto/wire.h"

struct ledger;

struct ledger_options {
    const char *path;
    const char *store;       /* our id */
    const struct zone *zone; /* of the log's local times */
    int retention_days;      /* of applied movements; 0 = 90 */
    const char *vfs;         /* NULL = default */
    int cache_kib;           /* 0 = 2048 */
};

/* Creates a new database (new random birth, generation 0) or opens the one that is there. Starts a new run:
 * the counter and random id are committed before this returns. */
enum err_class ledger_open(struct ledger **out, const struct ledger_options *options,
                           const struct clock *clock, struct err *e) ERR_MUST_CHECK;
void ledger_close(struct ledger *l);

struct ledger_head {
    uint64_t birth;
    uint32_t generation; /* 0: new, not restored: no TLOG is read (PROTOCOL rule 7) */
    uint64_t run_counter, run_id;
    uint64_t seq, chain; /* of the newest event; 0 and birth when none */
    uint64_t digest;
    uint64_t row_count;
    uint64_t applied_seq; /* greatest mark that the centre vouched for and that fitted */
    uint64_t oldest_seq;  /* lowest event still kept; seq + 1 when none */
    int64_t greatest_centre_ms;
    int64_t last_transaction_wall_ms; /* own time of the newest transaction booked */
    uint64_t quarantined;             /* records in quarantine now */
    uint64_t negatives;               /* rows below zero now */
};
void ledger_head(const struct ledger *l,
                 struct ledger_head *out); /* inside a batch: uncommitted values included */

enum err_class ledger_begin(struct ledger *l, struct err *e) ERR_MUST_CHECK;
enum err_class ledger_commit(struct ledger *l, struct err *e) ERR_MUST_CHECK;
void ledger_rollback(struct ledger *l);

enum ledger_verdict { LEDGER_COUNTED, LEDGER_IGNORED, LEDGER_DUPLICATE, LEDGER_QUARANTINED };

struct ledger_source {
    uint64_t file_id;
    const char *file; /* base name */
    uint64_t offset;
    uint64_t length;
    uint64_t line; /* from 1 */
};

/* Books one transaction: key, rows, event. LEDGER_QUARANTINED with `reason` filled: it was not counted and
 * has been put in quarantine instead (known key with other content, day below the horizon, overflow …;
 * PROTOCOL rule 12). */
enum err_class ledger_book(struct ledger *l, const struct txn *txn, const struct ledger_source *source,
                           enum ledger_verdict *verdict, struct err *reason, struct err *e) ERR_MUST_CHECK;

/* A record that could not be decoded: kept as place and shape, announced as an event. key may be NULL. */
enum err_class ledger_quarantine(struct ledger *l, const struct ledger_source *source, uint64_t hash,
                                 struct slice error, struct slice shape, const struct txn *key,
                                 struct err *e) ERR_MUST_CHECK;

/* Positions; `context` is the decoder's (tlog_context_save). */
enum err_class ledger_put_position(struct ledger *l, const char *source, const struct tail_position *position,
                                   struct slice context, struct err *e) ERR_MUST_CHECK;
enum err_class ledger_each_position(struct ledger *l, const char *source,
                                    enum err_class (*each)(void *ctx, const struct tail_position *position,
                                                           struct slice context, struct err *e),
                                    void *ctx, struct err *e) ERR_MUST_CHECK;

/* Events as stored, from `from` on, in order, until each() returns false. */
struct ledger_event {
    uint64_t seq;
    uint64_t prev_chain, chain;
    struct slice bytes; /* valid during the call */
};
enum err_class ledger_read(struct ledger *l, uint64_t from,
                           bool (*each)(void *ctx, const struct ledger_event *event), void *ctx,
                           struct err *e) ERR_MUST_CHECK;

/* chain(seq) of an event still kept, or of 0 (birth). ERR_INVALID: not kept. */
enum err_class ledger_chain_at(struct ledger *l, uint64_t seq, uint64_t *chain, struct err *e) ERR_MUST_CHECK;

/* The centre's mark, when it fits: events up to it may be deleted once retention has passed too (rule 1). */
enum err_class ledger_applied(struct ledger *l, uint64_t seq, int64_t centre_ms,
                              struct err *e) ERR_MUST_CHECK;

/* Deletes what both applied and retention allow, at most `max` events, adding movements to their rows'
 * carried. Own transaction; not inside a batch. */
enum err_class ledger_trim(struct ledger *l, unsigned max, unsigned *deleted, struct err *e) ERR_MUST_CHECK;

/* A command from the centre, executed in a transaction of its own, at most once by id; its answer is events.
 * Not in a batch. ERR_INVALID: not for this ledger (wrong generation, birth …); e says why; nothing changed.
 */
enum err_class ledger_execute(struct ledger *l, const Tillwire__V1__Command *command,
                              struct err *e) ERR_MUST_CHECK;
/* Parts of a restore that are in, for the heartbeat; mark NULL-able. Returns how many were written to parts.
 */
size_t ledger_parts(const struct ledger *l, uint32_t *parts, size_t max, struct batch_place *mark);

/* Recomputes the digest from the table; ERR_FATAL when it differs from the incremental one. */
enum err_class ledger_verify(struct ledger *l, struct err *e) ERR_MUST_CHECK;

/* Read-outs for the control socket and tests. */
struct ledger_row {
    struct slice item, location, uom, description;
    int64_t on_hand_e4, held_e4, carried_e4, recorded_e4;
    int basis;
    int64_t basis_ms;
};
enum err_class ledger_each_row(struct ledger *l, struct slice item, /* empty: all */
                               bool (*each)(void *ctx, const struct ledger_row *row), void *ctx,
                               struct err *e) ERR_MUST_CHECK;
struct ledger_quarantine_row {
    int64_t id;
    struct ledger_source source;
    struct slice error, shape;
    int64_t wall_ms;
};
enum err_class ledger_each_quarantine(struct ledger *l,
                                      bool (*each)(void *ctx, const struct ledger_quarantine_row *row),
                                      void *ctx, struct err *e) ERR_MUST_CHECK;
struct ledger_gap {
    struct slice workstation;
    int32_t business_day;
    uint64_t first, last;
};
/* Missing sequence numbers, oldest first; *total counts the numbers in all gaps. */
enum err_class ledger_each_gap(struct ledger *l, bool (*each)(void *ctx, const struct ledger_gap *gap),
                               void *ctx, uint64_t *total, struct err *e) ERR_MUST_CHECK;

#endif
