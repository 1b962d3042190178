/* One suite for every implementation of the store's ops: only suite_open knows which one it is. */
#ifndef TESTS_UNIT_STORE_CONFORMANCE_H
#define TESTS_UNIT_STORE_CONFORMANCE_H

#include "tests/unit/cloud_fixture.h"

struct suite {
    struct fake_clock fake;
    struct clock clock;
    struct folder folder;
    struct store_writer writer;
    struct store_reader reader;
    struct store_time now;
};

#define W(op, ...) s->writer.ops->op(s->writer.ctx, __VA_ARGS__, e)
#define R(op, ...) s->reader.ops->op(s->reader.ctx, __VA_ARGS__, e)

static inline void suite_open(struct suite *s)
{
    struct store_sqlite_options options = {.path = s->folder.file, .cache_kib = 1024};
    OK(store_sqlite_writer(&s->writer, &options, &s->clock, e));
    OK(store_sqlite_reader(&s->reader, &options, &s->clock, e));
}

static inline void suite_shut(struct suite *s)
{
    s->reader.ops->close(s->reader.ctx);
    s->writer.ops->close(s->writer.ctx);
}

static inline int setup(void **state)
{
    struct suite *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->fake = (struct fake_clock){.wall_ms = INT64_C(1764000000000), .boot_ms = 1000, .random = 7};
    s->clock = fake_clock_ops(&s->fake);
    folder_make(&s->folder);
    suite_open(s);
    *state = s;
    return 0;
}

static inline int teardown(void **state)
{
    struct suite *s = *state;
    suite_shut(s);
    folder_remove(&s->folder);
    free(s);
    return 0;
}

static inline void begin(struct suite *s)
{
    OK(W(begin, &s->now));
}

static inline void commit(struct suite *s)
{
    OK(s->writer.ops->commit(s->writer.ctx, e));
}

static inline void enrol(struct suite *s, const char *store)
{
    struct store_row row = {.stage = STAGE_LIVE};
    (void)snprintf(row.store, sizeof row.store, "%s", store);
    OK(W(store_put, &row));
}

struct seen {
    int count;
    char text[256];
};

static inline struct store_stock stock(const char *store, const char *item, int64_t on_hand)
{
    return (struct store_stock){.store = slice_of(store),
                                .item = slice_of(item),
                                .location = SLICE("floor"),
                                .on_hand_e4 = on_hand,
                                .held_e4 = 1,
                                .recorded_e4 = 2,
                                .carried_e4 = 3,
                                .basis = 1,
                                .basis_ms = 4,
                                .uom = SLICE("EA"),
                                .generation = 5,
                                .seq = 6,
                                .changed_ms = 7};
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
