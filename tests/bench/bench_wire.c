/* What the wire costs: an event of three movements packed, unpacked with every limit checked, put into a
 * batch; a description searched for cards. Each figure is the median of five runs; protobuf-c alone is the
 * raw limit beside. */
#include "proto/card.h"
#include "proto/digest.h"
#include "proto/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 5, ROUNDS = 200000, MOVEMENTS = 3 };

struct bench {
    Tillwire__V1__Event event;
    Tillwire__V1__Transaction transaction;
    Tillwire__V1__BusinessKey key;
    Tillwire__V1__Movement movements[MOVEMENTS];
    Tillwire__V1__Movement *movement_list[MOVEMENTS];
    struct arena *arena;
    struct buf packed;
    struct buf out;
    uint64_t sink; /* so that nothing is optimised away */
};

static void must(enum err_class class)
{
    if (class != ERR_OK) {
        (void)fprintf(stderr, "bench_wire: %s\n", err_class_name(class));
        exit(1);
    }
}

static int64_t now_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void prepare(struct bench *b)
{
    static char workstation[] = "3", item[] = "00012345600012", uom[] = "EA", status[] = "Finished";
    static char description[] = "Organic milk 3.5% 1l", when[] = "2026-11-24T15:04:05",
                zone[] = "Europe/Berlin";
    tillwire__v1__event__init(&b->event);
    tillwire__v1__transaction__init(&b->transaction);
    tillwire__v1__business_key__init(&b->key);
    b->key.workstation = workstation;
    b->key.business_day = 20781;
    b->key.sequence = 4711;
    b->transaction.key = &b->key;
    b->transaction.content_hash = 0x0123456789abcdef;
    b->transaction.verdict = TILLWIRE__V1__VERDICT__COUNTED;
    b->transaction.status = status;
    b->transaction.end = when;
    b->transaction.zone = zone;
    b->transaction.own_ms = 1795532645000;
    b->transaction.source_offset = 123456789;
    for (size_t i = 0; i < MOVEMENTS; i++) {
        Tillwire__V1__Movement *m = &b->movements[i];
        tillwire__v1__movement__init(m);
        m->item = item;
        m->kind = TILLWIRE__V1__MOVEMENT_KIND__SALE;
        m->on_hand_delta_e4 = -10000;
        m->on_hand_e4 = 1230000;
        m->uom = uom;
        m->description = description;
        m->line = (uint32_t)i + 1;
        b->movement_list[i] = m;
    }
    b->event.wall_ms = 1795532646000;
    b->event.boot_ms = 86400000;
    b->event.body_case = TILLWIRE__V1__EVENT__BODY_TRANSACTION;
    b->event.transaction = &b->transaction;
    b->event.movements = b->movement_list;
    b->event.n_movements = MOVEMENTS;
    b->packed = BUF_INIT(WIRE_EVENT_BYTES_MAX);
    b->out = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    must(wire_pack(&b->event.base, &b->packed, NULL));
    must(arena_open(&b->arena, WIRE_ARENA_BYTES_MAX, NULL));
}

static void run_pack(struct bench *b)
{
    buf_clear(&b->out);
    must(wire_pack(&b->event.base, &b->out, NULL));
}

static void run_unpack(struct bench *b)
{
    Tillwire__V1__Event *event;
    must(wire_unpack_event(b->arena, buf_slice(&b->packed), &event, NULL));
    b->sink += event->n_movements;
    arena_reset(b->arena);
}

static void run_unpack_raw(struct bench *b)
{
    Tillwire__V1__Event *event = tillwire__v1__event__unpack(arena_allocator(b->arena), b->packed.size,
                                                             (const uint8_t *)b->packed.data);
    b->sink += event->n_movements;
    arena_reset(b->arena);
}

static void run_unpack_malloc(struct bench *b)
{
    Tillwire__V1__Event *event =
        tillwire__v1__event__unpack(NULL, b->packed.size, (const uint8_t *)b->packed.data);
    b->sink += event->n_movements;
    tillwire__v1__event__free_unpacked(event, NULL);
}

static void run_batch_add(struct bench *b)
{
    static const struct batch_header header = {"S014", 1, 1, 1, 1, 1};
    if (b->out.size == 0 || wire_batch_add(&b->out, buf_slice(&b->packed)) == ERR_FULL) {
        must(wire_batch_begin(&b->out, &header));
    }
}

static void run_chain(struct bench *b)
{
    b->sink = chain_next(b->sink, buf_slice(&b->packed));
}

static void run_card(struct bench *b)
{
    b->sink += card_found(SLICE("Organic milk 3.5% 1l 2026-11-24"));
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(struct bench *b, const char *name, void (*run)(struct bench *b))
{
    double ns[RUNS];
    for (int i = 0; i < RUNS; i++) {
        buf_clear(&b->out);
        int64_t begin = now_ns();
        for (int k = 0; k < ROUNDS; k++) {
            run(b);
        }
        ns[i] = (double)(now_ns() - begin) / ROUNDS;
    }
    qsort(ns, RUNS, sizeof ns[0], compare);
    printf("%-44s %8.1f ns\n", name, ns[RUNS / 2]);
}

int main(void)
{
    struct bench b = {0};
    prepare(&b);
    printf("event of %d movements, %zu bytes; median of %d\n", MOVEMENTS, b.packed.size, RUNS);
    measure(&b, "pack", run_pack);
    measure(&b, "unpack and check", run_unpack);
    measure(&b, "  raw: protobuf-c unpack, arena", run_unpack_raw);
    measure(&b, "  raw: protobuf-c unpack, malloc", run_unpack_malloc);
    measure(&b, "add to a batch", run_batch_add);
    measure(&b, "chain", run_chain);
    measure(&b, "search a description for cards", run_card);
    buf_free(&b.packed);
    buf_free(&b.out);
    arena_close(b.arena);
    return b.sink == 0;
}
