/* Retention (PROTOCOL rule 1): what the centre has applied, and when, and what may go for it. */
#include "edge/stock/net.h"
#include "edge/stock/state.h"

#include <assert.h>

enum { MARK_INTERVAL_MS = 60 * 60 * 1000 };

enum err_class trim_prepare(struct ledger *l, struct err *e)
{
    enum err_class class =
        db_prepare(l->db, &l->mark_put, "INSERT INTO mark VALUES (?1, ?2) ON CONFLICT DO NOTHING", e);
    if (class == ERR_OK) {
        class = db_prepare(l->db, &l->mark_find, "SELECT max(seq) FROM mark WHERE centre_ms <= ?1", e);
    }
    if (class == ERR_OK) {
        class = db_prepare(l->db, &l->mark_newest, "SELECT max(centre_ms) FROM mark", e);
    }
    if (class == ERR_OK) {
        class = db_prepare(l->db, &l->mark_trim, "DELETE FROM mark WHERE seq < ?1", e);
    }
    bool found = false;
    if (class == ERR_OK) {
        class = db_step(l->mark_newest, &found, e);
    }
    if (found) {
        l->marked_ms = db_column_int(l->mark_newest, 0); /* 0 when there is none */
        db_reset(l->mark_newest);
    }
    return class;
}

/* Kept in memory, and written with the next commit: losing it in a crash costs a re-send, an fsync for each
 * answer of the centre would cost every store's flash. */
enum err_class ledger_applied(struct ledger *l, uint64_t seq, int64_t centre_ms, struct err *e)
{
    if (seq > l->committed.seq) {
        return err_set(e, ERR_INVALID, "seq %llu cannot have been applied: the newest is %llu",
                       (unsigned long long)seq, (unsigned long long)l->committed.seq);
    }
    struct meta *m = &l->meta;
    m->applied_seq = seq > m->applied_seq ? seq : m->applied_seq;
    m->greatest_centre_ms = centre_ms > m->greatest_centre_ms ? centre_ms : m->greatest_centre_ms;
    l->mark_due = l->mark_due || m->greatest_centre_ms >= l->marked_ms + MARK_INTERVAL_MS;
    return ERR_OK;
}

/* Retention counts from the centre's clock when it had applied an event, never from the wall clock, and not
 * from a centre time that was old already when the event was made: a store that was away for months keeps its
 * days too. */
enum err_class trim_write_mark(struct ledger *l, struct err *e)
{
    if (!l->mark_due || l->meta.applied_seq == 0) {
        return ERR_OK;
    }
    db_bind_int(l->mark_put, 1, (int64_t)l->meta.applied_seq);
    db_bind_int(l->mark_put, 2, l->meta.greatest_centre_ms);
    enum err_class class = db_run(l->mark_put, e);
    if (class == ERR_OK) {
        l->mark_due = false;
        l->marked_ms = l->meta.greatest_centre_ms;
    }
    return class;
}

/* The newest seq whose retention has passed; 0: none. */
static enum err_class find_limit(struct ledger *l, uint64_t *limit, struct err *e)
{
    *limit = 0;
    db_bind_int(l->mark_find, 1, l->meta.greatest_centre_ms - (int64_t)l->retention_days * LEDGER_MS_PER_DAY);
    bool found = false;
    enum err_class class = db_step(l->mark_find, &found, e);
    if (found) {
        *limit = (uint64_t)db_column_int(l->mark_find, 0); /* NULL reads as 0 */
        db_reset(l->mark_find);
    }
    assert(*limit <= l->meta.applied_seq);
    return class;
}

/* Deleted movements are first added to their row's carried, so that stock = carried + the ledger. */
static enum err_class carry(struct ledger *l, const Tillwire__V1__Event *event, struct err *e)
{
    for (size_t i = 0; i < event->n_movements; i++) {
        const Tillwire__V1__Movement *m = event->movements[i];
        struct row *row = NULL;
        enum err_class class = rows_find(l->rows, slice_of(m->item), net_location(m), &row, e);
        if (class != ERR_OK) {
            return class;
        }
        if (row == NULL) {
            return err_set(e, ERR_FATAL, "a movement of a row that is not there: the database is damaged");
        }
        row->carried_e4 += m->on_hand_delta_e4;
        row->carried_held_e4 += m->held_delta_e4;
        rows_touch(l->rows, row);
    }
    return ERR_OK;
}

/* A key that outlives its event keeps its net lines. */
static enum err_class keep_net(struct ledger *l, uint64_t seq, Tillwire__V1__Event *event, struct err *e)
{
    if (event->body_case != TILLWIRE__V1__EVENT__BODY_TRANSACTION) {
        return ERR_OK;
    }
    const Tillwire__V1__BusinessKey *key = event->transaction->key;
    if (key->business_day < ledger_horizon(l)) {
        return ERR_OK;
    }
    struct key owner = {.day = key->business_day, .sequence = key->sequence, .seq = seq};
    enum err_class class = series_workstation(l->series, slice_of(key->workstation), &owner.workstation, e);
    BUF_AUTO struct buf packed = BUF_INIT(WIRE_EVENT_BYTES_MAX);
    if (class == ERR_OK) {
        class = net_pack(event, &packed, e);
    }
    return class == ERR_OK ? keys_keep_net(l->keys, &owner, buf_slice(&packed), e) : class;
}

static enum err_class drop_one(struct ledger *l, struct err *e)
{
    uint64_t seq = l->meta.trimmed_seq + 1;
    Tillwire__V1__Event *event = NULL;
    enum err_class class = events_get(l->events, seq, &event, e);
    if (class == ERR_OK && event == NULL) {
        return err_set(e, ERR_FATAL, "seq %llu is missing: the database is damaged", (unsigned long long)seq);
    }
    if (class == ERR_OK) {
        class = carry(l, event, e);
    }
    if (class == ERR_OK) {
        class = keep_net(l, seq, event, e);
    }
    if (class == ERR_OK) {
        class = events_drop_oldest(l->events, e);
    }
    if (event != NULL) {
        tillwire__v1__event__free_unpacked(event, NULL);
    }
    return class;
}

static enum err_class trim(struct ledger *l, unsigned max, unsigned *deleted, struct err *e)
{
    uint64_t limit = 0;
    enum err_class class = trim_write_mark(l, e);
    if (class == ERR_OK) {
        class = find_limit(l, &limit, e);
    }
    while (class == ERR_OK && *deleted < max && l->meta.trimmed_seq < limit) {
        class = drop_one(l, e);
        *deleted += class == ERR_OK;
    }
    db_bind_int(l->mark_trim, 1, (int64_t)l->meta.trimmed_seq);
    if (class == ERR_OK) {
        class = db_run(l->mark_trim, e);
    }
    if (class == ERR_OK) {
        class = command_trim(l, e);
    }
    if (class == ERR_OK && l->meta.newest_day != META_NO_DAY) {
        class = keys_trim(l->keys, ledger_horizon(l), max, e);
    }
    if (class == ERR_OK && l->meta.newest_day != META_NO_DAY) {
        class = series_trim(l->series, ledger_horizon(l), e);
    }
    return class;
}

enum err_class ledger_trim(struct ledger *l, unsigned max, unsigned *deleted, struct err *e)
{
    *deleted = 0;
    enum err_class class = ledger_begin(l, e);
    if (class != ERR_OK) {
        return class;
    }
    class = ledger_fail(l, trim(l, max, deleted, e));
    if (class != ERR_OK) {
        ledger_rollback(l);
    } else {
        class = ledger_commit(l, e);
    }
    *deleted = class == ERR_OK ? *deleted : 0;
    return class;
}
