#include "edge/stock/events.h"

#include "proto/digest.h"

#include <assert.h>
#include <stdlib.h>

struct events {
    struct db *db;
    struct meta *meta;
    struct db_stmt *insert, *read, *chain_at, *get, *drop;
    struct buf scratch;
};

enum err_class events_open(struct events **out, struct db *db, struct meta *meta, struct err *e)
{
    *out = NULL;
    struct events *v = calloc(1, sizeof *v);
    if (v == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for events");
    }
    v->db = db;
    v->meta = meta;
    v->scratch = BUF_INIT(WIRE_EVENT_BYTES_MAX);
    enum err_class class = db_prepare(db, &v->insert, "INSERT INTO event VALUES (?1, ?2, ?3)", e);
    if (class == ERR_OK) {
        class = db_prepare(db, &v->read,
                           "SELECT seq, chain, bytes FROM event WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq", e);
    }
    if (class == ERR_OK) {
        class = db_prepare(db, &v->chain_at, "SELECT chain FROM event WHERE seq = ?1", e);
    }
    if (class == ERR_OK) {
        class = db_prepare(db, &v->get, "SELECT bytes FROM event WHERE seq = ?1", e);
    }
    if (class == ERR_OK) {
        class = db_prepare(db, &v->drop, "DELETE FROM event WHERE seq = ?1", e);
    }
    if (class != ERR_OK) {
        events_close(v);
        return class;
    }
    *out = v;
    return ERR_OK;
}

void events_close(struct events *v)
{
    if (v != NULL) {
        buf_free(&v->scratch);
        free(v);
    }
}

struct buf *events_scratch(struct events *v)
{
    return &v->scratch;
}

enum err_class events_append(struct events *v, struct err *e)
{
    struct slice bytes = buf_slice(&v->scratch);
    uint64_t seq = v->meta->seq + 1;
    uint64_t chain = chain_next(v->meta->chain, bytes);
    db_bind_int(v->insert, 1, (int64_t)seq);
    db_bind_int(v->insert, 2, (int64_t)chain);
    db_bind_blob(v->insert, 3, bytes);
    enum err_class class = db_run(v->insert, e);
    if (class == ERR_OK) {
        v->meta->seq = seq;
        v->meta->chain = chain;
    }
    buf_clear(&v->scratch);
    return class;
}

enum err_class events_chain_at(struct events *v, uint64_t seq, uint64_t *chain, struct err *e)
{
    const struct meta *m = v->meta;
    if (seq == 0 || seq == m->trimmed_seq || seq == m->seq) {
        *chain = seq == 0 ? m->birth : seq == m->seq ? m->chain : m->trimmed_chain;
        return ERR_OK;
    }
    bool found = false;
    if (seq > m->trimmed_seq && seq < m->seq) {
        db_bind_int(v->chain_at, 1, (int64_t)seq);
        enum err_class class = db_step(v->chain_at, &found, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    if (!found) {
        return err_set(e, ERR_INVALID, "seq %llu is not kept here: %llu to %llu are", (unsigned long long)seq,
                       (unsigned long long)m->trimmed_seq + 1, (unsigned long long)m->seq);
    }
    *chain = (uint64_t)db_column_int(v->chain_at, 0);
    db_reset(v->chain_at);
    return ERR_OK;
}

enum err_class events_read(struct events *v, uint64_t from, uint64_t last,
                           bool (*each)(void *ctx, const struct ledger_event *event), void *ctx,
                           struct err *e)
{
    uint64_t first = from > v->meta->trimmed_seq ? from : v->meta->trimmed_seq + 1;
    if (first > last || first > v->meta->seq) {
        return ERR_OK;
    }
    struct ledger_event event = {0};
    enum err_class class = events_chain_at(v, first - 1, &event.chain, e);
    db_bind_int(v->read, 1, (int64_t)first);
    db_bind_int(v->read, 2, (int64_t)(last > INT64_MAX ? INT64_MAX : last));
    bool go_on = true;
    while (class == ERR_OK && go_on) {
        bool found = false;
        class = db_step(v->read, &found, e);
        if (class != ERR_OK || !found) {
            return class;
        }
        event.seq = (uint64_t)db_column_int(v->read, 0);
        event.prev_chain = event.chain;
        event.chain = (uint64_t)db_column_int(v->read, 1);
        event.bytes = db_column_blob(v->read, 2);
        go_on = each(ctx, &event);
    }
    db_reset(v->read);
    return class;
}

enum err_class events_get(struct events *v, uint64_t seq, Tillwire__V1__Event **out, struct err *e)
{
    *out = NULL;
    db_bind_int(v->get, 1, (int64_t)seq);
    bool found = false;
    enum err_class class = db_step(v->get, &found, e);
    if (class != ERR_OK || !found) {
        return class;
    }
    struct slice bytes = db_column_blob(v->get, 0);
    *out = tillwire__v1__event__unpack(NULL, bytes.size, (const uint8_t *)bytes.data);
    db_reset(v->get);
    return *out != NULL
               ? ERR_OK
               : err_set(e, ERR_FATAL, "the event of seq %llu cannot be decoded: the database is damaged",
                         (unsigned long long)seq);
}

enum err_class events_drop_oldest(struct events *v, struct err *e)
{
    struct meta *m = v->meta;
    uint64_t seq = m->trimmed_seq + 1;
    assert(seq <= m->seq);
    uint64_t chain = 0;
    enum err_class class = events_chain_at(v, seq, &chain, e);
    if (class == ERR_OK) {
        db_bind_int(v->drop, 1, (int64_t)seq);
        class = db_run(v->drop, e);
    }
    if (class == ERR_OK) {
        m->trimmed_seq = seq;
        m->trimmed_chain = chain;
    }
    return class;
}
