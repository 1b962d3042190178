/* Messages that wait or were set aside: early batches, the dead, the parts of a repair's answer. */
#include "cloud/store/sqlite.h"
#include "common/hash.h"

static enum err_class early_bytes(struct sqlite *s, const char *store, const struct store_early *early,
                                  uint64_t *others, struct err *e)
{
    struct db_stmt *stmt;
    bool found;
    enum err_class class = sqlite_stmt(s, SQL_EARLY_BYTES,
                                       "SELECT ifnull(sum(length(payload)), 0) FROM early WHERE store = ?1"
                                       " AND NOT (first_seq = ?2 AND run_id = ?3)",
                                       &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, sqlite_signed(early->first_seq));
    db_bind_int(stmt, 3, sqlite_signed(early->run_id));
    class = sqlite_first(s, stmt, &found, e);
    *others = class == ERR_OK && found ? sqlite_u64(stmt, 0) : 0;
    return class;
}

enum err_class sqlite_early_put(void *ctx, const char *store, const struct store_early *early,
                                size_t bytes_max, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    uint64_t others;
    enum err_class class = early_bytes(s, store, early, &others, e);
    if (class != ERR_OK) {
        return class;
    }
    if (others + early->payload.size > bytes_max) {
        return err_set(e, ERR_FULL, "store %.32s: %zu bytes of batches beyond the cursor are held, no more",
                       store, bytes_max);
    }
    class =
        sqlite_stmt(s, SQL_EARLY_PUT, "INSERT OR REPLACE INTO early VALUES (?1, ?2, ?3, ?4, ?5)", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, sqlite_signed(early->first_seq));
    db_bind_int(stmt, 3, sqlite_signed(early->run_id));
    db_bind_int(stmt, 4, sqlite_signed(early->last_seq));
    db_bind_blob(stmt, 5, early->payload);
    return db_run(stmt, e);
}

static enum err_class early_find(struct sqlite *s, int slot, const char *sql, const char *store, uint64_t seq,
                                 struct store_early *out, bool *found, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(s, slot, sql, &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, sqlite_signed(seq));
    class = sqlite_first(s, stmt, found, e);
    if (class == ERR_OK && *found) {
        *out = (struct store_early){.run_id = sqlite_u64(stmt, 0),
                                    .first_seq = sqlite_u64(stmt, 1),
                                    .last_seq = sqlite_u64(stmt, 2),
                                    .payload = db_column_blob(stmt, 3)};
    }
    return class;
}

enum err_class sqlite_early_next(void *ctx, const char *store, uint64_t seq, struct store_early *out,
                                 bool *found, struct err *e)
{
    enum err_class class =
        early_find(ctx, SQL_EARLY_HOLDS,
                   "SELECT run_id, first_seq, last_seq, payload FROM early WHERE store = ?1"
                   " AND first_seq <= ?2 AND last_seq >= ?2 ORDER BY last_seq DESC LIMIT 1",
                   store, seq, out, found, e);
    if (class != ERR_OK || *found) {
        return class;
    }
    return early_find(
        ctx, SQL_EARLY_BEYOND,
        "SELECT run_id, first_seq, last_seq, payload FROM early WHERE store = ?1 AND first_seq > ?2"
        " ORDER BY first_seq LIMIT 1",
        store, seq, out, found, e);
}

enum err_class sqlite_early_drop(void *ctx, const char *store, uint64_t up_to_seq, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(ctx, SQL_EARLY_DROP, "DELETE FROM early WHERE store = ?1 AND last_seq <= ?2", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, up_to_seq > INT64_MAX ? INT64_MAX : (int64_t)up_to_seq);
    return db_run(stmt, e);
}

static enum err_class dead_trim(struct sqlite *s, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        s, SQL_DEAD_TRIM, "DELETE FROM dead WHERE id <= (SELECT max(id) FROM dead) - ?1", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, SQLITE_DEAD_MAX);
    return db_run(stmt, e);
}

enum err_class sqlite_dead_put(void *ctx, const struct store_dead *dead, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(s, SQL_DEAD_PUT,
                    "INSERT INTO dead (store, generation, first_seq, last_seq, hash, topic, reason,"
                    " payload, at_ms, times) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)"
                    " ON CONFLICT DO UPDATE SET at_ms = ?9, times = times + 1",
                    &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, dead->store);
    db_bind_int(stmt, 2, dead->generation);
    db_bind_int(stmt, 3, sqlite_signed(dead->first_seq));
    db_bind_int(stmt, 4, sqlite_signed(dead->last_seq));
    db_bind_int(stmt, 5, sqlite_signed(hash64(dead->payload)));
    db_bind_text(stmt, 6, dead->topic);
    db_bind_text(stmt, 7, dead->reason);
    db_bind_blob(stmt, 8, dead->payload);
    db_bind_int(stmt, 9, s->now.ms);
    class = db_run(stmt, e);
    return class == ERR_OK ? dead_trim(s, e) : class;
}

enum err_class sqlite_dead_each(void *ctx, int64_t before_id, unsigned limit,
                                bool (*each)(void *, const struct store_dead *), void *each_ctx,
                                struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(ctx, SQL_QUERY_DEAD,
                    "SELECT id, store, topic, reason, generation, first_seq, last_seq, payload,"
                    " at_ms FROM dead WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
                    &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, before_id > 0 ? before_id : INT64_MAX);
    db_bind_int(stmt, 2, sqlite_limit(limit));
    for (bool found = true; class == ERR_OK && found;) {
        class = db_step(stmt, &found, e);
        if (class != ERR_OK || !found) {
            break;
        }
        struct store_dead dead = {
            .id = db_column_int(stmt, 0),
            .store = db_column_text(stmt, 1),
            .topic = db_column_text(stmt, 2),
            .reason = db_column_text(stmt, 3),
            .generation = (uint32_t)db_column_int(stmt, 4),
            .first_seq = sqlite_u64(stmt, 5),
            .last_seq = sqlite_u64(stmt, 6),
            .payload = db_column_blob(stmt, 7),
            .at_ms = db_column_int(stmt, 8),
        };
        if (!each(each_ctx, &dead)) {
            db_reset(stmt);
            break;
        }
    }
    return class;
}

enum err_class sqlite_stage_put(void *ctx, const char *store, uint64_t command, uint64_t seq,
                                struct slice event, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(ctx, SQL_STAGE_PUT, "INSERT OR REPLACE INTO stage VALUES (?1, ?2, ?3, ?4)", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, sqlite_signed(command));
    db_bind_int(stmt, 3, sqlite_signed(seq));
    db_bind_blob(stmt, 4, event);
    return db_run(stmt, e);
}

enum err_class sqlite_stage_each(void *ctx, const char *store, uint64_t command,
                                 bool (*each)(void *, struct slice event), void *each_ctx, struct err *e)
{
    struct db_stmt *stmt;
    bool found = true;
    enum err_class class =
        sqlite_stmt(ctx, SQL_STAGE_EACH,
                    "SELECT event FROM stage WHERE store = ?1 AND command = ?2 ORDER BY seq", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, sqlite_signed(command));
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        if (class == ERR_OK && found && !each(each_ctx, db_column_blob(stmt, 0))) {
            db_reset(stmt);
            break;
        }
    }
    return class;
}

enum err_class sqlite_stage_clear(void *ctx, const char *store, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(ctx, SQL_STAGE_CLEAR, "DELETE FROM stage WHERE store = ?1", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    return db_run(stmt, e);
}
