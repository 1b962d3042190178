/* What is known of the fleet beside each store's row: stores that are not enrolled, and missing numbers. */
#include "cloud/store/sqlite.h"

enum err_class sqlite_unknown_put(void *ctx, const char *store, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(s, SQL_UNKNOWN_PUT,
                                       "INSERT INTO unknown_store VALUES (?1, ?2, 1)"
                                       " ON CONFLICT (store) DO UPDATE SET last_ms = ?2, times = times + 1",
                                       &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, s->now.ms);
    class = db_run(stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    class = sqlite_stmt(s, SQL_UNKNOWN_TRIM,
                        "DELETE FROM unknown_store WHERE store IN"
                        " (SELECT store FROM unknown_store ORDER BY last_ms DESC LIMIT -1 OFFSET ?1)",
                        &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, SQLITE_UNKNOWN_MAX);
    return db_run(stmt, e);
}

enum err_class sqlite_unknown_forget(struct sqlite *s, const char *store, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(s, SQL_UNKNOWN_FORGET, "DELETE FROM unknown_store WHERE store = ?1", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    return db_run(stmt, e);
}

enum err_class sqlite_unknown_each(void *ctx,
                                   bool (*each)(void *, const char *store, int64_t last_ms, uint64_t times),
                                   void *each_ctx, struct err *e)
{
    struct db_stmt *stmt;
    bool found = true;
    enum err_class class = sqlite_stmt(
        ctx, SQL_UNKNOWN_EACH, "SELECT store, last_ms, times FROM unknown_store ORDER BY store", &stmt, e);
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        char store[STORE_ID_MAX + 1];
        if (class == ERR_OK && found && slice_copy(db_column_text(stmt, 0), store, sizeof store) &&
            !each(each_ctx, store, db_column_int(stmt, 1), sqlite_u64(stmt, 2))) {
            db_reset(stmt);
            break;
        }
    }
    return class;
}

static enum err_class gap_put(struct sqlite *s, const char *store, const struct store_gap *gap, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(s, SQL_GAP_PUT, "INSERT OR REPLACE INTO gap VALUES (?1, ?2, ?3, ?4, ?5)", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, gap->business_day);
    db_bind_text(stmt, 3, gap->workstation);
    db_bind_int(stmt, 4, sqlite_signed(gap->first));
    db_bind_int(stmt, 5, sqlite_signed(gap->last));
    return db_run(stmt, e);
}

enum err_class sqlite_gaps_replace(void *ctx, const char *store, const struct store_gap *gaps, size_t count,
                                   uint64_t total, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(s, SQL_GAPS_DELETE, "DELETE FROM gap WHERE store = ?1", &stmt, e);
    if (class == ERR_OK) {
        db_bind_text(stmt, 1, slice_of(store));
        class = db_run(stmt, e);
    }
    for (size_t i = 0; i < count && class == ERR_OK; i++) {
        class = gap_put(s, store, &gaps[i], e);
    }
    if (class == ERR_OK) {
        class =
            sqlite_stmt(s, SQL_GAP_TOTAL_PUT, "UPDATE store SET gap_total = ?2 WHERE store = ?1", &stmt, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, sqlite_signed(total));
    return db_run(stmt, e);
}

static enum err_class gap_total(struct sqlite *s, const char *store, uint64_t *total, struct err *e)
{
    struct db_stmt *stmt;
    bool found = false;
    enum err_class class =
        sqlite_stmt(s, SQL_GAP_TOTAL_GET, "SELECT gap_total FROM store WHERE store = ?1", &stmt, e);
    if (class == ERR_OK) {
        db_bind_text(stmt, 1, slice_of(store));
        class = sqlite_first(s, stmt, &found, e);
    }
    *total = found ? sqlite_u64(stmt, 0) : 0;
    return class;
}

enum err_class sqlite_gap_each(void *ctx, const char *store, bool (*each)(void *, const struct store_gap *),
                               void *each_ctx, uint64_t *total, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    bool found = true;
    enum err_class class = gap_total(s, store, total, e);
    if (class == ERR_OK) {
        class = sqlite_stmt(s, SQL_GAP_EACH,
                            "SELECT workstation, business_day, first, last FROM gap WHERE store = ?1"
                            " ORDER BY business_day, workstation, first",
                            &stmt, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        if (class != ERR_OK || !found) {
            break;
        }
        struct store_gap gap = {.workstation = db_column_text(stmt, 0),
                                .business_day = (int32_t)db_column_int(stmt, 1),
                                .first = sqlite_u64(stmt, 2),
                                .last = sqlite_u64(stmt, 3)};
        if (!each(each_ctx, &gap)) {
            db_reset(stmt);
            break;
        }
    }
    return class;
}
