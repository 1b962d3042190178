/* Opening, transactions and the clock of both handles, and their ops tables. */
#include "cloud/store/sqlite.h"
#include "cloud/store/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

enum { CACHE_KIB = 65536, READER_CACHE_KIB = 8192, CHECKPOINT_PAGES = 10000 };
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

extern const char cloud_store_001_sql[];

enum err_class sqlite_stmt(struct sqlite *s, int slot, const char *sql, struct db_stmt **out, struct err *e)
{
    assert(slot >= 0 && slot < SQL_COUNT);
    if (s->held != NULL) {
        db_reset(s->held);
        s->held = NULL;
    }
    enum err_class class = ERR_OK;
    if (s->statements[slot] == NULL) {
        class = db_prepare(s->db, &s->statements[slot], sql, e);
    }
    *out = s->statements[slot];
    return class;
}

enum err_class sqlite_first(struct sqlite *s, struct db_stmt *stmt, bool *found, struct err *e)
{
    enum err_class class = db_step(stmt, found, e);
    if (class == ERR_OK && *found) {
        s->held = stmt;
    }
    return class;
}

static enum err_class run(struct sqlite *s, int slot, const char *sql, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(s, slot, sql, &stmt, e);
    return class == ERR_OK ? db_run(stmt, e) : class;
}

/* PROTOCOL "clock epoch": a reading lower than the greatest given ends the epoch. */
static void read_clock(struct sqlite *s)
{
    int64_t ms = clock_wall_ms(s->clock);
    if (ms < s->now.ms || s->now.epoch == 0) {
        do {
            s->now.epoch = clock_random_u64(s->clock);
        } while (s->now.epoch == 0);
    }
    s->now.ms = ms;
}

static enum err_class writer_begin(void *ctx, struct store_time *now, struct err *e)
{
    struct sqlite *s = ctx;
    assert(!s->in_transaction);
    enum err_class class = run(s, SQL_BEGIN, "BEGIN IMMEDIATE", e);
    if (class != ERR_OK) {
        return class;
    }
    s->in_transaction = true;
    read_clock(s);
    *now = s->now;
    return ERR_OK;
}

static enum err_class put_clock(struct sqlite *s, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(s, SQL_CLOCK_PUT, "UPDATE meta SET clock_ms = ?1, clock_epoch = ?2", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, s->now.ms);
    db_bind_int(stmt, 2, sqlite_signed(s->now.epoch));
    return db_run(stmt, e);
}

/* After a failure the caller rolls back. */
static enum err_class writer_commit(void *ctx, struct err *e)
{
    struct sqlite *s = ctx;
    assert(s->in_transaction);
    enum err_class class = put_clock(s, e);
    if (class == ERR_OK) {
        class = run(s, SQL_COMMIT, "COMMIT", e);
    }
    if (class == ERR_OK) {
        s->in_transaction = false;
    }
    return class;
}

static void writer_rollback(void *ctx)
{
    struct sqlite *s = ctx;
    struct err ignored;
    memset(s->items_seen, 0, SQLITE_ITEMS_SEEN * sizeof *s->items_seen);
    s->in_transaction = false;
    /* a failed statement may have rolled back already: then this one says so, and that is no error */
    if (run(s, SQL_ROLLBACK, "ROLLBACK", &ignored) != ERR_OK) {
        return;
    }
}

static enum err_class get_clock(struct sqlite *s, struct store_time *stored, struct err *e)
{
    struct db_stmt *stmt;
    bool found;
    enum err_class class = sqlite_stmt(s, SQL_CLOCK_GET, "SELECT clock_ms, clock_epoch FROM meta", &stmt, e);
    if (class == ERR_OK) {
        class = sqlite_first(s, stmt, &found, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    if (!found) {
        return err_set(e, ERR_FATAL, "the centre's database has no clock row: restore it from a backup");
    }
    *stored = (struct store_time){.ms = db_column_int(stmt, 0), .epoch = sqlite_u64(stmt, 1)};
    return ERR_OK;
}

/* A machine clock behind the database's voids every proof, until the writer begins a new epoch. */
static enum err_class reader_now(void *ctx, struct store_time *now, struct err *e)
{
    struct sqlite *s = ctx;
    enum err_class class = get_clock(s, now, e);
    if (class != ERR_OK) {
        return class;
    }
    int64_t ms = clock_wall_ms(s->clock);
    if (ms < now->ms) {
        now->epoch = 0;
    }
    now->ms = ms;
    return ERR_OK;
}

static enum err_class reader_begin(void *ctx, struct err *e)
{
    return run(ctx, SQL_BEGIN, "BEGIN", e);
}

static void reader_end(void *ctx)
{
    struct err ignored;
    if (run(ctx, SQL_COMMIT, "COMMIT", &ignored) != ERR_OK) {
        return; /* nothing was open: nothing to end */
    }
}

static enum err_class reader_backup(void *ctx, const char *path, struct err *e)
{
    struct sqlite *s = ctx;
    return db_backup(s->db, path, e);
}

static void handle_close(void *ctx)
{
    struct sqlite *s = ctx;
    if (s == NULL) {
        return;
    }
    db_close(s->db);
    free(s->items_seen);
    free(s);
}

static const struct store_writer_ops writer_ops = {
    .close = handle_close,
    .begin = writer_begin,
    .commit = writer_commit,
    .rollback = writer_rollback,
    .store_get = sqlite_store_get,
    .store_put = sqlite_store_put,
    .store_each = sqlite_store_each,
    .unknown_put = sqlite_unknown_put,
    .gaps_replace = sqlite_gaps_replace,
    .stock_get = sqlite_stock_get,
    .stock_put = sqlite_stock_put,
    .stock_remove = sqlite_stock_remove,
    .stock_each = sqlite_stock_each,
    .ledger_append = sqlite_ledger_append,
    .ledger_sum_after = sqlite_ledger_sum_after,
    .key_put = sqlite_key_put,
    .item_put = sqlite_item_put,
    .early_put = sqlite_early_put,
    .early_next = sqlite_early_next,
    .early_drop = sqlite_early_drop,
    .dead_put = sqlite_dead_put,
    .stage_put = sqlite_stage_put,
    .stage_each = sqlite_stage_each,
    .stage_clear = sqlite_stage_clear,
    .command_put = sqlite_command_put,
    .command_get = sqlite_command_get,
    .command_each_waiting = sqlite_command_each_waiting,
    .alert_open = sqlite_alert_open,
    .alert_close = sqlite_alert_close,
    .alert_acknowledge = sqlite_alert_acknowledge,
    .api_key_put = sqlite_api_key_put,
    .idempotency_get = sqlite_idempotency_get,
    .idempotency_put = sqlite_idempotency_put,
    .trim = sqlite_trim,
};

static const struct store_reader_ops reader_ops = {
    .close = handle_close,
    .now = reader_now,
    .begin = reader_begin,
    .end = reader_end,
    .store_get = sqlite_store_get,
    .store_each = sqlite_store_each,
    .unknown_each = sqlite_unknown_each,
    .gap_each = sqlite_gap_each,
    .stock_each = sqlite_stock_query,
    .item_each = sqlite_item_each,
    .ledger_each = sqlite_ledger_each,
    .dead_each = sqlite_dead_each,
    .command_get = sqlite_command_get,
    .command_each = sqlite_command_each,
    .alert_each = sqlite_alert_each,
    .api_key_get = sqlite_api_key_get,
    .api_key_each = sqlite_api_key_each,
    .backup = reader_backup,
};

static enum err_class handle_open(struct sqlite **out, const struct store_sqlite_options *options,
                                  bool reader, const struct clock *clock, struct err *e)
{
    static const char *const migrations[] = {cloud_store_001_sql, NULL};
    struct sqlite *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_set(e, ERR_FATAL, "no memory for a database handle");
    }
    s->clock = clock;
    s->reader = reader;
    s->ledger_retention_ms =
        (options->ledger_retention_days > 0 ? options->ledger_retention_days : 400) * DAY_MS;
    s->dead_retention_ms = (options->dead_retention_days > 0 ? options->dead_retention_days : 90) * DAY_MS;
    struct db_options db = {
        .path = options->path,
        .mode = reader ? DB_READER : DB_WRITER,
        .cache_kib = options->cache_kib > 0 ? options->cache_kib : (reader ? READER_CACHE_KIB : CACHE_KIB),
        .autocheckpoint_pages = CHECKPOINT_PAGES,
        .vfs = options->vfs,
        .migrations = reader ? NULL : migrations,
    };
    enum err_class class = db_open(&s->db, &db, e);
    if (class != ERR_OK) {
        free(s);
        return class;
    }
    *out = s;
    return ERR_OK;
}

/* The epoch begins when the clock is first read; greatest readings are known from before. */
static enum err_class start_epoch(struct sqlite *s, struct err *e)
{
    s->items_seen = calloc(SQLITE_ITEMS_SEEN, sizeof *s->items_seen);
    if (s->items_seen == NULL) {
        return err_set(e, ERR_FATAL, "no memory for the writer");
    }
    enum err_class class = get_clock(s, &s->now, e);
    s->now.epoch = 0;
    struct store_time now;
    if (class == ERR_OK) {
        class = writer_begin(s, &now, e);
    }
    return class == ERR_OK ? writer_commit(s, e) : class;
}

enum err_class store_sqlite_writer(struct store_writer *out, const struct store_sqlite_options *options,
                                   const struct clock *clock, struct err *e)
{
    struct sqlite *s;
    enum err_class class = handle_open(&s, options, false, clock, e);
    if (class != ERR_OK) {
        return class;
    }
    class = start_epoch(s, e);
    if (class != ERR_OK) {
        handle_close(s);
        return class;
    }
    *out = (struct store_writer){.ops = &writer_ops, .ctx = s};
    return ERR_OK;
}

enum err_class store_sqlite_reader(struct store_reader *out, const struct store_sqlite_options *options,
                                   const struct clock *clock, struct err *e)
{
    struct sqlite *s;
    enum err_class class = handle_open(&s, options, true, clock, e);
    if (class == ERR_OK) {
        *out = (struct store_reader){.ops = &reader_ops, .ctx = s};
    }
    return class;
}
