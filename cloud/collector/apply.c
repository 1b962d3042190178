/* Events in order (PROTOCOL rule 2): movements onto rows, keys, bodies; the cursor moves with each. */
#include "cloud/collector/state.h"
#include "proto/card.h"
#include "proto/digest.h"

#include <assert.h>
#include <string.h>

enum { GTIN_DIGITS = 14 };

/* ---- one movement ---- */

static uint64_t cell_digest(const struct cell *cell)
{
    const struct digest_row row = {.item = cell->row.item,
                                   .location = cell->row.location,
                                   .on_hand_e4 = cell->row.on_hand_e4,
                                   .held_e4 = cell->row.held_e4,
                                   .basis = (uint8_t)cell->row.basis};
    return digest_row_hash(&row);
}

/* What was read at the till is a GTIN when its check digit says so; kept with 14 digits. */
static struct slice gtin_of(const Tillwire__V1__Movement *m, char out[GTIN_DIGITS])
{
    struct slice read = slice_of(m->alias[0] != '\0' ? m->alias : m->item);
    if (read.size < 8 || !card_exempt_item(read)) {
        return SLICE("");
    }
    memset(out, '0', GTIN_DIGITS);
    memcpy(out + GTIN_DIGITS - read.size, read.data, read.size);
    return (struct slice){out, GTIN_DIGITS};
}

/* An item without words and GTIN is found by its id. */
static enum err_class describe(struct collector *c, const Tillwire__V1__Movement *m, struct err *e)
{
    char digits[GTIN_DIGITS];
    return STORE(c, item_put, slice_of(m->item), slice_of(m->description), gtin_of(m, digits), e);
}

/* False: a sum does not fit in 64 bits; nothing changed, and the balances will differ. */
static bool add(struct store_stock *row, const Tillwire__V1__Movement *m)
{
    int64_t on_hand, held, recorded = row->recorded_e4;
    if (__builtin_add_overflow(row->on_hand_e4, m->on_hand_delta_e4, &on_hand) ||
        __builtin_add_overflow(row->held_e4, m->held_delta_e4, &held) ||
        (movement_is_recorded(m->kind) && __builtin_add_overflow(recorded, m->on_hand_delta_e4, &recorded))) {
        return false;
    }
    row->on_hand_e4 = on_hand;
    row->held_e4 = held;
    row->recorded_e4 = recorded;
    return true;
}

static enum err_class append(struct collector *c, const struct cell *cell, const Tillwire__V1__Event *event,
                             const Tillwire__V1__Movement *m, uint64_t seq, uint32_t line, struct err *e)
{
    const Tillwire__V1__Transaction *t =
        event->body_case == TILLWIRE__V1__EVENT__BODY_TRANSACTION ? event->transaction : NULL;
    struct store_ledger_entry entry = {
        .store = cell->row.store,
        .generation = cell->row.generation,
        .seq = seq,
        .line = line,
        .item = cell->row.item,
        .location = cell->row.location,
        .uom = cell->row.uom,
        .kind = (int)m->kind,
        .on_hand_delta_e4 = m->on_hand_delta_e4,
        .held_delta_e4 = m->held_delta_e4,
        .on_hand_e4 = cell->row.on_hand_e4,
        .held_e4 = cell->row.held_e4,
        .own_ms = m->own_ms != 0 || t == NULL ? m->own_ms : t->own_ms,
        .workstation = slice_of(t == NULL ? NULL : t->key->workstation),
        .business_day = t == NULL ? 0 : t->key->business_day,
        .sequence = t == NULL ? 0 : t->key->sequence,
        .reason = slice_of(m->reason),
        .document = slice_of(m->document),
        .applied_ms = c->now.ms,
    };
    news_movement(c->news, &entry);
    return STORE(c, ledger_append, &entry, e);
}

static enum err_class move(struct collector *c, struct site *site, const Tillwire__V1__Event *event,
                           uint64_t seq, uint32_t line, struct err *e)
{
    const Tillwire__V1__Movement *m = event->movements[line];
    struct slice location = m->location[0] != '\0' ? slice_of(m->location) : SLICE("floor");
    struct cell *cell;
    enum err_class class =
        cells_get(c->cells, &c->store, site_id(site), slice_of(m->item), location, &cell, e);
    if (class != ERR_OK) {
        return class;
    }
    uint64_t before = cell->exists ? cell_digest(cell) : 0;
    bool added = add(&cell->row, m);
    cell->row.basis = (int)m->basis;
    cell->row.basis_ms = m->basis_ms;
    if (!cells_set_uom(c->cells, cell, m->uom[0] != '\0' ? slice_of(m->uom) : SLICE("EA"))) {
        return err_set(e, ERR_FATAL, "the table of stock rows is full");
    }
    cell->row.generation = site->row.generation;
    cell->row.seq = seq;
    cell->row.changed_ms = c->now.ms;
    site->row.row_count += !cell->exists;
    cell->exists = cell->dirty = true;
    site->row.digest += cell_digest(cell) - before;
    c->counts.movements++;
    if (added) {
        class = append(c, cell, event, m, seq, line, e);
    }
    if (class == ERR_OK &&
        (!added || cell->row.on_hand_e4 != m->on_hand_e4 || cell->row.held_e4 != m->held_e4)) {
        class = verify_failed(c, site, "a balance after a movement differs from the store's", e);
    }
    return class == ERR_OK ? describe(c, m, e) : class;
}

/* ---- bodies ---- */

static void note_latency(struct collector *c, int64_t own_ms)
{
    int64_t boot_ms = clock_boot_ms(c->clock);
    struct latency *l = &c->latency;
    while (boot_ms - l->window_since_ms >= LATENCY_WINDOW_MS) {
        bool long_ago = boot_ms - l->window_since_ms >= LATENCY_WINDOWS * LATENCY_WINDOW_MS;
        l->window_since_ms = long_ago ? boot_ms : l->window_since_ms + LATENCY_WINDOW_MS;
        l->window = (l->window + 1) % LATENCY_WINDOWS;
        memset(l->buckets[l->window], 0, sizeof l->buckets[l->window]);
        if (long_ago) {
            memset(l->buckets, 0, sizeof l->buckets);
        }
    }
    int64_t latency_ms = c->now.ms - own_ms;
    unsigned bucket = 0;
    while (bucket < LATENCY_BUCKETS - 1 && latency_ms > (int64_t)1 << bucket) {
        bucket++;
    }
    l->buckets[l->window][bucket]++;
}

static enum err_class claim_key(struct collector *c, struct site *site, const Tillwire__V1__Transaction *t,
                                uint64_t seq, struct err *e)
{
    struct store_key key = {
        .store = site_id(site),
        .workstation = slice_of(t->key->workstation),
        .business_day = t->key->business_day,
        .sequence = t->key->sequence,
        .version = t->version,
        .generation = site->row.generation,
        .content_hash = t->content_hash,
        .seq = seq,
        .decoder_version = t->decoder_version,
        .verdict = (int)t->verdict,
        .own_ms = t->own_ms,
    };
    bool existed;
    enum err_class class = STORE(c, key_put, &key, &existed, e);
    if (class == ERR_OK && existed) {
        class = collector_alert(
            c, site, "duplicate-key", e,
            "transaction %llu of workstation %s came twice with different events (seq %llu)",
            (unsigned long long)t->key->sequence, t->key->workstation, (unsigned long long)seq);
    }
    return class;
}

static enum err_class take_transaction(struct collector *c, struct site *site,
                                       const Tillwire__V1__Transaction *t, uint64_t seq, struct err *e)
{
    site->row.transactions++;
    if (t->own_ms != 0) {
        note_latency(c, t->own_ms);
    }
    if (t->own_ms > site->row.last_transaction_ms) {
        site->row.last_transaction_ms = t->own_ms;
    }
    return claim_key(c, site, t, seq, e);
}

static enum err_class take_body(struct collector *c, struct site *site, const Tillwire__V1__Event *event,
                                struct slice bytes, uint64_t seq, struct err *e)
{
    switch (event->body_case) {
    case TILLWIRE__V1__EVENT__BODY_TRANSACTION:
        return take_transaction(c, site, event->transaction, seq, e);
    case TILLWIRE__V1__EVENT__BODY_ROWS:
        return repair_rows(c, site, seq, event->rows, bytes, e);
    case TILLWIRE__V1__EVENT__BODY_KEYS:
        return repair_keys(c, site, seq, event->keys, bytes, e);
    case TILLWIRE__V1__EVENT__BODY_COMMAND_DONE:
        return orders_answered(c, site, event->command_done, e);
    case TILLWIRE__V1__EVENT__BODY_RESTORED:
        return event->restored->digest == site->row.digest
                   ? ERR_OK
                   : verify_failed(c, site, "the restored rows differ from ours", e);
    case TILLWIRE__V1__EVENT__BODY_QUARANTINED: /* counted and shown by its heartbeats */
    case TILLWIRE__V1__EVENT__BODY_SKIPPED:     /* taken before */
    case TILLWIRE__V1__EVENT__BODY__NOT_SET:    /* a newer version's: its movements count */
    case _TILLWIRE__V1__EVENT__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return ERR_OK;
}

/* ---- the cursor ---- */

/* A head that another run announced is met, by the same history or by another (rule 7, "What may be lost").
 */
static enum err_class pass_other_head(struct collector *c, struct site *site, struct err *e)
{
    struct store_row *row = &site->row;
    if (row->other_head_seq == 0 || row->seq < row->other_head_seq) {
        return ERR_OK;
    }
    bool differs = row->seq == row->other_head_seq && row->chain != row->other_head_chain;
    row->other_head_seq = row->other_head_chain = row->other_run_id = 0;
    return differs ? collector_alert(
                         c, site, "possible-loss", e,
                         "seq %llu was announced with another content: events of an earlier run may be lost",
                         (unsigned long long)row->seq)
                   : ERR_OK;
}

static enum err_class move_cursor(struct collector *c, struct site *site, const struct view *view,
                                  uint64_t seq, uint64_t chain, struct err *e)
{
    struct store_row *row = &site->row;
    row->seq = seq;
    row->chain = chain;
    row->cursor_run_id = view->run_id;
    row->poison_seq = 0;
    row->poison_tries = 0;
    site->dirty = true;
    c->counts.events++;
    return pass_other_head(c, site, e);
}

/* Rule 6: seqs that retention deleted at the store, which a repair makes good. */
static enum err_class skip(struct collector *c, struct site *site, const struct view *view,
                           const Tillwire__V1__Skipped *skipped, struct err *e)
{
    uint64_t from = site->row.seq + 1;
    if (skipped->last < from) {
        collector_refuse(c, site, "Skipped up to %llu at seq %llu", (unsigned long long)skipped->last,
                         (unsigned long long)from);
        return ERR_OK;
    }
    enum err_class class = move_cursor(c, site, view, skipped->last, skipped->chain, e);
    return class == ERR_OK ? repair_open(c, site, from, REPAIR_POISON, e) : class;
}

static enum err_class apply_event(struct collector *c, struct site *site, const struct view *view,
                                  const Tillwire__V1__Event *event, struct slice bytes, struct err *e)
{
    uint64_t seq = site->row.seq + 1;
    enum err_class class = cells_fit_event(c->cells) ? ERR_OK : collector_flush_cells(c, e);
    for (uint32_t line = 0; line < event->n_movements && class == ERR_OK; line++) {
        class = move(c, site, event, seq, line, e);
    }
    if (class == ERR_OK) {
        class = take_body(c, site, event, bytes, seq, e);
    }
    return class == ERR_OK ? move_cursor(c, site, view, seq, chain_next(site->row.chain, bytes), e) : class;
}

enum err_class apply_events(struct collector *c, struct site *site, const struct view *view, size_t from,
                            struct err *e)
{
    for (size_t i = from; i < view->count; i++) {
        struct slice bytes = {(const char *)view->events[i].data, view->events[i].len};
        Tillwire__V1__Event *event;
        struct err wrong;
        arena_reset(c->event);
        enum err_class class = wire_unpack_event(c->event, bytes, &event, &wrong);
        if (class == ERR_INVALID) {
            bool moved;
            class = poison_event(c, site, view, i, wrong.message, &moved, e);
            if (class != ERR_OK || !moved) {
                return class;
            }
            continue;
        }
        if (class != ERR_OK) {
            return err_set(e, class, "%s", wrong.message);
        }
        class = event->body_case == TILLWIRE__V1__EVENT__BODY_SKIPPED
                    ? skip(c, site, view, event->skipped, e)
                    : apply_event(c, site, view, event, bytes, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return view->digest_valid ? verify_compare(c, site, view->digest_after, e) : ERR_OK;
}
