#include "edge/uplink/uplink_state.h"

/* Rule 3: does the centre's mark stand in our ledger? One among events that retention deleted does: only what
 * was applied is ever deleted. */
static enum err_class mark_fits(struct uplink *u, const struct ledger_head *head, uint64_t seq,
                                uint64_t chain, bool *fits, struct err *e)
{
    *fits = false;
    if (seq > head->seq) {
        return ERR_OK;
    }
    if (seq == 0 || seq == head->seq) {
        *fits = chain == (seq == 0 ? head->birth : head->chain);
        return ERR_OK;
    }
    uint64_t ours = 0;
    enum err_class class = u->ops.chain_at(u->ops.ctx, seq, &ours, e);
    if (class == ERR_INVALID && seq < head->oldest_seq) {
        *fits = true;
        return ERR_OK;
    }
    *fits = class == ERR_OK && ours == chain;
    return class;
}

static enum err_class use_mark(struct uplink *u, const Tillwire__V1__Ack *ack, int64_t now, struct err *e)
{
    bool back = ack->applied_seq < u->applied_seq; /* rule 9: the centre was restored */
    bool moved = ack->applied_seq != u->applied_seq;
    u->applied_seq = ack->applied_seq;
    u->applied_chain = ack->applied_chain;
    window_applied(&u->window, u->applied_seq);
    if (moved) {
        uplink_still_anew(u, now);
        u->resend_ms = u->options.resend_ms_min;
    }
    if (back || u->sent_seq < u->applied_seq) {
        uplink_rewind(u);
    }
    enum err_class class = u->ops.applied(u->ops.ctx, ack->applied_seq, ack->centre_ms, e);
    if (class == ERR_FULL || class == ERR_RETRY) {
        log_warn(u->log, "uplink", "the mark %llu could not be kept now: %s",
                 (unsigned long long)ack->applied_seq, e->message);
        return ERR_OK;
    }
    return class;
}

/* A hole at the cursor that was sent before the heartbeat that this answers is lost: send again from there.
 */
static void use_missing(struct uplink *u, const Tillwire__V1__Ack *ack, int64_t now)
{
    if (ack->n_missing > 0 && ack->heartbeat_no > u->rewound_no && u->sent_seq > u->applied_seq) {
        log_info(u->log, "uplink", "the centre misses events from %llu on: sending again from there",
                 (unsigned long long)ack->missing[0]->first);
        uplink_rewind(u);
        uplink_still_anew(u, now);
        u->resends++;
    }
}

static void say(struct uplink *u, const Tillwire__V1__Ack *ack, bool fits)
{
    if (ack->unknown_store && !u->unknown_store) {
        log_error(u->log, "uplink",
                  "the centre does not know store %s: enrol it there (tillctl store add %s)", u->store,
                  u->store);
    }
    if (ack->closed && !u->closed) {
        log_error(u->log, "uplink", "the centre closed generation %u of this store: nothing is sent any more",
                  ack->generation);
    }
    if (!fits && !u->forked) {
        log_error(
            u->log, "uplink",
            "forked: the centre's mark %llu does not stand in this ledger (a copy of it lived on its own): "
            "nothing is sent any more",
            (unsigned long long)ack->applied_seq);
    }
}

static enum err_class use_ack(struct uplink *u, const struct ledger_head *head, const Tillwire__V1__Ack *ack,
                              struct err *e)
{
    int64_t now = uplink_now(u);
    bool fits = true;
    if (head->generation > 0 && !ack->unknown_store && !ack->closed) {
        enum err_class class = mark_fits(u, head, ack->applied_seq, ack->applied_chain, &fits, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    say(u, ack, fits);
    bool was_away = uplink_centre_away(u, now);
    bool first_here = !u->fits;
    /* the first echo is what makes this run's heartbeats prove anything: no need to wait for the next one due
     */
    u->heartbeat_wanted = u->heartbeat_wanted || !u->answered;
    u->answered = true;
    u->answered_no = ack->heartbeat_no;
    u->answered_at = now;
    u->unanswered = u->heartbeat_no > ack->heartbeat_no ? 1 : 0;
    u->unanswered_since = u->heartbeat_at;
    u->centre_ms = ack->centre_ms;
    u->clock_epoch = ack->clock_epoch;
    u->unknown_store = ack->unknown_store;
    u->closed = ack->closed;
    u->forked = !fits;
    u->fits = fits && head->generation > 0 && !ack->unknown_store && !ack->closed;
    if (!u->fits) {
        return ERR_OK;
    }
    enum err_class class = use_mark(u, ack, now, e);
    /* A centre that is only slow has it all in its queue: what was away is sent again only once it is known
     * to be lost. */
    bool lost = was_away && ack->heartbeat_no >= u->covering_no && u->sent_seq > u->applied_seq;
    if (first_here || lost) {
        u->resends += u->sent_seq > u->applied_seq ? 1 : 0;
        uplink_rewind(u);
    } else {
        use_missing(u, ack, now);
    }
    return class;
}

static enum err_class receive_ack(struct uplink *u, struct slice payload, struct err *e)
{
    Tillwire__V1__Ack *ack = NULL;
    enum err_class class = wire_unpack_ack(u->arena, payload, &ack, e);
    if (class != ERR_OK) {
        return err_prefix(e, "ack");
    }
    if (!slice_equal_text(slice_of(ack->store), u->store)) {
        return err_set(e, ERR_INVALID, "ack: it names store \"%s\", this is %s", ack->store, u->store);
    }
    struct ledger_head head;
    u->ops.head(u->ops.ctx, &head);
    bool ours = ack->run != NULL && ack->run->counter == head.run_counter && ack->run->id == head.run_id &&
                (ack->generation == head.generation || head.generation == 0);
    /* repeated, overtaken, or meant for an earlier run: normal, and worth nothing */
    if (!ours || ack->heartbeat_no <= u->answered_no || ack->heartbeat_no > u->heartbeat_no) {
        log_debug(u->log, "uplink", "passed over an answer to heartbeat %llu",
                  (unsigned long long)ack->heartbeat_no);
        return ERR_OK;
    }
    return use_ack(u, &head, ack, e);
}

static enum err_class receive_command(struct uplink *u, struct slice payload, struct err *e)
{
    Tillwire__V1__Command *command = NULL;
    enum err_class class = wire_unpack_command(u->arena, payload, &command, e);
    if (class != ERR_OK) {
        return err_prefix(e, "command");
    }
    if (!slice_equal_text(slice_of(command->store), u->store)) {
        return err_set(e, ERR_INVALID, "command: it names store \"%s\", this is %s", command->store,
                       u->store);
    }
    if (u->forked || u->closed) {
        return err_set(e, ERR_INVALID, "command: not executed, this ledger is %s",
                       u->forked ? "forked" : "closed");
    }
    class = u->ops.execute(u->ops.ctx, command, e);
    if (class == ERR_OK && command->body_case == TILLWIRE__V1__COMMAND__BODY_RESTORE) {
        u->heartbeat_wanted = true; /* confirms the part */
    }
    return class;
}

enum err_class uplink_message(struct uplink *u, const char *topic, struct slice payload, struct err *e)
{
    enum topic_kind kind;
    char store[STORE_ID_MAX + 1];
    if (!topic_parse(topic, &kind, store) || !slice_equal_text(slice_of(store), u->store) ||
        (kind != TOPIC_ACK && kind != TOPIC_COMMAND)) {
        return err_set(e, ERR_INVALID, "uplink: a message on a topic that is not ours");
    }
    arena_reset(u->arena);
    enum err_class class = kind == TOPIC_ACK ? receive_ack(u, payload, e) : receive_command(u, payload, e);
    arena_reset(u->arena);
    return class;
}
