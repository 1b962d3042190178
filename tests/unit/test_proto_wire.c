#include "proto/wire.h"

#include "tests/unit/wire_dump.h"
#include "tests/unit/wire_samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *open_arena(void)
{
    struct arena *arena = NULL;
    assert_int_equal(arena_open(&arena, WIRE_ARENA_BYTES_MAX, NULL), ERR_OK);
    return arena;
}

/* Packs the message and expects the unpacking of it to be refused with words that hold `why`, or (NULL) to
 * pass. */
static void check_verdict(const char *name, const ProtobufCMessage *message, const char *why)
{
    struct arena *arena = open_arena();
    BUF_AUTO struct buf bytes = BUF_INIT(1U << 20);
    assert_int_equal(wire_pack(message, &bytes, NULL), ERR_OK);
    ProtobufCMessage *unpacked = NULL;
    struct err e = {0};
    enum err_class class = wire_unpack_named(name, arena, buf_slice(&bytes), &unpacked, &e);
    if (why == NULL && class != ERR_OK) {
        fail_msg("%s: %s", name, e.message);
    }
    if (why != NULL && (class != ERR_INVALID || strstr(e.message, why) == NULL)) {
        fail_msg("%s: wanted \"%s\", got %s \"%s\"", name, why, err_class_name(class), e.message);
    }
    assert_int_equal(wire_unpack_named(name, arena, buf_slice(&bytes), &unpacked, NULL), class);
    arena_close(arena);
}

static void check_round_trip(void *ctx, const char *name, const ProtobufCMessage *message)
{
    unsigned *count = ctx;
    struct arena *arena = open_arena();
    BUF_AUTO struct buf bytes = BUF_INIT(1U << 20);
    BUF_AUTO struct buf again = BUF_INIT(1U << 20);
    assert_int_equal(wire_pack(message, &bytes, NULL), ERR_OK);
    ProtobufCMessage *unpacked = NULL;
    assert_int_equal(wire_unpack_named(name, arena, buf_slice(&bytes), &unpacked, NULL), ERR_OK);
    assert_int_equal(wire_pack(unpacked, &again, NULL), ERR_OK);
    assert_true(slice_equal(buf_slice(&bytes), buf_slice(&again)));
    arena_close(arena);
    (*count)++;
}

static void test_every_message_comes_back_as_it_was(void **state)
{
    (void)state;
    unsigned count = 0;
    each_sample(check_round_trip, &count);
    assert_int_equal(count, 13);
}

/* Cut anywhere, a message is refused or (cut between two fields) unpacks: it never crashes. */
static void check_cuts(void *ctx, const char *name, const ProtobufCMessage *message)
{
    struct arena *arena = ctx;
    BUF_AUTO struct buf bytes = BUF_INIT(1U << 20);
    assert_int_equal(wire_pack(message, &bytes, NULL), ERR_OK);
    for (size_t size = 0; size < bytes.size; size++) {
        ProtobufCMessage *unpacked = NULL;
        enum err_class class =
            wire_unpack_named(name, arena, (struct slice){bytes.data, size}, &unpacked, NULL);
        assert_true(class == ERR_OK || class == ERR_INVALID);
        arena_reset(arena);
    }
}

static void test_cut_messages(void **state)
{
    (void)state;
    struct arena *arena = open_arena();
    each_sample(check_cuts, arena);
    arena_close(arena);
}

static void test_a_movements_limits(void **state)
{
    (void)state;
    char long_id[66];
    char long_text[258];
    memset(long_id, 'x', sizeof long_id);
    memset(long_text, 'x', sizeof long_text);
    long_id[64] = '\0';
    long_text[256] = '\0';
    Tillwire__V1__Movement good = sample_movement(T("Item_1"), T("ok"));
    Tillwire__V1__Movement movement = good;
    Tillwire__V1__Movement *movements[] = {&good, &movement};
    Tillwire__V1__Event event = sample_event();
    event.movements = movements;
    event.n_movements = 2;

    movement.item = long_id;
    movement.description = long_text;
    check_verdict("event", &event.base, NULL);
    long_id[64] = 'x', long_id[65] = '\0';
    check_verdict("event", &event.base, "event: movements[1]: item: longer");
    movement.item = T("");
    check_verdict("event", &event.base, "item: empty");
    movement.item = T("a\tb");
    check_verdict("event", &event.base, "item: not UTF-8, or has control characters");
    movement.item = T("\xc0\xaf");
    check_verdict("event", &event.base, "item: not UTF-8");
    movement.item = T("ok");
    long_text[256] = 'x', long_text[257] = '\0';
    check_verdict("event", &event.base, "description: longer");

    movement = good;
    movement.location = long_id;
    check_verdict("event", &event.base, "location: longer");
    movement = good;
    movement.basis = (Tillwire__V1__Basis)256;
    check_verdict("event", &event.base, "basis");
    movement = good;
    movement.basis = (Tillwire__V1__Basis)-1;
    check_verdict("event", &event.base, "basis");
    movement = good;
    movement.own_ms = INT64_MAX;
    check_verdict("event", &event.base, "own_ms");
    movement = good;
    movement.on_hand_e4 = INT64_MIN, movement.on_hand_delta_e4 = 1;
    check_verdict("event", &event.base, "overflows");
    movement = good;
    movement.held_e4 = INT64_MAX, movement.held_delta_e4 = -1;
    check_verdict("event", &event.base, "overflows");
    movement.held_delta_e4 = INT64_MAX;
    check_verdict("event", &event.base, NULL);
}

static void test_an_event_has_at_most_2000_movements(void **state)
{
    (void)state;
    static Tillwire__V1__Movement *movements[WIRE_MOVEMENTS_MAX + 1];
    Tillwire__V1__Movement movement = sample_movement(T("x"), T(""));
    for (size_t i = 0; i <= WIRE_MOVEMENTS_MAX; i++) {
        movements[i] = &movement;
    }
    Tillwire__V1__Event event = sample_event();
    event.movements = movements;
    event.n_movements = WIRE_MOVEMENTS_MAX;
    check_verdict("event", &event.base, NULL);
    event.n_movements++;
    check_verdict("event", &event.base, "movements: more than 2000");
}

static void test_a_batchs_limits(void **state)
{
    (void)state;
    Tillwire__V1__Run run = sample_run();
    uint8_t bytes[] = {0x08, 0x01};
    ProtobufCBinaryData events[] = {{2, bytes}, {2, bytes}};
    Tillwire__V1__EventBatch good;
    tillwire__v1__event_batch__init(&good);
    good.store = T("S014");
    good.generation = 1;
    good.run = &run;
    good.first_seq = INT64_MAX - 1;
    good.events = events;
    good.n_events = 2;
    Tillwire__V1__EventBatch batch = good;
    check_verdict("batch", &batch.base, NULL);
    batch.first_seq = INT64_MAX;
    check_verdict("batch", &batch.base, "batch: last seq");
    batch.first_seq = UINT64_MAX;
    check_verdict("batch", &batch.base, "first_seq");
    batch.first_seq = 0;
    check_verdict("batch", &batch.base, "first_seq");
    batch = good;
    batch.store = T("S/14");
    check_verdict("batch", &batch.base, "store");
    batch = good;
    batch.generation = 0;
    check_verdict("batch", &batch.base, "generation");
    batch = good;
    batch.run = NULL;
    check_verdict("batch", &batch.base, "run: missing");
    batch = good;
    batch.n_events = 0;
    check_verdict("batch", &batch.base, "events: none");
    batch = good;
    events[1].len = 0;
    check_verdict("batch", &batch.base, "events[1]");
}

static void test_a_heartbeats_and_acks_limits(void **state)
{
    (void)state;
    Tillwire__V1__Run run = sample_run();
    Tillwire__V1__Heartbeat heartbeat;
    tillwire__v1__heartbeat__init(&heartbeat);
    heartbeat.store = T("S014");
    heartbeat.run = &run;
    heartbeat.no = 1;
    check_verdict("heartbeat", &heartbeat.base, NULL);
    Tillwire__V1__Echo echo;
    tillwire__v1__echo__init(&echo);
    echo.elapsed_ms = -1;
    heartbeat.echo = &echo;
    check_verdict("heartbeat", &heartbeat.base, "echo.elapsed_ms");
    heartbeat.echo = NULL;
    heartbeat.no = 0;
    check_verdict("heartbeat", &heartbeat.base, "no: ");
    run.counter = 0;
    heartbeat.no = 1;
    check_verdict("heartbeat", &heartbeat.base, "run.counter");
    run.counter = 1;

    Tillwire__V1__Range range;
    tillwire__v1__range__init(&range);
    Tillwire__V1__Range *missing[] = {&range};
    Tillwire__V1__Ack ack;
    tillwire__v1__ack__init(&ack);
    ack.store = T("S014");
    ack.run = &run;
    ack.heartbeat_no = 1;
    check_verdict("ack", &ack.base, NULL);
    ack.missing = missing;
    ack.n_missing = 1;
    check_verdict("ack", &ack.base, "missing[0]: first");
    range.first = 2, range.last = 1;
    check_verdict("ack", &ack.base, "first: past last");
}

static void test_a_commands_limits(void **state)
{
    (void)state;
    Tillwire__V1__Command command;
    tillwire__v1__command__init(&command);
    command.store = T("S014");
    check_verdict("command", &command.base, "id: 0");
    command.id = 1;
    check_verdict("command", &command.base, NULL); /* of a newer centre */
    Tillwire__V1__Run run = sample_run();
    Tillwire__V1__RestorePart part;
    tillwire__v1__restore_part__init(&part);
    command.body_case = TILLWIRE__V1__COMMAND__BODY_RESTORE;
    command.restore = &part;
    part.generation = 1;
    part.run = &run;
    part.part = part.parts = 1;
    check_verdict("command", &command.base, NULL);
    part.part = 2;
    check_verdict("command", &command.base, "part: not one of");
    part.part = 0;
    check_verdict("command", &command.base, "part: not one of");
    Tillwire__V1__OpeningRow row;
    tillwire__v1__opening_row__init(&row);
    row.item = T("Item_1");
    Tillwire__V1__OpeningRow *rows[] = {&row};
    Tillwire__V1__Opening opening;
    tillwire__v1__opening__init(&opening);
    opening.rows = rows;
    opening.n_rows = 1;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_OPENING;
    command.opening = &opening;
    row.quantity_e4 = row.moved_since_e4 = INT64_MAX / 2;
    check_verdict("command", &command.base, NULL);
    row.quantity_e4 = INT64_MAX;
    check_verdict("command", &command.base, "rows[0]: quantities: sum overflows");
}

static void test_an_absent_mark_is_zero(void **state)
{
    (void)state;
    struct arena *arena = open_arena();
    Tillwire__V1__Event *event = NULL;
    /* wall_ms 1, restored {} */
    assert_int_equal(wire_unpack_event(arena, SLICE("\x08\x01\x42\x00"), &event, NULL), ERR_OK);
    assert_int_equal(event->body_case, TILLWIRE__V1__EVENT__BODY_RESTORED);
    assert_non_null(event->restored->mark);
    assert_int_equal(event->restored->mark->seq, 0);
    arena_close(arena);
}

static void check_bytes(struct slice bytes, enum err_class expected)
{
    struct arena *arena = open_arena();
    Tillwire__V1__Event *event = NULL;
    assert_int_equal(wire_unpack_event(arena, bytes, &event, NULL), expected);
    if (expected == ERR_OK) {
        assert_int_equal(event->base.n_unknown_fields, 0);
        for (size_t i = 0; i < event->n_movements; i++) {
            assert_int_equal(event->movements[i]->base.n_unknown_fields, 0);
        }
    }
    arena_close(arena);
}

static void test_bytes_with_two_meanings_are_refused(void **state)
{
    (void)state;
    check_bytes(SLICE("\x08\x01\x7a\x04\x0a\x02"
                      "ab"),
                ERR_OK); /* wall_ms 1, movement of item "ab" */
    check_bytes(SLICE("\x08\x01\x7a\x04\x0a\x02"
                      "a\0"),
                ERR_INVALID);                                    /* text with NUL */
    check_bytes(SLICE("\x08\x01\x08\x02"), ERR_INVALID);         /* a field twice */
    check_bytes(SLICE("\x08\x81\x00"), ERR_INVALID);             /* a number longer than it need be */
    check_bytes(SLICE("\x08\x00"), ERR_INVALID);                 /* a zero, written out */
    check_bytes(SLICE("\x1a\x02\x0a\x00\x22\x00"), ERR_INVALID); /* two bodies */
    check_bytes(SLICE("\x08"), ERR_INVALID);
    check_bytes(SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), ERR_INVALID);
    check_bytes(SLICE("\x7a\xff\xff\xff\xff\x0f"), ERR_INVALID); /* a length past the end */
}

static void test_fields_of_a_newer_version_are_dropped(void **state)
{
    (void)state;
    check_bytes(SLICE("\x08\x01\x52\x01x"), ERR_OK); /* body 10 */
    check_bytes(SLICE("\x08\x01\x7a\x08\x0a\x02"
                      "ab\xba\x06\x01z"),
                ERR_OK); /* field 103 of a movement */
}

static void test_messages_over_their_size_are_refused(void **state)
{
    (void)state;
    static char bytes[WIRE_BATCH_BYTES_MAX + 1];
    struct arena *arena = open_arena();
    struct err e = {0};
    Tillwire__V1__Event *event = NULL;
    Tillwire__V1__Command *command = NULL;
    struct slice over = {bytes, WIRE_EVENT_BYTES_MAX + 1};
    assert_int_equal(wire_unpack_event(arena, over, &event, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "more than the"));
    over.size = sizeof bytes;
    assert_int_equal(wire_unpack_command(arena, over, &command, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "more than the"));
    arena_close(arena);
}

/* As many of the smallest rows as fit. */
static void test_memory_is_bounded(void **state)
{
    (void)state;
    static char bytes[WIRE_EVENT_BYTES_MAX];
    size_t rows = (sizeof bytes - 5) / 5;
    size_t size = 0;
    bytes[size++] = 0x22;
    for (size_t length = rows * 5; length > 0; length >>= 7) {
        bytes[size++] = (char)((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
    }
    for (size_t i = 0; i < rows; i++, size += 5) {
        memcpy(bytes + size, "\x12\x03\x0a\x01x", 5);
    }
    struct slice event_bytes = {bytes, size};
    Tillwire__V1__Event *event = NULL;
    struct err e = {0};
    struct arena *arena = open_arena();
    assert_int_equal(wire_unpack_event(arena, event_bytes, &event, &e), ERR_OK);
    assert_int_equal(event->rows->n_rows, rows);
    arena_close(arena);

    assert_int_equal(arena_open(&arena, 1U << 20, NULL), ERR_OK);
    assert_int_equal(wire_unpack_event(arena, event_bytes, &event, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "more memory"));
    arena_reset(arena);
    assert_int_equal(wire_unpack_event(arena, SLICE("\x08\x01"), &event, &e), ERR_OK);
    arena_close(arena);
}

static void test_packing_stops_at_the_ceiling(void **state)
{
    (void)state;
    Tillwire__V1__Movement movement = sample_movement(T("Item_1"), T("text"));
    BUF_AUTO struct buf out = BUF_INIT(20);
    struct err e = {0};
    assert_int_equal(wire_pack(&movement.base, &out, &e), ERR_FULL);
    assert_non_null(strstr(e.message, "Movement: "));
    assert_int_equal(out.size, 0);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(movement_kind_name(TILLWIRE__V1__MOVEMENT_KIND__SALE), "sale");
    assert_string_equal(movement_kind_name(TILLWIRE__V1__MOVEMENT_KIND__LOSS), "loss");
    assert_string_equal(movement_kind_name((Tillwire__V1__MovementKind)18), "unknown");
    assert_string_equal(movement_kind_name((Tillwire__V1__MovementKind)-1), "unknown");
    assert_string_equal(basis_name(2), "counted");
    assert_string_equal(basis_name(3), "unknown");
    unsigned recorded = 0;
    for (int kind = 0; kind <= TILLWIRE__V1__MOVEMENT_KIND__LOSS; kind++) {
        recorded += movement_is_recorded((Tillwire__V1__MovementKind)kind);
    }
    assert_int_equal(recorded, 18 - 4);
    assert_false(movement_is_recorded(TILLWIRE__V1__MOVEMENT_KIND__OPENING_CORRECTION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_message_comes_back_as_it_was),
        cmocka_unit_test(test_cut_messages),
        cmocka_unit_test(test_a_movements_limits),
        cmocka_unit_test(test_an_event_has_at_most_2000_movements),
        cmocka_unit_test(test_a_batchs_limits),
        cmocka_unit_test(test_a_heartbeats_and_acks_limits),
        cmocka_unit_test(test_a_commands_limits),
        cmocka_unit_test(test_an_absent_mark_is_zero),
        cmocka_unit_test(test_bytes_with_two_meanings_are_refused),
        cmocka_unit_test(test_fields_of_a_newer_version_are_dropped),
        cmocka_unit_test(test_messages_over_their_size_are_refused),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_packing_stops_at_the_ceiling),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
