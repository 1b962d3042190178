#include "cloud/collector/state.h"

#include "proto/card.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EARLY_BYTES_MAX = 4 << 20,
    HOLE_MS = 2000,
    POISON_TRIES = 3,
    DAY_MS = 24 * 60 * 60 * 1000,
    FRAME_BYTES_MAX = 16 << 20, /* an unpacked batch: many tiny events cost most */
    EVENT_BYTES_MAX = 8 << 20,
    SCRATCH_BYTES_MAX = 4 << 20,
    SITE_HEARTBEAT_BYTES_MAX = WIRE_BATCH_BYTES_MAX,
};

static void set_options(struct collector *c, const struct collector_options *options)
{
    c->options = options == NULL ? (struct collector_options){0} : *options;
    struct collector_options *o = &c->options;
    o->early_bytes_max = o->early_bytes_max == 0 ? EARLY_BYTES_MAX : o->early_bytes_max;
    o->hole_ms = o->hole_ms == 0 ? HOLE_MS : o->hole_ms;
    o->poison_tries = o->poison_tries == 0 ? POISON_TRIES : o->poison_tries;
    o->recompute_ms = o->recompute_ms == 0 ? DAY_MS : o->recompute_ms;
    o->freshness.sla_ms = o->freshness.sla_ms == 0 ? 15000 : o->freshness.sla_ms;
}

static enum err_class open_parts(struct collector *c, const struct collector_watch *watch, struct err *e)
{
    c->sites = calloc(SITES_MAX, sizeof *c->sites);
    if (c->sites == NULL) {
        return err_set(e, ERR_FATAL, "no memory for the collector");
    }
    for (size_t i = 0; i < SITES_MAX; i++) {
        c->sites[i].heartbeat = BUF_INIT(SITE_HEARTBEAT_BYTES_MAX);
    }
    enum err_class class = cells_open(&c->cells, e);
    class = class == ERR_OK ? outbox_open(&c->outbox, e) : class;
    class = class == ERR_OK ? news_open(&c->news, watch, e) : class;
    class = class == ERR_OK ? arena_open(&c->frame, FRAME_BYTES_MAX, e) : class;
    class = class == ERR_OK ? arena_open(&c->event, EVENT_BYTES_MAX, e) : class;
    return class == ERR_OK ? arena_open(&c->staged, EVENT_BYTES_MAX, e) : class;
}

struct names {
    size_t count;
    struct buf text; /* STORE_ID_MAX + 1 bytes each */
    bool full;
};

static bool add_name(void *ctx, const struct store_row *row)
{
    struct names *names = ctx;
    names->full = buf_append(&names->text, row->store, sizeof row->store) != ERR_OK;
    names->count += !names->full;
    return !names->full;
}

/* Rule 5: the digest of every store is recomputed from its rows at the start: made due here, done by turns.
 */
static enum err_class make_recomputes_due(struct collector *c, struct err *e)
{
    struct names names = {.text = BUF_INIT(64 << 20)};
    enum err_class class = collector_begin(c, e);
    if (class == ERR_OK) {
        class = STORE(c, store_each, add_name, &names, e);
    }
    for (size_t i = 0; i < names.count && class == ERR_OK; i++) {
        struct store_row row;
        class = STORE(c, store_get, names.text.data + i * (STORE_ID_MAX + 1), &row, e);
        if (class == ERR_OK) {
            row.recomputed_ms = 0;
            BUF_AUTO struct buf heartbeat = BUF_INIT(SITE_HEARTBEAT_BYTES_MAX);
            class = buf_append_slice(&heartbeat, row.heartbeat);
            row.heartbeat = buf_slice(&heartbeat);
            class = class == ERR_OK ? STORE(c, store_put, &row, e) : err_set(e, ERR_FATAL, "no memory");
        }
    }
    buf_free(&names.text);
    return collector_finish(c, class, e);
}

enum err_class collector_open(struct collector **out, const struct collector_options *options,
                              const struct store_writer *store, const struct bus *bus,
                              const struct clock *clock, const struct collector_watch *watch, struct log *log,
                              struct err *e)
{
    struct collector *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return err_set(e, ERR_FATAL, "no memory for the collector");
    }
    set_options(c, options);
    c->store = *store;
    c->bus = *bus;
    c->clock = clock;
    c->log = log;
    c->scratch = BUF_INIT(SCRATCH_BYTES_MAX);
    if (watch != NULL) {
        c->watch = *watch;
    }
    enum err_class class = open_parts(c, watch, e);
    if (class == ERR_OK) {
        class = make_recomputes_due(c, e);
    }
    if (class != ERR_OK) {
        collector_close(c);
        return class;
    }
    *out = c;
    return ERR_OK;
}

void collector_close(struct collector *c)
{
    if (c == NULL) {
        return;
    }
    if (c->in_transaction) {
        collector_rollback(c);
    }
    cells_close(c->cells);
    outbox_close(c->outbox);
    news_close(c->news);
    arena_close(c->frame);
    arena_close(c->event);
    arena_close(c->staged);
    for (size_t i = 0; c->sites != NULL && i < SITES_MAX; i++) {
        buf_free(&c->sites[i].heartbeat);
    }
    free(c->sites);
    buf_free(&c->scratch);
    free(c);
}

/* ---- transactions ---- */

enum err_class collector_begin(struct collector *c, struct err *e)
{
    if (c->in_transaction) {
        return ERR_OK;
    }
    enum err_class class = STORE(c, begin, &c->now, e);
    c->in_transaction = class == ERR_OK;
    c->events_before = c->counts.events;
    return class;
}

static void forget(struct collector *c)
{
    c->in_transaction = false;
    c->pending_bytes = 0;
    cells_forget(c->cells);
    sites_forget(c);
}

void collector_rollback(struct collector *c)
{
    c->store.ops->rollback(c->store.ctx);
    outbox_clear(c->outbox);
    news_forget(c->news);
    forget(c);
}

static void note_stock(void *ctx, const struct store_stock *row)
{
    news_stock(ctx, row);
}

enum err_class collector_flush_cells(struct collector *c, struct err *e)
{
    return cells_flush(c->cells, &c->store, note_stock, c->news, e);
}

enum err_class collector_commit(struct collector *c, struct err *e)
{
    if (!c->in_transaction) {
        return ERR_OK;
    }
    enum err_class class = collector_flush_cells(c, e);
    if (class == ERR_OK) {
        class = answer_all(c, e);
    }
    if (class == ERR_OK) {
        class = sites_flush(c, e);
    }
    if (class == ERR_OK) {
        class = c->store.ops->commit(c->store.ctx, e);
    }
    if (class != ERR_OK) {
        collector_rollback(c);
        return class;
    }
    c->counts.commits++;
    const struct collector_taps *taps = c->counts.events != c->events_before ? c->options.taps : NULL;
    if (taps != NULL && taps->after_commit != NULL) {
        taps->after_commit(taps->ctx);
    }
    if (taps != NULL && taps->before_ack != NULL && outbox_acks(c->outbox) > 0) {
        taps->before_ack(taps->ctx);
    }
    c->counts.acks += outbox_publish(c->outbox, &c->bus);
    sites_tell(c);
    news_tell(c->news, &c->now);
    forget(c);
    return ERR_OK;
}

enum err_class collector_finish(struct collector *c, enum err_class class, struct err *e)
{
    if (class == ERR_OK) {
        return collector_commit(c, e);
    }
    if (c->in_transaction) {
        collector_rollback(c);
    }
    return class;
}

size_t collector_pending(const struct collector *c)
{
    return c->pending_bytes;
}

/* ---- what is told ---- */

void collector_refuse(struct collector *c, const struct site *site, const char *format, ...)
{
    char text[ERR_MESSAGE_BYTES_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->verdict =
        err_set(&c->refused, ERR_INVALID, "store %s: %s", site == NULL ? "?" : site->row.store, text);
    c->counts.refused++;
}

enum err_class collector_alert(struct collector *c, struct site *site, const char *kind, struct err *e,
                               const char *format, ...)
{
    char text[ERR_MESSAGE_BYTES_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bool changed;
    enum err_class class = STORE(c, alert_open, site->row.store, kind, text, &changed, e);
    if (class == ERR_OK && changed) {
        news_alert(c->news, site->row.store, kind, text, true);
        log_warn(c->log, "collector", "store %s: %s: %s", site->row.store, kind, text);
    }
    return class;
}

enum err_class collector_alert_over(struct collector *c, struct site *site, const char *kind, struct err *e)
{
    bool changed;
    enum err_class class = STORE(c, alert_close, site->row.store, kind, &changed, e);
    if (class == ERR_OK && changed) {
        news_alert(c->news, site->row.store, kind, "", false);
        log_info(c->log, "collector", "store %s: %s: over", site->row.store, kind);
    }
    return class;
}

enum err_class collector_bury(struct collector *c, const char *store, const char *topic, uint32_t generation,
                              uint64_t first_seq, uint64_t last_seq, struct slice payload, const char *reason,
                              struct err *e)
{
    BUF_AUTO struct buf masked = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    size_t size = payload.size < WIRE_BATCH_BYTES_MAX ? payload.size : WIRE_BATCH_BYTES_MAX;
    if (buf_append(&masked, payload.data, size) != ERR_OK) {
        return err_set(e, ERR_FATAL, "no memory to keep a dead message");
    }
    (void)card_mask(masked.data, masked.size);
    struct store_dead dead = {
        .store = slice_of(store),
        .topic = slice_of(topic),
        .reason = slice_of(reason),
        .generation = generation,
        .first_seq = first_seq,
        .last_seq = last_seq,
        .payload = buf_slice(&masked),
    };
    return STORE(c, dead_put, &dead, e);
}

/* ---- messages ---- */

/* Memory is bounded: a transaction that has grown large is committed before the next message. */
static enum err_class make_room(struct collector *c, struct err *e)
{
    bool full = cells_half_full(c->cells) || c->site_count == SITES_MAX;
    return full ? collector_commit(c, e) : ERR_OK;
}

static enum err_class tell_unknown(struct collector *c, struct site *site, enum topic_kind kind,
                                   struct slice payload, struct err *e)
{
    collector_refuse(c, site, "not enrolled: add it with `tillctl store add %s`", site->row.store);
    if (kind == TOPIC_HEARTBEAT) {
        enum err_class class = heartbeat_receive(c, site, payload, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    if (site->unknown_told) {
        return ERR_OK;
    }
    site->unknown_told = true;
    return STORE(c, unknown_put, site->row.store, e);
}

static enum err_class receive(struct collector *c, const char *topic, struct slice payload,
                              const struct bus_property *properties, size_t property_count, struct err *e)
{
    enum topic_kind kind;
    char store[STORE_ID_MAX + 1];
    struct site *site;
    if (!topic_parse(topic, &kind, store) || (kind != TOPIC_EVENTS && kind != TOPIC_HEARTBEAT)) {
        collector_refuse(c, NULL, "a message on a topic that is not ours: %.80s", topic);
        return ERR_OK;
    }
    enum err_class class = sites_get(c, store, &site, e);
    if (class != ERR_OK) {
        return class;
    }
    if (!site->enrolled) {
        return tell_unknown(c, site, kind, payload, e);
    }
    if (kind == TOPIC_HEARTBEAT) {
        return heartbeat_receive(c, site, payload, e);
    }
    c->counts.batches++;
    return place_batch(c, site, payload, properties, property_count, e);
}

enum err_class collector_message(struct collector *c, const char *topic, struct slice payload,
                                 const struct bus_property *properties, size_t property_count, struct err *e)
{
    enum err_class class = make_room(c, e);
    if (class == ERR_OK) {
        class = collector_begin(c, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    c->verdict = ERR_OK;
    c->pending_bytes += payload.size;
    class = receive(c, topic, payload, properties, property_count, e);
    arena_reset(c->frame);
    arena_reset(c->event);
    if (class != ERR_OK) {
        collector_rollback(c);
        return class == ERR_INVALID ? err_set(e, ERR_FATAL, "the database refused a row: %s", e->message)
                                    : class;
    }
    if (c->verdict != ERR_OK) {
        *e = c->refused;
    }
    return c->verdict;
}

void collector_counts(const struct collector *c, struct collector_counts *out)
{
    *out = c->counts;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        out->latency_buckets[i] = 0;
        for (unsigned w = 0; w < LATENCY_WINDOWS; w++) {
            out->latency_buckets[i] += c->latency.buckets[w][i];
        }
    }
}
