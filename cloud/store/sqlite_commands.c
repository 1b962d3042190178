/* Commands, until the store answered and a while after. */
#include "cloud/store/sqlite.h"

#define COMMAND_COLUMNS "id, store, kind, payload, created_ms, sent_ms, state, outcome, answered_ms"

enum err_class sqlite_command_put(void *ctx, const struct store_command *command, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(ctx, SQL_COMMAND_PUT,
                    "INSERT INTO command (" COMMAND_COLUMNS ")"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET"
                    " payload = ?4, sent_ms = ?6, state = ?7, outcome = ?8, answered_ms = ?9",
                    &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, sqlite_signed(command->id));
    db_bind_text(stmt, 2, command->store);
    db_bind_int(stmt, 3, command->kind);
    db_bind_blob(stmt, 4, command->payload);
    db_bind_int(stmt, 5, command->created_ms);
    db_bind_int(stmt, 6, command->sent_ms);
    db_bind_int(stmt, 7, command->state);
    db_bind_text(stmt, 8, command->outcome);
    db_bind_int(stmt, 9, command->answered_ms);
    return db_run(stmt, e);
}

static void read_command(struct db_stmt *stmt, struct store_command *out)
{
    *out = (struct store_command){
        .id = sqlite_u64(stmt, 0),
        .store = db_column_text(stmt, 1),
        .kind = (int)db_column_int(stmt, 2),
        .payload = db_column_blob(stmt, 3),
        .created_ms = db_column_int(stmt, 4),
        .sent_ms = db_column_int(stmt, 5),
        .state = (enum command_state)db_column_int(stmt, 6),
        .outcome = db_column_text(stmt, 7),
        .answered_ms = db_column_int(stmt, 8),
    };
}

enum err_class sqlite_command_get(void *ctx, uint64_t id, struct store_command *out, bool *found,
                                  struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(s, SQL_COMMAND_GET, "SELECT " COMMAND_COLUMNS " FROM command WHERE id = ?1", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, sqlite_signed(id));
    class = sqlite_first(s, stmt, found, e);
    if (class == ERR_OK && *found) {
        read_command(stmt, out);
    }
    return class;
}

static enum err_class each_command(struct db_stmt *stmt, bool (*each)(void *, const struct store_command *),
                                   void *each_ctx, struct err *e)
{
    bool found = true;
    enum err_class class = ERR_OK;
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        if (class != ERR_OK || !found) {
            break;
        }
        struct store_command command;
        read_command(stmt, &command);
        if (!each(each_ctx, &command)) {
            db_reset(stmt);
            break;
        }
    }
    return class;
}

enum err_class sqlite_command_each_waiting(void *ctx, const char *store,
                                           bool (*each)(void *, const struct store_command *), void *each_ctx,
                                           struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        ctx, SQL_COMMAND_WAITING,
        "SELECT " COMMAND_COLUMNS " FROM command WHERE store = ?1 AND state = 0 ORDER BY no", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    return each_command(stmt, each, each_ctx, e);
}

enum err_class sqlite_command_each(void *ctx, const char *store, unsigned limit,
                                   bool (*each)(void *, const struct store_command *), void *each_ctx,
                                   struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        ctx, SQL_COMMAND_EACH,
        "SELECT " COMMAND_COLUMNS " FROM command WHERE store = ?1 ORDER BY no DESC LIMIT ?2", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    db_bind_int(stmt, 2, sqlite_limit(limit));
    return each_command(stmt, each, each_ctx, e);
}
