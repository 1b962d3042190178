/* A store's uplink between a ledger of made-up events and a bus that keeps what it is given, on a virtual
 * clock. */
#ifndef TESTS_UNIT_UPLINK_FIXTURE_H
#define TESTS_UNIT_UPLINK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edge/uplink/uplink.h"
#include "proto/digest.h"

enum { FIXTURE_EVENTS_MAX = 4096, FIXTURE_SENT_MAX = 1024 };

struct sent {
    bool heartbeat;
    struct buf payload;
    struct batch_place place; /* of a batch, from its properties */
};

struct fixture {
    struct clock clock;
    int64_t now;
    uint64_t random;
    /* ledger */
    struct ledger_head head;
    struct {
        char bytes[512];
        size_t size;
        uint64_t chain; /* chains[0] is birth */
    } events[FIXTURE_EVENTS_MAX];
    uint64_t applied_told;
    unsigned executed;
    uint64_t restore_to; /* a RestorePart gives this generation */
    enum err_class execute_class;
    /* bus */
    struct sent sent[FIXTURE_SENT_MAX];
    size_t sent_count, sent_seen;
    enum err_class bus_class;
    struct bus bus;
    struct arena *arena;
    struct uplink *uplink;
};

static inline int64_t fixture_time(void *ctx)
{
    return ((struct fixture *)ctx)->now;
}

static inline void fixture_random(void *ctx, void *out, size_t size)
{
    struct fixture *f = ctx;
    for (size_t i = 0; i < size; i++) {
        f->random = f->random * 6364136223846793005U + 1442695040888963407U;
        ((unsigned char *)out)[i] = (unsigned char)(f->random >> 56);
    }
}

static inline const char *fixture_boot_id(void *ctx)
{
    (void)ctx;
    return "00000000-0000-4000-8000-000000000001";
}

static inline void fixture_head(void *ctx, struct ledger_head *out)
{
    *out = ((struct fixture *)ctx)->head;
}

static inline enum err_class fixture_read(void *ctx, uint64_t from,
                                          bool (*each)(void *, const struct ledger_event *), void *each_ctx,
                                          struct err *e)
{
    struct fixture *f = ctx;
    (void)e;
    uint64_t seq = from < f->head.oldest_seq ? f->head.oldest_seq : from;
    for (; seq <= f->head.seq; seq++) {
        struct ledger_event event = {.seq = seq,
                                     .prev_chain = f->events[seq - 1].chain,
                                     .chain = f->events[seq].chain,
                                     .bytes = {f->events[seq].bytes, f->events[seq].size}};
        if (!each(each_ctx, &event)) {
            break;
        }
    }
    return ERR_OK;
}

static inline enum err_class fixture_chain_at(void *ctx, uint64_t seq, uint64_t *chain, struct err *e)
{
    struct fixture *f = ctx;
    if (seq != 0 && (seq < f->head.oldest_seq || seq > f->head.seq)) {
        return err_set(e, ERR_INVALID, "not kept");
    }
    *chain = f->events[seq].chain;
    return ERR_OK;
}

static inline enum err_class fixture_applied(void *ctx, uint64_t seq, int64_t centre_ms, struct err *e)
{
    struct fixture *f = ctx;
    (void)centre_ms;
    (void)e;
    f->applied_told = seq;
    return ERR_OK;
}

static inline enum err_class fixture_execute(void *ctx, const Tillwire__V1__Command *command, struct err *e)
{
    struct fixture *f = ctx;
    f->executed++;
    if (f->execute_class != ERR_OK) {
        return err_set(e, f->execute_class, "not for this ledger");
    }
    if (command->body_case == TILLWIRE__V1__COMMAND__BODY_RESTORE) {
        f->head.generation = command->restore->generation;
    }
    return ERR_OK;
}

static inline void fixture_describe(void *ctx, Tillwire__V1__Heartbeat *heartbeat)
{
    (void)ctx;
    heartbeat->state = TILLWIRE__V1__HEARTBEAT__STATE__LIVE;
}

static inline enum err_class fixture_publish(void *ctx, const struct bus_message *message, struct err *e)
{
    struct fixture *f = ctx;
    if (f->bus_class != ERR_OK) {
        return err_set(e, f->bus_class, "the bus takes nothing");
    }
    assert_true(f->sent_count < FIXTURE_SENT_MAX);
    struct sent *s = &f->sent[f->sent_count++];
    enum topic_kind kind;
    char store[STORE_ID_MAX + 1];
    assert_true(topic_parse(message->topic, &kind, store));
    assert_string_equal(store, "S014");
    assert_int_equal(message->qos, 1);
    s->heartbeat = kind == TOPIC_HEARTBEAT;
    s->payload = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    assert_int_equal(buf_append_slice(&s->payload, message->payload), ERR_OK);
    if (!s->heartbeat) {
        assert_int_equal(kind, TOPIC_EVENTS);
        assert_int_equal(wire_place_parse(message->properties, message->property_count, &s->place, e),
                         ERR_OK);
    }
    return ERR_OK;
}

/* Appends one event to the ledger. */
static inline void fixture_event(struct fixture *f)
{
    uint64_t seq = ++f->head.seq;
    assert_true(seq < FIXTURE_EVENTS_MAX);
    Tillwire__V1__Event event;
    Tillwire__V1__Quarantined body;
    tillwire__v1__event__init(&event);
    tillwire__v1__quarantined__init(&body);
    char file[] = "a file of the till's log, by its base name, long enough to fill a few bytes of an event";
    char error[] = "unexpected end";
    event.wall_ms = (int64_t)seq;
    body.file = file;
    body.error = error;
    body.offset = seq * 100;
    event.body_case = TILLWIRE__V1__EVENT__BODY_QUARANTINED;
    event.quarantined = &body;
    struct err e;
    BUF_AUTO struct buf packed = BUF_INIT(sizeof f->events[0].bytes);
    assert_int_equal(wire_pack(&event.base, &packed, &e), ERR_OK);
    memcpy(f->events[seq].bytes, packed.data, packed.size);
    f->events[seq].size = packed.size;
    f->events[seq].chain = chain_next(f->events[seq - 1].chain, buf_slice(&packed));
    f->head.chain = f->events[seq].chain;
    f->head.digest = seq * 31;
}

static inline void fixture_events(struct fixture *f, unsigned count)
{
    while (count-- > 0) {
        fixture_event(f);
    }
}

static inline struct fixture *fixture_open(const struct uplink_options *options, uint32_t generation)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    struct err e = {0};
    f->now = 1000000;
    f->random = 7;
    f->clock = (struct clock){f, fixture_time, fixture_time, fixture_random, fixture_boot_id};
    f->head = (struct ledger_head){.birth = 0xb1,
                                   .generation = generation,
                                   .run_counter = 3,
                                   .run_id = 0x33,
                                   .chain = 0xb1,
                                   .oldest_seq = 1};
    f->events[0].chain = 0xb1;
    f->bus = (struct bus){f, fixture_publish};
    struct uplink_log ops = {
        f, fixture_head, fixture_read, fixture_chain_at, fixture_applied, fixture_execute, fixture_describe};
    assert_int_equal(arena_open(&f->arena, 8 * 1024 * 1024, &e), ERR_OK);
    assert_int_equal(uplink_open(&f->uplink, options, &ops, &f->bus, &f->clock, NULL, &e), ERR_OK);
    return f;
}

static inline void fixture_close(struct fixture *f)
{
    uplink_close(f->uplink);
    arena_close(f->arena);
    for (size_t i = 0; i < f->sent_count; i++) {
        buf_free(&f->sent[i].payload);
    }
    free(f);
}

static inline void fixture_turn(struct fixture *f)
{
    struct err e = {0};
    enum err_class class = uplink_turn(f->uplink, &e);
    if (class != ERR_OK) {
        fail_msg("turn: %s", e.message);
    }
}

/* The next message not yet looked at; NULL when there is none. */
static inline struct sent *fixture_next(struct fixture *f)
{
    return f->sent_seen < f->sent_count ? &f->sent[f->sent_seen++] : NULL;
}

/* The next message, which must be there. */
static inline struct sent *fixture_must_next(struct fixture *f)
{
    struct sent *s = fixture_next(f);
    if (s == NULL) {
        fail_msg("nothing more was sent");
        abort(); /* not reached, which the compiler cannot know */
    }
    return s;
}

static inline Tillwire__V1__Heartbeat *fixture_heartbeat(struct fixture *f)
{
    struct sent *s = fixture_must_next(f);
    assert_true(s->heartbeat);
    struct err e = {0};
    Tillwire__V1__Heartbeat *h = NULL;
    arena_reset(f->arena);
    if (wire_unpack_heartbeat(f->arena, buf_slice(&s->payload), &h, &e) != ERR_OK) {
        fail_msg("heartbeat: %s", e.message);
    }
    return h;
}

static inline Tillwire__V1__EventBatch *fixture_batch(struct fixture *f, struct batch_place *place)
{
    struct sent *s = fixture_must_next(f);
    assert_false(s->heartbeat);
    struct err e = {0};
    Tillwire__V1__EventBatch *b = NULL;
    arena_reset(f->arena);
    if (wire_unpack_batch(f->arena, buf_slice(&s->payload), &b, &e) != ERR_OK) {
        fail_msg("batch: %s", e.message);
    }
    *place = s->place;
    return b;
}

struct answer {
    uint64_t no, applied_seq, applied_chain;
    uint32_t generation;
    uint64_t run_id; /* 0 = ours */
    uint64_t missing_first, missing_last;
    bool closed, unknown_store;
};

static inline enum err_class fixture_ack(struct fixture *f, const struct answer *a)
{
    Tillwire__V1__Ack ack;
    Tillwire__V1__Run run;
    Tillwire__V1__Range range, *ranges[1] = {&range};
    tillwire__v1__ack__init(&ack);
    tillwire__v1__run__init(&run);
    tillwire__v1__range__init(&range);
    char store[] = "S014";
    ack.store = store;
    ack.generation = a->generation;
    run.counter = f->head.run_counter;
    run.id = a->run_id != 0 ? a->run_id : f->head.run_id;
    ack.run = &run;
    ack.heartbeat_no = a->no;
    ack.centre_ms = f->now + 500;
    ack.clock_epoch = 0xe;
    ack.applied_seq = a->applied_seq;
    ack.applied_chain = a->applied_chain;
    ack.closed = a->closed;
    ack.unknown_store = a->unknown_store;
    range.first = a->missing_first;
    range.last = a->missing_last;
    ack.missing = ranges;
    ack.n_missing = a->missing_first != 0 ? 1 : 0;
    struct err e = {0};
    BUF_AUTO struct buf packed = BUF_INIT(4096);
    assert_int_equal(wire_pack(&ack.base, &packed, &e), ERR_OK);
    char topic[TOPIC_BYTES];
    return uplink_message(f->uplink, topic_format(TOPIC_ACK, "S014", topic), buf_slice(&packed), &e);
}

/* Answers heartbeat `no` with a mark that fits, and takes a turn. */
static inline void fixture_answer(struct fixture *f, uint64_t no, uint64_t applied_seq)
{
    struct answer a = {.no = no,
                       .generation = f->head.generation,
                       .applied_seq = applied_seq,
                       .applied_chain = f->events[applied_seq].chain};
    assert_int_equal(fixture_ack(f, &a), ERR_OK);
    fixture_turn(f);
}

/* Connected, the first heartbeat answered at `applied_seq`, everything sent so far looked at. */
static inline void fixture_greet(struct fixture *f, uint64_t applied_seq)
{
    uplink_connected(f->uplink);
    fixture_turn(f);
    Tillwire__V1__Heartbeat *h = fixture_heartbeat(f);
    fixture_answer(f, h->no, applied_seq);
}

#endif
