/* What cannot be decoded (PROTOCOL rule 11): after some tries it goes to the dead table, the cursor moves
 * over it and a repair opens, in one transaction. Elsewhere than right after the cursor it costs a row in the
 * dead table and no more. */
#include "cloud/collector/state.h"
#include "proto/digest.h"

#include <string.h>

/* True when this was the last try. */
static bool tried(struct collector *c, struct site *site, uint64_t seq)
{
    struct store_row *row = &site->row;
    row->poison_tries = row->poison_seq == seq ? row->poison_tries + 1 : 1;
    row->poison_seq = seq;
    site->dirty = true;
    return row->poison_tries >= c->options.poison_tries;
}

static enum err_class bury(struct collector *c, struct site *site, uint32_t generation, uint64_t first,
                           uint64_t last, struct slice bytes, const char *reason, struct err *e)
{
    char topic[TOPIC_BYTES];
    c->counts.poison++;
    return collector_bury(c, site->row.store, topic_format(TOPIC_EVENTS, site->row.store, topic), generation,
                          first, last, bytes, reason, e);
}

static enum err_class pass_over(struct collector *c, struct site *site, uint64_t first, uint64_t last,
                                uint64_t chain, uint64_t run_id, struct err *e)
{
    struct store_row *row = &site->row;
    row->seq = last;
    row->chain = chain;
    row->cursor_run_id = run_id;
    row->poison_seq = 0;
    row->poison_tries = 0;
    site->dirty = true;
    enum err_class class = repair_open(c, site, first, REPAIR_POISON, e);
    if (class != ERR_OK) {
        return class;
    }
    return collector_alert(
        c, site, "poison", e,
        "seq %llu to %llu could not be decoded and were passed over: a repair brings what they held",
        (unsigned long long)first, (unsigned long long)last);
}

enum err_class poison_event(struct collector *c, struct site *site, const struct view *view, size_t index,
                            const char *reason, bool *moved, struct err *e)
{
    uint64_t seq = site->row.seq + 1;
    struct slice bytes = {(const char *)view->events[index].data, view->events[index].len};
    *moved = tried(c, site, seq);
    if (!*moved) {
        collector_refuse(c, site, "seq %llu: %s", (unsigned long long)seq, reason);
        return ERR_OK;
    }
    enum err_class class = bury(c, site, view->generation, seq, seq, bytes, reason, e);
    return class == ERR_OK ? pass_over(c, site, seq, seq, chain_next(site->row.chain, bytes), view->run_id, e)
                           : class;
}

enum err_class poison_body(struct collector *c, struct site *site, const struct batch_place *place,
                           struct slice payload, const char *reason, struct err *e)
{
    uint64_t last = place->first_seq + place->count - 1;
    bool next = place->generation == site->row.generation && place->first_seq == site->row.seq + 1;
    if (next && place->prev_chain != site->row.chain) {
        return place_forked(c, site, "an undecodable batch whose chain does not fit the cursor", e);
    }
    collector_refuse(c, site, "seq %llu to %llu: %s", (unsigned long long)place->first_seq,
                     (unsigned long long)last, reason);
    if (next && !tried(c, site, place->first_seq)) {
        return ERR_OK;
    }
    enum err_class class = bury(c, site, place->generation, place->first_seq, last, payload, reason, e);
    if (class != ERR_OK || !next) {
        return class;
    }
    class = pass_over(c, site, place->first_seq, last, place->chain, place->run_id, e);
    return class == ERR_OK ? place_cursor_moved(c, site, e) : class;
}
