/* Limits of what stores send: batches, their events, heartbeats. */
#include "proto/wire_check.h"

enum { GAPS_MAX = 64 };

bool check_batch(struct check *c, Tillwire__V1__EventBatch *batch)
{
    check_drop_unknown(&batch->base);
    if (batch->generation == 0) {
        return check_fail(c, "generation", "0");
    }
    if (batch->n_events == 0) {
        return check_fail(c, "events", "none");
    }
    for (size_t i = 0; i < batch->n_events; i++) {
        if (batch->events[i].len == 0 || batch->events[i].len > WIRE_EVENT_BYTES_MAX) {
            check_fail(c, "size", "out of range");
            return check_inside(c, "events", i);
        }
    }
    return check_store(c, batch->store) && check_run(c, batch->run) &&
           check_seq(c, "first_seq", batch->first_seq, 1) &&
           check_seq(c, "last seq", batch->first_seq + batch->n_events - 1, 1);
}

static bool check_transaction(struct check *c, Tillwire__V1__Transaction *transaction)
{
    check_drop_unknown(&transaction->base);
    if (transaction->key == NULL) {
        return check_fail(c, "key", "missing");
    }
    return check_key(c, "key", transaction->key) &&
           check_text(c, "status", transaction->status, 0, WIRE_TEXT_MAX) &&
           check_text(c, "begin", transaction->begin, 0, WIRE_TEXT_MAX) &&
           check_text(c, "end", transaction->end, 0, WIRE_TEXT_MAX) &&
           check_text(c, "zone", transaction->zone, 0, WIRE_TEXT_MAX) &&
           check_time(c, "own_ms", transaction->own_ms) &&
           check_seq(c, "source_offset", transaction->source_offset, 0);
}

static bool check_quarantined(struct check *c, Tillwire__V1__Quarantined *quarantined)
{
    check_drop_unknown(&quarantined->base);
    return check_text(c, "file", quarantined->file, 0, WIRE_TEXT_MAX) &&
           check_seq(c, "offset", quarantined->offset, 0) && check_seq(c, "length", quarantined->length, 0) &&
           check_seq(c, "line", quarantined->line, 0) &&
           check_text(c, "error", quarantined->error, 0, WIRE_TEXT_MAX) &&
           check_text(c, "shape", quarantined->shape, 0, WIRE_TEXT_MAX) &&
           check_key(c, "key", quarantined->key);
}

static bool check_body(struct check *c, Tillwire__V1__Event *event)
{
    switch (event->body_case) {
    case TILLWIRE__V1__EVENT__BODY_TRANSACTION:
        return check_transaction(c, event->transaction);
    case TILLWIRE__V1__EVENT__BODY_ROWS:
        check_drop_unknown(&event->rows->base);
        return check_rows(c, event->rows->rows, event->rows->n_rows);
    case TILLWIRE__V1__EVENT__BODY_KEYS:
        check_drop_unknown(&event->keys->base);
        return check_seq(c, "from_seq", event->keys->from_seq, 0) &&
               check_key_states(c, event->keys->keys, event->keys->n_keys);
    case TILLWIRE__V1__EVENT__BODY_COMMAND_DONE:
        check_drop_unknown(&event->command_done->base);
        return check_text(c, "reason", event->command_done->reason, 0, WIRE_TEXT_MAX);
    case TILLWIRE__V1__EVENT__BODY_QUARANTINED:
        return check_quarantined(c, event->quarantined);
    case TILLWIRE__V1__EVENT__BODY_RESTORED:
        check_drop_unknown(&event->restored->base);
        return check_mark(c, "mark", &event->restored->mark);
    case TILLWIRE__V1__EVENT__BODY_SKIPPED:
        check_drop_unknown(&event->skipped->base);
        return check_seq(c, "last", event->skipped->last, 1);
    case TILLWIRE__V1__EVENT__BODY__NOT_SET: /* a body of a newer version: its movements count all the same */
    case _TILLWIRE__V1__EVENT__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return true;
}

bool check_event(struct check *c, Tillwire__V1__Event *event)
{
    check_drop_unknown(&event->base);
    return check_time(c, "wall_ms", event->wall_ms) && check_time(c, "boot_ms", event->boot_ms) &&
           check_body(c, event) && check_movements(c, "movements", event->movements, event->n_movements);
}

static bool check_echo(struct check *c, Tillwire__V1__Echo *echo)
{
    if (echo == NULL) {
        return true;
    }
    check_drop_unknown(&echo->base);
    if (echo->elapsed_ms < 0) {
        return check_fail(c, "echo.elapsed_ms", "below 0");
    }
    return check_time(c, "echo.centre_ms", echo->centre_ms) &&
           check_time(c, "echo.elapsed_ms", echo->elapsed_ms);
}

static bool check_source(struct check *c, Tillwire__V1__SourceState *source)
{
    check_drop_unknown(&source->base);
    return check_text(c, "name", source->name, 0, WIRE_TEXT_MAX) &&
           check_seq(c, "lag_bytes", source->lag_bytes, 0) &&
           check_time(c, "last_read_ok_age_ms", source->last_read_ok_age_ms) &&
           check_time(c, "last_record_wall_ms", source->last_record_wall_ms) &&
           check_text(c, "error", source->error, 0, WIRE_TEXT_MAX) &&
           check_text(c, "file", source->file, 0, WIRE_TEXT_MAX);
}

static bool check_gap(struct check *c, Tillwire__V1__SequenceGap *gap)
{
    check_drop_unknown(&gap->base);
    return check_text(c, "workstation", gap->workstation, 1, WORKSTATION_MAX) &&
           check_seq(c, "last", gap->last, 0) &&
           (gap->first <= gap->last || check_fail(c, "first", "past last"));
}

static bool check_lists(struct check *c, Tillwire__V1__Heartbeat *heartbeat)
{
    for (size_t i = 0; i < heartbeat->n_sources; i++) {
        if (!check_source(c, heartbeat->sources[i])) {
            return check_inside(c, "sources", i);
        }
    }
    if (heartbeat->n_gaps > GAPS_MAX) {
        return check_fail(c, "gaps", "more than 64");
    }
    for (size_t i = 0; i < heartbeat->n_gaps; i++) {
        if (!check_gap(c, heartbeat->gaps[i])) {
            return check_inside(c, "gaps", i);
        }
    }
    return true;
}

/* What a table of integers takes as they are. */
static bool check_counts(struct check *c, const Tillwire__V1__Heartbeat *heartbeat)
{
    return check_seq(c, "no", heartbeat->no, 1) && check_seq(c, "head_seq", heartbeat->head_seq, 0) &&
           check_seq(c, "row_count", heartbeat->row_count, 0) &&
           check_seq(c, "outbox", heartbeat->outbox, 0) &&
           check_seq(c, "catalogue_version", heartbeat->catalogue_version, 0) &&
           check_seq(c, "disk_free_bytes", heartbeat->disk_free_bytes, 0) &&
           check_seq(c, "quarantined", heartbeat->quarantined, 0) &&
           check_seq(c, "negatives", heartbeat->negatives, 0) &&
           check_seq(c, "gap_count", heartbeat->gap_count, 0) &&
           check_seq(c, "resident_bytes", heartbeat->resident_bytes, 0);
}

bool check_heartbeat(struct check *c, Tillwire__V1__Heartbeat *heartbeat)
{
    check_drop_unknown(&heartbeat->base);
    return check_store(c, heartbeat->store) && check_run(c, heartbeat->run) && check_counts(c, heartbeat) &&
           check_echo(c, heartbeat->echo) && check_mark(c, "parts_mark", &heartbeat->parts_mark) &&
           check_time(c, "oldest_unapplied_age_ms", heartbeat->oldest_unapplied_age_ms) &&
           check_time(c, "last_transaction_wall_ms", heartbeat->last_transaction_wall_ms) &&
           check_time(c, "wall_ms", heartbeat->wall_ms) &&
           check_text(c, "boot_id", heartbeat->boot_id, 0, WIRE_TEXT_MAX) &&
           check_text(c, "version", heartbeat->version, 0, WIRE_TEXT_MAX) && check_lists(c, heartbeat);
}
