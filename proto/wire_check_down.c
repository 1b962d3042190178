/* Limits of what the centre sends: acks and commands. */
#include "proto/wire_check.h"

static bool check_range(struct check *c, Tillwire__V1__Range *range)
{
    check_drop_unknown(&range->base);
    return check_seq(c, "first", range->first, 1) && check_seq(c, "last", range->last, 1) &&
           (range->first <= range->last || check_fail(c, "first", "past last"));
}

bool check_ack(struct check *c, Tillwire__V1__Ack *ack)
{
    check_drop_unknown(&ack->base);
    for (size_t i = 0; i < ack->n_missing; i++) {
        if (!check_range(c, ack->missing[i])) {
            return check_inside(c, "missing", i);
        }
    }
    return check_store(c, ack->store) && check_run(c, ack->run) &&
           check_seq(c, "heartbeat_no", ack->heartbeat_no, 1) && check_time(c, "centre_ms", ack->centre_ms) &&
           check_seq(c, "applied_seq", ack->applied_seq, 0) &&
           check_seq(c, "closed_below", ack->closed_below, 0);
}

static bool check_opening_row(struct check *c, Tillwire__V1__OpeningRow *row)
{
    check_drop_unknown(&row->base);
    int64_t sum;
    if (__builtin_add_overflow(row->quantity_e4, row->moved_since_e4, &sum)) {
        return check_fail(c, "quantities", "sum overflows");
    }
    return check_text(c, "item", row->item, 1, ITEM_ID_MAX) &&
           check_text(c, "location", row->location, 0, LOCATION_MAX) &&
           check_text(c, "uom", row->uom, 0, WIRE_TEXT_MAX);
}

static bool check_opening(struct check *c, Tillwire__V1__Opening *opening)
{
    check_drop_unknown(&opening->base);
    for (size_t i = 0; i < opening->n_rows; i++) {
        if (!check_opening_row(c, opening->rows[i])) {
            return check_inside(c, "rows", i);
        }
    }
    return check_time(c, "as_of_ms", opening->as_of_ms) && check_mark(c, "cursor", &opening->cursor);
}

static bool check_restore(struct check *c, Tillwire__V1__RestorePart *restore)
{
    check_drop_unknown(&restore->base);
    if (restore->generation == 0) {
        return check_fail(c, "restore.generation", "0");
    }
    if (restore->part == 0 || restore->part > restore->parts) {
        return check_fail(c, "part", "not one of 1 … parts");
    }
    return check_run(c, restore->run) && check_mark(c, "mark", &restore->mark) &&
           check_rows(c, restore->rows, restore->n_rows) &&
           check_key_states(c, restore->keys, restore->n_keys);
}

static bool check_body(struct check *c, Tillwire__V1__Command *command)
{
    switch (command->body_case) {
    case TILLWIRE__V1__COMMAND__BODY_REPAIR:
        check_drop_unknown(&command->repair->base);
        return check_seq(c, "from_seq", command->repair->from_seq, 1);
    case TILLWIRE__V1__COMMAND__BODY_OPENING:
        return check_opening(c, command->opening);
    case TILLWIRE__V1__COMMAND__BODY_RESTORE:
        return check_restore(c, command->restore);
    case TILLWIRE__V1__COMMAND__BODY__NOT_SET: /* a newer centre's: answered as refused, not dropped */
    case _TILLWIRE__V1__COMMAND__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return true;
}

bool check_command(struct check *c, Tillwire__V1__Command *command)
{
    check_drop_unknown(&command->base);
    if (command->id == 0) {
        return check_fail(c, "id", "0");
    }
    return check_store(c, command->store) && check_body(c, command);
}
