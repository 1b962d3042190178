#include "edge/stock/encode.h"
#include "edge/stock/state.h"
#include "proto/text.h"

#include <string.h>

enum {
    QUARANTINE_ROWS_MAX = 100000,
    FILE_NAME_MAX = 255,
    EVENT_QUARANTINED = 7,
};

enum err_class quarantine_prepare(struct ledger *l, struct err *e)
{
    enum err_class class =
        db_prepare(l->db, &l->quarantine_put,
                   "INSERT INTO quarantine (file_id, file, offset, length, line, hash, error, shape, wall_ms,"
                   " workstation, day, sequence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
                   " ON CONFLICT DO NOTHING",
                   e);
    if (class == ERR_OK) {
        class = db_prepare(l->db, &l->quarantine_drop,
                           "DELETE FROM quarantine WHERE id = (SELECT min(id) FROM quarantine)", e);
    }
    if (class == ERR_OK) {
        class =
            db_prepare(l->db, &l->quarantine_each,
                       "SELECT id, file_id, file, offset, length, line, error, shape, wall_ms FROM quarantine"
                       " ORDER BY id",
                       e);
    }
    return class;
}

/* Texts as they are kept and sent, with the NUL that protobuf-c wants. */
struct kept {
    char file[FILE_NAME_MAX + 1], error[WIRE_TEXT_MAX + 1], shape[WIRE_TEXT_MAX + 1],
        workstation[WORKSTATION_MAX + 1];
};

static enum err_class put_row(struct ledger *l, const struct ledger_source *source, uint64_t hash,
                              const struct kept *kept, const struct txn *key, struct err *e)
{
    struct db_stmt *s = l->quarantine_put;
    db_bind_int(s, 1, (int64_t)source->file_id);
    db_bind_text(s, 2, slice_of(kept->file));
    db_bind_int(s, 3, (int64_t)source->offset);
    db_bind_int(s, 4, (int64_t)source->length);
    db_bind_int(s, 5, (int64_t)source->line);
    db_bind_int(s, 6, (int64_t)hash);
    db_bind_text(s, 7, slice_of(kept->error));
    db_bind_text(s, 8, slice_of(kept->shape));
    db_bind_int(s, 9, l->wall_ms);
    if (key != NULL) {
        db_bind_text(s, 10, slice_of(kept->workstation));
        db_bind_int(s, 11, key->business_day);
        db_bind_int(s, 12, (int64_t)key->sequence);
    } else {
        db_bind_null(s, 10);
        db_bind_null(s, 11);
        db_bind_null(s, 12);
    }
    return db_run(s, e);
}

static enum err_class announce(struct ledger *l, const struct ledger_source *source, uint64_t hash,
                               struct kept *kept, const struct txn *key, struct err *e)
{
    Tillwire__V1__BusinessKey key_message;
    tillwire__v1__business_key__init(&key_message);
    Tillwire__V1__Quarantined message;
    tillwire__v1__quarantined__init(&message);
    message.source_file = source->file_id;
    message.file = kept->file;
    message.offset = source->offset;
    message.length = source->length;
    message.line = source->line;
    message.hash = hash;
    message.error = kept->error;
    message.shape = kept->shape;
    if (key != NULL) {
        key_message.workstation = kept->workstation;
        key_message.business_day = key->business_day;
        key_message.sequence = key->sequence;
        message.key = &key_message;
    }
    struct buf *out = events_scratch(l->events);
    enum err_class class = encode_times(out, l->wall_ms, l->boot_ms);
    if (class == ERR_OK) {
        class = encode_body(out, EVENT_QUARANTINED, &message.base, SLICE(""));
    }
    return class == ERR_OK ? events_append(l->events, e)
                           : err_set(e, class, "a quarantined record does not fit an event");
}

/* The oldest row makes room; it is counted, and its event stays in the ledger. */
static enum err_class make_room(struct ledger *l, struct err *e)
{
    if (l->meta.quarantined < QUARANTINE_ROWS_MAX) {
        l->meta.quarantined++;
        return ERR_OK;
    }
    l->meta.quarantine_dropped++;
    return db_run(l->quarantine_drop, e);
}

/* The number was used, if only by a record that cannot be decoded. */
static enum err_class use_number(struct ledger *l, const struct txn *key, struct err *e)
{
    struct slice name = key->workstation;
    bool usable = name.size > 0 && name.size <= WORKSTATION_MAX && text_valid(name) && key->sequence > 0 &&
                  key->sequence <= INT64_MAX && ledger_day_sound(l, key->business_day);
    if (!usable) {
        return ERR_OK;
    }
    int64_t workstation = 0;
    enum err_class class = series_workstation(l->series, name, &workstation, e);
    if (class == ERR_INVALID) {
        return ERR_OK; /* too many workstations: told where a transaction is refused for it */
    }
    return class == ERR_OK ? series_use(l->series, workstation, key->business_day, key->sequence, e) : class;
}

enum err_class ledger_quarantine(struct ledger *l, const struct ledger_source *source, uint64_t hash,
                                 struct slice error, struct slice shape, const struct txn *key, struct err *e)
{
    enum err_class class = ledger_writable(l, e);
    if (class != ERR_OK) {
        return class;
    }
    struct kept kept;
    const struct txn *named = key != NULL && key->workstation.size > 0 ? key : NULL;
    (void)text_clean(slice_of(source->file), FILE_NAME_MAX, kept.file);
    (void)text_clean(error, WIRE_TEXT_MAX, kept.error);
    (void)text_clean(shape, WIRE_TEXT_MAX, kept.shape);
    (void)text_clean(named != NULL ? named->workstation : SLICE(""), WORKSTATION_MAX, kept.workstation);
    class = put_row(l, source, hash, &kept, named, e);
    if (class == ERR_OK && db_changes(l->db) == 0) {
        return ERR_OK; /* the same record again */
    }
    if (class == ERR_OK) {
        class = make_room(l, e);
    }
    if (class == ERR_OK) {
        class = announce(l, source, hash, &kept, named, e);
    }
    if (class == ERR_OK && named != NULL) {
        class = use_number(l, named, e);
    }
    return ledger_fail(l, class);
}

enum err_class ledger_each_quarantine(struct ledger *l,
                                      bool (*each)(void *ctx, const struct ledger_quarantine_row *row),
                                      void *ctx, struct err *e)
{
    struct db_stmt *s = l->quarantine_each;
    enum err_class class = ERR_OK;
    bool go_on = true;
    while (class == ERR_OK && go_on) {
        bool found = false;
        class = db_step(s, &found, e);
        if (class != ERR_OK || !found) {
            return ledger_fail(l, class);
        }
        char file[FILE_NAME_MAX + 1];
        (void)text_clean(db_column_text(s, 2), FILE_NAME_MAX, file);
        struct ledger_quarantine_row row = {.id = db_column_int(s, 0),
                                            .source = {.file_id = (uint64_t)db_column_int(s, 1),
                                                       .file = file,
                                                       .offset = (uint64_t)db_column_int(s, 3),
                                                       .length = (uint64_t)db_column_int(s, 4),
                                                       .line = (uint64_t)db_column_int(s, 5)},
                                            .error = db_column_text(s, 6),
                                            .shape = db_column_text(s, 7),
                                            .wall_ms = db_column_int(s, 8)};
        go_on = each(ctx, &row);
    }
    db_reset(s);
    return ledger_fail(l, class);
}
