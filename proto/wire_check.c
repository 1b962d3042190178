#include "proto/wire_check.h"

#include "proto/text.h"

#include <string.h>

/* 0001-01-01 and the end of 9999: sums and differences of such times never overflow. */
#define TIME_MS_MIN INT64_C(-62135596800000)
#define TIME_MS_MAX INT64_C(253402300799999)

/* A row's basis is one byte of its digest. */
enum { BASIS_MAX = 255 };

bool check_fail(struct check *c, const char *field, const char *what)
{
    err_set(c->e, ERR_INVALID, "%s: %s", field, what);
    return false;
}

bool check_inside(struct check *c, const char *field, size_t index)
{
    err_prefix(c->e, "%s[%zu]", field, index);
    return false;
}

void check_drop_unknown(ProtobufCMessage *message)
{
    message->n_unknown_fields = 0;
    message->unknown_fields = NULL;
}

bool check_store(struct check *c, const char *store)
{
    return store_id_valid(slice_of(store)) || check_fail(c, "store", "want 1–32 of A–Z a–z 0–9 _ -");
}

bool check_text(struct check *c, const char *field, const char *text, size_t size_min, size_t size_max)
{
    size_t size = strlen(text);
    if (size < size_min) {
        return check_fail(c, field, "empty");
    }
    if (size > size_max) {
        return check_fail(c, field, "longer than its bound");
    }
    return text_valid((struct slice){text, size}) ||
           check_fail(c, field, "not UTF-8, or has control characters");
}

bool check_seq(struct check *c, const char *field, uint64_t seq, uint64_t min)
{
    return (seq >= min && seq <= WIRE_SEQ_MAX) || check_fail(c, field, "out of range");
}

bool check_time(struct check *c, const char *field, int64_t ms)
{
    return (ms >= TIME_MS_MIN && ms <= TIME_MS_MAX) || check_fail(c, field, "not a time of years 1–9999");
}

static bool check_basis(struct check *c, int basis)
{
    return (basis >= 0 && basis <= BASIS_MAX) || check_fail(c, "basis", "out of range");
}

bool check_run(struct check *c, Tillwire__V1__Run *run)
{
    if (run == NULL) {
        return check_fail(c, "run", "missing");
    }
    check_drop_unknown(&run->base);
    return check_seq(c, "run.counter", run->counter, 1);
}

bool check_mark(struct check *c, const char *field, Tillwire__V1__Mark **mark)
{
    if (*mark == NULL) {
        *mark = arena_alloc(c->arena, sizeof **mark);
        if (*mark == NULL) {
            err_set(c->e, arena_refused(c->arena), "no memory left for this message");
            return false;
        }
        tillwire__v1__mark__init(*mark);
    }
    check_drop_unknown(&(*mark)->base);
    return check_seq(c, field, (*mark)->seq, 0);
}

static bool check_movement(struct check *c, Tillwire__V1__Movement *m)
{
    check_drop_unknown(&m->base);
    int64_t before;
    if (__builtin_sub_overflow(m->on_hand_e4, m->on_hand_delta_e4, &before) ||
        __builtin_sub_overflow(m->held_e4, m->held_delta_e4, &before)) {
        return check_fail(c, "quantities", "balance less delta overflows");
    }
    return check_text(c, "item", m->item, 1, ITEM_ID_MAX) &&
           check_text(c, "alias", m->alias, 0, ITEM_ID_MAX) &&
           check_text(c, "location", m->location, 0, LOCATION_MAX) &&
           check_text(c, "uom", m->uom, 0, WIRE_TEXT_MAX) &&
           check_text(c, "reason", m->reason, 0, WIRE_TEXT_MAX) &&
           check_text(c, "document", m->document, 0, WIRE_TEXT_MAX) &&
           check_text(c, "reservation", m->reservation, 0, WIRE_TEXT_MAX) &&
           check_text(c, "description", m->description, 0, WIRE_TEXT_MAX) && check_basis(c, (int)m->basis) &&
           check_time(c, "basis_ms", m->basis_ms) && check_time(c, "own_ms", m->own_ms);
}

bool check_movements(struct check *c, const char *field, Tillwire__V1__Movement **movements, size_t count)
{
    if (count > WIRE_MOVEMENTS_MAX) {
        return check_fail(c, field, "more than 2000");
    }
    for (size_t i = 0; i < count; i++) {
        if (!check_movement(c, movements[i])) {
            return check_inside(c, field, i);
        }
    }
    return true;
}

static bool check_row(struct check *c, Tillwire__V1__Row *row)
{
    check_drop_unknown(&row->base);
    return check_text(c, "item", row->item, 1, ITEM_ID_MAX) &&
           check_text(c, "location", row->location, 0, LOCATION_MAX) && check_basis(c, (int)row->basis) &&
           check_time(c, "basis_ms", row->basis_ms) && check_text(c, "uom", row->uom, 0, WIRE_TEXT_MAX) &&
           check_text(c, "description", row->description, 0, WIRE_TEXT_MAX);
}

bool check_rows(struct check *c, Tillwire__V1__Row **rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!check_row(c, rows[i])) {
            return check_inside(c, "rows", i);
        }
    }
    return true;
}

bool check_key(struct check *c, const char *field, Tillwire__V1__BusinessKey *key)
{
    if (key == NULL) {
        return true;
    }
    check_drop_unknown(&key->base);
    if (!check_text(c, "workstation", key->workstation, 1, WORKSTATION_MAX) ||
        !check_seq(c, "sequence", key->sequence, 0)) {
        err_prefix(c->e, "%s", field);
        return false;
    }
    return true;
}

static bool check_key_state(struct check *c, Tillwire__V1__KeyState *state)
{
    check_drop_unknown(&state->base);
    if (state->key == NULL) {
        return check_fail(c, "key", "missing");
    }
    return check_key(c, "key", state->key) && check_time(c, "own_ms", state->own_ms) &&
           check_movements(c, "net_lines", state->net_lines, state->n_net_lines) &&
           check_key(c, "parked_for", state->parked_for);
}

bool check_key_states(struct check *c, Tillwire__V1__KeyState **keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!check_key_state(c, keys[i])) {
            return check_inside(c, "keys", i);
        }
    }
    return true;
}
