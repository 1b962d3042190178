#include "tests/bench/raw_ledger.h"

#include "common/db.h"
#include "common/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROW_SLOTS = 1 << 16, WORKSTATIONS_MAX = 64, KEY_FIELDS = 9 };

extern const char edge_stock_001_sql[];

/* One stock row, and what the open batch changes in it. */
struct raw_row {
    struct slice item, location, uom, description;
    int64_t delta_e4;
    bool listed;
};

struct raw_key {
    int64_t fields[KEY_FIELDS]; /* in the order of the table's columns */
};
enum { KEY_DAY = 0, KEY_WORKSTATION = 1, KEY_SEQUENCE = 2, KEY_SEQ = 8 };

struct raw_event {
    int64_t chain;
    struct slice bytes;
};

struct raw_line { /* of a document */
    struct slice document, line;
    int64_t day, seq;
};

struct moved { /* one line of a counted transaction */
    struct raw_row *row;
    int64_t delta_e4;
};

struct batch_end {
    uint64_t seq, offset;
    size_t moved;
};

struct array {
    void *items;
    size_t count, capacity;
};

struct raw_load {
    struct array keys, events, lines, moved, batches, texts;
    struct raw_row rows[ROW_SLOTS]; /* by hash */
};

static void must(enum err_class class, const char *what, const struct err *e)
{
    if (class != ERR_OK) {
        fprintf(stderr, "raw ledger: %s: %s\n", what, e->message);
        exit(1);
    }
}

static void *must_alloc(void *memory)
{
    if (memory == NULL) {
        fputs("raw ledger: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

double bench_now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void raw_remove_database(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[1024];
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
}

static void *add(struct array *a, size_t item_size)
{
    if (a->count == a->capacity) {
        a->capacity = a->capacity == 0 ? 4096 : 2 * a->capacity;
        a->items = must_alloc(realloc(a->items, a->capacity * item_size));
    }
    return (char *)a->items + a->count++ * item_size;
}

static struct slice keep(struct raw_load *load, struct slice s)
{
    char *copy = must_alloc(malloc(s.size + 1));
    memcpy(copy, s.data, s.size);
    *(char **)add(&load->texts, sizeof copy) = copy;
    return (struct slice){copy, s.size};
}

struct raw_load *raw_load_open(void)
{
    return must_alloc(calloc(1, sizeof(struct raw_load)));
}

void raw_load_close(struct raw_load *load)
{
    for (size_t i = 0; i < load->texts.count; i++) {
        free(((char **)load->texts.items)[i]);
    }
    struct array *const arrays[] = {&load->keys,  &load->events,  &load->lines,
                                    &load->moved, &load->batches, &load->texts};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        free(arrays[i]->items);
    }
    free(load);
}

static struct raw_row *row_of(struct raw_load *load, const struct txn_line *line)
{
    for (uint64_t slot = hash64_seeded(line->item, hash64(line->location));; slot++) {
        struct raw_row *row = &load->rows[slot % ROW_SLOTS];
        if (row->item.data == NULL) {
            *row = (struct raw_row){.item = keep(load, line->item),
                                    .location = keep(load, line->location),
                                    .uom = keep(load, line->uom),
                                    .description = keep(load, line->description)};
        }
        if (slice_equal(row->item, line->item) && slice_equal(row->location, line->location)) {
            return row;
        }
    }
}

void raw_load_transaction(struct raw_load *load, const struct txn *txn)
{
    for (size_t i = 0; i < txn->line_count; i++) {
        struct moved *moved = add(&load->moved, sizeof *moved);
        *moved = (struct moved){row_of(load, &txn->lines[i]), txn->lines[i].quantity_e4};
    }
}

void raw_load_batch_end(struct raw_load *load, uint64_t seq, uint64_t offset)
{
    struct batch_end *end = add(&load->batches, sizeof *end);
    *end = (struct batch_end){.seq = seq, .offset = offset, .moved = load->moved.count};
}

size_t raw_load_batches(const struct raw_load *load)
{
    return load->batches.count;
}

static void take_key(struct raw_load *load, struct db_stmt *s)
{
    struct raw_key *key = add(&load->keys, sizeof *key);
    for (int i = 0; i < KEY_FIELDS; i++) {
        key->fields[i] = db_column_int(s, i);
    }
}

static void take_event(struct raw_load *load, struct db_stmt *s)
{
    struct raw_event *event = add(&load->events, sizeof *event);
    *event = (struct raw_event){db_column_int(s, 0), keep(load, db_column_blob(s, 1))};
}

static void take_line(struct raw_load *load, struct db_stmt *s)
{
    struct raw_line *line = add(&load->lines, sizeof *line);
    *line = (struct raw_line){.document = keep(load, db_column_text(s, 0)),
                              .line = keep(load, db_column_text(s, 1)),
                              .day = db_column_int(s, 2),
                              .seq = db_column_int(s, 3)};
}

static void each_row(struct raw_load *load, struct db *db, const char *sql,
                     void (*take)(struct raw_load *load, struct db_stmt *s))
{
    struct err e = {0};
    struct db_stmt *s = NULL;
    bool row = false;
    must(db_prepare(db, &s, sql, &e), "prepare", &e);
    must(db_step(s, &row, &e), sql, &e);
    while (row) {
        take(load, s);
        must(db_step(s, &row, &e), sql, &e);
    }
    db_finalise(s);
}

void raw_load_read(struct raw_load *load, const char *path)
{
    struct db *db = NULL;
    struct err e = {0};
    const struct db_options options = {.path = path, .mode = DB_WRITER};
    must(db_open(&db, &options, &e), "open", &e);
    each_row(load, db,
             "SELECT day, workstation, sequence, version, decoder_version, content_hash, verdict, own_ms, seq"
             " FROM txn_key ORDER BY seq",
             take_key);
    each_row(load, db, "SELECT chain, bytes FROM event WHERE seq > 1 ORDER BY seq", take_event);
    each_row(load, db, "SELECT document, line, day, seq FROM document_line ORDER BY seq", take_line);
    db_close(db);
}

struct raw {
    const struct raw_load *load;
    struct db *db;
    struct db_stmt *begin, *commit, *key, *event, *row, *line, *series, *meta, *position;
    size_t key_at, line_at;            /* next to be written */
    int64_t numbers[WORKSTATIONS_MAX]; /* of the batch: each workstation's last */
    int64_t day;
};

static void raw_open(struct raw *r, const char *path)
{
    static const char *const migrations[] = {edge_stock_001_sql, NULL};
    const struct db_options options = {.path = path, .mode = DB_EXCLUSIVE, .migrations = migrations};
    struct err e = {0};
    must(db_open(&r->db, &options, &e), "open", &e);
    const struct {
        struct db_stmt **out;
        const char *sql;
    } statements[] = {
        {&r->begin, "BEGIN IMMEDIATE"},
        {&r->commit, "COMMIT"},
        {&r->key, "INSERT INTO txn_key VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL)"
                  " ON CONFLICT DO NOTHING"},
        {&r->event, "INSERT INTO event VALUES (?1, ?2, ?3)"},
        {&r->row, "INSERT INTO stock VALUES (?1, ?2, ?3, 0, 0, 0, ?3, 0, 0, ?4, ?5) ON CONFLICT DO UPDATE SET"
                  " on_hand_e4 = on_hand_e4 + ?3, recorded_e4 = recorded_e4 + ?3"
                  " RETURNING on_hand_e4, held_e4, basis, basis_ms"},
        {&r->line, "INSERT INTO document_line VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"},
        {&r->series, "INSERT INTO series VALUES (?1, 1, ?2, ?2, ?3, ?3) ON CONFLICT DO UPDATE SET"
                     " last_day = ?2, last = ?3"},
        {&r->meta, "UPDATE meta SET seq = ?1, chain = ?2, digest = ?2, row_count = ?1, last_own_ms = ?1"
                   " WHERE id = 1"},
        {&r->position,
         "INSERT INTO position (source, file_id, path, device, inode, head_size, head_hash, offset,"
         " back_size, back_hash, line, context) VALUES ('pos', 7, '/log/pos.log', 0, 0, 0, 0, ?1, 0, 0,"
         " 0, x'') ON CONFLICT DO UPDATE SET offset = ?1"},
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        must(db_prepare(r->db, statements[i].out, statements[i].sql, &e), "prepare", &e);
    }
    must(db_exec(r->db,
                 "INSERT INTO meta VALUES (1, 'bench', 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
                 &e),
         "meta", &e);
}

static void run(struct db_stmt *s)
{
    struct err e = {0};
    must(db_run(s, &e), "write", &e);
}

static void write_key(struct raw *r, const struct raw_key *key)
{
    for (int i = 0; i < KEY_FIELDS; i++) {
        db_bind_int(r->key, i + 1, key->fields[i]);
    }
    run(r->key);
    r->day = key->fields[KEY_DAY];
    r->numbers[key->fields[KEY_WORKSTATION] % WORKSTATIONS_MAX] = key->fields[KEY_SEQUENCE];
}

static void write_line(struct raw *r, const struct raw_line *line)
{
    db_bind_text(r->line, 1, line->document);
    db_bind_text(r->line, 2, line->line);
    db_bind_int(r->line, 3, line->day);
    db_bind_int(r->line, 4, line->seq);
    run(r->line);
}

/* One event, with the key and the document lines that it claims. */
static void write_event(struct raw *r, uint64_t seq)
{
    const struct raw_event *event = (const struct raw_event *)r->load->events.items + (seq - 2);
    const struct raw_key *key = (const struct raw_key *)r->load->keys.items + r->key_at;
    if (r->key_at < r->load->keys.count && key->fields[KEY_SEQ] == (int64_t)seq) {
        write_key(r, key);
        r->key_at++;
    }
    const struct raw_line *line = (const struct raw_line *)r->load->lines.items + r->line_at;
    for (; r->line_at < r->load->lines.count && line->seq == (int64_t)seq; r->line_at++) {
        write_line(r, line++);
    }
    db_bind_int(r->event, 1, (int64_t)seq);
    db_bind_int(r->event, 2, event->chain);
    db_bind_blob(r->event, 3, event->bytes);
    run(r->event);
}

static void write_row(struct raw *r, struct raw_row *row)
{
    db_bind_text(r->row, 1, row->item);
    db_bind_text(r->row, 2, row->location);
    db_bind_int(r->row, 3, row->delta_e4);
    db_bind_text(r->row, 4, row->uom);
    db_bind_text(r->row, 5, row->description);
    run(r->row);
    row->listed = false;
    row->delta_e4 = 0;
}

static void write_rows(struct raw *r, size_t from, size_t end)
{
    const struct moved *moved = r->load->moved.items;
    for (size_t i = from; i < end; i++) {
        moved[i].row->delta_e4 += moved[i].delta_e4;
        moved[i].row->listed = true;
    }
    for (size_t i = from; i < end; i++) {
        if (moved[i].row->listed) {
            write_row(r, moved[i].row);
        }
    }
}

static void write_batch_end(struct raw *r, const struct batch_end *end)
{
    for (int w = 0; w < WORKSTATIONS_MAX; w++) {
        if (r->numbers[w] != 0) {
            db_bind_int(r->series, 1, w);
            db_bind_int(r->series, 2, r->day);
            db_bind_int(r->series, 3, r->numbers[w]);
            run(r->series);
            r->numbers[w] = 0;
        }
    }
    db_bind_int(r->position, 1, (int64_t)end->offset);
    run(r->position);
    db_bind_int(r->meta, 1, (int64_t)end->seq);
    db_bind_int(r->meta, 2, ((const struct raw_event *)r->load->events.items)[end->seq - 2].chain);
    run(r->meta);
}

double raw_ledger_run(struct raw_load *load, const char *path)
{
    struct raw r = {.load = load};
    raw_remove_database(path);
    raw_open(&r, path);
    double began = bench_now_s();
    uint64_t seq = 2; /* 1 told of the restore */
    size_t moved = 0;
    for (size_t i = 0; i < load->batches.count; i++) {
        const struct batch_end *end = (const struct batch_end *)load->batches.items + i;
        run(r.begin);
        for (; seq <= end->seq; seq++) {
            write_event(&r, seq);
        }
        write_rows(&r, moved, end->moved);
        moved = end->moved;
        write_batch_end(&r, end);
        run(r.commit);
    }
    double took = bench_now_s() - began;
    if (r.key_at != load->keys.count || r.line_at != load->lines.count) {
        fputs("raw ledger: not all was written\n", stderr);
        exit(1);
    }
    db_close(r.db);
    return took;
}
