/* For the collector's tests: a store as the contract describes it (rows, events, chain, digest, heartbeats),
 * a bus that keeps what is published, and a collector over a real database. Shares no code with the edge. */
#ifndef TESTS_UNIT_COLLECTOR_FIXTURE_H
#define TESTS_UNIT_COLLECTOR_FIXTURE_H

#include "tests/unit/cloud_fixture.h"

#include "cloud/collector/collector.h"
#include "proto/digest.h"
#include "proto/wire.h"

enum { SHOP_EVENTS_MAX = 64, SHOP_ROWS_MAX = 16, PUBLISHED_MAX = 64 };

struct shop_row {
    char item[16];
    int64_t on_hand, recorded, basis_ms;
    int basis;
};

struct shop {
    const char *store;
    uint32_t generation;
    uint64_t birth, run_counter, run_id, heartbeat_no;
    uint64_t seq, chain[SHOP_EVENTS_MAX + 1], digest, digests[SHOP_EVENTS_MAX + 1];
    struct buf events[SHOP_EVENTS_MAX + 1]; /* by seq */
    struct shop_row rows[SHOP_ROWS_MAX];
    size_t row_count;
    uint64_t number; /* of the next transaction */
    /* of the newest answer to this run */
    int64_t echo_centre_ms, echo_at_boot_ms;
    uint64_t echo_epoch;
    bool answered;
};

struct published {
    bool command;
    struct buf payload;
};

struct centre {
    struct fake_clock fake;
    struct clock clock;
    struct folder folder;
    struct store_writer writer;
    struct bus bus;
    struct published published[PUBLISHED_MAX];
    size_t published_count;
    bool deaf; /* the bus takes nothing */
    struct collector *collector;
    struct arena *arena;
    struct err refused;
    int stock_told, movements_told, stores_told, alerts_told;
};

/* ---- the centre ---- */

static enum err_class keep_published(void *ctx, const struct bus_message *message, struct err *e)
{
    struct centre *c = ctx;
    if (c->deaf || c->published_count == PUBLISHED_MAX) {
        return err_set(e, ERR_FULL, "deaf");
    }
    struct published *p = &c->published[c->published_count++];
    p->command = strstr(message->topic, "/down/command") != NULL;
    p->payload = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    assert_int_equal(message->qos, p->command ? 1 : 0);
    assert_int_equal(buf_append_slice(&p->payload, message->payload), ERR_OK);
    return ERR_OK;
}

static inline void forget_published(struct centre *c)
{
    for (size_t i = 0; i < c->published_count; i++) {
        buf_free(&c->published[i].payload);
    }
    c->published_count = 0;
}

static void told_stock(void *ctx, const struct store_stock *row, const struct store_time *now)
{
    (void)row, (void)now;
    ((struct centre *)ctx)->stock_told++;
}

static void told_movement(void *ctx, const struct store_ledger_entry *entry, const struct store_time *now)
{
    (void)entry, (void)now;
    ((struct centre *)ctx)->movements_told++;
}

static void told_store(void *ctx, const struct store_row *row, const struct store_time *now)
{
    (void)row, (void)now;
    ((struct centre *)ctx)->stores_told++;
}

static void told_alert(void *ctx, const char *store, const char *kind, const char *text, bool open,
                       const struct store_time *now)
{
    (void)store, (void)kind, (void)text, (void)open, (void)now;
    ((struct centre *)ctx)->alerts_told++;
}

static inline void centre_start(struct centre *c)
{
    struct store_sqlite_options options = {.path = c->folder.file, .cache_kib = 1024};
    struct collector_options collector = {.early_bytes_max = 2048};
    struct collector_watch watch = {c, told_stock, told_movement, told_store, told_alert};
    c->bus = (struct bus){c, keep_published};
    OK(store_sqlite_writer(&c->writer, &options, &c->clock, e));
    OK(collector_open(&c->collector, &collector, &c->writer, &c->bus, &c->clock, &watch, NULL, e));
}

static inline void centre_stop(struct centre *c)
{
    collector_close(c->collector);
    c->writer.ops->close(c->writer.ctx);
}

static inline int centre_setup(void **state)
{
    struct centre *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->fake = (struct fake_clock){.wall_ms = INT64_C(1764000000000), .boot_ms = 5000, .random = 3};
    c->clock = fake_clock_ops(&c->fake);
    folder_make(&c->folder);
    OK(arena_open(&c->arena, 4 << 20, e));
    centre_start(c);
    *state = c;
    return 0;
}

static inline int centre_teardown(void **state)
{
    struct centre *c = *state;
    centre_stop(c);
    forget_published(c);
    arena_close(c->arena);
    folder_remove(&c->folder);
    free(c);
    return 0;
}

static inline void commit(struct centre *c)
{
    OK(collector_commit(c->collector, e));
}

static inline struct store_row row_of(struct centre *c, const char *store)
{
    struct store_row row;
    struct store_time now;
    OK(c->writer.ops->begin(c->writer.ctx, &now, e));
    OK(c->writer.ops->store_get(c->writer.ctx, store, &row, e));
    OK(c->writer.ops->commit(c->writer.ctx, e));
    row.heartbeat = SLICE("");
    return row;
}

static inline struct store_stock stock_of(struct centre *c, const char *store, const char *item, bool *found)
{
    struct store_stock row;
    struct store_time now;
    OK(c->writer.ops->begin(c->writer.ctx, &now, e));
    OK(c->writer.ops->stock_get(c->writer.ctx, slice_of(store), slice_of(item), SLICE("floor"), &row, found,
                                e));
    OK(c->writer.ops->commit(c->writer.ctx, e));
    return row;
}

static inline int64_t on_hand_of(struct centre *c, const char *store, const char *item)
{
    bool found;
    struct store_stock row = stock_of(c, store, item, &found);
    assert_true(found);
    return row.on_hand_e4;
}

static inline struct freshness freshness_now(struct centre *c, const char *store)
{
    static const struct freshness_policy policy = {15000, 60000, 1 << 20, 1000};
    struct store_row row;
    struct store_time now;
    struct freshness f;
    Tillwire__V1__Heartbeat *heartbeat = NULL;
    OK(c->writer.ops->begin(c->writer.ctx, &now, e));
    OK(c->writer.ops->store_get(c->writer.ctx, store, &row, e));
    arena_reset(c->arena);
    if (row.heartbeat.size > 0) {
        OK(wire_unpack_heartbeat(c->arena, row.heartbeat, &heartbeat, e));
    }
    freshness_of(&row, heartbeat, &now, &policy, &f);
    OK(c->writer.ops->commit(c->writer.ctx, e));
    return f;
}

static bool find_alert(void *ctx, const struct store_alert *alert)
{
    const char *kind = *(const char **)ctx;
    if (slice_equal_text(alert->kind, kind)) {
        *(const char **)ctx = NULL;
    }
    return true;
}

static inline bool alert_open(struct centre *c, const char *kind)
{
    struct store_sqlite_options options = {.path = c->folder.file};
    struct store_reader reader;
    OK(store_sqlite_reader(&reader, &options, &c->clock, e));
    OK(reader.ops->alert_each(reader.ctx, true, 0, 100, find_alert, &kind, e));
    reader.ops->close(reader.ctx);
    return kind == NULL;
}

/* ---- a store ---- */

static inline struct shop shop_make(const char *store)
{
    struct shop s = {.store = store, .generation = 0, .birth = 0xb17, .run_counter = 1, .run_id = 0x101};
    s.chain[0] = s.birth;
    for (int i = 0; i <= SHOP_EVENTS_MAX; i++) {
        s.events[i] = BUF_INIT(WIRE_EVENT_BYTES_MAX);
    }
    return s;
}

static inline void shop_free(struct shop *s)
{
    for (int i = 0; i <= SHOP_EVENTS_MAX; i++) {
        buf_free(&s->events[i]);
    }
}

static inline uint64_t shop_row_hash(const struct shop_row *row)
{
    const struct digest_row value = {slice_of(row->item), SLICE("floor"), row->on_hand, 0,
                                     (uint8_t)row->basis};
    return digest_row_hash(&value);
}

static inline struct shop_row *shop_row(struct shop *s, const char *item)
{
    for (size_t i = 0; i < s->row_count; i++) {
        if (strcmp(s->rows[i].item, item) == 0) {
            return &s->rows[i];
        }
    }
    struct shop_row *row = &s->rows[s->row_count++];
    *row = (struct shop_row){0};
    (void)snprintf(row->item, sizeof row->item, "%s", item);
    s->digest += shop_row_hash(row);
    return row;
}

/* Appends the packed event as the next seq. */
static inline void shop_emit(struct shop *s, const Tillwire__V1__Event *event)
{
    uint64_t seq = ++s->seq;
    assert_true(seq <= SHOP_EVENTS_MAX);
    buf_clear(&s->events[seq]);
    OK(wire_pack(&event->base, &s->events[seq], e));
    s->chain[seq] = chain_next(s->chain[seq - 1], buf_slice(&s->events[seq]));
    s->digests[seq] = s->digest;
}

static inline void shop_restored(struct shop *s)
{
    Tillwire__V1__Event event;
    Tillwire__V1__Restored restored;
    tillwire__v1__event__init(&event);
    tillwire__v1__restored__init(&restored);
    restored.birth = s->birth;
    restored.digest = s->digest;
    event.body_case = TILLWIRE__V1__EVENT__BODY_RESTORED;
    event.restored = &restored;
    shop_emit(s, &event);
}

/* Moves a row; the movement says what it must. */
static inline void shop_move(struct shop *s, Tillwire__V1__Movement *m, char *item, int kind, int64_t delta)
{
    struct shop_row *row = shop_row(s, item);
    s->digest -= shop_row_hash(row);
    row->on_hand += delta;
    row->recorded += movement_is_recorded((Tillwire__V1__MovementKind)kind) ? delta : 0;
    s->digest += shop_row_hash(row);
    tillwire__v1__movement__init(m);
    m->item = item;
    m->kind = (Tillwire__V1__MovementKind)kind;
    m->on_hand_delta_e4 = delta;
    m->on_hand_e4 = row->on_hand;
    m->basis = (Tillwire__V1__Basis)row->basis;
    m->basis_ms = row->basis_ms;
}

static inline void shop_sell_at(struct shop *s, const char *item, int64_t quantity, int64_t own_ms)
{
    Tillwire__V1__Event event;
    Tillwire__V1__Transaction t;
    Tillwire__V1__BusinessKey key;
    Tillwire__V1__Movement m, *movements[] = {&m};
    char name[16], workstation[] = "3";
    (void)snprintf(name, sizeof name, "%s", item);
    tillwire__v1__event__init(&event);
    tillwire__v1__transaction__init(&t);
    tillwire__v1__business_key__init(&key);
    shop_move(s, &m, name, TILLWIRE__V1__MOVEMENT_KIND__SALE, -quantity);
    key.workstation = workstation;
    key.business_day = 20000;
    key.sequence = ++s->number;
    t.key = &key;
    t.verdict = TILLWIRE__V1__VERDICT__COUNTED;
    t.own_ms = own_ms;
    event.body_case = TILLWIRE__V1__EVENT__BODY_TRANSACTION;
    event.transaction = &t;
    event.movements = movements;
    event.n_movements = 1;
    shop_emit(s, &event);
}

static inline void shop_sell(struct shop *s, const char *item, int64_t quantity)
{
    shop_sell_at(s, item, quantity, INT64_C(1763999990000));
}

static inline void shop_place(const struct shop *s, uint64_t first, uint64_t last, struct batch_place *place)
{
    *place = (struct batch_place){.generation = s->generation,
                                  .run_counter = s->run_counter,
                                  .run_id = s->run_id,
                                  .first_seq = first,
                                  .count = last - first + 1,
                                  .prev_chain = s->chain[first - 1],
                                  .chain = s->chain[last]};
    (void)snprintf(place->store, sizeof place->store, "%s", s->store);
}

static inline enum err_class send_payload(struct centre *c, const struct shop *s,
                                          const struct batch_place *place, struct slice payload)
{
    struct place_text text;
    struct bus_property properties[WIRE_PLACE_PROPERTIES];
    char topic[TOPIC_BYTES];
    wire_place_format(place, &text, properties);
    enum err_class class = collector_message(c->collector, topic_format(TOPIC_EVENTS, s->store, topic),
                                             payload, properties, WIRE_PLACE_PROPERTIES, &c->refused);
    if (class == ERR_FATAL) {
        fail_msg("%s", c->refused.message);
    }
    return class;
}

static inline enum err_class send_digest(struct centre *c, const struct shop *s, uint64_t first,
                                         uint64_t last, bool digest)
{
    BUF_AUTO struct buf payload = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    struct batch_header header = {s->store,  s->generation, s->run_counter,
                                  s->run_id, first,         s->chain[first - 1]};
    assert_int_equal(wire_batch_begin(&payload, &header), ERR_OK);
    for (uint64_t seq = first; seq <= last; seq++) {
        assert_int_equal(wire_batch_add(&payload, buf_slice(&s->events[seq])), ERR_OK);
    }
    assert_int_equal(wire_batch_end(&payload, digest, s->digests[last]), ERR_OK);
    struct batch_place place;
    shop_place(s, first, last, &place);
    return send_payload(c, s, &place, buf_slice(&payload));
}

static inline enum err_class send(struct centre *c, const struct shop *s, uint64_t first, uint64_t last)
{
    return send_digest(c, s, first, last, false);
}

static inline void heartbeat_of(const struct centre *c, struct shop *s, Tillwire__V1__Heartbeat *h,
                                Tillwire__V1__Run *run, Tillwire__V1__Echo *echo)
{
    static char store[STORE_ID_MAX + 1];
    (void)snprintf(store, sizeof store, "%s", s->store);
    tillwire__v1__heartbeat__init(h);
    tillwire__v1__run__init(run);
    tillwire__v1__echo__init(echo);
    run->counter = s->run_counter;
    run->id = s->run_id;
    h->store = store;
    h->run = run;
    h->generation = s->generation;
    h->birth = s->birth;
    h->no = ++s->heartbeat_no;
    h->head_seq = s->seq;
    h->head_chain = s->chain[s->seq];
    h->digest = s->digest;
    h->row_count = s->row_count;
    h->state =
        s->generation == 0 ? TILLWIRE__V1__HEARTBEAT__STATE__NEW : TILLWIRE__V1__HEARTBEAT__STATE__LIVE;
    if (s->answered) {
        echo->centre_ms = s->echo_centre_ms;
        echo->clock_epoch = s->echo_epoch;
        echo->elapsed_ms = c->fake.boot_ms - s->echo_at_boot_ms;
        h->echo = echo;
    }
}

static inline enum err_class send_heartbeat(struct centre *c, const struct shop *s,
                                            const Tillwire__V1__Heartbeat *h)
{
    BUF_AUTO struct buf payload = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    char topic[TOPIC_BYTES];
    OK(wire_pack(&h->base, &payload, e));
    return collector_message(c->collector, topic_format(TOPIC_HEARTBEAT, s->store, topic),
                             buf_slice(&payload), NULL, 0, &c->refused);
}

static inline Tillwire__V1__Ack *ack_at(struct centre *c, size_t index)
{
    Tillwire__V1__Ack *ack;
    assert_true(index < c->published_count && !c->published[index].command);
    OK(wire_unpack_ack(c->arena, buf_slice(&c->published[index].payload), &ack, e));
    return ack;
}

static inline Tillwire__V1__Command *command_at(struct centre *c, size_t index)
{
    Tillwire__V1__Command *command;
    assert_true(index < c->published_count && c->published[index].command);
    OK(wire_unpack_command(c->arena, buf_slice(&c->published[index].payload), &command, e));
    return command;
}

/* A heartbeat, committed and answered; the store keeps the echo. Returns the ack; commands follow it. */
static inline Tillwire__V1__Ack *beat(struct centre *c, struct shop *s)
{
    Tillwire__V1__Heartbeat h;
    Tillwire__V1__Run run;
    Tillwire__V1__Echo echo;
    heartbeat_of(c, s, &h, &run, &echo);
    forget_published(c);
    arena_reset(c->arena);
    (void)send_heartbeat(c, s, &h);
    commit(c);
    Tillwire__V1__Ack *ack = ack_at(c, 0);
    assert_string_equal(ack->store, s->store);
    assert_int_equal(ack->heartbeat_no, h.no);
    assert_int_equal(ack->run->id, s->run_id);
    s->answered = true;
    s->echo_centre_ms = ack->centre_ms;
    s->echo_epoch = ack->clock_epoch;
    s->echo_at_boot_ms = c->fake.boot_ms;
    return ack;
}

static inline void new_run(struct shop *s)
{
    s->run_counter++;
    s->run_id += 0x100;
    s->heartbeat_no = 0;
    s->answered = false;
}

static inline void enrol(struct centre *c, const char *store)
{
    OK(collector_enrol(c->collector, store, "A shop", "UTC", e));
    OK(collector_stage(c->collector, store, STAGE_LIVE, e));
}

/* Enrolled, restored, seq 1 applied. */
static inline struct shop shop_ready(struct centre *c, const char *store)
{
    struct shop s = shop_make(store);
    enrol(c, store);
    Tillwire__V1__Ack *ack = beat(c, &s);
    s.generation = ack->generation;
    shop_restored(&s);
    (void)beat(c, &s); /* answered before it sends */
    assert_int_equal(send_digest(c, &s, 1, 1, true), ERR_OK);
    commit(c);
    return s;
}

/* One heartbeat to carry the echo of the last answer: fresh, if anything makes it so. */
static inline void beat_twice(struct centre *c, struct shop *s)
{
    (void)beat(c, s);
    fake_clock_pass(&c->fake, 1000);
    (void)beat(c, s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, centre_setup, centre_teardown)

#endif
