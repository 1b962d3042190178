#include "edge/run/wiring.h"

#include "edge/stock/ledger.h"

static struct ledger *ledger_of(void *ctx)
{
    return ((struct wiring *)ctx)->ledger;
}

static void head(void *ctx, struct ledger_head *out)
{
    ledger_head(ledger_of(ctx), out);
}

static enum err_class begin(void *ctx, struct err *e)
{
    return ledger_begin(ledger_of(ctx), e);
}

static enum err_class commit(void *ctx, struct err *e)
{
    const struct wiring *w = ctx;
    enum err_class class = ledger_commit(w->ledger, e);
    if (class == ERR_OK && w->taps != NULL && w->taps->after_commit != NULL) {
        struct ledger_head head;
        ledger_head(w->ledger, &head);
        w->taps->after_commit(w->taps->ctx, head.seq);
    }
    return class;
}

static void rollback(void *ctx)
{
    ledger_rollback(ledger_of(ctx));
}

static enum err_class book(void *ctx, const struct txn *txn, const struct ledger_source *source,
                           enum ledger_verdict *verdict, struct err *reason, struct err *e)
{
    return ledger_book(ledger_of(ctx), txn, source, verdict, reason, e);
}

static enum err_class quarantine(void *ctx, const struct ledger_source *source, uint64_t hash,
                                 struct slice error, struct slice shape, const struct txn *key, struct err *e)
{
    return ledger_quarantine(ledger_of(ctx), source, hash, error, shape, key, e);
}

static enum err_class put_position(void *ctx, const char *source, const struct tail_position *position,
                                   struct slice context, struct err *e)
{
    return ledger_put_position(ledger_of(ctx), source, position, context, e);
}

static enum err_class each_position(void *ctx, const char *source,
                                    enum err_class (*each)(void *each_ctx,
                                                           const struct tail_position *position,
                                                           struct slice context, struct err *e),
                                    void *each_ctx, struct err *e)
{
    return ledger_each_position(ledger_of(ctx), source, each, each_ctx, e);
}

static enum err_class read_events(void *ctx, uint64_t from, bool (*each)(void *, const struct ledger_event *),
                                  void *each_ctx, struct err *e)
{
    return ledger_read(ledger_of(ctx), from, each, each_ctx, e);
}

static enum err_class chain_at(void *ctx, uint64_t seq, uint64_t *chain, struct err *e)
{
    return ledger_chain_at(ledger_of(ctx), seq, chain, e);
}

static enum err_class applied(void *ctx, uint64_t seq, int64_t centre_ms, struct err *e)
{
    return ledger_applied(ledger_of(ctx), seq, centre_ms, e);
}

static enum err_class execute(void *ctx, const Tillwire__V1__Command *command, struct err *e)
{
    return ledger_execute(ledger_of(ctx), command, e);
}

static void describe(void *ctx, Tillwire__V1__Heartbeat *heartbeat)
{
    const struct wiring *w = ctx;
    w->describe(w->describe_ctx, heartbeat);
}

static enum err_class publish(void *ctx, const struct bus_message *message, struct err *e)
{
    const struct wiring *w = ctx;
    enum err_class class = w->bus.publish(w->bus.ctx, message, e);
    bool events = message->property_count > 0; /* heartbeats carry none */
    if (class == ERR_OK && events && w->taps != NULL && w->taps->after_publish != NULL) {
        w->taps->after_publish(w->taps->ctx);
    }
    return class;
}

struct ingest_ledger wiring_ingest_ledger(struct wiring *w)
{
    return (struct ingest_ledger){.ctx = w,
                                  .head = head,
                                  .begin = begin,
                                  .commit = commit,
                                  .rollback = rollback,
                                  .book = book,
                                  .quarantine = quarantine,
                                  .put_position = put_position,
                                  .each_position = each_position};
}

struct uplink_log wiring_uplink_log(struct wiring *w)
{
    return (struct uplink_log){.ctx = w,
                               .head = head,
                               .read = read_events,
                               .chain_at = chain_at,
                               .applied = applied,
                               .execute = execute,
                               .describe = describe};
}

struct bus wiring_bus(struct wiring *w)
{
    return (struct bus){.ctx = w, .publish = publish};
}
