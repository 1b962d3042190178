/* What the collector costs beside SQLite: batches of transactions with three movements each, of 100 stores,
 * from memory into a database on disk; against raw SQLite that runs the same statements with the same values,
 * pragmas and transactions, told beforehand what each transaction comes to (each changed row once).
 *
 *   bench_collector [TRANSACTIONS [ITEMS]]      (100,000 and 2,000 a store)
 *
 * Prints movements a second of both and their ratio, the median of five rounds. */
#include "cloud/collector/collector.h"
#include "cloud/store/store_sqlite.h"
#include "proto/digest.h"
#include "proto/wire.h"
#include "tests/bench/raw_collector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STORES = 100, LINES = 3, PER_BATCH = 50, BATCHES_PER_COMMIT = 20, ROUNDS = 5, DAY = 20416 };

struct message {
    char store[8];
    struct batch_place place;
    struct buf payload;
};

struct shop {
    uint64_t seq, chain, *on_hand; /* by item */
};

struct load {
    size_t transactions, items, message_count;
    struct message *messages;
    struct raw_line *lines; /* in the order they are applied */
    size_t line_count;
};

static void must(enum err_class class, const char *what, const struct err *e)
{
    if (class != ERR_OK) {
        fprintf(stderr, "bench_collector: %s: %s\n", what, e == NULL ? "" : e->message);
        exit(1);
    }
}

static void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    must(memory == NULL ? ERR_FATAL : ERR_OK, "out of memory", NULL);
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

/* Few items sell often, many rarely: the cube of an even draw. */
static uint32_t draw_item(uint64_t *state, size_t items)
{
    double even = (double)(next_random(state) >> 11) / 9007199254740992.0;
    return (uint32_t)(even * even * even * (double)items);
}

/* ---- the load ---- */

static void make_movement(Tillwire__V1__Movement *m, struct raw_line *line, struct shop *shop, uint32_t item,
                          char name[RAW_NAME])
{
    (void)snprintf(name, RAW_NAME, "item-%06u", item);
    shop->on_hand[item] -= 10000;
    tillwire__v1__movement__init(m);
    m->item = name;
    m->kind = TILLWIRE__V1__MOVEMENT_KIND__SALE;
    m->on_hand_delta_e4 = -10000;
    m->on_hand_e4 = (int64_t)shop->on_hand[item];
    (void)snprintf(line->item, sizeof line->item, "%s", name);
    line->on_hand_e4 = m->on_hand_e4;
}

static void make_transaction(struct load *load, struct buf *out, struct shop *shop, size_t number,
                             uint64_t *random)
{
    Tillwire__V1__Event event;
    Tillwire__V1__Transaction t;
    Tillwire__V1__BusinessKey key;
    Tillwire__V1__Movement m[LINES], *pointers[LINES];
    char names[LINES][RAW_NAME], workstation[] = "3";
    tillwire__v1__event__init(&event);
    tillwire__v1__transaction__init(&t);
    tillwire__v1__business_key__init(&key);
    for (uint32_t i = 0; i < LINES; i++) {
        struct raw_line *line = &load->lines[load->line_count++];
        *line = (struct raw_line){.store = (uint32_t)(number / PER_BATCH % STORES),
                                  .seq = shop->seq + 1,
                                  .line = i,
                                  .sequence = number + 1};
        make_movement(&m[i], line, shop, draw_item(random, load->items), names[i]);
        pointers[i] = &m[i];
    }
    key.workstation = workstation;
    key.business_day = DAY;
    key.sequence = number + 1;
    t.key = &key;
    t.verdict = TILLWIRE__V1__VERDICT__COUNTED;
    t.own_ms = RAW_OWN_MS;
    event.body_case = TILLWIRE__V1__EVENT__BODY_TRANSACTION;
    event.transaction = &t;
    event.movements = pointers;
    event.n_movements = LINES;
    struct err e;
    must(wire_pack(&event.base, out, &e), "pack", &e);
    shop->seq++;
    shop->chain = chain_next(shop->chain, buf_slice(out));
}

static void make_message(struct load *load, struct message *message, struct shop *shop, size_t first,
                         uint64_t *random)
{
    size_t store = first / PER_BATCH % STORES;
    (void)snprintf(message->store, sizeof message->store, "S%03u", (unsigned)store);
    message->payload = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    message->place = (struct batch_place){.generation = 1,
                                          .run_counter = 1,
                                          .run_id = 1,
                                          .first_seq = shop->seq + 1,
                                          .count = PER_BATCH,
                                          .prev_chain = shop->chain};
    (void)snprintf(message->place.store, sizeof message->place.store, "%s", message->store);
    struct batch_header header = {message->store, 1, 1, 1, shop->seq + 1, shop->chain};
    must(wire_batch_begin(&message->payload, &header), "batch", NULL);
    BUF_AUTO struct buf event = BUF_INIT(WIRE_EVENT_BYTES_MAX);
    for (size_t i = 0; i < PER_BATCH; i++) {
        buf_clear(&event);
        make_transaction(load, &event, shop, first + i, random);
        must(wire_batch_add(&message->payload, buf_slice(&event)), "batch", NULL);
    }
    message->place.chain = shop->chain;
}

static void make_load(struct load *load)
{
    struct shop shops[STORES];
    uint64_t random = 88172645463325252;
    for (int i = 0; i < STORES; i++) {
        shops[i] = (struct shop){.chain = 1, .on_hand = must_alloc(load->items, sizeof(uint64_t))};
    }
    load->message_count = load->transactions / PER_BATCH;
    load->messages = must_alloc(load->message_count, sizeof *load->messages);
    load->lines = must_alloc(load->message_count * PER_BATCH * LINES, sizeof *load->lines);
    for (size_t i = 0; i < load->message_count; i++) {
        make_message(load, &load->messages[i], &shops[i % STORES], i * PER_BATCH, &random);
    }
    for (int i = 0; i < STORES; i++) {
        free(shops[i].on_hand);
    }
}

static void free_load(struct load *load)
{
    for (size_t i = 0; i < load->message_count; i++) {
        buf_free(&load->messages[i].payload);
    }
    free(load->messages);
    free(load->lines);
}

/* ---- the collector ---- */

static enum err_class swallow(void *ctx, const struct bus_message *message, struct err *e)
{
    (void)ctx, (void)message, (void)e;
    return ERR_OK;
}

static void put_stores(const struct store_writer *writer)
{
    struct err e;
    struct store_time now;
    must(writer->ops->begin(writer->ctx, &now, &e), "begin", &e);
    for (unsigned i = 0; i < STORES; i++) {
        struct store_row row = {.stage = STAGE_LIVE, .generation = 1, .birth = 1, .chain = 1};
        (void)snprintf(row.store, sizeof row.store, "S%03u", i);
        must(writer->ops->store_put(writer->ctx, &row, &e), "enrol", &e);
    }
    must(writer->ops->commit(writer->ctx, &e), "commit", &e);
}

static void send(struct collector *c, const struct message *message)
{
    struct place_text text;
    struct bus_property properties[WIRE_PLACE_PROPERTIES];
    char topic[TOPIC_BYTES];
    struct err e;
    wire_place_format(&message->place, &text, properties);
    must(collector_message(c, topic_format(TOPIC_EVENTS, message->store, topic), buf_slice(&message->payload),
                           properties, WIRE_PLACE_PROPERTIES, &e),
         "apply", &e);
}

static double run_collector(const struct load *load, const char *path)
{
    struct store_writer writer;
    struct collector *c;
    struct err e;
    struct bus bus = {.publish = swallow};
    struct store_sqlite_options options = {.path = path};
    must(store_sqlite_writer(&writer, &options, clock_system(), &e), "open", &e);
    put_stores(&writer);
    must(collector_open(&c, NULL, &writer, &bus, clock_system(), NULL, NULL, &e), "open", &e);
    double start = now_s();
    for (size_t i = 0; i < load->message_count; i++) {
        send(c, &load->messages[i]);
        if ((i + 1) % BATCHES_PER_COMMIT == 0 || i + 1 == load->message_count) {
            must(collector_commit(c, &e), "commit", &e);
        }
    }
    double seconds = now_s() - start;
    struct collector_counts counts;
    collector_counts(c, &counts);
    must(counts.movements == load->line_count ? ERR_OK : ERR_FATAL, "movements are missing", NULL);
    collector_close(c);
    writer.ops->close(writer.ctx);
    return seconds;
}

/* ---- rounds ---- */

static void remove_database(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char file[160];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(file, sizeof file, "%s%s", path, ends[i]);
        (void)unlink(file);
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof values[0], compare);
    return values[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    struct load load = {.transactions = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000,
                        .items = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000};
    char folder[] = "bench_collector.XXXXXX", path[64];
    if (load.transactions < PER_BATCH || load.items == 0 || mkdtemp(folder) == NULL) {
        fprintf(stderr, "bench_collector [TRANSACTIONS [ITEMS]]: at least %d and 1, in a writable folder\n",
                PER_BATCH);
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/centre.db", folder);
    make_load(&load);
    struct raw_load raw = {.lines = load.lines,
                           .count = load.line_count,
                           .per_commit = (size_t)PER_BATCH * LINES * BATCHES_PER_COMMIT,
                           .lines_per_transaction = LINES};
    double ours[ROUNDS], theirs[ROUNDS], ratios[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        struct err e;
        theirs[round] = raw_collector(&raw, path, &e);
        must(theirs[round] < 0 ? ERR_FATAL : ERR_OK, "raw", &e);
        remove_database(path);
        ours[round] = run_collector(&load, path);
        remove_database(path);
        ratios[round] = theirs[round] / ours[round];
    }
    (void)rmdir(folder);
    double count = (double)load.line_count;
    printf("collector: %.0f movements/s; raw SQLite: %.0f; ratio %.2f (median of %d; %zu movements, %d "
           "stores, %zu items "
           "each, %d movements a transaction)\n",
           count / median(ours), count / median(theirs), median(ratios), ROUNDS, load.line_count, STORES,
           load.items, PER_BATCH * LINES * BATCHES_PER_COMMIT);
    free_load(&load);
    return 0;
}
