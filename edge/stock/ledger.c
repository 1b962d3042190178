#include "edge/stock/ledger.h"

#include "edge/stock/state.h"

#include <assert.h>
#include <stdlib.h>

extern const char edge_stock_001_sql[];

enum { RETENTION_DAYS_DEFAULT = 90 };

enum err_class ledger_fail(struct ledger *l, enum err_class class)
{
    if (class == ERR_FATAL || class == ERR_INVALID) {
        l->failed = true;
        return ERR_FATAL;
    }
    return class;
}

enum err_class ledger_writable(const struct ledger *l, struct err *e)
{
    if (l->failed) {
        return err_set(e, ERR_FATAL, "the database failed before: close it and open it again");
    }
    if (!l->in_batch) {
        return err_set(e, ERR_INVALID, "nothing is written outside a batch");
    }
    if (l->meta.generation == 0) {
        return err_set(e, ERR_INVALID,
                       "this database is new: nothing is booked before the centre has restored it");
    }
    return ERR_OK;
}

static enum err_class create(struct ledger *l, const char *store, struct err *e)
{
    l->meta = (struct meta){.newest_day = META_NO_DAY};
    while (l->meta.birth == 0) { /* 0 is no birth */
        l->meta.birth = clock_random_u64(l->clock);
    }
    l->meta.chain = l->meta.trimmed_chain = l->meta.birth;
    return meta_create(l->db, store, &l->meta, e);
}

/* Reads what is there, or creates it, and starts a run: in one transaction. */
static enum err_class start_run(struct ledger *l, const char *store, struct err *e)
{
    bool found = false;
    enum err_class class = db_run(l->begin, e);
    if (class == ERR_OK) {
        class = meta_read(l->db, store, &l->meta, &found, e);
    }
    if (class == ERR_OK && !found) {
        class = create(l, store, e);
    }
    l->meta.run_counter++;
    l->meta.run_id = clock_random_u64(l->clock);
    if (class == ERR_OK) {
        class = meta_write(l->meta_write, &l->meta, e);
    }
    if (class == ERR_OK) {
        class = db_run(l->commit, e);
    }
    l->committed = l->meta;
    return class;
}

static enum err_class prepare(struct ledger *l, struct err *e)
{
    enum err_class (*const parts[])(struct ledger *, struct err *) = {
        quarantine_prepare, position_prepare, command_prepare, restore_prepare, trim_prepare};
    enum err_class class = db_prepare(l->db, &l->begin, "BEGIN IMMEDIATE", e);
    if (class == ERR_OK) {
        class = db_prepare(l->db, &l->commit, "COMMIT", e);
    }
    if (class == ERR_OK) {
        class = meta_prepare(l->db, &l->meta_write, e);
    }
    for (size_t i = 0; class == ERR_OK && i < sizeof parts / sizeof parts[0]; i++) {
        class = parts[i](l, e);
    }
    return class;
}

static enum err_class open_parts(struct ledger *l, const char *store, struct err *e)
{
    enum err_class class = prepare(l, e);
    if (class == ERR_OK) {
        class = rows_open(&l->rows, l->db, &l->meta, e);
    }
    if (class == ERR_OK) {
        class = keys_open(&l->keys, l->db, e);
    }
    if (class == ERR_OK) {
        class = series_open(&l->series, l->db, e);
    }
    if (class == ERR_OK) {
        class = events_open(&l->events, l->db, &l->meta, e);
    }
    if (class == ERR_OK) {
        class = start_run(l, store, e);
    }
    return class == ERR_OK ? restore_reload(l, e) : class;
}

enum err_class ledger_open(struct ledger **out, const struct ledger_options *options,
                           const struct clock *clock, struct err *e)
{
    *out = NULL;
    struct ledger *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for the store's database");
    }
    l->clock = clock;
    l->zone = options->zone;
    l->retention_days = options->retention_days > 0 ? options->retention_days : RETENTION_DAYS_DEFAULT;
    const char *const migrations[] = {edge_stock_001_sql, NULL};
    const struct db_options db = {.path = options->path,
                                  .mode = DB_EXCLUSIVE,
                                  .cache_kib = options->cache_kib,
                                  .vfs = options->vfs,
                                  .migrations = migrations};
    enum err_class class = db_open(&l->db, &db, e);
    if (class == ERR_OK) {
        class = open_parts(l, options->store, e);
    }
    if (class != ERR_OK) {
        (void)err_prefix(e, "%s", options->path);
        ledger_close(l);
        return class;
    }
    *out = l;
    return ERR_OK;
}

void ledger_close(struct ledger *l)
{
    if (l == NULL) {
        return;
    }
    rows_close(l->rows);
    keys_close(l->keys);
    series_close(l->series);
    events_close(l->events);
    db_close(l->db); /* rolls back what is open */
    free(l);
}

void ledger_head(const struct ledger *l, struct ledger_head *out)
{
    const struct meta *m = &l->meta;
    *out = (struct ledger_head){
        .birth = m->birth,
        .generation = m->generation,
        .run_counter = m->run_counter,
        .run_id = m->run_id,
        .seq = m->seq,
        .chain = m->chain,
        .digest = m->digest,
        .row_count = m->row_count,
        .applied_seq = m->applied_seq,
        .oldest_seq = m->trimmed_seq + 1,
        .greatest_centre_ms = m->greatest_centre_ms,
        .last_transaction_wall_ms = m->last_own_ms,
        .quarantined = m->quarantined,
        .negatives = m->negatives,
    };
}

enum err_class ledger_begin(struct ledger *l, struct err *e)
{
    if (l->failed) {
        return err_set(e, ERR_FATAL, "the database failed before: close it and open it again");
    }
    assert(!l->in_batch);
    enum err_class class = db_run(l->begin, e);
    if (class == ERR_OK) {
        l->in_batch = true;
        l->wall_ms = clock_wall_ms(l->clock);
        l->boot_ms = clock_boot_ms(l->clock);
    }
    return ledger_fail(l, class);
}

enum err_class ledger_commit(struct ledger *l, struct err *e)
{
    assert(l->in_batch);
    if (l->failed) {
        return err_set(e, ERR_FATAL, "the database failed before: close it and open it again");
    }
    enum err_class class = rows_flush(l->rows, e);
    if (class == ERR_OK) {
        class = series_flush(l->series, e);
    }
    if (class == ERR_OK) {
        class = trim_write_mark(l, e);
    }
    if (class == ERR_OK) {
        class = meta_write(l->meta_write, &l->meta, e);
    }
    if (class == ERR_OK) {
        class = db_run(l->commit, e);
    }
    if (class != ERR_OK) {
        ledger_rollback(l);
        return ledger_fail(l, class);
    }
    l->committed = l->meta;
    l->in_batch = false;
    return ERR_OK;
}

void ledger_rollback(struct ledger *l)
{
    if (!l->in_batch) {
        return; /* a failed commit has done it */
    }
    db_rollback(l->db);
    l->in_batch = false;
    uint64_t applied = l->meta.applied_seq; /* not the batch's */
    int64_t centre_ms = l->meta.greatest_centre_ms;
    l->meta = l->committed;
    l->meta.applied_seq = applied;
    l->meta.greatest_centre_ms = centre_ms;
    rows_forget(l->rows);
    buf_clear(events_scratch(l->events));
    struct err e;
    if (!l->failed && (series_reload(l->series, &e) != ERR_OK || restore_reload(l, &e) != ERR_OK)) {
        l->failed = true; /* the next begin says so */
    }
}

enum err_class ledger_read(struct ledger *l, uint64_t from,
                           bool (*each)(void *ctx, const struct ledger_event *event), void *ctx,
                           struct err *e)
{
    return ledger_fail(l, events_read(l->events, from, UINT64_MAX, each, ctx, e));
}

enum err_class ledger_chain_at(struct ledger *l, uint64_t seq, uint64_t *chain, struct err *e)
{
    enum err_class class = events_chain_at(l->events, seq, chain, e);
    return class == ERR_INVALID ? ERR_INVALID : ledger_fail(l, class);
}

enum err_class ledger_verify(struct ledger *l, struct err *e)
{
    struct rows_sum sum;
    enum err_class class = ledger_fail(l, rows_recompute(l->rows, &sum, e));
    if (class != ERR_OK) {
        return class;
    }
    const struct meta *m = &l->meta;
    if (sum.digest != m->digest || sum.rows != m->row_count || sum.negatives != m->negatives) {
        l->failed = true;
        return err_set(e, ERR_FATAL,
                       "the stock table does not add up to what was booked (digest %016llx, expected "
                       "%016llx; %llu rows, "
                       "expected %llu): set the database aside, the centre restores it",
                       (unsigned long long)sum.digest, (unsigned long long)m->digest,
                       (unsigned long long)sum.rows, (unsigned long long)m->row_count);
    }
    return ERR_OK;
}

struct each_row {
    bool (*each)(void *ctx, const struct ledger_row *row);
    void *ctx;
};

static enum err_class show_row(void *ctx, const struct row *row, const struct rows_text *text, bool *go_on,
                               struct err *e)
{
    (void)e;
    const struct each_row *each = ctx;
    const struct ledger_row shown = {.item = text->item,
                                     .location = text->location,
                                     .uom = text->uom,
                                     .description = text->description,
                                     .on_hand_e4 = row->on_hand_e4,
                                     .held_e4 = row->held_e4,
                                     .carried_e4 = row->carried_e4,
                                     .recorded_e4 = row->recorded_e4,
                                     .basis = (int)row->basis,
                                     .basis_ms = row->basis_ms};
    *go_on = each->each(each->ctx, &shown);
    return ERR_OK;
}

enum err_class ledger_each_row(struct ledger *l, struct slice item,
                               bool (*each)(void *ctx, const struct ledger_row *row), void *ctx,
                               struct err *e)
{
    struct each_row show = {.each = each, .ctx = ctx};
    return ledger_fail(l, rows_each(l->rows, item, show_row, &show, e));
}

enum err_class ledger_each_gap(struct ledger *l, bool (*each)(void *ctx, const struct ledger_gap *gap),
                               void *ctx, uint64_t *total, struct err *e)
{
    return ledger_fail(l, series_each_gap(l->series, each, ctx, total, e));
}
