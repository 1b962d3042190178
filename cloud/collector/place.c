/* Where a batch belongs (PROTOCOL rule 2): at the cursor it is applied, behind it checked and passed over,
 * beyond it kept until the hole fills; of another history it is refused. */
#include "cloud/collector/state.h"
#include "proto/digest.h"

#include <string.h>

static void view_of(const Tillwire__V1__EventBatch *batch, struct view *out)
{
    *out = (struct view){
        .generation = batch->generation,
        .run_id = batch->run->id,
        .first_seq = batch->first_seq,
        .prev_chain = batch->prev_chain,
        .count = batch->n_events,
        .events = batch->events,
        .digest_valid = batch->digest_valid,
        .digest_after = batch->digest_after,
    };
}

static struct slice event_bytes(const struct view *view, size_t index)
{
    return (struct slice){(const char *)view->events[index].data, view->events[index].len};
}

enum err_class place_forked(struct collector *c, struct site *site, const char *how, struct err *e)
{
    c->counts.forks++;
    site->row.forked_ms = c->now.ms;
    site->dirty = true;
    collector_refuse(c, site, "%s: not applied", how);
    return collector_alert(
        c, site, "fork", e,
        "%s: a copy of this store's database may be living on its own; what it sends is not applied", how);
}

/* ---- holes ---- */

static void set_hole(struct collector *c, struct site *site, uint64_t beyond_first)
{
    struct store_row *row = &site->row;
    uint64_t last = beyond_first - 1;
    if (row->hole_first != row->seq + 1) {
        row->hole_first = row->seq + 1;
        row->hole_since_ms = c->now.ms;
        row->hole_asked = 0;
        row->hole_asked_ms = 0;
        row->hole_last = last;
    }
    row->hole_last = last < row->hole_last ? last : row->hole_last;
    site->dirty = true;
}

static void no_hole(struct site *site)
{
    site->row.hole_first = site->row.hole_last = 0;
    site->row.hole_since_ms = site->row.hole_asked_ms = 0;
    site->row.hole_asked = 0;
    site->dirty = true;
}

/* Copies the payload out: it ends with the next op. */
static enum err_class next_early(struct collector *c, struct site *site, struct store_early *early,
                                 bool *found, struct err *e)
{
    enum err_class class = STORE(c, early_next, site->row.store, site->row.seq + 1, early, found, e);
    if (class != ERR_OK || !*found) {
        return class;
    }
    buf_clear(&c->scratch);
    if (buf_append_slice(&c->scratch, early->payload) != ERR_OK) {
        return err_set(e, ERR_FATAL, "no memory for a batch of %zu bytes", early->payload.size);
    }
    early->payload = buf_slice(&c->scratch);
    return ERR_OK;
}

/* ---- at and behind the cursor ---- */

/* Re-sending aligns a Skipped or undecodable batch that overlaps the cursor: it says nothing about forks. */
static bool overlap_is_plain(struct collector *c, const struct view *view, size_t overlap)
{
    for (size_t i = 0; i < overlap; i++) {
        Tillwire__V1__Event *event;
        struct err ignored;
        arena_reset(c->event);
        if (wire_unpack_event(c->event, event_bytes(view, i), &event, &ignored) != ERR_OK ||
            event->body_case == TILLWIRE__V1__EVENT__BODY_SKIPPED) {
            return false;
        }
    }
    return true;
}

static enum err_class fit(struct collector *c, struct site *site, const struct view *view, struct err *e)
{
    const struct store_row *row = &site->row;
    uint64_t overlap = row->seq + 1 - view->first_seq;
    if (overlap > view->count) {
        c->counts.duplicates++;
        return ERR_OK; /* all of it lies behind the cursor */
    }
    uint64_t chain = view->prev_chain;
    for (size_t i = 0; i < overlap; i++) {
        chain = chain_next(chain, event_bytes(view, i));
    }
    if (chain != row->chain) {
        if (!overlap_is_plain(c, view, overlap)) {
            c->counts.duplicates++;
            return ERR_OK;
        }
        return place_forked(c, site, "events whose chain does not fit the cursor", e);
    }
    c->counts.duplicates += overlap > 0;
    return overlap == view->count ? ERR_OK : apply_events(c, site, view, overlap, e);
}

static enum err_class take_early(struct collector *c, struct site *site, struct slice payload, struct err *e)
{
    Tillwire__V1__EventBatch *batch;
    struct view view;
    struct err undecodable;
    arena_reset(c->frame);
    enum err_class class = wire_unpack_batch(c->frame, payload, &batch, &undecodable);
    if (class != ERR_OK) { /* it could be decoded when it was put there: written by a newer version */
        collector_refuse(c, site, "a batch kept early: %s", undecodable.message);
        return class == ERR_INVALID ? ERR_OK : err_set(e, class, "%s", undecodable.message);
    }
    view_of(batch, &view);
    return fit(c, site, &view, e);
}

/* Applies what waited, as far as it follows; then names the hole before the rest. */
static enum err_class drain(struct collector *c, struct site *site, struct err *e)
{
    struct store_early early;
    for (;;) {
        bool found;
        enum err_class class = next_early(c, site, &early, &found, e);
        if (class != ERR_OK) {
            return class;
        }
        if (!found || early.first_seq > site->row.seq + 1) {
            found ? set_hole(c, site, early.first_seq) : no_hole(site);
            return STORE(c, early_drop, site->row.store, site->row.seq, e);
        }
        uint64_t before = site->row.seq;
        uint64_t last = early.last_seq;
        class = take_early(c, site, early.payload, e);
        bool stuck = site->row.seq == before; /* forked, or poison: it comes again if it is wanted */
        if (class == ERR_OK) {
            class = STORE(c, early_drop, site->row.store, stuck ? last : site->row.seq, e);
        }
        if (class != ERR_OK) {
            return class;
        }
    }
}

enum err_class place_cursor_moved(struct collector *c, struct site *site, struct err *e)
{
    site->row.applied_ms = c->now.ms;
    site->dirty = true;
    return site->row.hole_first != 0 ? drain(c, site, e) : ERR_OK;
}

/* ---- beyond the cursor ---- */

static enum err_class keep_early(struct collector *c, struct site *site, const struct view *view,
                                 struct slice payload, struct err *e)
{
    struct store_early early = {.run_id = view->run_id,
                                .first_seq = view->first_seq,
                                .last_seq = view->first_seq + view->count - 1,
                                .payload = payload};
    struct err full;
    c->counts.early++;
    set_hole(c, site, view->first_seq);
    enum err_class class = STORE(c, early_put, site->row.store, &early, c->options.early_bytes_max, &full);
    if (class == ERR_FULL) {
        collector_refuse(c, site, "%s: dropped, it will be sent again", full.message);
        return ERR_OK;
    }
    return class == ERR_OK ? ERR_OK : err_set(e, class, "%s", full.message);
}

/* ---- generations ---- */

/* Rule 7: seq 1 of the generation that was offered, Restored, moves the store to it. */
static bool is_switch(struct collector *c, const struct site *site, const struct view *view)
{
    const struct store_row *row = &site->row;
    Tillwire__V1__Event *event;
    struct err ignored;
    return row->offered_generation != 0 && view->generation == row->offered_generation &&
           view->first_seq == 1 && view->prev_chain == row->offered_birth &&
           wire_unpack_event(c->event, event_bytes(view, 0), &event, &ignored) == ERR_OK &&
           event->body_case == TILLWIRE__V1__EVENT__BODY_RESTORED &&
           event->restored->birth == row->offered_birth;
}

static void switch_over(struct collector *c, struct site *site)
{
    struct store_row *row = &site->row;
    log_info(c->log, "collector", "store %s: generation %u begins", row->store, row->offered_generation);
    row->generation = row->offered_generation;
    row->birth = row->chain = row->offered_birth;
    row->seq = 0;
    row->transactions = 0;
    row->cursor_run_id = 0;
    row->offered_generation = 0;
    row->offered_birth = row->offered_run_counter = row->offered_run_id = 0;
    row->hello_ms = 0;
    row->hello_birth = 0;
    row->poison_seq = 0;
    row->poison_tries = 0;
    site->dirty = true;
}

static enum err_class by_generation(struct collector *c, struct site *site, const struct view *view,
                                    struct slice payload, struct err *e)
{
    if (view->generation != site->row.generation) {
        if (!is_switch(c, site, view)) {
            collector_refuse(c, site,
                             "events %llu… of generation %u, but generation %u is the one that lives",
                             (unsigned long long)view->first_seq, view->generation, site->row.generation);
            return ERR_OK;
        }
        switch_over(c, site);
    }
    if (view->first_seq > site->row.seq + 1) {
        return keep_early(c, site, view, payload, e);
    }
    uint64_t before = site->row.seq;
    enum err_class class = fit(c, site, view, e);
    return class == ERR_OK && site->row.seq != before ? place_cursor_moved(c, site, e) : class;
}

/* ---- the message ---- */

static bool same_place(const struct batch_place *place, const Tillwire__V1__EventBatch *batch,
                       const char *store)
{
    return strcmp(place->store, store) == 0 && strcmp(batch->store, store) == 0 &&
           place->generation == batch->generation && place->first_seq == batch->first_seq &&
           place->count == batch->n_events && place->prev_chain == batch->prev_chain &&
           place->run_id == batch->run->id;
}

static enum err_class bury(struct collector *c, struct site *site, const struct batch_place *place,
                           struct slice payload, struct err *e)
{
    c->counts.poison++;
    char topic[TOPIC_BYTES];
    bool placed = place->count > 0;
    return collector_bury(c, site->row.store, topic_format(TOPIC_EVENTS, site->row.store, topic),
                          place->generation, place->first_seq,
                          placed ? place->first_seq + place->count - 1 : 0, payload, c->refused.message, e);
}

enum err_class place_batch(struct collector *c, struct site *site, struct slice payload,
                           const struct bus_property *properties, size_t property_count, struct err *e)
{
    struct batch_place place;
    struct err wrong;
    if (wire_place_parse(properties, property_count, &place, &wrong) != ERR_OK) {
        collector_refuse(c, site, "%s", wrong.message);
        return bury(c, site, &(struct batch_place){0}, payload, e);
    }
    Tillwire__V1__EventBatch *batch;
    enum err_class class = wire_unpack_batch(c->frame, payload, &batch, &wrong);
    if (class == ERR_INVALID && strcmp(place.store, site->row.store) == 0) {
        return poison_body(c, site, &place, payload, wrong.message, e);
    }
    if (class != ERR_OK && class != ERR_INVALID) {
        return err_set(e, class, "%s", wrong.message);
    }
    if (class == ERR_INVALID || !same_place(&place, batch, site->row.store)) {
        collector_refuse(c, site, "topic, properties and payload do not name the same place");
        return bury(c, site, &place, payload, e);
    }
    struct view view;
    view_of(batch, &view);
    return by_generation(c, site, &view, payload, e);
}
