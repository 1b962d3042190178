/* The collector's own state and the parts it is made of (for the files of cloud/collector/ only).
 *
 *   collector.c   transactions, and what comes from outside
 *   sites.c       the stores that the open transaction touches
 *   place.c       where a batch belongs: behind, at, or beyond the cursor; another lineage
 *   apply.c       events in order: movements, keys, bodies
 *   poison.c      what cannot be decoded
 *   heartbeat.c   what heartbeats prove
 *   answer.c      acks and commands, made when all of the transaction is applied
 *   verify.c      digests compared and recomputed
 *   repair.c      the store's own rows in place of ours
 *   orders.c      what the operator asks for
 *   turn.c        what is due by time
 *
 * Functions return the database's failures only, after which the transaction is lost; what is wrong with a
 * message is noted by collector_refuse and costs nothing else. */
#ifndef CLOUD_COLLECTOR_STATE_H
#define CLOUD_COLLECTOR_STATE_H

#include "cloud/collector/cells.h"
#include "cloud/collector/collector.h"
#include "cloud/collector/news.h"
#include "cloud/collector/outbox.h"
#include "proto/wire.h"

enum {
    SITES_MAX = 512,
    LATENCY_BUCKETS = 24,
    LATENCY_WINDOWS = 6,
    LATENCY_WINDOW_MS = 10000,
    HELLO_SLAS = 3
};

/* A store as the open transaction sees it. */
struct site {
    struct store_row row; /* row.heartbeat lives in `heartbeat` */
    struct buf heartbeat;
    bool enrolled, dirty, unknown_told;
    /* the newest heartbeat of this transaction that is to be answered */
    bool answer, closed, restore;
    uint32_t answer_generation;
    uint64_t answer_run_counter, answer_run_id, answer_no;
    uint64_t answer_seq, answer_chain; /* of a database that is being restored */
    bool commands_due;
};

/* A batch whose frame is decoded; its events are bytes still. */
struct view {
    uint32_t generation;
    uint64_t run_id;
    uint64_t first_seq, prev_chain;
    size_t count;
    const ProtobufCBinaryData *events;
    bool digest_valid;
    uint64_t digest_after;
};

struct latency {
    int64_t window_since_ms; /* boot clock */
    unsigned window;
    uint64_t buckets[LATENCY_WINDOWS][LATENCY_BUCKETS];
};

struct collector {
    struct collector_options options;
    struct store_writer store;
    struct bus bus;
    const struct clock *clock;
    struct collector_watch watch;
    struct log *log;

    bool in_transaction;
    struct store_time now; /* of the open transaction */
    size_t pending_bytes;
    uint64_t events_before; /* counts.events when it began */
    struct site *sites;
    size_t site_count;
    uint16_t site_slots[2 * SITES_MAX];
    struct cells *cells;
    struct outbox *outbox;
    struct news *news;
    struct arena *frame, *event, *staged; /* of the batch, its event, and a repair's stored events */
    struct buf scratch;                   /* payloads that must outlive the op that gave them */

    enum err_class verdict; /* on the message at hand */
    struct err refused;
    struct collector_counts counts;
    struct latency latency;
    int64_t survey_due_ms; /* boot clock */
};

#define STORE(c, op, ...) (c)->store.ops->op((c)->store.ctx, __VA_ARGS__)

static inline struct slice site_id(const struct site *site)
{
    return slice_of(site->row.store);
}

/* collector.c */
enum err_class collector_begin(struct collector *c, struct err *e) ERR_MUST_CHECK; /* if none is open */
enum err_class collector_finish(struct collector *c, enum err_class class, struct err *e)
    ERR_MUST_CHECK; /* of an order: commits, or rolls back and returns the class */
void collector_rollback(struct collector *c);
void collector_refuse(struct collector *c, const struct site *site, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum err_class collector_alert(struct collector *c, struct site *site, const char *kind, struct err *e,
                               const char *format, ...) ERR_MUST_CHECK __attribute__((format(printf, 5, 6)));
enum err_class collector_alert_over(struct collector *c, struct site *site, const char *kind,
                                    struct err *e) ERR_MUST_CHECK;
enum err_class collector_flush_cells(struct collector *c, struct err *e) ERR_MUST_CHECK;
/* The bytes, masked, into the dead table. */
enum err_class collector_bury(struct collector *c, const char *store, const char *topic, uint32_t generation,
                              uint64_t first_seq, uint64_t last_seq, struct slice payload, const char *reason,
                              struct err *e) ERR_MUST_CHECK;

/* sites.c */
enum err_class sites_get(struct collector *c, const char *store, struct site **out,
                         struct err *e) ERR_MUST_CHECK;
enum err_class sites_flush(struct collector *c, struct err *e) ERR_MUST_CHECK;
void sites_tell(struct collector *c);
void sites_forget(struct collector *c);
enum err_class sites_set_heartbeat(struct site *site, struct slice payload, struct err *e) ERR_MUST_CHECK;

/* place.c */
enum err_class place_batch(struct collector *c, struct site *site, struct slice payload,
                           const struct bus_property *properties, size_t property_count,
                           struct err *e) ERR_MUST_CHECK;
enum err_class place_cursor_moved(struct collector *c, struct site *site, struct err *e) ERR_MUST_CHECK;
enum err_class place_forked(struct collector *c, struct site *site, const char *how,
                            struct err *e) ERR_MUST_CHECK;

/* apply.c: the view's events from index `from` on; the first is the one after the cursor */
enum err_class apply_events(struct collector *c, struct site *site, const struct view *view, size_t from,
                            struct err *e) ERR_MUST_CHECK;

/* poison.c; *moved: the cursor went over it */
enum err_class poison_event(struct collector *c, struct site *site, const struct view *view, size_t index,
                            const char *reason, bool *moved, struct err *e) ERR_MUST_CHECK;
enum err_class poison_body(struct collector *c, struct site *site, const struct batch_place *place,
                           struct slice payload, const char *reason, struct err *e) ERR_MUST_CHECK;

/* heartbeat.c */
enum err_class heartbeat_receive(struct collector *c, struct site *site, struct slice payload,
                                 struct err *e) ERR_MUST_CHECK;

/* answer.c */
enum err_class answer_all(struct collector *c, struct err *e) ERR_MUST_CHECK;

/* verify.c */
enum err_class verify_compare(struct collector *c, struct site *site, uint64_t digest,
                              struct err *e) ERR_MUST_CHECK;
enum err_class verify_failed(struct collector *c, struct site *site, const char *how,
                             struct err *e) ERR_MUST_CHECK;
enum err_class verify_recompute(struct collector *c, struct site *site, struct err *e) ERR_MUST_CHECK;

/* repair.c */
enum repair_cause { REPAIR_MISMATCH, REPAIR_POISON, REPAIR_ASKED };
enum err_class repair_open(struct collector *c, struct site *site, uint64_t from_seq, enum repair_cause cause,
                           struct err *e) ERR_MUST_CHECK;
enum err_class repair_keys(struct collector *c, struct site *site, uint64_t seq,
                           const Tillwire__V1__Keys *keys, struct slice event, struct err *e) ERR_MUST_CHECK;
enum err_class repair_rows(struct collector *c, struct site *site, uint64_t seq,
                           const Tillwire__V1__Rows *rows, struct slice event, struct err *e) ERR_MUST_CHECK;

/* orders.c */
enum err_class orders_answered(struct collector *c, struct site *site, const Tillwire__V1__CommandDone *done,
                               struct err *e) ERR_MUST_CHECK;
enum err_class orders_close(struct collector *c, uint64_t id, enum command_state state, const char *outcome,
                            struct err *e) ERR_MUST_CHECK;

#endif
