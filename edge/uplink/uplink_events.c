#include "edge/uplink/uplink_state.h"

#include <string.h>

enum { EVENT_OVERHEAD_BYTES = 16 }; /* tag and length of an event in its batch, and the batch's digest */

/* One batch while the ledger is read. */
struct build {
    struct uplink *u;
    const struct ledger_head *head;
    size_t bytes_max;
    struct batch_place place;
    size_t event_bytes;
    enum err_class class;
};

static void place_begin(struct build *b, uint64_t first_seq, uint64_t prev_chain)
{
    b->place = (struct batch_place){
        .generation = b->head->generation,
        .run_counter = b->head->run_counter,
        .run_id = b->head->run_id,
        .first_seq = first_seq,
        .prev_chain = prev_chain,
    };
    memcpy(b->place.store, b->u->store, sizeof b->place.store);
}

static enum err_class batch_begin(struct build *b, uint64_t first_seq, uint64_t prev_chain)
{
    place_begin(b, first_seq, prev_chain);
    struct batch_header header = {
        .store = b->u->store,
        .generation = b->place.generation,
        .run_counter = b->place.run_counter,
        .run_id = b->place.run_id,
        .first_seq = first_seq,
        .prev_chain = prev_chain,
    };
    buf_clear(&b->u->batch);
    return wire_batch_begin(&b->u->batch, &header);
}

static enum err_class batch_add(struct build *b, struct slice event, uint64_t chain)
{
    enum err_class class = wire_batch_add(&b->u->batch, event);
    b->place.count++;
    b->place.chain = chain;
    b->event_bytes += event.size;
    return class;
}

static bool each_event(void *ctx, const struct ledger_event *event)
{
    struct build *b = ctx;
    bool first = b->place.count == 0;
    if (event->seq > b->head->seq) {
        return false;
    }
    if (first) {
        b->class = batch_begin(b, event->seq, event->prev_chain);
    } else if (b->u->batch.size + event->bytes.size + EVENT_OVERHEAD_BYTES > b->bytes_max) {
        return false;
    }
    if (b->class == ERR_OK) {
        b->class = batch_add(b, event->bytes, event->chain);
    }
    return b->class == ERR_OK && event->seq < b->head->seq;
}

static enum err_class publish(struct build *b, uint64_t last_seq, bool *sent, struct err *e)
{
    struct uplink *u = b->u;
    struct place_text text;
    struct bus_property properties[WIRE_PLACE_PROPERTIES];
    wire_place_format(&b->place, &text, properties);
    struct bus_message message = {
        .topic = u->topic_events,
        .payload = buf_slice(&u->batch),
        .qos = 1,
        .properties = properties,
        .property_count = WIRE_PLACE_PROPERTIES,
    };
    enum err_class class = uplink_publish(u, &message, sent, e);
    if (*sent) {
        if (u->sent_seq == u->applied_seq) {
            uplink_still_anew(u, uplink_now(u));
        }
        u->sent_seq = last_seq;
        u->covering_no = u->heartbeat_no + 1;
        window_add(&u->window, last_seq, b->event_bytes);
        u->bytes_since_heartbeat += b->event_bytes;
    }
    return class;
}

static bool first_chain(void *ctx, const struct ledger_event *event)
{
    *(uint64_t *)ctx = event->prev_chain;
    return false;
}

/* Rule 6: in place of the seqs that retention deleted goes one event that moves the cursor over them. */
static enum err_class send_skipped(struct build *b, bool *sent, struct err *e)
{
    struct uplink *u = b->u;
    Tillwire__V1__Skipped skipped;
    tillwire__v1__skipped__init(&skipped);
    skipped.last = b->head->oldest_seq - 1;
    skipped.chain = b->head->chain; /* when no event is kept, the last one deleted was the head */
    enum err_class class = u->ops.read(u->ops.ctx, b->head->oldest_seq, first_chain, &skipped.chain, e);
    if (class != ERR_OK) {
        return class;
    }
    Tillwire__V1__Event event;
    tillwire__v1__event__init(&event);
    event.wall_ms = clock_wall_ms(u->clock);
    event.boot_ms = clock_boot_ms(u->clock);
    event.body_case = TILLWIRE__V1__EVENT__BODY_SKIPPED;
    event.skipped = &skipped;
    buf_clear(&u->packed);
    class = wire_pack(&event.base, &u->packed, e);
    if (class == ERR_OK) {
        class = batch_begin(b, u->applied_seq + 1, u->applied_chain);
    }
    if (class == ERR_OK) {
        class = batch_add(b, buf_slice(&u->packed), skipped.chain);
    }
    if (class == ERR_OK) {
        class = wire_batch_end(&u->batch, false, 0);
    }
    return class == ERR_OK ? publish(b, skipped.last, sent, e) : err_prefix(e, "skipped events");
}

/* Bytes the next batch may have; 0: the window is full. With nothing in flight one batch always goes. */
static size_t room(const struct uplink *u)
{
    const struct uplink_options *o = &u->options;
    size_t left = o->window_bytes_max > u->window.bytes ? o->window_bytes_max - u->window.bytes : 0;
    if (u->window.bytes == 0) {
        return o->batch_bytes_max;
    }
    /* a small rest of the window is not worth a batch of its own */
    if (left < o->batch_bytes_max && left < o->window_bytes_max / 4) {
        return 0;
    }
    return left < o->batch_bytes_max ? left : o->batch_bytes_max;
}

enum err_class uplink_send_batch(struct uplink *u, const struct ledger_head *head, bool *sent, struct err *e)
{
    struct build b = {.u = u, .head = head, .bytes_max = room(u)};
    *sent = false;
    if (!uplink_may_send_events(u, uplink_now(u)) || u->sent_seq >= head->seq || b.bytes_max == 0) {
        return ERR_OK;
    }
    if (u->sent_seq == u->applied_seq && u->sent_seq + 1 < head->oldest_seq) {
        return send_skipped(&b, sent, e);
    }
    enum err_class class = u->ops.read(u->ops.ctx, u->sent_seq + 1, each_event, &b, e);
    if (class != ERR_OK) {
        return class;
    }
    if (b.class != ERR_OK || b.place.count == 0 || b.place.first_seq != u->sent_seq + 1) {
        return err_set(e, ERR_FATAL,
                       "uplink: event %llu cannot be read for sending (head %llu): check the database",
                       (unsigned long long)u->sent_seq + 1, (unsigned long long)head->seq);
    }
    uint64_t last_seq = b.place.first_seq + b.place.count - 1;
    bool at_head = last_seq == head->seq;
    class = wire_batch_end(&u->batch, at_head, at_head ? head->digest : 0);
    if (class != ERR_OK) {
        return err_set(e, ERR_FATAL, "uplink: a batch outgrew its %d bytes", WIRE_BATCH_BYTES_MAX);
    }
    return publish(&b, last_seq, sent, e);
}
