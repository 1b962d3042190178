/* What the ledger costs beside SQLite: N transactions of 3 lines booked from memory, against raw SQLite
 * running the same statements with the same values, indexes, pragmas and batches. Both are given ready
 * transactions: nothing is decoded.
 *
 *   bench_ledger [TRANSACTIONS [ITEMS]]      (100,000 and 5,000)
 *
 * The raw side is told beforehand what the ledger will write: the events' bytes, the keys, and per batch each
 * changed row once
 * (`per row`); `per line` writes a row for each line instead, as a program without the row cache would. */
#include "common/db.h"
#include "common/hash.h"
#include "edge/stock/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINES = 3, ROUNDS = 5, NAME = 20, EVENT_BYTES_MAX = 512, DAY = 20000 };

extern const char edge_stock_001_sql[];

struct load {
    size_t transactions, items;
    char (*names)[NAME];
    struct txn *txns;
    struct txn_line *lines;
    uint32_t *item_of; /* per line */
    /* what the ledger wrote, for the raw side */
    unsigned char *events;
    size_t *event_offsets, event_count, event_size;
    uint64_t *chains;
};

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "bench_ledger: %s: %s\n", what, e == NULL ? "" : e->message);
    exit(1);
}

static void must(enum err_class class, const char *what, const struct err *e)
{
    if (class != ERR_OK) {
        die(what, e);
    }
}

static void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        die("out of memory", NULL);
    }
    return memory;
}

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Few items sell often, many rarely: the square of an even draw. */
static uint32_t draw_item(uint64_t *state, size_t items)
{
    double even = (double)(next_random(state) >> 11) / 9007199254740992.0;
    return (uint32_t)(even * even * even * (double)items);
}

static void make_load(struct load *load)
{
    uint64_t random = 88172645463325252U;
    load->names = must_alloc(load->items, sizeof *load->names);
    load->txns = must_alloc(load->transactions, sizeof *load->txns);
    load->lines = must_alloc(load->transactions * LINES, sizeof *load->lines);
    load->item_of = must_alloc(load->transactions * LINES, sizeof *load->item_of);
    load->events = must_alloc(load->transactions, EVENT_BYTES_MAX);
    load->event_offsets = must_alloc(load->transactions + 1, sizeof *load->event_offsets);
    load->chains = must_alloc(load->transactions, sizeof *load->chains);
    static const char *const workstations[] = {"1", "2", "3", "4", "5", "6"};
    for (size_t i = 0; i < load->items; i++) {
        (void)snprintf(load->names[i], NAME, "%014zu", i * 7919);
    }
    for (size_t i = 0; i < load->transactions; i++) {
        for (size_t n = i * LINES; n < (i + 1) * LINES; n++) {
            load->item_of[n] = draw_item(&random, load->items);
            load->lines[n] =
                (struct txn_line){.item = slice_of(load->names[load->item_of[n]]),
                                  .location = SLICE("floor"),
                                  .uom = SLICE("EA"),
                                  .description = SLICE("Semi-skimmed milk 1 l"),
                                  .kind = TILLWIRE__V1__MOVEMENT_KIND__SALE,
                                  .quantity_e4 = -10000 * (int64_t)(1 + next_random(&random) % 3),
                                  .line = (uint32_t)(n % LINES + 1)};
        }
        load->txns[i] = (struct txn){.store = SLICE("S014"),
                                     .workstation = slice_of(workstations[i % 6]),
                                     .business_day = DAY + (int32_t)(i / 50000),
                                     .sequence = i / 6 + 1,
                                     .action = TXN_COUNT,
                                     .status = SLICE("Finished"),
                                     .begin = SLICE("2024-10-04T12:00:00"),
                                     .end = SLICE("2024-10-04T12:01:10"),
                                     .local_s = INT64_C(86400) * DAY + (int64_t)i / 10,
                                     .content_hash = next_random(&random),
                                     .lines = &load->lines[i * LINES],
                                     .line_count = LINES};
    }
}

static void remove_database(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[300];
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
}

static struct ledger *open_ledger(const char *path, const struct zone *zone)
{
    struct err e = {0};
    struct ledger *l = NULL;
    const struct ledger_options options = {.path = path, .store = "S014", .zone = zone};
    must(ledger_open(&l, &options, clock_system(), &e), "open", &e);
    struct ledger_head head;
    ledger_head(l, &head);
    Tillwire__V1__Run run;
    tillwire__v1__run__init(&run);
    run.counter = head.run_counter;
    run.id = head.run_id;
    Tillwire__V1__RestorePart part;
    tillwire__v1__restore_part__init(&part);
    part.birth = head.birth;
    part.run = &run;
    part.generation = part.part = part.parts = 1;
    Tillwire__V1__Command command;
    tillwire__v1__command__init(&command);
    command.id = 1;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_RESTORE;
    command.restore = &part;
    must(ledger_execute(l, &command, &e), "provision", &e);
    return l;
}

static bool note_event(void *ctx, const struct ledger_event *event)
{
    struct load *load = ctx;
    if (event->seq == 1) {
        return true;
    }
    memcpy(load->events + load->event_size, event->bytes.data, event->bytes.size);
    load->chains[load->event_count] = event->chain;
    load->event_offsets[load->event_count++] = load->event_size;
    load->event_size += event->bytes.size;
    load->event_offsets[load->event_count] = load->event_size;
    return true;
}

static void put_position(struct ledger *l, size_t offset)
{
    struct err e = {0};
    const struct tail_position position = {.file_id = 7, .path = "/log/pos.log", .offset = offset};
    must(ledger_put_position(l, "pos", &position, SLICE(""), &e), "position", &e);
}

static double run_ledger(struct load *load, const char *path, const struct zone *zone, size_t batch)
{
    struct err e = {0};
    remove_database(path);
    struct ledger *l = open_ledger(path, zone);
    double began = now_s();
    for (size_t i = 0; i < load->transactions;) {
        must(ledger_begin(l, &e), "begin", &e);
        size_t end = i + batch < load->transactions ? i + batch : load->transactions;
        for (; i < end; i++) {
            const struct ledger_source source = {
                .file_id = 7, .file = "pos.log", .offset = i * 600, .length = 600};
            enum ledger_verdict verdict;
            struct err reason;
            must(ledger_book(l, &load->txns[i], &source, &verdict, &reason, &e), "book", &e);
            if (verdict != LEDGER_COUNTED) {
                die("not counted", &reason);
            }
        }
        put_position(l, i);
        must(ledger_commit(l, &e), "commit", &e);
    }
    double took = now_s() - began;
    load->event_count = load->event_size = 0;
    must(ledger_read(l, 1, note_event, load, &e), "read", &e);
    ledger_close(l);
    return took;
}

struct raw {
    struct db *db;
    struct db_stmt *begin, *commit, *key, *event, *line, *insert, *update, *series, *meta, *position;
    int64_t *on_hand_e4;   /* per item */
    bool *known, *changed; /* per item: in the table; in this batch */
};

static void open_raw(struct raw *r, const char *path)
{
    static const char *const migrations[] = {edge_stock_001_sql, NULL};
    const struct db_options options = {.path = path, .mode = DB_EXCLUSIVE, .migrations = migrations};
    struct err e = {0};
    remove_database(path);
    must(db_open(&r->db, &options, &e), "raw open", &e);
    const struct {
        struct db_stmt **out;
        const char *sql;
    } statements[] = {
        {&r->begin, "BEGIN IMMEDIATE"},
        {&r->commit, "COMMIT"},
        {&r->key,
         "INSERT INTO txn_key VALUES (?1, ?2, ?3, 0, 1, ?4, 1, ?5, ?6, NULL) ON CONFLICT DO NOTHING"},
        {&r->event, "INSERT INTO event VALUES (?1, ?2, ?3)"},
        {&r->line,
         "INSERT INTO stock VALUES (?1, 'floor', ?2, 0, 0, 0, ?2, 0, 0, 'EA', 'Semi-skimmed milk 1 l')"
         " ON CONFLICT DO UPDATE SET on_hand_e4 = on_hand_e4 + ?2, recorded_e4 = recorded_e4 + ?2"
         " RETURNING on_hand_e4, held_e4, basis, basis_ms"},
        {&r->insert,
         "INSERT INTO stock VALUES (?1, 'floor', ?2, 0, 0, 0, ?2, 0, 0, 'EA', 'Semi-skimmed milk 1 l')"},
        {&r->update, "UPDATE stock SET on_hand_e4 = ?3, held_e4 = ?4, carried_e4 = ?5, carried_held_e4 = ?6,"
                     " recorded_e4 = ?7, basis = ?8, basis_ms = ?9 WHERE item = ?1 AND location = ?2"},
        {&r->series,
         "INSERT INTO series VALUES (?1, 1, ?2, ?2, 1, ?3) ON CONFLICT DO UPDATE SET last_day = ?2,"
         " last = ?3"},
        {&r->meta,
         "UPDATE meta SET seq = ?1, chain = ?2, digest = ?2, row_count = ?1, last_own_ms = ?1 WHERE id = 1"},
        {&r->position,
         "INSERT INTO position (source, file_id, path, device, inode, head_size, head_hash, offset,"
         " back_size, back_hash, line, context) VALUES ('pos', 7, '/log/pos.log', 0, 0, 0, 0, ?1, 0, 0,"
         " 0, x'') ON CONFLICT DO UPDATE SET offset = ?1"},
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        must(db_prepare(r->db, statements[i].out, statements[i].sql, &e), "raw prepare", &e);
    }
    must(db_exec(r->db,
                 "INSERT INTO meta VALUES (1, 'S014', 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
                 &e),
         "raw meta", &e);
}

static void raw_run(struct db_stmt *s)
{
    struct err e = {0};
    must(db_run(s, &e), "raw", &e);
}

static void raw_line(struct raw *r, const struct load *load, size_t n)
{
    db_bind_text(r->line, 1, slice_of(load->names[load->item_of[n]]));
    db_bind_int(r->line, 2, load->lines[n].quantity_e4);
    raw_run(r->line);
}

/* The row as it stands at the batch's end. */
static void raw_row(struct raw *r, const struct load *load, uint32_t item)
{
    struct db_stmt *s = r->known[item] ? r->update : r->insert;
    db_bind_text(s, 1, slice_of(load->names[item]));
    db_bind_int(s, 2, r->on_hand_e4[item]);
    if (r->known[item]) {
        db_bind_text(s, 2, SLICE("floor"));
        for (int parameter = 3; parameter <= 9; parameter++) {
            db_bind_int(s, parameter, parameter == 3 || parameter == 7 ? r->on_hand_e4[item] : 0);
        }
    }
    raw_run(s);
    r->known[item] = true;
    r->changed[item] = false;
}

/* Each row that the batch changed, once. */
static void raw_rows(struct raw *r, const struct load *load, size_t from, size_t end)
{
    for (size_t n = from * LINES; n < end * LINES; n++) {
        r->on_hand_e4[load->item_of[n]] += load->lines[n].quantity_e4;
        r->changed[load->item_of[n]] = true;
    }
    for (size_t n = from * LINES; n < end * LINES; n++) {
        if (r->changed[load->item_of[n]]) {
            raw_row(r, load, load->item_of[n]);
        }
    }
}

static void raw_transaction(struct raw *r, const struct load *load, size_t i)
{
    const struct txn *txn = &load->txns[i];
    db_bind_int(r->key, 1, txn->business_day);
    db_bind_int(r->key, 2, (int64_t)(i % 6));
    db_bind_int(r->key, 3, (int64_t)txn->sequence);
    db_bind_int(r->key, 4, (int64_t)txn->content_hash);
    db_bind_int(r->key, 5, txn->local_s * 1000);
    db_bind_int(r->key, 6, (int64_t)i + 2);
    raw_run(r->key);
    size_t size = load->event_offsets[i + 1] - load->event_offsets[i];
    db_bind_int(r->event, 1, (int64_t)i + 2);
    db_bind_int(r->event, 2, (int64_t)load->chains[i]);
    db_bind_blob(r->event, 3, (struct slice){(const char *)load->events + load->event_offsets[i], size});
    raw_run(r->event);
}

static void raw_batch_end(struct raw *r, const struct load *load, size_t from, size_t end)
{
    for (size_t w = 0; w < 6 && w < end - from; w++) {
        db_bind_int(r->series, 1, (int64_t)((end - 1 - w) % 6));
        db_bind_int(r->series, 2, DAY);
        db_bind_int(r->series, 3, (int64_t)end);
        raw_run(r->series);
    }
    db_bind_int(r->position, 1, (int64_t)end);
    raw_run(r->position);
    db_bind_int(r->meta, 1, (int64_t)end);
    db_bind_int(r->meta, 2, (int64_t)load->chains[end - 1]);
    raw_run(r->meta);
}

static double run_raw(const struct load *load, const char *path, size_t batch, bool per_row)
{
    struct raw r;
    open_raw(&r, path);
    r.on_hand_e4 = must_alloc(load->items, sizeof *r.on_hand_e4);
    r.known = must_alloc(load->items, sizeof *r.known);
    r.changed = must_alloc(load->items, sizeof *r.changed);
    double began = now_s();
    for (size_t i = 0; i < load->transactions;) {
        size_t from = i;
        size_t end = i + batch < load->transactions ? i + batch : load->transactions;
        raw_run(r.begin);
        for (; i < end; i++) {
            raw_transaction(&r, load, i);
            for (size_t n = i * LINES; !per_row && n < (i + 1) * LINES; n++) {
                raw_line(&r, load, n);
            }
        }
        if (per_row) {
            raw_rows(&r, load, from, end);
        }
        raw_batch_end(&r, load, from, end);
        raw_run(r.commit);
    }
    double took = now_s() - began;
    free(r.on_hand_e4);
    free(r.known);
    free(r.changed);
    db_close(r.db);
    return took;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

static void measure(struct load *load, const char *path, const struct zone *zone, size_t batch)
{
    size_t all = load->transactions;
    if (batch == 1) {
        load->transactions = all / 20;
    }
    double ledger[ROUNDS], per_row[ROUNDS], per_line[ROUNDS], ratio[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        ledger[i] = run_ledger(load, path, zone, batch);
        per_row[i] = run_raw(load, path, batch, true);
        per_line[i] = run_raw(load, path, batch, false);
        ratio[i] = per_row[i] / ledger[i];
    }
    double n = (double)load->transactions;
    double booked = median(ledger);
    printf("batch %4zu: ledger %7.0f/s (%5.2f us), raw per row %7.0f/s, raw per line %7.0f/s; of raw: per "
           "row %3.0f%% "
           "(pairwise %3.0f%%), per line %3.0f%%; %.0f B an event\n",
           batch, n / booked, 1e6 * booked / n, n / median(per_row), n / median(per_line),
           100 * median(per_row) / booked, 100 * median(ratio), 100 * median(per_line) / booked,
           (double)load->event_size / n);
    load->transactions = all;
}

int main(int argc, char **argv)
{
    struct load load = {.transactions = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000,
                        .items = argc > 2 ? strtoul(argv[2], NULL, 10) : 5000};
    if (load.transactions < 100 || load.items < 10) {
        fprintf(stderr, "usage: bench_ledger [TRANSACTIONS (100 and more) [ITEMS (10 and more)]]\n");
        return 2;
    }
    const char *tmp = getenv("TMPDIR");
    char folder[200];
    (void)snprintf(folder, sizeof folder, "%s/tillwire-bench-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    if (mkdtemp(folder) == NULL) {
        die("no temporary folder", NULL);
    }
    char path[256];
    (void)snprintf(path, sizeof path, "%s/edge.db", folder);
    struct err e = {0};
    struct zone *zone = NULL;
    must(zone_open(&zone, "UTC", &e), "zone", &e);
    make_load(&load);
    static const size_t batches[] = {1, 100, 1000};
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        measure(&load, path, zone, batches[i]);
    }
    remove_database(path);
    (void)rmdir(folder);
    zone_close(zone);
    return 0;
}
