/* For tests of repairs: the store's answer, and what the centre's database holds afterwards. */
#ifndef TESTS_UNIT_REPAIR_FIXTURE_H
#define TESTS_UNIT_REPAIR_FIXTURE_H

#include "tests/unit/collector_fixture.h"

static inline uint64_t repair_command(struct centre *c, uint64_t *from_seq)
{
    for (size_t i = 0; i < c->published_count; i++) {
        if (c->published[i].command) {
            Tillwire__V1__Command *command = command_at(c, i);
            if (command->body_case == TILLWIRE__V1__COMMAND__BODY_REPAIR) {
                *from_seq = command->repair->from_seq;
                return command->id;
            }
        }
    }
    return 0;
}

/* The answer: Keys, then Rows in two parts, as events of consecutive seqs. */
static inline void shop_answer(struct shop *s, uint64_t command, uint64_t from_seq)
{
    Tillwire__V1__Event event;
    Tillwire__V1__Keys keys;
    Tillwire__V1__Rows rows;
    Tillwire__V1__Row row[SHOP_ROWS_MAX], *pointers[SHOP_ROWS_MAX];
    tillwire__v1__event__init(&event);
    tillwire__v1__keys__init(&keys);
    keys.command = command;
    keys.from_seq = from_seq;
    event.body_case = TILLWIRE__V1__EVENT__BODY_KEYS;
    event.keys = &keys;
    shop_emit(s, &event);
    for (size_t i = 0; i < s->row_count; i++) {
        pointers[i] = &row[i];
        tillwire__v1__row__init(&row[i]);
        row[i].item = s->rows[i].item;
        row[i].on_hand_e4 = s->rows[i].on_hand;
        row[i].recorded_e4 = s->rows[i].recorded;
        row[i].basis = (Tillwire__V1__Basis)s->rows[i].basis;
        row[i].basis_ms = s->rows[i].basis_ms;
    }
    size_t half = s->row_count / 2;
    for (int part = 0; part < 2; part++) {
        tillwire__v1__event__init(&event);
        tillwire__v1__rows__init(&rows);
        rows.command = command;
        rows.rows = part == 0 ? pointers : pointers + half;
        rows.n_rows = part == 0 ? half : s->row_count - half;
        rows.last = part == 1;
        event.body_case = TILLWIRE__V1__EVENT__BODY_ROWS;
        event.rows = &rows;
        shop_emit(s, &event);
    }
}

struct entries {
    int corrections;
    int64_t delta, sum;
};

static bool sum_entries(void *ctx, const struct store_ledger_entry *entry)
{
    struct entries *sum = ctx;
    sum->sum += entry->on_hand_delta_e4;
    if (entry->kind == TILLWIRE__V1__MOVEMENT_KIND__CORRECTION) {
        sum->corrections++;
        sum->delta += entry->on_hand_delta_e4;
    }
    return true;
}

static inline struct entries ledger_of(struct centre *c, const char *item)
{
    struct store_sqlite_options options = {.path = c->folder.file};
    struct store_reader reader;
    struct entries sum = {0};
    OK(store_sqlite_reader(&reader, &options, &c->clock, e));
    OK(reader.ops->ledger_each(reader.ctx, "S014", slice_of(item), 0, 0, false, 1000, sum_entries, &sum, e));
    reader.ops->close(reader.ctx);
    return sum;
}

static bool count_dead(void *ctx, const struct store_dead *dead)
{
    (void)dead;
    ++*(int *)ctx;
    return true;
}

static inline int dead_count(struct centre *c)
{
    struct store_sqlite_options options = {.path = c->folder.file};
    struct store_reader reader;
    int count = 0;
    OK(store_sqlite_reader(&reader, &options, &c->clock, e));
    OK(reader.ops->dead_each(reader.ctx, 0, 100, count_dead, &count, e));
    reader.ops->close(reader.ctx);
    return count;
}

static inline struct store_command command_of(struct centre *c, uint64_t id)
{
    struct store_command command;
    struct store_time now;
    bool found;
    OK(c->writer.ops->begin(c->writer.ctx, &now, e));
    OK(c->writer.ops->command_get(c->writer.ctx, id, &command, &found, e));
    OK(c->writer.ops->commit(c->writer.ctx, e));
    assert_true(found);
    command.outcome = command.payload = command.store = SLICE("");
    return command;
}

#endif
