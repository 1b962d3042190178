/* Repair (PROTOCOL rule 6): the store sends its keys and its whole stock; they are staged, and applied with
 * the last part. */
#include "cloud/collector/state.h"
#include "proto/digest.h"

#include "common/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAILURES_MAX = 2, LINE_FIRST = WIRE_MOVEMENTS_MAX, ROWS_BYTES_MAX = 64 << 20 };

/* ---- opening ---- */

static enum err_class give_up(struct collector *c, struct site *site, struct err *e)
{
    site->row.mismatch = true;
    site->dirty = true;
    return collector_alert(
        c, site, "repair-failed", e,
        "%d repairs in a row left a difference: none is opened any more; look into it, then resync",
        FAILURES_MAX);
}

static enum err_class put_command(struct collector *c, struct site *site, struct err *e)
{
    struct store_row *row = &site->row;
    Tillwire__V1__Command command;
    Tillwire__V1__Repair repair;
    tillwire__v1__command__init(&command);
    tillwire__v1__repair__init(&repair);
    command.store = row->store;
    command.generation = row->generation;
    command.id = row->repair_id;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_REPAIR;
    command.repair = &repair;
    repair.from_seq = row->repair_from_seq;
    BUF_AUTO struct buf payload = BUF_INIT(1024);
    enum err_class class = wire_pack(&command.base, &payload, e);
    if (class != ERR_OK) {
        return class;
    }
    struct store_command stored = {.id = row->repair_id,
                                   .store = site_id(site),
                                   .kind = TILLWIRE__V1__COMMAND__BODY_REPAIR,
                                   .payload = buf_slice(&payload),
                                   .created_ms = c->now.ms};
    return STORE(c, command_put, &stored, e);
}

/* More poison widens an open repair under a new id. */
static enum err_class widen(struct collector *c, struct site *site, struct err *e)
{
    struct store_row *row = &site->row;
    enum err_class class =
        orders_close(c, row->repair_id, COMMAND_REFUSED, "widened: replaced by a new one", e);
    return class == ERR_OK ? STORE(c, stage_clear, row->store, e) : class;
}

enum err_class repair_open(struct collector *c, struct site *site, uint64_t from_seq, enum repair_cause cause,
                           struct err *e)
{
    struct store_row *row = &site->row;
    enum err_class class = ERR_OK;
    if (row->repair_from_seq != 0 && row->repair_from_seq < from_seq) {
        from_seq = row->repair_from_seq; /* what no answer has brought yet */
    }
    if (row->repair_id != 0) {
        class = widen(c, site, e);
    } else if (cause != REPAIR_MISMATCH) {
        row->repair_failures = cause == REPAIR_POISON; /* nothing failed yet: the count begins anew */
    } else if (row->repair_failures >= FAILURES_MAX) {
        return give_up(c, site, e);
    } else {
        row->repair_failures++;
    }
    if (class != ERR_OK) {
        return class;
    }
    do {
        row->repair_id = clock_random_u64(c->clock);
    } while (row->repair_id == 0);
    row->repair_from_seq = from_seq;
    site->dirty = site->commands_due = true;
    log_info(c->log, "collector", "store %s: repair from seq %llu on", row->store,
             (unsigned long long)from_seq);
    return put_command(c, site, e);
}

static enum err_class fail(struct collector *c, struct site *site, const char *why, struct err *e)
{
    struct store_row *row = &site->row;
    uint64_t from_seq = row->repair_from_seq;
    enum err_class class = orders_close(c, row->repair_id, COMMAND_REFUSED, why, e);
    if (class == ERR_OK) {
        class = STORE(c, stage_clear, row->store, e);
    }
    row->repair_id = 0;
    site->dirty = true;
    return class == ERR_OK ? repair_open(c, site, from_seq, REPAIR_MISMATCH, e) : class;
}

/* ---- applying ---- */

struct applying {
    struct collector *c;
    struct site *site;
    uint64_t seq;
    uint32_t line;   /* of the next correction */
    uint64_t digest; /* of the rows in the answer */
    uint64_t corrections;
    struct buf seen; /* hashes of the rows' keys, 8 bytes each */
    enum err_class class;
    struct err *e;
};

static uint64_t key_hash(struct slice item, struct slice location)
{
    return hash64_seeded(item, hash64(location));
}

/* Past 64 bits (no honest quantity comes near) the ledger shows the greatest delta there is. */
static int64_t difference(int64_t after, int64_t before)
{
    int64_t delta;
    if (__builtin_sub_overflow(after, before, &delta)) {
        return after > before ? INT64_MAX : INT64_MIN;
    }
    return delta;
}

static enum err_class correct(struct applying *a, const struct store_stock *row, int64_t on_hand_e4,
                              int64_t held_e4)
{
    int64_t on_hand_delta = difference(on_hand_e4, row->on_hand_e4);
    int64_t held_delta = difference(held_e4, row->held_e4);
    if (on_hand_delta == 0 && held_delta == 0) {
        return ERR_OK;
    }
    a->corrections++;
    a->c->counts.corrections++;
    struct store_ledger_entry entry = {
        .store = site_id(a->site),
        .generation = a->site->row.generation,
        .seq = a->seq,
        .line = a->line++,
        .item = row->item,
        .location = row->location,
        .uom = row->uom,
        .kind = TILLWIRE__V1__MOVEMENT_KIND__CORRECTION,
        .on_hand_delta_e4 = on_hand_delta,
        .held_delta_e4 = held_delta,
        .on_hand_e4 = on_hand_e4,
        .held_e4 = held_e4,
        .reason = SLICE("repair"),
        .applied_ms = a->c->now.ms,
    };
    news_movement(a->c->news, &entry);
    return STORE(a->c, ledger_append, &entry, a->e);
}

static bool row_differs(const struct cell *cell, const Tillwire__V1__Row *row, struct slice uom)
{
    const struct store_stock *ours = &cell->row;
    return !cell->exists || ours->on_hand_e4 != row->on_hand_e4 || ours->held_e4 != row->held_e4 ||
           ours->recorded_e4 != row->recorded_e4 || ours->basis != (int)row->basis ||
           ours->basis_ms != row->basis_ms || !slice_equal(ours->uom, uom);
}

static enum err_class take_row(struct applying *a, const Tillwire__V1__Row *row)
{
    struct collector *c = a->c;
    struct slice item = slice_of(row->item);
    struct slice location = row->location[0] != '\0' ? slice_of(row->location) : SLICE("floor");
    struct slice uom = row->uom[0] != '\0' ? slice_of(row->uom) : SLICE("EA");
    const struct digest_row theirs = {.item = item,
                                      .location = location,
                                      .on_hand_e4 = row->on_hand_e4,
                                      .held_e4 = row->held_e4,
                                      .basis = (uint8_t)row->basis};
    uint64_t key = key_hash(item, location);
    a->digest += digest_row_hash(&theirs);
    if (buf_append(&a->seen, &key, sizeof key) != ERR_OK) {
        return err_set(a->e, ERR_FATAL, "store %s: a repair of more than %d rows", a->site->row.store,
                       ROWS_BYTES_MAX / 8);
    }
    struct cell *cell;
    enum err_class class = cells_get(c->cells, &c->store, site_id(a->site), item, location, &cell, a->e);
    if (class != ERR_OK || !row_differs(cell, row, uom)) {
        return class;
    }
    class = correct(a, &cell->row, row->on_hand_e4, row->held_e4);
    if (!cells_set_uom(c->cells, cell, uom)) {
        return err_set(a->e, ERR_FATAL, "the table of stock rows is full");
    }
    cell->row.on_hand_e4 = row->on_hand_e4;
    cell->row.held_e4 = row->held_e4;
    cell->row.recorded_e4 = row->recorded_e4;
    cell->row.basis = (int)row->basis;
    cell->row.basis_ms = row->basis_ms;
    cell->row.generation = a->site->row.generation;
    cell->row.seq = a->seq;
    cell->row.changed_ms = c->now.ms;
    cell->exists = cell->dirty = true;
    if (class == ERR_OK) {
        class = STORE(c, item_put, item, slice_of(row->description), SLICE(""), a->e);
    }
    return class;
}

static enum err_class take_key(struct applying *a, const Tillwire__V1__KeyState *state)
{
    if (state->key == NULL) {
        return ERR_OK;
    }
    struct store_key key = {
        .store = site_id(a->site),
        .workstation = slice_of(state->key->workstation),
        .business_day = state->key->business_day,
        .sequence = state->key->sequence,
        .version = state->version,
        .generation = a->site->row.generation,
        .content_hash = state->content_hash,
        .seq = a->seq,
        .decoder_version = state->decoder_version,
        .verdict = (int)state->verdict,
        .own_ms = state->own_ms,
    };
    bool existed;
    return STORE(a->c, key_put, &key, &existed, a->e);
}

static enum err_class take_part(struct applying *a, const Tillwire__V1__Event *event)
{
    enum err_class class = ERR_OK;
    if (event->body_case == TILLWIRE__V1__EVENT__BODY_ROWS) {
        for (size_t i = 0; i < event->rows->n_rows && class == ERR_OK; i++) {
            class = cells_fit_event(a->c->cells) ? ERR_OK : collector_flush_cells(a->c, a->e);
            class = class == ERR_OK ? take_row(a, event->rows->rows[i]) : class;
        }
    } else if (event->body_case == TILLWIRE__V1__EVENT__BODY_KEYS) {
        for (size_t i = 0; i < event->keys->n_keys && class == ERR_OK; i++) {
            class = take_key(a, event->keys->keys[i]);
        }
    }
    return class;
}

static bool each_part(void *ctx, struct slice bytes)
{
    struct applying *a = ctx;
    Tillwire__V1__Event *event;
    arena_reset(a->c->staged);
    a->class = wire_unpack_event(a->c->staged, bytes, &event, a->e);
    if (a->class == ERR_OK) {
        a->class = take_part(a, event);
    }
    return a->class == ERR_OK;
}

/* ---- rows that the store does not have ---- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

struct extras {
    const struct applying *a;
    struct buf keys; /* item NUL location NUL … */
    bool full;
};

static bool find_extra(void *ctx, const struct store_stock *row)
{
    struct extras *x = ctx;
    uint64_t key = key_hash(row->item, row->location);
    const struct buf *seen = &x->a->seen;
    if (seen->size > 0 &&
        bsearch(&key, seen->data, seen->size / sizeof key, sizeof key, compare_u64) != NULL) {
        return true;
    }
    x->full = buf_append_slice(&x->keys, row->item) != ERR_OK || buf_append(&x->keys, "", 1) != ERR_OK ||
              buf_append_slice(&x->keys, row->location) != ERR_OK || buf_append(&x->keys, "", 1) != ERR_OK;
    return !x->full;
}

static enum err_class remove_extra(struct applying *a, struct slice item, struct slice location)
{
    struct store_stock row;
    bool found;
    enum err_class class = STORE(a->c, stock_get, site_id(a->site), item, location, &row, &found, a->e);
    if (class != ERR_OK || !found) {
        return class;
    }
    row.item = item;
    row.location = location;
    row.uom = SLICE(""); /* it ends with the next op */
    class = correct(a, &row, 0, 0);
    return class == ERR_OK ? STORE(a->c, stock_remove, site_id(a->site), item, location, a->e) : class;
}

static enum err_class remove_extras(struct applying *a)
{
    struct extras x = {.a = a, .keys = BUF_INIT(ROWS_BYTES_MAX)};
    if (a->seen.size > 0) {
        qsort(a->seen.data, a->seen.size / sizeof(uint64_t), sizeof(uint64_t), compare_u64);
    }
    enum err_class class = collector_flush_cells(a->c, a->e);
    if (class == ERR_OK) {
        class = STORE(a->c, stock_each, site_id(a->site), find_extra, &x, a->e);
    }
    if (class == ERR_OK && x.full) {
        class = err_set(a->e, ERR_FATAL, "store %s: too many rows that the store lacks", a->site->row.store);
    }
    for (size_t at = 0; at < x.keys.size && class == ERR_OK;) {
        struct slice item = slice_of(x.keys.data + at);
        struct slice location = slice_of(x.keys.data + at + item.size + 1);
        at += item.size + location.size + 2;
        class = remove_extra(a, item, location);
    }
    buf_free(&x.keys);
    return class;
}

/* ---- the answer ---- */

static enum err_class done(struct applying *a)
{
    struct collector *c = a->c;
    struct store_row *row = &a->site->row;
    char outcome[80];
    (void)snprintf(outcome, sizeof outcome, "applied at seq %llu, %llu corrections",
                   (unsigned long long)a->seq, (unsigned long long)a->corrections);
    log_info(c->log, "collector", "store %s: repair %s", row->store, outcome);
    row->digest = a->digest;
    row->row_count = a->seen.size / sizeof(uint64_t);
    row->repaired_ms = c->now.ms;
    enum err_class class = orders_close(c, row->repair_id, COMMAND_DONE, outcome, a->e);
    row->repair_id = 0;
    row->repair_from_seq = 0;
    a->site->dirty = a->site->commands_due = true;
    if (class == ERR_OK) {
        class = STORE(c, stage_clear, row->store, a->e);
    }
    return class == ERR_OK ? collector_alert_over(c, a->site, "poison", a->e) : class;
}

static enum err_class apply(struct collector *c, struct site *site, uint64_t seq, struct err *e)
{
    struct applying a = {
        .c = c, .site = site, .seq = seq, .line = LINE_FIRST, .seen = BUF_INIT(ROWS_BYTES_MAX), .e = e};
    enum err_class class = STORE(c, stage_each, site->row.store, site->row.repair_id, each_part, &a, e);
    class = class == ERR_OK ? a.class : class;
    if (class == ERR_OK) {
        class = remove_extras(&a);
    }
    if (class == ERR_OK) {
        class = done(&a);
    }
    buf_free(&a.seen);
    return class;
}

enum err_class repair_keys(struct collector *c, struct site *site, uint64_t seq,
                           const Tillwire__V1__Keys *keys, struct slice event, struct err *e)
{
    if (site->row.repair_id == 0 || keys->command != site->row.repair_id) {
        return ERR_OK; /* answers a repair that was widened since */
    }
    if (keys->from_seq > site->row.repair_from_seq) {
        return fail(c, site, "the answer's keys begin too high", e);
    }
    return STORE(c, stage_put, site->row.store, keys->command, seq, event, e);
}

enum err_class repair_rows(struct collector *c, struct site *site, uint64_t seq,
                           const Tillwire__V1__Rows *rows, struct slice event, struct err *e)
{
    if (site->row.repair_id == 0 || rows->command != site->row.repair_id) {
        return ERR_OK;
    }
    enum err_class class = STORE(c, stage_put, site->row.store, rows->command, seq, event, e);
    return class == ERR_OK && rows->last ? apply(c, site, seq, e) : class;
}
