#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The same batch by hand and by protobuf-c. */
static void check_equal(const struct batch_header *header, size_t events, size_t event_size,
                        bool digest_valid, uint64_t digest)
{
    uint8_t event[300];
    memset(event, 0xa5, sizeof event);
    ProtobufCBinaryData list[4];
    char store[STORE_ID_MAX + 1];
    BUF_AUTO struct buf by_hand = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    BUF_AUTO struct buf packed = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    assert_int_equal(wire_batch_begin(&by_hand, header), ERR_OK);
    for (size_t i = 0; i < events; i++) {
        list[i] = (ProtobufCBinaryData){event_size, event};
        assert_int_equal(wire_batch_add(&by_hand, (struct slice){(const char *)event, event_size}), ERR_OK);
    }
    assert_int_equal(wire_batch_end(&by_hand, digest_valid, digest), ERR_OK);

    Tillwire__V1__Run run;
    tillwire__v1__run__init(&run);
    run.counter = header->run_counter;
    run.id = header->run_id;
    Tillwire__V1__EventBatch batch;
    tillwire__v1__event_batch__init(&batch);
    assert_true(slice_copy(slice_of(header->store), store, sizeof store));
    batch.store = store;
    batch.generation = header->generation;
    batch.run = &run;
    batch.first_seq = header->first_seq;
    batch.prev_chain = header->prev_chain;
    batch.events = list;
    batch.n_events = events;
    batch.digest_valid = digest_valid;
    batch.digest_after = digest_valid ? digest : 0;
    assert_int_equal(wire_pack(&batch.base, &packed, NULL), ERR_OK);
    assert_int_equal(by_hand.size, packed.size);
    assert_memory_equal(by_hand.data, packed.data, packed.size);
}

static void test_bytes_equal_those_of_protobuf_c(void **state)
{
    (void)state;
    struct batch_header headers[] = {
        {"S", 1, 1, 1, 1, 1},
        {"S014", 127, 128, 0x0123456789abcdef, 16383, UINT64_MAX},
        {"abcdefghijklmnopqrstuvwxyz012345", UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {"zeros", 0, 0, 0, 0, 0},
    };
    static const size_t sizes[] = {0, 1, 127, 128, 300};
    for (size_t h = 0; h < sizeof headers / sizeof headers[0]; h++) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            for (size_t events = 0; events <= 4; events++) {
                check_equal(&headers[h], events, sizes[s], false, 7);
                check_equal(&headers[h], events, sizes[s], true, 0);
                check_equal(&headers[h], events, sizes[s], true, UINT64_MAX - 1);
            }
        }
    }
}

static void test_a_batch_unpacks_to_the_events_put_in(void **state)
{
    (void)state;
    struct arena *arena = NULL;
    assert_int_equal(arena_open(&arena, WIRE_ARENA_BYTES_MAX, NULL), ERR_OK);
    struct batch_header header = {"S014", 2, 3, 4, 5, 6};
    BUF_AUTO struct buf out = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    assert_int_equal(wire_batch_begin(&out, &header), ERR_OK);
    assert_int_equal(wire_batch_add(&out, SLICE("\x08\x01")), ERR_OK);
    assert_int_equal(wire_batch_add(&out, SLICE("\x08\x02\x10\x03")), ERR_OK);
    assert_int_equal(wire_batch_end(&out, true, 99), ERR_OK);
    Tillwire__V1__EventBatch *batch = NULL;
    assert_int_equal(wire_unpack_batch(arena, buf_slice(&out), &batch, NULL), ERR_OK);
    assert_string_equal(batch->store, "S014");
    assert_int_equal(batch->generation, 2);
    assert_int_equal(batch->run->counter, 3);
    assert_int_equal(batch->run->id, 4);
    assert_int_equal(batch->first_seq, 5);
    assert_int_equal(batch->prev_chain, 6);
    assert_int_equal(batch->n_events, 2);
    assert_int_equal(batch->events[1].len, 4);
    assert_memory_equal(batch->events[1].data, "\x08\x02\x10\x03", 4);
    assert_true(batch->digest_valid);
    assert_int_equal(batch->digest_after, 99);
    arena_close(arena);
}

/* A full batch keeps what it has and can still be ended. */
static void check_fills(size_t ceiling, size_t expected)
{
    static char event[100];
    struct batch_header header = {"S014", 2, 3, 4, 5, 6};
    BUF_AUTO struct buf out = BUF_INIT(ceiling);
    assert_int_equal(wire_batch_begin(&out, &header), ERR_OK);
    enum err_class class;
    size_t size;
    do {
        size = out.size;
        class = wire_batch_add(&out, (struct slice){event, sizeof event});
    } while (class == ERR_OK);
    assert_int_equal(class, ERR_FULL);
    assert_int_equal(out.size, size);
    assert_int_equal(wire_batch_end(&out, true, UINT64_MAX), ERR_OK);
    assert_true(out.size <= expected && out.size + 102 > expected);
}

static void test_a_full_batch_can_be_ended(void **state)
{
    (void)state;
    check_fills(1000, 1000);
    check_fills(1U << 20, WIRE_BATCH_BYTES_MAX);
    BUF_AUTO struct buf small = BUF_INIT(10);
    struct batch_header header = {"S014", 2, 3, 4, 5, 6};
    assert_int_equal(wire_batch_begin(&small, &header), ERR_FULL);
}

static void test_the_largest_event_fits_a_batch(void **state)
{
    (void)state;
    static char event[WIRE_EVENT_BYTES_MAX];
    struct batch_header header = {"S014", 2, 3, 4, 5, 6};
    BUF_AUTO struct buf out = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    assert_int_equal(wire_batch_begin(&out, &header), ERR_OK);
    assert_int_equal(wire_batch_add(&out, (struct slice){event, sizeof event}), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_equal_those_of_protobuf_c),
        cmocka_unit_test(test_a_batch_unpacks_to_the_events_put_in),
        cmocka_unit_test(test_a_full_batch_can_be_ended),
        cmocka_unit_test(test_the_largest_event_fits_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
