/* Opening stock (PROTOCOL rule 10): a quantity as of a moment, plus what moved after it, at the centre up to
 * its cursor and here from there on. */
#include "edge/stock/encode.h"
#include "edge/stock/net.h"
#include "edge/stock/state.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MOVEMENTS_BYTES_MAX = WIRE_EVENT_BYTES_MAX - 1024, /* the rest of an event is smaller than that */
};

struct opened {
    struct slice item, location, uom;
    int64_t quantity_e4; /* in the end: what the row becomes */
    bool overflow;
};

struct opening {
    struct ledger *l;
    int64_t as_of_ms;
    struct opened *rows; /* in the command's order */
    struct opened **sorted;
    size_t count;
    bool damaged; /* an event could not be decoded */
    struct buf movements;
    size_t movement_count; /* in `movements` */
    struct command_answer answer;
};

static int compare(const struct opened *a, const struct opened *b)
{
    int by_item = slice_compare(a->item, b->item);
    return by_item != 0 ? by_item : slice_compare(a->location, b->location);
}

static int compare_sorted(const void *a, const void *b)
{
    return compare(*(struct opened *const *)a, *(struct opened *const *)b);
}

static struct opened *find(const struct opening *o, struct slice item, struct slice location)
{
    struct opened wanted = {.item = item, .location = location};
    struct opened *key = &wanted;
    struct opened *const *at = bsearch(&key, o->sorted, o->count, sizeof(struct opened *), compare_sorted);
    return at == NULL ? NULL : *at;
}

/* Adds a movement of after the cursor to the row it belongs to, when its own time is after the as-of or
 * unknown. */
static void add_movement(struct opening *o, const Tillwire__V1__Movement *m, int64_t transaction_ms)
{
    int64_t own_ms = m->own_ms != 0 ? m->own_ms : transaction_ms;
    if (!movement_is_recorded(m->kind) || (own_ms != 0 && own_ms <= o->as_of_ms)) {
        return;
    }
    struct opened *row = find(o, slice_of(m->item), net_location(m));
    if (row != NULL) {
        row->overflow =
            __builtin_add_overflow(row->quantity_e4, m->on_hand_delta_e4, &row->quantity_e4) || row->overflow;
    }
}

static bool add_event(void *ctx, const struct ledger_event *event)
{
    struct opening *o = ctx;
    Tillwire__V1__Event *message =
        tillwire__v1__event__unpack(NULL, event->bytes.size, (const uint8_t *)event->bytes.data);
    o->damaged = message == NULL;
    if (message == NULL) {
        return false;
    }
    int64_t own_ms =
        message->body_case == TILLWIRE__V1__EVENT__BODY_TRANSACTION ? message->transaction->own_ms : 0;
    for (size_t i = 0; i < message->n_movements; i++) {
        add_movement(o, message->movements[i], own_ms);
    }
    tillwire__v1__event__free_unpacked(message, NULL);
    return true;
}

static enum err_class add_up(struct opening *o, const Tillwire__V1__Opening *opening, struct err *e)
{
    for (size_t i = 0; i < opening->n_rows; i++) {
        const Tillwire__V1__OpeningRow *source = opening->rows[i];
        struct opened *row = &o->rows[i];
        row->item = slice_of(source->item);
        row->location = source->location[0] == '\0' ? SLICE("floor") : slice_of(source->location);
        row->uom = source->uom[0] == '\0' ? SLICE("EA") : slice_of(source->uom);
        row->overflow =
            __builtin_add_overflow(source->quantity_e4, source->moved_since_e4, &row->quantity_e4);
        o->sorted[i] = row;
    }
    o->count = opening->n_rows;
    qsort(o->sorted, o->count, sizeof(struct opened *), compare_sorted);
    enum err_class class = events_read(o->l->events, opening->cursor->seq + 1, UINT64_MAX, add_event, o, e);
    return o->damaged ? err_set(e, ERR_FATAL, "an event cannot be decoded: the database is damaged") : class;
}

/* Says in `reason` what cannot be done, before the first movement is made; empty when all can. */
static enum err_class check_rows(struct opening *o, char reason[ERR_MESSAGE_BYTES_MAX], struct err *e)
{
    reason[0] = '\0';
    for (size_t i = 0; i < o->count; i++) {
        const struct opened *opened = o->sorted[i];
        struct row *row = NULL;
        enum err_class class = rows_find(o->l->rows, opened->item, opened->location, &row, e);
        if (class != ERR_OK) {
            return class;
        }
        int64_t delta;
        int64_t on_hand_e4 = row == NULL ? 0 : row->on_hand_e4;
        bool overflow = opened->overflow || __builtin_sub_overflow(opened->quantity_e4, on_hand_e4, &delta);
        bool twice = i > 0 && compare(o->sorted[i - 1], opened) == 0;
        if (overflow || twice) {
            (void)snprintf(reason, ERR_MESSAGE_BYTES_MAX, "item %.*s: %s", (int)opened->item.size,
                           opened->item.data, twice ? "twice for one location" : "its stock would overflow");
        }
    }
    return ERR_OK;
}

/* Movements that exceed one event go ahead in an event without a body; the last event says CommandDone. */
static enum err_class emit_full(struct opening *o, struct err *e)
{
    struct buf *out = events_scratch(o->l->events);
    enum err_class class = encode_times(out, o->l->wall_ms, o->l->boot_ms);
    if (class == ERR_OK) {
        class = buf_append_slice(out, buf_slice(&o->movements));
    }
    buf_clear(&o->movements);
    o->movement_count = 0;
    return class == ERR_OK ? events_append(o->l->events, e)
                           : err_set(e, ERR_FATAL, "a part of an opening does not fit an event");
}

static enum err_class add_opening(struct opening *o, const struct movement *m, struct err *e)
{
    enum err_class class =
        o->movement_count == WIRE_MOVEMENTS_MAX ? ERR_FULL : encode_movement(&o->movements, m);
    if (class == ERR_FULL) {
        class = emit_full(o, e);
        if (class == ERR_OK) {
            class = encode_movement(&o->movements, m);
        }
    }
    o->movement_count++;
    return class;
}

static bool passed_over(const struct opening *o, const struct row *row)
{
    return row->basis != TILLWIRE__V1__BASIS__BASIS_NONE && o->as_of_ms < row->basis_ms;
}

static enum err_class open_row(struct opening *o, const struct opened *opened, struct err *e)
{
    struct rows *rows = o->l->rows;
    struct row *row = NULL;
    bool described = false;
    enum err_class class = rows_get(rows, opened->item, opened->location, &row, e);
    if (class == ERR_OK && passed_over(o, row)) {
        o->answer.rows_passed_over++;
        return ERR_OK;
    }
    if (class == ERR_OK) {
        class = rows_describe(rows, row, opened->uom, SLICE(""), &described, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    const struct movement m = {.item = opened->item,
                               .location = opened->location,
                               .uom = opened->uom,
                               .kind = TILLWIRE__V1__MOVEMENT_KIND__OPENING,
                               .on_hand_delta_e4 = opened->quantity_e4 - row->on_hand_e4,
                               .on_hand_e4 = opened->quantity_e4,
                               .held_e4 = row->held_e4,
                               .basis = TILLWIRE__V1__BASIS__BASIS_OPENING,
                               .basis_ms = o->as_of_ms};
    rows_set(rows, row, opened->quantity_e4, row->held_e4, TILLWIRE__V1__BASIS__BASIS_OPENING);
    row->basis_ms = o->as_of_ms;
    o->answer.rows_done++;
    return add_opening(o, &m, e);
}

static enum err_class apply(struct opening *o, struct err *e)
{
    char reason[ERR_MESSAGE_BYTES_MAX];
    enum err_class class = check_rows(o, reason, e);
    if (class == ERR_OK && reason[0] != '\0') {
        const struct command_answer refused = {.command = o->answer.command,
                                               .outcome = TILLWIRE__V1__COMMAND_DONE__OUTCOME__REFUSED,
                                               .reason = reason};
        return command_done(o->l, &refused, SLICE(""), e);
    }
    for (size_t i = 0; class == ERR_OK && i < o->count; i++) {
        class = open_row(o, &o->rows[i], e);
    }
    return class == ERR_OK ? command_done(o->l, &o->answer, buf_slice(&o->movements), e) : class;
}

/* The mark must stand in our history: Σ was added up at it. *why is set when it does not. */
static enum err_class check_mark(struct ledger *l, const Tillwire__V1__Mark *cursor, const char **why,
                                 struct err *e)
{
    if (cursor == NULL || cursor->generation != l->meta.generation) {
        *why = "its cursor is of another generation";
        return ERR_OK;
    }
    uint64_t chain = 0;
    enum err_class class = events_chain_at(l->events, cursor->seq, &chain, e);
    if (class == ERR_INVALID || (class == ERR_OK && chain != cursor->chain)) {
        *why = "its cursor is not in this store's ledger";
        return ERR_OK;
    }
    return class;
}

enum err_class opening_execute(struct ledger *l, uint64_t id, const Tillwire__V1__Opening *opening,
                               struct err *e)
{
    const char *why = NULL;
    enum err_class class = check_mark(l, opening->cursor, &why, e);
    if (class == ERR_OK && why != NULL) {
        const struct command_answer answer = {
            .command = id, .outcome = TILLWIRE__V1__COMMAND_DONE__OUTCOME__NOT_EXECUTED, .reason = why};
        return command_done(l, &answer, SLICE(""), e);
    }
    if (class != ERR_OK) {
        return class;
    }
    struct opening o = {
        .l = l,
        .as_of_ms = opening->as_of_ms,
        .rows = calloc(opening->n_rows + 1, sizeof(struct opened)),
        .sorted = calloc(opening->n_rows + 1, sizeof(struct opened *)),
        .movements = BUF_INIT(MOVEMENTS_BYTES_MAX),
        .answer = {.command = id, .outcome = TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE, .reason = ""}};
    class = o.rows == NULL || o.sorted == NULL ? err_set(e, ERR_FATAL, "out of memory for an opening")
                                               : add_up(&o, opening, e);
    if (class == ERR_OK) {
        class = apply(&o, e);
    }
    free(o.rows);
    free(o.sorted);
    buf_free(&o.movements);
    return class;
}
