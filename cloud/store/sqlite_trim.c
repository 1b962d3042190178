/* Retention: what is old goes, a little at a time; a movement's delta stays in its row's `carried`. */
#include "cloud/store/sqlite.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* One statement with a limit of its own, over the rows that are older than before_ms. */
static enum err_class trim_by_time(struct sqlite *s, int slot, const char *sql, int64_t before_ms,
                                   unsigned max, unsigned *deleted, struct err *e)
{
    struct db_stmt *stmt;
    if (*deleted >= max) {
        return ERR_OK;
    }
    enum err_class class = sqlite_stmt(s, slot, sql, &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, before_ms);
    db_bind_int(stmt, 2, max - *deleted);
    class = db_run(stmt, e);
    if (class == ERR_OK) {
        *deleted += (unsigned)db_changes(s->db);
    }
    return class;
}

/* ?1 store, ?2 before_ms, ?3 limit: a store's oldest movements are the first of its key, so no index by time
 * is kept. */
#define OLDEST                                                                                               \
    "(SELECT generation, seq, line, applied_ms FROM ledger WHERE store = ?1 ORDER BY generation, seq, line " \
    "LIMIT ?3)"

static enum err_class ledger_stmt(struct sqlite *s, int slot, const char *sql, struct slice store,
                                  int64_t before_ms, unsigned max, unsigned *changed, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(s, slot, sql, &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, store);
    db_bind_int(stmt, 2, before_ms);
    db_bind_int(stmt, 3, max);
    class = db_run(stmt, e);
    *changed = class == ERR_OK ? (unsigned)db_changes(s->db) : 0;
    return class;
}

static enum err_class trim_store(struct sqlite *s, struct slice store, int64_t before_ms, unsigned max,
                                 unsigned *deleted, struct err *e)
{
    unsigned changed;
    enum err_class class = ledger_stmt(
        s, SQL_TRIM_CARRY,
        "UPDATE stock SET carried_e4 = carried_e4 + old.delta FROM"
        " (SELECT l.item, l.location, sum(l.on_hand_delta_e4) AS delta FROM " OLDEST " o JOIN ledger l"
        "  ON l.store = ?1 AND l.generation = o.generation AND l.seq = o.seq AND l.line = o.line"
        "  WHERE o.applied_ms < ?2 GROUP BY l.item, l.location) AS old"
        " WHERE stock.store = ?1 AND stock.item = old.item AND stock.location = old.location",
        store, before_ms, max, &changed, e);
    if (class != ERR_OK) {
        return class;
    }
    class = ledger_stmt(s, SQL_TRIM_LEDGER,
                        "DELETE FROM ledger WHERE store = ?1 AND (generation, seq, line) IN"
                        " (SELECT generation, seq, line FROM " OLDEST " WHERE applied_ms < ?2)",
                        store, before_ms, max, &changed, e);
    *deleted += changed;
    return class;
}

static enum err_class next_store(struct sqlite *s, struct slice after, struct buf *out, bool *found,
                                 struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        s, SQL_TRIM_STORES, "SELECT store FROM store WHERE store > ?1 ORDER BY store LIMIT 1", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, after);
    class = db_step(stmt, found, e);
    if (class == ERR_OK && *found) {
        struct slice name = db_column_text(stmt, 0);
        buf_clear(out);
        class = buf_append_slice(out, name) == ERR_OK ? ERR_OK : err_set(e, ERR_FATAL, "no memory to trim");
        db_reset(stmt);
    }
    return class;
}

static enum err_class trim_ledger(struct sqlite *s, int64_t before_ms, unsigned max, unsigned *deleted,
                                  struct err *e)
{
    BUF_AUTO struct buf store = BUF_INIT(STORE_ID_MAX);
    bool found = true;
    enum err_class class = ERR_OK;
    while (class == ERR_OK && *deleted < max) {
        class = next_store(s, buf_slice(&store), &store, &found, e);
        if (class != ERR_OK || !found) {
            break;
        }
        class = trim_store(s, buf_slice(&store), before_ms, max - *deleted, deleted, e);
    }
    return class;
}

enum err_class sqlite_trim(void *ctx, int64_t now_ms, unsigned max, unsigned *deleted, struct err *e)
{
    struct sqlite *s = ctx;
    *deleted = 0;
    int64_t ledger_before = now_ms - s->ledger_retention_ms;
    int64_t dead_before = now_ms - s->dead_retention_ms;
    enum err_class class = trim_ledger(s, ledger_before, max, deleted, e);
    if (class == ERR_OK) {
        class = trim_by_time(
            s, SQL_TRIM_KEYS,
            "DELETE FROM txn_key WHERE (store, business_day, workstation, sequence) IN"
            " (SELECT k.store, k.business_day, k.workstation, k.sequence FROM store s JOIN txn_key k"
            "  ON k.store = s.store AND k.business_day < ?1 / 86400000 LIMIT ?2)",
            ledger_before, max, deleted, e);
    }
    if (class == ERR_OK) {
        class = trim_by_time(
            s, SQL_TRIM_DEAD,
            "DELETE FROM dead WHERE id IN (SELECT id FROM dead WHERE at_ms < ?1 ORDER BY id LIMIT ?2)",
            dead_before, max, deleted, e);
    }
    if (class == ERR_OK) {
        class = trim_by_time(s, SQL_TRIM_COMMANDS,
                             "DELETE FROM command WHERE no IN (SELECT no FROM command WHERE state <> 0 AND"
                             " answered_ms < ?1 ORDER BY no LIMIT ?2)",
                             dead_before, max, deleted, e);
    }
    if (class == ERR_OK) {
        class = trim_by_time(s, SQL_TRIM_ALERTS,
                             "DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE closed_ms <> 0 AND"
                             " closed_ms < ?1 ORDER BY id LIMIT ?2)",
                             ledger_before, max, deleted, e);
    }
    if (class == ERR_OK) {
        class =
            trim_by_time(s, SQL_TRIM_IDEMPOTENCY,
                         "DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at_ms < ?1"
                         " LIMIT ?2)",
                         now_ms - DAY_MS, max, deleted, e);
    }
    return class;
}
