/* Applies what the stores send, strictly in order, and answers them (PROTOCOL rules 1–6, 7 first
 * provisioning, 10, 11). Reaches the world through `store`, `bus` and `clock` only; belongs to the thread
 * that owns the writer.
 *
 * Messages are put in, then collector_commit applies them all in one database transaction and publishes acks
 * and commands only after it committed. */
#ifndef CLOUD_COLLECTOR_COLLECTOR_H
#define CLOUD_COLLECTOR_COLLECTOR_H

#include "cloud/store/freshness.h"
#include "cloud/store/store.h"
#include "common/bus.h"
#include "common/clock.h"
#include "common/log.h"

struct collector;

/* What changed, told after the commit that made it durable (SSE, later the publisher). All pointers
 * NULL-able. */
struct collector_watch {
    void *ctx;
    void (*stock)(void *ctx, const struct store_stock *row, const struct store_time *now);
    void (*movement)(void *ctx, const struct store_ledger_entry *entry, const struct store_time *now);
    void (*store)(void *ctx, const struct store_row *row, const struct store_time *now);
    void (*alert)(void *ctx, const char *store, const char *kind, const char *text, bool open,
                  const struct store_time *now);
};

/* Called at the two places that a crash may fall between, when the transaction applied events: tests wire
 * them. */
struct collector_taps {
    void *ctx;
    void (*after_commit)(void *ctx); /* NULL-able, both */
    void (*before_ack)(void *ctx);
};

struct collector_options {
    size_t early_bytes_max; /* of a store; 0 = 4 MiB */
    int64_t hole_ms;        /* a hole is named once this old; 0 = 2000 */
    unsigned poison_tries;  /* 0 = 3 */
    int64_t recompute_ms;   /* digest from the rows; 0 = a day */
    struct freshness_policy freshness;
    const struct collector_taps *taps; /* NULL: none */
};

enum err_class collector_open(struct collector **out, const struct collector_options *options,
                              const struct store_writer *store, const struct bus *bus,
                              const struct clock *clock, const struct collector_watch *watch, struct log *log,
                              struct err *e) ERR_MUST_CHECK;
void collector_close(struct collector *c);

/* One message into the open batch (begun when there is none). Bad messages cost nothing else: told in e
 * (ERR_INVALID), counted, dead-lettered where rule 11 says so. ERR_FATAL: the database. */
enum err_class collector_message(struct collector *c, const char *topic, struct slice payload,
                                 const struct bus_property *properties, size_t property_count,
                                 struct err *e) ERR_MUST_CHECK;
enum err_class collector_commit(struct collector *c, struct err *e) ERR_MUST_CHECK;
size_t collector_pending(const struct collector *c); /* bytes in the open batch */

/* Timers: holes to name, recomputes due, commands to send again, retention. Call at least every second. */
enum err_class collector_turn(struct collector *c, struct err *e) ERR_MUST_CHECK;

/* Orders from the API, in a transaction of their own. */
enum err_class collector_enrol(struct collector *c, const char *store, const char *name,
                               const char *time_zone, struct err *e) ERR_MUST_CHECK;
enum err_class collector_stage(struct collector *c, const char *store, enum store_stage stage,
                               struct err *e) ERR_MUST_CHECK;
enum err_class collector_resync(struct collector *c, const char *store, uint64_t *command,
                                struct err *e) ERR_MUST_CHECK;
struct collector_opening {
    struct slice item, location, uom;
    int64_t quantity_e4;
};
/* Splits into commands by size; *commands counts them; ids are made here, the first in *first. */
enum err_class collector_opening_stock(struct collector *c, const char *store, int64_t as_of_ms,
                                       const struct collector_opening *rows, size_t count, unsigned *commands,
                                       uint64_t *first, struct err *e) ERR_MUST_CHECK;
/* Recomputes the store's digest from its own rows now (rule 5); a difference loses `verified` and opens a
 * repair. */
enum err_class collector_recompute(struct collector *c, const char *store, struct err *e) ERR_MUST_CHECK;

struct collector_counts { /* since the start; for /metrics */
    uint64_t batches, events, movements, heartbeats, acks, duplicates, early, forks, poison, refused,
        corrections, commits;
    /* till-to-centre latency: own time → applied, ms, of events applied within the last minute; exponential
     * buckets */
    uint64_t latency_buckets[24]; /* <= 2^i ms */
};
void collector_counts(const struct collector *c, struct collector_counts *out);

#endif
