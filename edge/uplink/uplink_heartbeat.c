#include "edge/uplink/uplink_state.h"

/* The protocol's own fields; the rest is described by whoever owns sources, disk and parts. */
static void fill(const struct uplink *u, const struct ledger_head *head, Tillwire__V1__Heartbeat *h,
                 Tillwire__V1__Run *run, Tillwire__V1__Echo *echo)
{
    /* protobuf-c's strings are not const; packing only reads them */
    h->store = (char *)(uintptr_t)u->store;
    h->generation = head->generation;
    h->birth = head->birth;
    run->counter = head->run_counter;
    run->id = head->run_id;
    h->run = run;
    h->no = u->heartbeat_no + 1;
    h->head_seq = head->seq;
    h->head_chain = head->chain;
    h->digest = head->digest;
    h->row_count = head->row_count;
    if (u->answered) {
        echo->centre_ms = u->centre_ms;
        echo->clock_epoch = u->clock_epoch;
        echo->elapsed_ms = uplink_now(u) - u->answered_at;
        h->echo = echo;
    }
    h->outbox = head->seq - u->applied_seq;
    h->last_transaction_wall_ms = head->last_transaction_wall_ms;
    h->quarantined = head->quarantined;
    h->negatives = head->negatives;
    h->wall_ms = clock_wall_ms(u->clock);
    h->boot_id = (char *)(uintptr_t)u->clock->boot_id(u->clock->ctx);
    if (u->forked) {
        h->state = TILLWIRE__V1__HEARTBEAT__STATE__FORKED;
    }
}

static void note_sent(struct uplink *u)
{
    int64_t now = uplink_now(u);
    u->heartbeat_no++;
    u->heartbeat_at = now;
    u->heartbeat_wanted = false;
    u->bytes_since_heartbeat = 0;
    if (u->unanswered == 0) {
        u->unanswered_since = now;
    }
    u->unanswered++;
}

enum err_class uplink_send_heartbeat(struct uplink *u, const struct ledger_head *head, struct err *e)
{
    Tillwire__V1__Heartbeat h;
    Tillwire__V1__Run run;
    Tillwire__V1__Echo echo;
    tillwire__v1__heartbeat__init(&h);
    tillwire__v1__run__init(&run);
    tillwire__v1__echo__init(&echo);
    u->ops.describe(u->ops.ctx, &h);
    fill(u, head, &h, &run, &echo);
    buf_clear(&u->packed);
    enum err_class class = wire_pack(&h.base, &u->packed, e);
    if (class != ERR_OK) {
        return class;
    }
    /* QoS 1, like the events: the same path, in order behind them */
    struct bus_message message = {.topic = u->topic_heartbeat, .payload = buf_slice(&u->packed), .qos = 1};
    bool accepted = false;
    class = uplink_publish(u, &message, &accepted, e);
    if (accepted) {
        note_sent(u);
    }
    return class;
}
