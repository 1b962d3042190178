/* The centre's database as the roles see it: an ops struct, filled by SQLite (store_sqlite.h) and later by
 * PostgreSQL. Two handles: a `struct store_writer` belongs to one thread and does everything in transactions;
 * a `struct store_reader` only reads, any number of them, one a thread. One conformance suite runs against
 * every implementation.
 *
 * Rows are values; slices in them are borrowed: given to an op, they must live through the call; coming out
 * of an op, until the next op on the same handle (each-callbacks: during the call). */
#ifndef CLOUD_STORE_STORE_H
#define CLOUD_STORE_STORE_H

#include "common/buf.h"
#include "common/err.h"
#include "common/slice.h"
#include "proto/tillwire/v1/tillwire.pb-c.h"
#include "proto/topic.h"

#include <stdbool.h>
#include <stdint.h>

/* The database's own clock and its epoch (PROTOCOL "clock epoch"). */
struct store_time {
    int64_t ms;     /* never lower than any value this epoch has given */
    uint64_t epoch; /* random; a new one when the database was opened or the clock stepped back */
};

enum store_stage { STAGE_ENROLLED, STAGE_SHADOW, STAGE_LIVE };

/* Everything about one store that heartbeats, cursor and verification change; read and written whole. */
struct store_row {
    char store[STORE_ID_MAX + 1];
    enum store_stage stage;
    char name[65], time_zone[65];
    int64_t enrolled_ms;

    /* cursor (rule 2) */
    uint32_t generation; /* 0: none yet */
    uint64_t birth;      /* of the generation */
    uint64_t seq, chain;
    uint64_t digest, row_count; /* of this centre's own rows, kept incrementally */
    uint64_t cursor_run_id;     /* run that made the event at the cursor */
    uint64_t poison_seq; /* an event that could not be decoded, right after the cursor; 0 = none (rule 11) */
    uint32_t poison_tries;
    int64_t applied_ms;          /* when the cursor last moved; centre's clock */
    int64_t last_transaction_ms; /* own time of the newest transaction applied */
    uint64_t transactions;       /* counted and ignored, applied in this generation */

    /* a generation given but not yet switched to (rule 7) */
    uint32_t offered_generation;
    uint64_t offered_birth;
    uint64_t offered_run_counter, offered_run_id;

    /* freshness (rule 4) */
    uint64_t fresh_epoch;   /* of fresh_as_of_ms and proven_ms: of another epoch they are void */
    int64_t fresh_as_of_ms; /* proven; 0 = never in this epoch */
    uint64_t fresh_lag_bytes, fresh_outbox; /* of the heartbeat that gave fresh_as_of_ms */
    int64_t fresh_read_age_ms;    /* oldest successful read of its sources; -1 = one was never read */
    uint64_t run_counter, run_id; /* the run whose heartbeat holds */
    uint64_t heartbeat_no;
    int64_t heartbeat_ms;          /* when the newest heartbeat came; proves nothing */
    int64_t proven_ms;             /* proven time of the newest heartbeat of that run */
    uint64_t head_seq, head_chain; /* greatest head heard of that run */
    uint64_t other_run_id, other_head_seq,
        other_head_chain; /* greatest unmet head of any other run; seq 0 = none */
    bool vouched;         /* the newest heartbeat vouched */
    int64_t forked_ms;    /* rule 8's alert is open: last sign of another lineage; 0 = none */
    int64_t hello_ms;     /* a Hello of an unknown birth was last heard; 0 = never */
    uint64_t hello_birth;

    /* hole (rule 2) */
    uint64_t hole_first, hole_last; /* 0 = none */
    int64_t hole_since_ms, hole_asked_ms;
    uint32_t hole_asked;

    /* verification (rule 5) and repair (rule 6) */
    uint64_t verified_seq;
    int64_t verified_ms;
    bool mismatch;         /* the last comparison differed */
    int64_t recomputed_ms; /* the digest was last recomputed from the rows */
    uint64_t repair_id;    /* open repair's command; 0 = none */
    uint64_t repair_from_seq;
    uint32_t repair_failures; /* repairs opened since the digests last agreed */
    int64_t repaired_ms;      /* the last repair was applied: Σ cannot look behind it (rule 10) */

    struct slice heartbeat; /* the newest heartbeat that holds, packed; empty = none */
};

struct store_stock {
    struct slice store, item, location;
    int64_t on_hand_e4, held_e4; /* Σ of deltas, whatever the basis */
    int64_t recorded_e4;         /* openings, counts and corrections left out */
    int64_t carried_e4;          /* ledger entries deleted by retention */
    int basis;                   /* Tillwire__V1__Basis */
    int64_t basis_ms;
    struct slice uom;
    uint32_t generation;
    uint64_t seq; /* of the last change */
    int64_t changed_ms;
    struct slice description, gtin; /* of the item; read-outs only */
};

struct store_ledger_entry {
    struct slice store;
    uint32_t generation;
    uint64_t seq;
    uint32_t line; /* within the event, from 0 */
    struct slice item, location, uom;
    int kind; /* Tillwire__V1__MovementKind */
    int64_t on_hand_delta_e4, held_delta_e4, on_hand_e4, held_e4;
    int64_t own_ms;
    struct slice workstation; /* empty: no transaction */
    int32_t business_day;
    uint64_t sequence;
    struct slice reason, document;
    int64_t applied_ms;
};

struct store_key {
    struct slice store, workstation;
    int32_t business_day;
    uint64_t sequence;
    uint32_t version, generation;
    uint64_t content_hash, seq;
    uint32_t decoder_version;
    int verdict;
    int64_t own_ms;
};

struct store_early {
    uint64_t run_id;
    uint64_t first_seq, last_seq;
    struct slice payload;
};

struct store_dead {
    int64_t id;
    struct slice store, topic, reason;
    uint32_t generation;
    uint64_t first_seq, last_seq;
    struct slice payload; /* card-masked */
    int64_t at_ms;
};

enum command_state { COMMAND_WAITING, COMMAND_DONE, COMMAND_REFUSED };

struct store_command {
    uint64_t id;
    struct slice store;
    int kind;             /* Tillwire__V1__Command__BodyCase */
    struct slice payload; /* packed Command without cursor or Σ: made fresh at each sending (opening); whole
                             (others) */
    int64_t created_ms, sent_ms; /* sent_ms 0: not yet, or to be sent anew at once */
    enum command_state state;
    struct slice outcome;
    int64_t answered_ms;
};

struct store_alert {
    int64_t id;
    struct slice store, kind, text;
    int64_t opened_ms, closed_ms, acknowledged_ms; /* 0 = not */
};

struct store_api_key {
    struct slice id;     /* public part */
    struct slice hash;   /* SHA-256 of the secret */
    struct slice scopes; /* space-separated */
    struct slice stores; /* space-separated; empty = all */
    struct slice label;
    int64_t created_ms, revoked_ms;
};

struct store_gap { /* of a workstation's numbers, from the store's heartbeats */
    struct slice workstation;
    int32_t business_day;
    uint64_t first, last;
};

/* each-callbacks return false to stop early. limit: rows at most; 0 = until the callback stops. */
struct store_writer_ops {
    void (*close)(void *ctx);
    enum err_class (*begin)(void *ctx, struct store_time *now, struct err *e);
    enum err_class (*commit)(void *ctx, struct err *e);
    void (*rollback)(void *ctx);

    /* stores: ERR_INVALID from get: not enrolled */
    enum err_class (*store_get)(void *ctx, const char *store, struct store_row *out, struct err *e);
    enum err_class (*store_put)(void *ctx, const struct store_row *row, struct err *e);
    enum err_class (*store_each)(void *ctx, bool (*each)(void *, const struct store_row *), void *each_ctx,
                                 struct err *e);
    enum err_class (*unknown_put)(void *ctx, const char *store, struct err *e); /* heard, not enrolled */
    enum err_class (*gaps_replace)(void *ctx, const char *store, const struct store_gap *gaps, size_t count,
                                   uint64_t total, struct err *e);

    /* *found = false when there is no such row */
    enum err_class (*stock_get)(void *ctx, struct slice store, struct slice item, struct slice location,
                                struct store_stock *out, bool *found, struct err *e);
    enum err_class (*stock_put)(void *ctx, const struct store_stock *row, struct err *e);
    enum err_class (*stock_remove)(void *ctx, struct slice store, struct slice item, struct slice location,
                                   struct err *e);
    enum err_class (*stock_each)(void *ctx, struct slice store,
                                 bool (*each)(void *, const struct store_stock *), void *each_ctx,
                                 struct err *e);
    enum err_class (*ledger_append)(void *ctx, const struct store_ledger_entry *entry, struct err *e);
    /* Σ on_hand deltas of recorded kinds with own_ms > after_ms, up to the cursor */
    enum err_class (*ledger_sum_after)(void *ctx, struct slice store, struct slice item,
                                       struct slice location, int64_t after_ms, int64_t *sum_e4,
                                       struct err *e);
    /* *existed: known with this or a higher version, left as it was */
    enum err_class (*key_put)(void *ctx, const struct store_key *key, bool *existed, struct err *e);
    enum err_class (*item_put)(void *ctx, struct slice item, struct slice description, struct slice gtin,
                               struct err *e);

    enum err_class (*early_put)(void *ctx, const char *store, const struct store_early *early,
                                size_t bytes_max,
                                struct err *e); /* ERR_FULL: the store's bound; dropped, will be re-sent */
    enum err_class (*early_next)(
        void *ctx, const char *store, uint64_t seq, struct store_early *out, bool *found,
        struct err *e); /* the one that holds seq, else lowest beyond: *found with first_seq > seq */
    enum err_class (*early_drop)(void *ctx, const char *store, uint64_t up_to_seq, struct err *e);

    enum err_class (*dead_put)(void *ctx, const struct store_dead *dead, struct err *e);
    /* Rows and Keys of a repair's answer are staged until the last part (rule 6) */
    enum err_class (*stage_put)(void *ctx, const char *store, uint64_t command, uint64_t seq,
                                struct slice event, struct err *e);
    enum err_class (*stage_each)(void *ctx, const char *store, uint64_t command,
                                 bool (*each)(void *, struct slice event), void *each_ctx, struct err *e);
    enum err_class (*stage_clear)(void *ctx, const char *store, struct err *e);

    enum err_class (*command_put)(void *ctx, const struct store_command *command, struct err *e);
    enum err_class (*command_get)(void *ctx, uint64_t id, struct store_command *out, bool *found,
                                  struct err *e);
    enum err_class (*command_each_waiting)(void *ctx, const char *store,
                                           bool (*each)(void *, const struct store_command *), void *each_ctx,
                                           struct err *e);
    /* opens (deduped by store and kind while open), closes; *changed: it was not open, was open */
    enum err_class (*alert_open)(void *ctx, const char *store, const char *kind, const char *text,
                                 bool *changed, struct err *e);
    enum err_class (*alert_close)(void *ctx, const char *store, const char *kind, bool *changed,
                                  struct err *e);
    enum err_class (*alert_acknowledge)(void *ctx, int64_t id, struct err *e);

    enum err_class (*api_key_put)(void *ctx, const struct store_api_key *key, struct err *e);
    /* Idempotency-Key: *found with the stored answer; put after the work, in the same transaction */
    enum err_class (*idempotency_get)(void *ctx, struct slice key, struct slice *request_hash,
                                      struct slice *answer, bool *found, struct err *e);
    enum err_class (*idempotency_put)(void *ctx, struct slice key, struct slice request_hash,
                                      struct slice answer, struct err *e);
    enum err_class (*trim)(void *ctx, int64_t now_ms, unsigned max, unsigned *deleted,
                           struct err *e); /* retention */
};

struct store_writer {
    const struct store_writer_ops *ops;
    void *ctx;
};

struct store_stock_query {
    struct slice store, item, gtin;                       /* empty = any */
    struct slice after_store, after_item, after_location; /* keyset cursor */
    unsigned limit;
};

struct store_reader_ops {
    void (*close)(void *ctx);
    enum err_class (*now)(void *ctx, struct store_time *now,
                          struct err *e); /* without advancing the database */
    /* A consistent view over several reads: begin … end. */
    enum err_class (*begin)(void *ctx, struct err *e);
    void (*end)(void *ctx);
    enum err_class (*store_get)(void *ctx, const char *store, struct store_row *out, struct err *e);
    enum err_class (*store_each)(void *ctx, bool (*each)(void *, const struct store_row *), void *each_ctx,
                                 struct err *e);
    enum err_class (*unknown_each)(void *ctx,
                                   bool (*each)(void *, const char *store, int64_t last_ms, uint64_t times),
                                   void *each_ctx, struct err *e);
    enum err_class (*gap_each)(void *ctx, const char *store, bool (*each)(void *, const struct store_gap *),
                               void *each_ctx, uint64_t *total, struct err *e);
    enum err_class (*stock_each)(void *ctx, const struct store_stock_query *query,
                                 bool (*each)(void *, const struct store_stock *), void *each_ctx,
                                 struct err *e);
    /* search by id prefix, GTIN or words of the description; after_item: cursor */
    enum err_class (*item_each)(void *ctx, struct slice query, struct slice after_item, unsigned limit,
                                bool (*each)(void *, struct slice item, struct slice description,
                                             struct slice gtin),
                                void *each_ctx, struct err *e);
    enum err_class (*ledger_each)(void *ctx, const char *store, struct slice item, uint32_t after_generation,
                                  uint64_t after_seq, bool newest_first, unsigned limit,
                                  bool (*each)(void *, const struct store_ledger_entry *), void *each_ctx,
                                  struct err *e);
    enum err_class (*dead_each)(void *ctx, int64_t before_id, unsigned limit,
                                bool (*each)(void *, const struct store_dead *), void *each_ctx,
                                struct err *e);
    enum err_class (*command_get)(void *ctx, uint64_t id, struct store_command *out, bool *found,
                                  struct err *e);
    enum err_class (*command_each)(void *ctx, const char *store, unsigned limit,
                                   bool (*each)(void *, const struct store_command *), void *each_ctx,
                                   struct err *e);
    enum err_class (*alert_each)(void *ctx, bool open_only, int64_t before_id, unsigned limit,
                                 bool (*each)(void *, const struct store_alert *), void *each_ctx,
                                 struct err *e);
    enum err_class (*api_key_get)(void *ctx, struct slice id, struct store_api_key *out, bool *found,
                                  struct err *e);
    enum err_class (*api_key_each)(void *ctx, bool (*each)(void *, const struct store_api_key *),
                                   void *each_ctx, struct err *e);
    enum err_class (*backup)(void *ctx, const char *path, struct err *e); /* a consistent copy while in use */
};

struct store_reader {
    const struct store_reader_ops *ops;
    void *ctx;
};

#endif
