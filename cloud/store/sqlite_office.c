/* Alerts, API keys and the answers kept for repeated requests. */
#include "cloud/store/sqlite.h"

enum err_class sqlite_alert_open(void *ctx, const char *store, const char *kind, const char *text,
                                 bool *changed, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(s, SQL_ALERT_OPEN,
                    "INSERT INTO alert (store, kind, text, opened_ms, closed_ms, acknowledged_ms)"
                    " VALUES (?1, ?2, ?3, ?4, 0, 0) ON CONFLICT DO NOTHING",
                    &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_text(stmt, 2, slice_of(kind));
    db_bind_text(stmt, 3, slice_of(text));
    db_bind_int(stmt, 4, s->now.ms);
    class = db_run(stmt, e);
    *changed = class == ERR_OK && db_changes(s->db) != 0;
    return class;
}

enum err_class sqlite_alert_close(void *ctx, const char *store, const char *kind, bool *changed,
                                  struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        s, SQL_ALERT_CLOSE,
        "UPDATE alert SET closed_ms = ?3 WHERE store = ?1 AND kind = ?2 AND closed_ms = 0", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_text(stmt, 2, slice_of(kind));
    db_bind_int(stmt, 3, s->now.ms);
    class = db_run(stmt, e);
    *changed = class == ERR_OK && db_changes(s->db) != 0;
    return class;
}

enum err_class sqlite_alert_acknowledge(void *ctx, int64_t id, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        s, SQL_ALERT_ACKNOWLEDGE,
        "UPDATE alert SET acknowledged_ms = iif(acknowledged_ms = 0, ?2, acknowledged_ms) WHERE id = ?1",
        &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, id);
    db_bind_int(stmt, 2, s->now.ms);
    class = db_run(stmt, e);
    if (class == ERR_OK && db_changes(s->db) == 0) {
        return err_set(e, ERR_INVALID, "there is no alert %lld", (long long)id);
    }
    return class;
}

enum err_class sqlite_alert_each(void *ctx, bool open_only, int64_t before_id, unsigned limit,
                                 bool (*each)(void *, const struct store_alert *), void *each_ctx,
                                 struct err *e)
{
    struct db_stmt *stmt;
    bool found = true;
    enum err_class class =
        sqlite_stmt(ctx, SQL_ALERT_EACH,
                    "SELECT id, store, kind, text, opened_ms, closed_ms, acknowledged_ms FROM alert"
                    " WHERE id < ?1 AND (NOT ?2 OR closed_ms = 0) ORDER BY id DESC LIMIT ?3",
                    &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, before_id > 0 ? before_id : INT64_MAX);
    db_bind_int(stmt, 2, open_only);
    db_bind_int(stmt, 3, sqlite_limit(limit));
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        if (class != ERR_OK || !found) {
            break;
        }
        struct store_alert alert = {
            .id = db_column_int(stmt, 0),
            .store = db_column_text(stmt, 1),
            .kind = db_column_text(stmt, 2),
            .text = db_column_text(stmt, 3),
            .opened_ms = db_column_int(stmt, 4),
            .closed_ms = db_column_int(stmt, 5),
            .acknowledged_ms = db_column_int(stmt, 6),
        };
        if (!each(each_ctx, &alert)) {
            db_reset(stmt);
            break;
        }
    }
    return class;
}

#define KEY_COLUMNS "id, hash, scopes, stores, label, created_ms, revoked_ms"

enum err_class sqlite_api_key_put(void *ctx, const struct store_api_key *key, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        ctx, SQL_API_KEY_PUT,
        "INSERT OR REPLACE INTO api_key (" KEY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, key->id);
    db_bind_blob(stmt, 2, key->hash);
    db_bind_text(stmt, 3, key->scopes);
    db_bind_text(stmt, 4, key->stores);
    db_bind_text(stmt, 5, key->label);
    db_bind_int(stmt, 6, key->created_ms);
    db_bind_int(stmt, 7, key->revoked_ms);
    return db_run(stmt, e);
}

static void read_key(struct db_stmt *stmt, struct store_api_key *out)
{
    *out = (struct store_api_key){
        .id = db_column_text(stmt, 0),
        .hash = db_column_blob(stmt, 1),
        .scopes = db_column_text(stmt, 2),
        .stores = db_column_text(stmt, 3),
        .label = db_column_text(stmt, 4),
        .created_ms = db_column_int(stmt, 5),
        .revoked_ms = db_column_int(stmt, 6),
    };
}

enum err_class sqlite_api_key_get(void *ctx, struct slice id, struct store_api_key *out, bool *found,
                                  struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(s, SQL_API_KEY_GET, "SELECT " KEY_COLUMNS " FROM api_key WHERE id = ?1", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, id);
    class = sqlite_first(s, stmt, found, e);
    if (class == ERR_OK && *found) {
        read_key(stmt, out);
    }
    return class;
}

enum err_class sqlite_api_key_each(void *ctx, bool (*each)(void *, const struct store_api_key *),
                                   void *each_ctx, struct err *e)
{
    struct db_stmt *stmt;
    bool found = true;
    enum err_class class = sqlite_stmt(
        ctx, SQL_API_KEY_EACH, "SELECT " KEY_COLUMNS " FROM api_key ORDER BY created_ms, id", &stmt, e);
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        struct store_api_key key;
        if (class == ERR_OK && found) {
            read_key(stmt, &key);
            if (!each(each_ctx, &key)) {
                db_reset(stmt);
                break;
            }
        }
    }
    return class;
}

enum err_class sqlite_idempotency_get(void *ctx, struct slice key, struct slice *request_hash,
                                      struct slice *answer, bool *found, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        s, SQL_IDEMPOTENCY_GET, "SELECT request_hash, answer FROM idempotency WHERE key = ?1", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_blob(stmt, 1, key);
    class = sqlite_first(s, stmt, found, e);
    if (class == ERR_OK && *found) {
        *request_hash = db_column_blob(stmt, 0);
        *answer = db_column_blob(stmt, 1);
    }
    return class;
}

enum err_class sqlite_idempotency_put(void *ctx, struct slice key, struct slice request_hash,
                                      struct slice answer, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        s, SQL_IDEMPOTENCY_PUT, "INSERT OR REPLACE INTO idempotency VALUES (?1, ?2, ?3, ?4)", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_blob(stmt, 1, key);
    db_bind_blob(stmt, 2, request_hash);
    db_bind_blob(stmt, 3, answer);
    db_bind_int(stmt, 4, s->now.ms);
    return db_run(stmt, e);
}
