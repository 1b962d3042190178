#include "tests/bench/raw_collector.h"

#include "common/db.h"
#include "common/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STORE_BYTES = 8 };

extern const char cloud_store_001_sql[];

struct raw {
    const struct raw_load *load;
    struct db *db;
    struct db_stmt *begin, *commit, *stock, *ledger, *key;
    bool *last; /* of its row in its transaction: the one that is written */
    struct err *e;
};

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool same_row(const struct raw_line *a, const struct raw_line *b)
{
    return a->store == b->store && strcmp(a->item, b->item) == 0;
}

/* From the back, a line is its row's last if the row was not met yet. */
static void mark_last(struct raw *r, size_t from, size_t to, uint32_t *slots, size_t slot_count)
{
    memset(slots, 0, slot_count * sizeof *slots);
    for (size_t i = to; i > from; i--) {
        const struct raw_line *line = &r->load->lines[i - 1];
        size_t at = hash64_seeded(slice_of(line->item), line->store) % slot_count;
        while (slots[at] != 0 && !same_row(&r->load->lines[from + slots[at] - 1], line)) {
            at = (at + 1) % slot_count;
        }
        r->last[i - 1] = slots[at] == 0;
        slots[at] = (uint32_t)(i - from);
    }
}

static enum err_class plan(struct raw *r)
{
    size_t slot_count = 4 * r->load->per_commit;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    r->last = calloc(r->load->count, sizeof *r->last);
    if (slots == NULL || r->last == NULL) {
        free(slots);
        return err_set(r->e, ERR_FATAL, "out of memory");
    }
    for (size_t from = 0; from < r->load->count; from += r->load->per_commit) {
        size_t left = r->load->count - from;
        mark_last(r, from, from + (left < r->load->per_commit ? left : r->load->per_commit), slots,
                  slot_count);
    }
    free(slots);
    return ERR_OK;
}

static enum err_class open_raw(struct raw *r, const char *path)
{
    static const char *const migrations[] = {cloud_store_001_sql, NULL};
    struct db_options options = {.path = path,
                                 .mode = DB_WRITER,
                                 .cache_kib = 65536,
                                 .autocheckpoint_pages = 10000,
                                 .migrations = migrations};
    const struct {
        struct db_stmt **out;
        const char *sql;
    } statements[] = {
        {&r->begin, "BEGIN IMMEDIATE"},
        {&r->commit, "COMMIT"},
        {&r->stock,
         "INSERT INTO stock VALUES (?1, ?2, 'floor', ?3, 0, ?3, 0, 0, 0, 'EA', 1, ?4, ?5)"
         " ON CONFLICT (store, item, location) DO UPDATE SET on_hand_e4 = ?3, recorded_e4 = ?3, seq = ?4,"
         " changed_ms = ?5"},
        {&r->ledger,
         "INSERT INTO ledger VALUES (?1, 1, ?2, ?3, ?4, 'floor', 'EA', 2, -10000, 0, ?5, 0, ?6, '3', 20416,"
         " ?7, '', '', ?6)"},
        {&r->key, "INSERT INTO txn_key VALUES (?1, 20416, '3', ?2, 0, 1, 0, ?3, 0, 1, ?4)"},
    };
    enum err_class class = db_open(&r->db, &options, r->e);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0] && class == ERR_OK; i++) {
        class = db_prepare(r->db, statements[i].out, statements[i].sql, r->e);
    }
    return class;
}

static enum err_class write_line(struct raw *r, size_t index)
{
    const struct raw_line *line = &r->load->lines[index];
    char store[STORE_BYTES];
    (void)snprintf(store, sizeof store, "S%03u", line->store % 1000);
    enum err_class class = ERR_OK;
    if (line->line == 0) {
        db_bind_text(r->key, 1, slice_of(store));
        db_bind_int(r->key, 2, (int64_t)line->sequence);
        db_bind_int(r->key, 3, (int64_t)line->seq);
        db_bind_int(r->key, 4, RAW_OWN_MS);
        class = db_run(r->key, r->e);
    }
    db_bind_text(r->ledger, 1, slice_of(store));
    db_bind_int(r->ledger, 2, (int64_t)line->seq);
    db_bind_int(r->ledger, 3, line->line);
    db_bind_text(r->ledger, 4, slice_of(line->item));
    db_bind_int(r->ledger, 5, line->on_hand_e4);
    db_bind_int(r->ledger, 6, RAW_OWN_MS);
    db_bind_int(r->ledger, 7, (int64_t)line->sequence);
    class = class == ERR_OK ? db_run(r->ledger, r->e) : class;
    if (class != ERR_OK || !r->last[index]) {
        return class;
    }
    db_bind_text(r->stock, 1, slice_of(store));
    db_bind_text(r->stock, 2, slice_of(line->item));
    db_bind_int(r->stock, 3, line->on_hand_e4);
    db_bind_int(r->stock, 4, (int64_t)line->seq);
    db_bind_int(r->stock, 5, RAW_OWN_MS);
    return db_run(r->stock, r->e);
}

static enum err_class write_all(struct raw *r)
{
    enum err_class class = ERR_OK;
    for (size_t from = 0; from < r->load->count && class == ERR_OK; from += r->load->per_commit) {
        class = db_run(r->begin, r->e);
        for (size_t i = from; i < r->load->count && i < from + r->load->per_commit && class == ERR_OK; i++) {
            class = write_line(r, i);
        }
        class = class == ERR_OK ? db_run(r->commit, r->e) : class;
    }
    return class;
}

double raw_collector(const struct raw_load *load, const char *path, struct err *e)
{
    struct raw r = {.load = load, .e = e};
    double start = 0;
    enum err_class class = plan(&r);
    if (class == ERR_OK) {
        class = open_raw(&r, path);
    }
    if (class == ERR_OK) {
        start = now_s();
        class = write_all(&r);
    }
    double seconds = now_s() - start;
    db_close(r.db);
    free(r.last);
    return class == ERR_OK ? seconds : -1;
}
