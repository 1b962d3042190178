#include "edge/stock/meta.h"

static enum err_class take(struct db_stmt *s, const char *store, struct meta *m, struct err *e)
{
    struct slice owner = db_column_text(s, 0);
    if (!slice_equal_text(owner, store)) {
        return err_set(
            e, ERR_INVALID,
            "this database belongs to store %.*s, not to %s: correct the store id, or give %s a database "
            "of its own",
            (int)owner.size, owner.data, store, store);
    }
    *m = (struct meta){
        .birth = (uint64_t)db_column_int(s, 1),
        .generation = (uint32_t)db_column_int(s, 2),
        .run_counter = (uint64_t)db_column_int(s, 3),
        .run_id = (uint64_t)db_column_int(s, 4),
        .seq = (uint64_t)db_column_int(s, 5),
        .chain = (uint64_t)db_column_int(s, 6),
        .trimmed_seq = (uint64_t)db_column_int(s, 7),
        .trimmed_chain = (uint64_t)db_column_int(s, 8),
        .digest = (uint64_t)db_column_int(s, 9),
        .row_count = (uint64_t)db_column_int(s, 10),
        .negatives = (uint64_t)db_column_int(s, 11),
        .applied_seq = (uint64_t)db_column_int(s, 12),
        .greatest_centre_ms = db_column_int(s, 13),
        .last_own_ms = db_column_int(s, 14),
        .newest_day = db_column_is_null(s, 15) ? META_NO_DAY : (int32_t)db_column_int(s, 15),
        .quarantined = (uint64_t)db_column_int(s, 16),
        .quarantine_dropped = (uint64_t)db_column_int(s, 17),
    };
    return ERR_OK;
}

enum err_class meta_read(struct db *db, const char *store, struct meta *out, bool *found, struct err *e)
{
    struct db_stmt *s = NULL;
    enum err_class class = db_prepare(
        db, &s,
        "SELECT store, birth, generation, run_counter, run_id, seq, chain, trimmed_seq, trimmed_chain,"
        " digest, row_count, negatives, applied_seq, greatest_centre_ms, last_own_ms, newest_day,"
        " quarantined, quarantine_dropped FROM meta",
        e);
    if (class == ERR_OK) {
        class = db_step(s, found, e);
    }
    if (class == ERR_OK && *found) {
        class = take(s, store, out, e);
    }
    db_finalise(s);
    return class;
}

static void bind(struct db_stmt *s, const struct meta *m)
{
    db_bind_int(s, 1, m->generation);
    db_bind_int(s, 2, (int64_t)m->run_counter);
    db_bind_int(s, 3, (int64_t)m->run_id);
    db_bind_int(s, 4, (int64_t)m->seq);
    db_bind_int(s, 5, (int64_t)m->chain);
    db_bind_int(s, 6, (int64_t)m->trimmed_seq);
    db_bind_int(s, 7, (int64_t)m->trimmed_chain);
    db_bind_int(s, 8, (int64_t)m->digest);
    db_bind_int(s, 9, (int64_t)m->row_count);
    db_bind_int(s, 10, (int64_t)m->negatives);
    db_bind_int(s, 11, (int64_t)m->applied_seq);
    db_bind_int(s, 12, m->greatest_centre_ms);
    db_bind_int(s, 13, m->last_own_ms);
    if (m->newest_day == META_NO_DAY) {
        db_bind_null(s, 14);
    } else {
        db_bind_int(s, 14, m->newest_day);
    }
    db_bind_int(s, 15, (int64_t)m->quarantined);
    db_bind_int(s, 16, (int64_t)m->quarantine_dropped);
}

enum err_class meta_create(struct db *db, const char *store, const struct meta *m, struct err *e)
{
    struct db_stmt *s = NULL;
    enum err_class class = db_prepare(
        db, &s,
        "INSERT INTO meta (generation, run_counter, run_id, seq, chain, trimmed_seq, trimmed_chain, digest,"
        " row_count, negatives, applied_seq, greatest_centre_ms, last_own_ms, newest_day, quarantined,"
        " quarantine_dropped, id, store, birth)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 1, ?17, ?18)",
        e);
    if (class == ERR_OK) {
        bind(s, m);
        db_bind_text(s, 17, slice_of(store));
        db_bind_int(s, 18, (int64_t)m->birth);
        class = db_run(s, e);
    }
    db_finalise(s);
    return class;
}

enum err_class meta_prepare(struct db *db, struct db_stmt **write, struct err *e)
{
    return db_prepare(db, write,
                      "UPDATE meta SET generation = ?1, run_counter = ?2, run_id = ?3, seq = ?4, chain = ?5,"
                      " trimmed_seq = ?6, trimmed_chain = ?7, digest = ?8, row_count = ?9, negatives = ?10,"
                      " applied_seq = ?11, greatest_centre_ms = ?12, last_own_ms = ?13, newest_day = ?14,"
                      " quarantined = ?15, quarantine_dropped = ?16 WHERE id = 1",
                      e);
}

enum err_class meta_write(struct db_stmt *write, const struct meta *m, struct err *e)
{
    bind(write, m);
    return db_run(write, e);
}
