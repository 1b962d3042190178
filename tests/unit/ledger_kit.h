/* What the tests of the ledger share: a store on a virtual clock, and short ways to say transactions. */
#ifndef TESTS_UNIT_LEDGER_KIT_H
#define TESTS_UNIT_LEDGER_KIT_H

#include "edge/stock/ledger.h"
#include "proto/arena.h"
#include "proto/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { KIT_DAY = 20000, KIT_PATH_MAX = 256 }; /* 2024-10-04 */

#define KIT_NOON_S (INT64_C(20000) * 86400 + 43200)
#define KIT_NOW_MS (KIT_NOON_S * 1000)

struct kit {
    int64_t wall_ms, boot_ms;
    uint64_t random; /* state of a splitmix64 */
    struct clock clock;
    struct zone *zone;
    char folder[64], path[KIT_PATH_MAX];
    const char *vfs;
    struct ledger *l;
};

static inline int64_t kit_wall(void *ctx)
{
    return ((struct kit *)ctx)->wall_ms;
}

static inline int64_t kit_boot(void *ctx)
{
    return ((struct kit *)ctx)->boot_ms;
}

static inline uint64_t kit_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint64_t kit_below(uint64_t *state, uint64_t bound)
{
    return kit_next(state) % bound;
}

static inline void kit_random(void *ctx, void *out, size_t size)
{
    struct kit *k = ctx;
    unsigned char *at = out;
    for (size_t i = 0; i < size; i++) {
        at[i] = (unsigned char)kit_next(&k->random);
    }
}

/* Succeeds, or fails the test with the message. */
#define kit_ok(call)                               \
    do {                                           \
        struct err e_ = {0};                       \
        struct err *e = &e_;                       \
        if ((call) != ERR_OK) {                    \
            fail_msg("%s: %s", #call, e_.message); \
        }                                          \
    } while (0)

static inline enum err_class kit_try_open(struct kit *k, struct err *e)
{
    const struct ledger_options options = {
        .path = k->path, .store = "S014", .zone = k->zone, .retention_days = 90, .vfs = k->vfs};
    return ledger_open(&k->l, &options, &k->clock, e);
}

static inline void kit_open(struct kit *k)
{
    kit_ok(kit_try_open(k, e));
}

static inline struct ledger_head kit_head(const struct kit *k)
{
    struct ledger_head head;
    ledger_head(k->l, &head);
    return head;
}

/* A part of a restore of this database, run and generation 1, without content; of a first provisioning. */
struct kit_part {
    Tillwire__V1__Run run;
    Tillwire__V1__Mark mark;
    Tillwire__V1__RestorePart part;
};

static inline void kit_part(struct kit *k, struct kit_part *out, uint32_t number, uint32_t parts)
{
    struct ledger_head head = kit_head(k);
    tillwire__v1__run__init(&out->run);
    out->run.counter = head.run_counter;
    out->run.id = head.run_id;
    tillwire__v1__mark__init(&out->mark);
    tillwire__v1__restore_part__init(&out->part);
    out->part.birth = head.birth;
    out->part.run = &out->run;
    out->part.generation = 1;
    out->part.mark = &out->mark;
    out->part.part = number;
    out->part.parts = parts;
}

static inline void kit_command(Tillwire__V1__Command *command, uint64_t id)
{
    tillwire__v1__command__init(command);
    command->generation = 1;
    command->id = id;
}

static inline enum err_class kit_restore(struct kit *k, struct kit_part *part, struct err *e)
{
    Tillwire__V1__Command command;
    kit_command(&command, 1);
    command.generation = 0;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_RESTORE;
    command.restore = &part->part;
    return ledger_execute(k->l, &command, e);
}

static inline void kit_provision(struct kit *k)
{
    struct kit_part part;
    kit_part(k, &part, 1, 1);
    kit_ok(kit_restore(k, &part, e));
}

/* A new database in a folder of its own, not provisioned. */
static inline void kit_new(struct kit *k, uint64_t seed)
{
    *k = (struct kit){.wall_ms = KIT_NOW_MS, .boot_ms = 1000, .random = seed};
    k->clock = (struct clock){.ctx = k, .wall_ms = kit_wall, .boot_ms = kit_boot, .random = kit_random};
    kit_ok(zone_open(&k->zone, "UTC", e));
    (void)snprintf(k->folder, sizeof k->folder, "/tmp/tillwire-ledger-XXXXXX");
    assert_non_null(mkdtemp(k->folder));
    (void)snprintf(k->path, sizeof k->path, "%s/edge.db", k->folder);
}

static inline void kit_start(struct kit *k, uint64_t seed)
{
    kit_new(k, seed);
    kit_open(k);
    kit_provision(k);
}

static inline void kit_reopen(struct kit *k)
{
    ledger_close(k->l);
    kit_open(k);
}

static inline void kit_end(struct kit *k)
{
    ledger_close(k->l);
    zone_close(k->zone);
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[KIT_PATH_MAX + 16];
        (void)snprintf(path, sizeof path, "%s%s", k->path, suffixes[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(k->folder), 0);
}

static inline struct txn_line kit_line(const char *item, int64_t quantity)
{
    return (struct txn_line){.item = slice_of(item),
                             .location = SLICE("floor"),
                             .uom = SLICE("EA"),
                             .kind = quantity < 0 ? TILLWIRE__V1__MOVEMENT_KIND__SALE
                                                  : TILLWIRE__V1__MOVEMENT_KIND__RETURN,
                             .quantity_e4 = quantity * 10000,
                             .line = 1};
}

static inline struct txn kit_txn(uint64_t sequence, const struct txn_line *lines, size_t count)
{
    return (struct txn){.store = SLICE("S014"),
                        .workstation = SLICE("3"),
                        .business_day = KIT_DAY,
                        .sequence = sequence,
                        .action = TXN_COUNT,
                        .status = SLICE("Finished"),
                        .local_s = KIT_NOON_S,
                        .content_hash = sequence * 7 + 1,
                        .lines = lines,
                        .line_count = count};
}

static inline enum ledger_verdict kit_book(struct kit *k, const struct txn *txn)
{
    const struct ledger_source source = {
        .file_id = 7, .file = "pos.log", .offset = txn->sequence * 100, .length = 100, .line = txn->sequence};
    enum ledger_verdict verdict = LEDGER_QUARANTINED;
    struct err reason = {0};
    kit_ok(ledger_book(k->l, txn, &source, &verdict, &reason, e));
    if (verdict == LEDGER_QUARANTINED) {
        assert_true(reason.message[0] != '\0');
    }
    return verdict;
}

/* Books one transaction in a batch of its own. */
static inline enum ledger_verdict kit_book_one(struct kit *k, const struct txn *txn)
{
    kit_ok(ledger_begin(k->l, e));
    enum ledger_verdict verdict = kit_book(k, txn);
    kit_ok(ledger_commit(k->l, e));
    return verdict;
}

/* Sells (or takes back) one item. */
static inline enum ledger_verdict kit_sell(struct kit *k, uint64_t sequence, const char *item,
                                           int64_t quantity)
{
    struct txn_line line = kit_line(item, quantity);
    struct txn txn = kit_txn(sequence, &line, 1);
    return kit_book_one(k, &txn);
}

struct kit_row {
    int found;
    int64_t on_hand, held, carried, recorded; /* _e4 */
    int basis;
    int64_t basis_ms;
    char uom[16], description[64], location[33];
};

static inline bool kit_take_row(void *ctx, const struct ledger_row *row)
{
    struct kit_row *out = ctx;
    out->found++;
    out->on_hand = row->on_hand_e4;
    out->held = row->held_e4;
    out->carried = row->carried_e4;
    out->recorded = row->recorded_e4;
    out->basis = row->basis;
    out->basis_ms = row->basis_ms;
    (void)slice_copy(row->uom, out->uom, sizeof out->uom);
    (void)slice_copy(row->description, out->description, sizeof out->description);
    (void)slice_copy(row->location, out->location, sizeof out->location);
    return true;
}

static inline struct kit_row kit_row(struct kit *k, const char *item)
{
    struct kit_row row = {0};
    kit_ok(ledger_each_row(k->l, slice_of(item), kit_take_row, &row, e));
    return row;
}

struct kit_sum { /* of one row, from the events that are kept */
    const char *item, *location;
    int64_t on_hand, held, recorded;
    uint64_t seq, chain; /* of the last event */
    uint64_t events, movements;
};

/* Each event kept continues the chain of the one before; sums the item's movements. */
static inline bool kit_add_event(void *ctx, const struct ledger_event *event)
{
    struct kit_sum *sum = ctx;
    assert_int_equal(event->seq, sum->seq + 1);
    assert_true(event->prev_chain == sum->chain);
    assert_true(chain_next(event->prev_chain, event->bytes) == event->chain);
    Tillwire__V1__Event *message =
        tillwire__v1__event__unpack(NULL, event->bytes.size, (const uint8_t *)event->bytes.data);
    assert_non_null(message);
    if (message->body_case == TILLWIRE__V1__EVENT__BODY_TRANSACTION) { /* packed as protobuf-c would */
        BUF_AUTO struct buf again = BUF_INIT(WIRE_EVENT_BYTES_MAX);
        kit_ok(wire_pack(&message->base, &again, e));
        assert_int_equal(again.size, event->bytes.size);
        assert_memory_equal(again.data, event->bytes.data, again.size);
    }
    for (size_t i = 0; i < message->n_movements; i++) {
        const Tillwire__V1__Movement *m = message->movements[i];
        const char *location = m->location[0] == '\0' ? "floor" : m->location;
        if (sum->item != NULL && strcmp(m->item, sum->item) == 0 && strcmp(location, sum->location) == 0) {
            sum->on_hand += m->on_hand_delta_e4;
            sum->held += m->held_delta_e4;
            sum->recorded += movement_is_recorded(m->kind) ? m->on_hand_delta_e4 : 0;
        }
        sum->movements++;
    }
    tillwire__v1__event__free_unpacked(message, NULL);
    sum->seq = event->seq;
    sum->chain = event->chain;
    sum->events++;
    return true;
}

static inline struct kit_sum kit_sum_events(struct kit *k, const char *item, const char *location)
{
    struct ledger_head head = kit_head(k);
    struct kit_sum sum = {.item = item, .location = location, .seq = head.oldest_seq - 1};
    kit_ok(ledger_chain_at(k->l, head.oldest_seq - 1, &sum.chain, e));
    kit_ok(ledger_read(k->l, head.oldest_seq, kit_add_event, &sum, e));
    assert_int_equal(sum.seq, head.seq);
    assert_true(sum.chain == head.chain);
    return sum;
}

struct kit_last {
    Tillwire__V1__Event *event;
};

static inline bool kit_take_event(void *ctx, const struct ledger_event *event)
{
    struct kit_last *last = ctx;
    last->event = tillwire__v1__event__unpack(NULL, event->bytes.size, (const uint8_t *)event->bytes.data);
    return false;
}

/* The event of seq; to be freed with kit_free. */
static inline Tillwire__V1__Event *kit_event(struct kit *k, uint64_t seq)
{
    struct kit_last last = {0};
    kit_ok(ledger_read(k->l, seq, kit_take_event, &last, e));
    assert_non_null(last.event);
    return last.event;
}

static inline Tillwire__V1__Event *kit_last_event(struct kit *k)
{
    return kit_event(k, kit_head(k).seq);
}

static inline void kit_free(Tillwire__V1__Event *event)
{
    tillwire__v1__event__free_unpacked(event, NULL);
}

struct kit_check {
    struct kit *k;
    struct {
        char item[65], location[33];
        int64_t on_hand, held, carried;
    } rows[512];
    size_t count;
};

static inline bool kit_note_row(void *ctx, const struct ledger_row *row)
{
    struct kit_check *check = ctx;
    assert_true(check->count < 512);
    (void)slice_copy(row->item, check->rows[check->count].item, 65);
    (void)slice_copy(row->location, check->rows[check->count].location, 33);
    check->rows[check->count].on_hand = row->on_hand_e4;
    check->rows[check->count].held = row->held_e4;
    check->rows[check->count++].carried = row->carried_e4;
    return true;
}

/* Invariant 1: stock = carried + Σ ledger for every row, no gap in seq, the chain and the digest hold. */
static inline void kit_check_invariants(struct kit *k)
{
    struct kit_check *check = calloc(1, sizeof *check);
    assert_non_null(check);
    check->k = k;
    kit_ok(ledger_each_row(k->l, SLICE(""), kit_note_row, check, e));
    assert_int_equal(check->count, kit_head(k).row_count);
    for (size_t i = 0; i < check->count; i++) {
        struct kit_sum sum = kit_sum_events(k, check->rows[i].item, check->rows[i].location);
        assert_int_equal(check->rows[i].on_hand, check->rows[i].carried + sum.on_hand);
    }
    if (check->count == 0) {
        (void)kit_sum_events(k, NULL, NULL);
    }
    free(check);
    kit_ok(ledger_verify(k->l, e));
}

static inline char *kit_text(const char *literal)
{
    return (char *)(uintptr_t)literal; /* protobuf-c's strings are not const; nobody writes here */
}

struct kit_opening {
    Tillwire__V1__Mark cursor;
    Tillwire__V1__OpeningRow rows[3];
    Tillwire__V1__OpeningRow *pointers[3];
    Tillwire__V1__Opening opening;
    Tillwire__V1__Command command;
};

/* Quantity `q` of one item, as of a time, at the cursor `seq`. */
static inline void kit_say_opening(struct kit *k, struct kit_opening *o, uint64_t id, int64_t as_of_ms,
                                   uint64_t seq, int64_t q)
{
    tillwire__v1__mark__init(&o->cursor);
    o->cursor.generation = 1;
    o->cursor.seq = seq;
    kit_ok(ledger_chain_at(k->l, seq, &o->cursor.chain, e));
    for (size_t i = 0; i < 3; i++) {
        tillwire__v1__opening_row__init(&o->rows[i]);
        o->rows[i].item = kit_text(i == 0 ? "Item_1" : i == 1 ? "Item_2" : "Item_3");
        o->pointers[i] = &o->rows[i];
    }
    o->rows[0].quantity_e4 = q;
    tillwire__v1__opening__init(&o->opening);
    o->opening.as_of_ms = as_of_ms;
    o->opening.cursor = &o->cursor;
    o->opening.rows = o->pointers;
    o->opening.n_rows = 1;
    kit_command(&o->command, id);
    o->command.body_case = TILLWIRE__V1__COMMAND__BODY_OPENING;
    o->command.opening = &o->opening;
}

/* Sells one of Item_1 at the given own time. */
static inline void kit_sell_at(struct kit *k, uint64_t sequence, int64_t own_s)
{
    struct txn_line line = kit_line("Item_1", -1);
    struct txn txn = kit_txn(sequence, &line, 1);
    txn.local_s = own_s;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
}

#endif
