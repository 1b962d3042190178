/* What heartbeats prove (PROTOCOL rules 4 and 7). Every one is answered; only what an echo proves changes
 * what is held true. */
#include "cloud/collector/state.h"

#include <string.h>

/* ---- proof ---- */

/* 0: nothing. An echo of another clock epoch, or from the future, proves nothing. */
static int64_t proven_ms(const struct collector *c, const Tillwire__V1__Heartbeat *h)
{
    const Tillwire__V1__Echo *echo = h->echo;
    if (echo == NULL || echo->clock_epoch != c->now.epoch || echo->centre_ms <= 0 ||
        echo->centre_ms > c->now.ms) {
        return 0;
    }
    int64_t ms = echo->centre_ms + echo->elapsed_ms;
    return ms < c->now.ms ? ms : c->now.ms;
}

/* What an earlier epoch proved is void. */
static void enter_epoch(const struct collector *c, struct store_row *row)
{
    if (row->fresh_epoch != c->now.epoch) {
        row->fresh_epoch = c->now.epoch;
        row->fresh_as_of_ms = 0;
        row->proven_ms = 0;
    }
}

static bool vouches(const struct store_row *row, const Tillwire__V1__Heartbeat *h)
{
    if (h->state == TILLWIRE__V1__HEARTBEAT__STATE__FORKED || row->other_head_seq != 0) {
        return false;
    }
    if (h->head_seq == row->seq) {
        return h->head_chain == row->chain;
    }
    return h->head_seq < row->seq && row->cursor_run_id == h->run->id;
}

static void note_sources(struct store_row *row, const Tillwire__V1__Heartbeat *h)
{
    row->fresh_lag_bytes = 0;
    row->fresh_read_age_ms = 0;
    row->fresh_outbox = h->outbox;
    for (size_t i = 0; i < h->n_sources; i++) {
        const Tillwire__V1__SourceState *s = h->sources[i];
        row->fresh_lag_bytes += s->lag_bytes;
        bool unread = s->last_read_ok_age_ms < 0 || row->fresh_read_age_ms < 0;
        row->fresh_read_age_ms = unread                                            ? -1
                                 : s->last_read_ok_age_ms > row->fresh_read_age_ms ? s->last_read_ok_age_ms
                                                                                   : row->fresh_read_age_ms;
    }
}

/* ---- heads ---- */

/* The greatest unmet head of any run but the one that holds. */
static void keep_other_head(struct store_row *row, uint64_t run_id, uint64_t seq, uint64_t chain)
{
    if (seq > row->seq && seq > row->other_head_seq) {
        row->other_run_id = run_id;
        row->other_head_seq = seq;
        row->other_head_chain = chain;
    }
}

static enum err_class check_head(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h,
                                 struct err *e)
{
    const struct store_row *row = &site->row;
    if (h->head_seq == row->seq && h->head_chain != row->chain) {
        return place_forked(c, site, "a head with another chain at the cursor", e);
    }
    if (row->other_head_seq != 0 && h->head_seq < row->other_head_seq && proven_ms(c, h) > row->proven_ms) {
        return collector_alert(c, site, "possible-loss", e,
                               "seq %llu was announced, but the store's newest is %llu: events may be lost",
                               (unsigned long long)row->other_head_seq, (unsigned long long)h->head_seq);
    }
    return ERR_OK;
}

/* ---- gaps of workstations ---- */

static bool same_gaps(const Tillwire__V1__Heartbeat *a, const Tillwire__V1__Heartbeat *b)
{
    if (a->gap_count != b->gap_count || a->n_gaps != b->n_gaps) {
        return false;
    }
    for (size_t i = 0; i < a->n_gaps; i++) {
        const Tillwire__V1__SequenceGap *x = a->gaps[i], *y = b->gaps[i];
        if (x->first != y->first || x->last != y->last || x->business_day != y->business_day ||
            strcmp(x->workstation, y->workstation) != 0) {
            return false;
        }
    }
    return true;
}

static enum err_class put_gaps(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h,
                               struct err *e)
{
    enum { GAPS_MAX = 64 };
    struct store_gap gaps[GAPS_MAX];
    size_t count = h->n_gaps < GAPS_MAX ? h->n_gaps : GAPS_MAX;
    Tillwire__V1__Heartbeat *before;
    struct err none;
    arena_reset(c->event);
    if (site->row.heartbeat.size > 0 &&
        wire_unpack_heartbeat(c->event, site->row.heartbeat, &before, &none) == ERR_OK &&
        same_gaps(before, h)) {
        return ERR_OK;
    }
    for (size_t i = 0; i < count; i++) {
        const Tillwire__V1__SequenceGap *gap = h->gaps[i];
        gaps[i] = (struct store_gap){slice_of(gap->workstation), gap->business_day, gap->first, gap->last};
    }
    return STORE(c, gaps_replace, site->row.store, gaps, count, h->gap_count, e);
}

/* ---- a heartbeat of the generation that lives ---- */

/* Another run's state holds from when it is proven later; a run that is proven alive after a newer one is a
 * copy. */
static enum err_class supersede(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h,
                                int64_t proven, bool *holds, struct err *e)
{
    struct store_row *row = &site->row;
    bool first = row->run_id == 0;
    *holds = first || proven > row->proven_ms;
    if (!*holds) {
        keep_other_head(row, h->run->id, h->head_seq, h->head_chain);
        site->dirty = true;
        return ERR_OK;
    }
    bool older = !first && h->run->counter <= row->run_counter;
    if (!first) {
        keep_other_head(row, row->run_id, row->head_seq, row->head_chain);
    }
    if (row->other_run_id == h->run->id) { /* its own head is no other's */
        row->other_run_id = row->other_head_seq = row->other_head_chain = 0;
    }
    row->run_counter = h->run->counter;
    row->run_id = h->run->id;
    row->heartbeat_no = 0;
    row->head_seq = row->head_chain = 0;
    return older ? place_forked(c, site, "a run proven alive after a newer one", e) : ERR_OK;
}

static enum err_class hold(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h,
                           struct slice payload, int64_t proven, struct err *e)
{
    struct store_row *row = &site->row;
    enum err_class class = check_head(c, site, h, e);
    if (class == ERR_OK) {
        class = put_gaps(c, site, h, e);
    }
    if (class == ERR_OK) {
        class = sites_set_heartbeat(site, payload, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    row->heartbeat_no = h->no;
    row->proven_ms = proven > row->proven_ms ? proven : row->proven_ms;
    if (h->head_seq >= row->head_seq) {
        row->head_seq = h->head_seq;
        row->head_chain = h->head_chain;
    }
    row->vouched = vouches(row, h);
    if (row->vouched && proven > row->fresh_as_of_ms) {
        row->fresh_as_of_ms = proven;
        note_sources(row, h);
    }
    bool at_cursor = h->head_seq == row->seq && h->head_chain == row->chain;
    return at_cursor ? verify_compare(c, site, h->digest, e) : ERR_OK;
}

static enum err_class living(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h,
                             struct slice payload, struct err *e)
{
    struct store_row *row = &site->row;
    int64_t proven = proven_ms(c, h);
    bool holds = true;
    enum err_class class = ERR_OK;
    enter_epoch(c, row);
    row->heartbeat_ms = c->now.ms;
    site->dirty = true;
    if (h->run->id != row->run_id) {
        class = supersede(c, site, h, proven, &holds, e);
    }
    if (class != ERR_OK || !holds || h->no <= row->heartbeat_no) {
        return class; /* within a run a lower number changes nothing */
    }
    return hold(c, site, h, payload, proven, e);
}

/* ---- new databases ---- */

static void offer(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h)
{
    struct store_row *row = &site->row;
    uint32_t greatest = row->offered_generation > row->generation ? row->offered_generation : row->generation;
    row->offered_generation = greatest + 1;
    row->offered_birth = h->birth;
    log_info(c->log, "collector", "store %s: a new database is offered generation %u", row->store,
             row->offered_generation);
}

static void answer_offer(struct site *site)
{
    site->answer_generation = site->row.offered_generation;
    site->answer_seq = 0;
    site->answer_chain = site->row.offered_birth;
}

static enum err_class refuse_hello(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h,
                                   struct err *e)
{
    site->row.hello_ms = c->now.ms;
    site->row.hello_birth = h->birth;
    return collector_alert(
        c, site, "hello", e,
        "a new database says Hello: rebuilding is not supported yet; nothing of it is applied");
}

static enum err_class hello(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h,
                            struct slice payload, struct err *e)
{
    struct store_row *row = &site->row;
    site->dirty = true;
    if (row->generation != 0 && h->birth == row->birth) {
        site->closed = true; /* it switched already: what says Hello is an older state of it */
        return ERR_OK;
    }
    if (row->generation != 0) {
        return refuse_hello(c, site, h, e);
    }
    /* before its first restore, a database that fell silent may be replaced by another */
    bool silent = c->now.ms - row->heartbeat_ms >= HELLO_SLAS * c->options.freshness.sla_ms;
    if (row->offered_generation != 0 && h->birth != row->offered_birth && !silent) {
        return refuse_hello(c, site, h, e);
    }
    if (row->offered_generation == 0 || h->birth != row->offered_birth) {
        offer(c, site, h);
    }
    row->offered_run_counter = h->run->counter;
    row->offered_run_id = h->run->id;
    row->heartbeat_ms = c->now.ms;
    answer_offer(site);
    site->restore = true;
    return sites_set_heartbeat(site, payload, e);
}

/* Rule 9: a generation that this database does not know, because it was restored, lives on under its number.
 */
static void adopt(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h)
{
    struct store_row *row = &site->row;
    log_warn(c->log, "collector", "store %s: generation %u is adopted from its database", row->store,
             h->generation);
    row->generation = h->generation;
    row->birth = row->chain = h->birth;
    row->seq = 0;
    row->offered_generation = 0;
    row->offered_birth = row->offered_run_counter = row->offered_run_id = 0;
}

static enum err_class by_generation(struct collector *c, struct site *site, const Tillwire__V1__Heartbeat *h,
                                    struct slice payload, struct err *e)
{
    struct store_row *row = &site->row;
    if (h->generation == 0) {
        return hello(c, site, h, payload, e);
    }
    if (h->generation == row->offered_generation && h->birth == row->offered_birth) {
        row->heartbeat_ms = c->now.ms;
        site->dirty = true;
        keep_other_head(row, h->run->id, h->head_seq, h->head_chain);
        answer_offer(site);
        return sites_set_heartbeat(site, payload, e);
    }
    if (row->generation == 0 && h->generation > row->offered_generation) {
        adopt(c, site, h);
    }
    if (h->generation == row->generation && h->birth == row->birth) {
        site->answer_seq = row->seq;
        return living(c, site, h, payload, e);
    }
    if (h->generation <= row->generation || h->generation <= row->offered_generation) {
        site->closed = true;
        return ERR_OK;
    }
    site->answer = false; /* neither ours nor over: silence frees nothing at the store */
    return place_forked(c, site, "a generation greater than the one that lives", e);
}

static void note_answer(struct site *site, const Tillwire__V1__Heartbeat *h)
{
    site->answer = true;
    site->closed = site->restore = false;
    site->answer_generation = h->generation;
    site->answer_run_counter = h->run->counter;
    site->answer_run_id = h->run->id;
    site->answer_no = h->no;
}

enum err_class heartbeat_receive(struct collector *c, struct site *site, struct slice payload, struct err *e)
{
    Tillwire__V1__Heartbeat *h;
    struct err wrong;
    enum err_class class = wire_unpack_heartbeat(c->frame, payload, &h, &wrong);
    if (class != ERR_OK && class != ERR_INVALID) {
        return err_set(e, class, "%s", wrong.message);
    }
    if (class == ERR_INVALID || strcmp(h->store, site->row.store) != 0) {
        char topic[TOPIC_BYTES];
        collector_refuse(c, site, "%s",
                         class == ERR_INVALID ? wrong.message : "a heartbeat of another store");
        c->counts.poison++;
        return !site->enrolled
                   ? ERR_OK
                   : collector_bury(c, site->row.store, topic_format(TOPIC_HEARTBEAT, site->row.store, topic),
                                    0, 0, 0, payload, c->refused.message, e);
    }
    c->counts.heartbeats++;
    note_answer(site, h);
    return site->enrolled ? by_generation(c, site, h, payload, e) : ERR_OK;
}
