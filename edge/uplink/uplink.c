#include "edge/uplink/uplink_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { HEARTBEAT_BYTES_MAX = 64 * 1024, ARENA_BYTES_MAX = 8 * 1024 * 1024 };

static int or_default_int(int value, int fallback)
{
    return value > 0 ? value : fallback;
}

static size_t or_default_size(size_t value, size_t fallback)
{
    return value > 0 ? value : fallback;
}

static enum err_class check_options(struct uplink *u, const struct uplink_options *options, struct err *e)
{
    struct uplink_options *o = &u->options;
    *o = (struct uplink_options){
        .store = u->store,
        .window_bytes_max = or_default_size(options->window_bytes_max, 1024 * 1024),
        .batch_bytes_max = or_default_size(options->batch_bytes_max, 64 * 1024),
        .heartbeat_ms = or_default_int(options->heartbeat_ms, 5000),
        .resend_ms_min = or_default_int(options->resend_ms_min, 2000),
        .resend_ms_max = or_default_int(options->resend_ms_max, 60000),
    };
    if (!store_id_valid(slice_of(options->store)) ||
        !slice_copy(slice_of(options->store), u->store, sizeof u->store)) {
        return err_set(e, ERR_INVALID, "uplink: the store id must be 1 to %d of A-Z a-z 0-9 _ -",
                       STORE_ID_MAX);
    }
    if (o->batch_bytes_max > WIRE_BATCH_BYTES_MAX) {
        return err_set(e, ERR_INVALID, "uplink: batches of %zu bytes asked for, the contract's limit is %d",
                       o->batch_bytes_max, WIRE_BATCH_BYTES_MAX);
    }
    if (o->resend_ms_max < o->resend_ms_min) {
        return err_set(e, ERR_INVALID,
                       "uplink: the longest re-send delay (%d ms) is below the shortest (%d ms)",
                       o->resend_ms_max, o->resend_ms_min);
    }
    return ERR_OK;
}

enum err_class uplink_open(struct uplink **out, const struct uplink_options *options,
                           const struct uplink_log *log_ops, const struct bus *bus, const struct clock *clock,
                           struct log *log, struct err *e)
{
    *out = NULL;
    struct uplink *u = calloc(1, sizeof *u);
    if (u == NULL) {
        return err_set(e, ERR_FATAL, "uplink: out of memory");
    }
    u->ops = *log_ops;
    u->bus = *bus;
    u->clock = clock;
    u->log = log;
    u->batch = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    u->packed = BUF_INIT(HEARTBEAT_BYTES_MAX);
    enum err_class class = check_options(u, options, e);
    if (class == ERR_OK) {
        class = arena_open(&u->arena, ARENA_BYTES_MAX, e);
    }
    if (class != ERR_OK) {
        uplink_close(u);
        return class;
    }
    topic_format(TOPIC_EVENTS, u->store, u->topic_events);
    topic_format(TOPIC_HEARTBEAT, u->store, u->topic_heartbeat);
    u->resend_ms = u->options.resend_ms_min;
    struct ledger_head head;
    u->ops.head(u->ops.ctx, &head);
    u->generation = head.generation;
    u->applied_seq = u->sent_seq =
        head.applied_seq; /* for the telling: nothing is sent before an answer says it */
    *out = u;
    return ERR_OK;
}

void uplink_close(struct uplink *u)
{
    if (u != NULL) {
        arena_close(u->arena);
        buf_free(&u->batch);
        buf_free(&u->packed);
        free(u);
    }
}

int64_t uplink_now(const struct uplink *u)
{
    return clock_boot_ms(u->clock);
}

void uplink_connected(struct uplink *u)
{
    u->connected = true;
    u->fits = false;
    u->unanswered = 0;
    u->heartbeat_wanted = true;
    u->bus_full = false;
}

void uplink_disconnected(struct uplink *u)
{
    u->connected = false;
}

bool uplink_centre_away(const struct uplink *u, int64_t now)
{
    int64_t patience_ms =
        u->options.heartbeat_ms > UPLINK_PATIENCE_MS ? u->options.heartbeat_ms : UPLINK_PATIENCE_MS;
    return u->unanswered > 0 && now - u->unanswered_since > patience_ms;
}

bool uplink_may_send_events(const struct uplink *u, int64_t now)
{
    return u->connected && u->fits && u->generation > 0 && !u->unknown_store && !u->closed &&
           !uplink_centre_away(u, now);
}

void uplink_rewind(struct uplink *u)
{
    u->sent_seq = u->applied_seq;
    window_clear(&u->window);
    u->bytes_since_heartbeat = 0;
    u->rewound_no = u->heartbeat_no;
}

void uplink_still_anew(struct uplink *u, int64_t now)
{
    u->still_since = now;
    u->still_no = u->heartbeat_no;
}

enum err_class uplink_publish(struct uplink *u, const struct bus_message *message, bool *accepted,
                              struct err *e)
{
    enum err_class class = u->bus.publish(u->bus.ctx, message, e);
    *accepted = class == ERR_OK;
    u->bus_full = class == ERR_FULL || class == ERR_RETRY;
    u->bus_full_at = uplink_now(u);
    return u->bus_full ? ERR_OK : class;
}

/* A restore gave this database its generation: nothing said about the old one counts. */
static void see_generation(struct uplink *u, const struct ledger_head *head)
{
    if (u->generation != head->generation) {
        u->generation = head->generation;
        u->fits = u->forked = u->closed = false;
        u->applied_seq = 0;
        u->applied_chain = head->birth;
        u->heartbeat_wanted = true;
        uplink_rewind(u);
    }
}

static int64_t resend_at(const struct uplink *u, int64_t now)
{
    bool waiting =
        uplink_may_send_events(u, now) && u->sent_seq > u->applied_seq && u->answered_no > u->still_no;
    return waiting ? u->still_since + u->resend_ms : UPLINK_NEVER;
}

static void resend(struct uplink *u, int64_t now)
{
    log_info(u->log, "uplink", "applied stands still at %llu: sending again from there",
             (unsigned long long)u->applied_seq);
    uplink_rewind(u);
    uplink_still_anew(u, now);
    u->resends++;
    int64_t doubled = 2 * u->resend_ms;
    int64_t next = doubled < u->options.resend_ms_max ? doubled : u->options.resend_ms_max;
    /* a quarter of jitter, so that stores that fell silent together do not come back together */
    u->resend_ms = next - (int64_t)(clock_random_u64(u->clock) % (uint64_t)(next / 4 + 1));
}

static int64_t backed_off_ms(const struct uplink *u)
{
    int64_t delay_ms = UPLINK_SOLICIT_MS;
    for (unsigned i = 1; i < u->unanswered && delay_ms < u->options.heartbeat_ms; i++) {
        delay_ms *= 2;
    }
    return delay_ms < u->options.heartbeat_ms ? delay_ms : u->options.heartbeat_ms;
}

/* A burst asks for an answer right behind it: when the head is reached, and at each half window, so that one
 * half fills while the other is answered. Never more than one such heartbeat is unanswered. */
static bool burst_ends(const struct uplink *u, const struct ledger_head *head)
{
    return u->unanswered == 0 && u->bytes_since_heartbeat > 0 &&
           (u->sent_seq == head->seq || u->bytes_since_heartbeat >= u->options.window_bytes_max / 2);
}

static int64_t heartbeat_due_at(const struct uplink *u, const struct ledger_head *head, int64_t now)
{
    if (!u->connected) {
        return UPLINK_NEVER;
    }
    if (u->heartbeat_wanted || u->heartbeat_no == 0 || burst_ends(u, head)) {
        return now;
    }
    bool waiting = u->sent_seq > u->applied_seq || (!u->fits && u->unanswered > 0);
    return u->heartbeat_at + (waiting ? backed_off_ms(u) : u->options.heartbeat_ms);
}

enum err_class uplink_turn(struct uplink *u, struct err *e)
{
    struct ledger_head head;
    u->ops.head(u->ops.ctx, &head);
    see_generation(u, &head);
    if (!u->connected) {
        return ERR_OK;
    }
    int64_t now = uplink_now(u);
    u->bus_full = false;
    if (resend_at(u, now) <= now) {
        resend(u, now);
    }
    enum err_class class = ERR_OK;
    bool sent = true;
    while (class == ERR_OK && sent) {
        sent = false;
        class = uplink_send_batch(u, &head, &sent, e);
        if (class == ERR_OK && !u->bus_full && burst_ends(u, &head)) {
            class = uplink_send_heartbeat(u, &head, e);
        }
    }
    if (class == ERR_OK && !u->bus_full && heartbeat_due_at(u, &head, now) <= now) {
        class = uplink_send_heartbeat(u, &head, e);
    }
    return class;
}

int64_t uplink_due_ms(const struct uplink *u)
{
    struct ledger_head head;
    u->ops.head(u->ops.ctx, &head);
    int64_t now = uplink_now(u);
    int64_t at = heartbeat_due_at(u, &head, now);
    int64_t again_at = resend_at(u, now);
    at = again_at < at ? again_at : at;
    if (u->bus_full) {
        /* what waits for the bus is due again only then */
        int64_t room_at = u->bus_full_at + UPLINK_FULL_MS;
        at = u->connected ? room_at : UPLINK_NEVER;
    }
    if (at == UPLINK_NEVER) {
        return u->options.heartbeat_ms;
    }
    return at > now ? at - now : 0;
}

void uplink_status(const struct uplink *u, struct uplink_status *out)
{
    *out = (struct uplink_status){
        .connected = u->connected,
        .answered = u->answered,
        .forked = u->forked,
        .unknown_store = u->unknown_store,
        .closed = u->closed,
        .sent_seq = u->sent_seq,
        .applied_seq = u->applied_seq,
        .heartbeat_no = u->heartbeat_no,
        .answered_age_ms = u->answered ? uplink_now(u) - u->answered_at : -1,
        .resends = u->resends,
    };
}
