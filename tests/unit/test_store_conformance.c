/* The store's ops: clock, stores, stock, items, readers. */
#include "tests/unit/store_conformance.h"

/* ---- the clock and its epoch ---- */

static void test_the_clock_never_goes_back_within_an_epoch(void **state)
{
    struct suite *s = *state;
    begin(s);
    struct store_time first = s->now;
    commit(s);
    assert_int_not_equal(first.epoch, 0);
    assert_int_equal(first.ms, s->fake.wall_ms);
    fake_clock_pass(&s->fake, 250);
    begin(s);
    assert_int_equal(s->now.epoch, first.epoch);
    assert_int_equal(s->now.ms, first.ms + 250);
    commit(s);
    s->fake.wall_ms -= 1;
    begin(s);
    assert_int_not_equal(s->now.epoch, first.epoch);
    assert_int_equal(s->now.ms, first.ms + 249);
    commit(s);
    struct store_time second = s->now;
    begin(s);
    assert_int_equal(s->now.epoch, second.epoch);
    commit(s);
}

static void test_opening_begins_an_epoch(void **state)
{
    struct suite *s = *state;
    begin(s);
    uint64_t epoch = s->now.epoch;
    commit(s);
    suite_shut(s);
    suite_open(s);
    begin(s);
    assert_int_not_equal(s->now.epoch, epoch);
    commit(s);
}

static void test_readers_see_the_clock_without_moving_it(void **state)
{
    struct suite *s = *state;
    begin(s);
    commit(s);
    struct store_time now;
    fake_clock_pass(&s->fake, 5);
    OK(R(now, &now));
    assert_int_equal(now.ms, s->now.ms + 5);
    assert_int_equal(now.epoch, s->now.epoch);
    s->fake.wall_ms -= 1000;
    OK(R(now, &now));
    assert_int_equal(now.epoch, 0); /* no epoch: nothing proven counts */
}

/* ---- stores ---- */

static struct store_row full_row(void)
{
    return (struct store_row){
        .store = "S014",
        .stage = STAGE_SHADOW,
        .name = "Marktplatz",
        .time_zone = "Europe/Berlin",
        .enrolled_ms = 1,
        .generation = 2,
        .birth = UINT64_MAX - 3,
        .seq = 4,
        .chain = UINT64_MAX - 5,
        .digest = 6,
        .row_count = 7,
        .cursor_run_id = 8,
        .poison_seq = 9,
        .poison_tries = 10,
        .applied_ms = 11,
        .last_transaction_ms = 12,
        .transactions = 13,
        .offered_generation = 14,
        .offered_birth = 15,
        .offered_run_counter = 16,
        .offered_run_id = 17,
        .fresh_epoch = 18,
        .fresh_as_of_ms = 19,
        .fresh_lag_bytes = 20,
        .fresh_outbox = 21,
        .fresh_read_age_ms = -1,
        .run_counter = 22,
        .run_id = 23,
        .heartbeat_no = 24,
        .heartbeat_ms = 25,
        .proven_ms = 26,
        .head_seq = 27,
        .head_chain = 28,
        .other_run_id = 29,
        .other_head_seq = 30,
        .other_head_chain = 31,
        .vouched = true,
        .forked_ms = 32,
        .hello_ms = 33,
        .hello_birth = 34,
        .hole_first = 35,
        .hole_last = 36,
        .hole_since_ms = 37,
        .hole_asked_ms = 38,
        .hole_asked = 39,
        .verified_seq = 40,
        .verified_ms = 41,
        .mismatch = true,
        .recomputed_ms = 42,
        .repair_id = 43,
        .repair_from_seq = 44,
        .repair_failures = 45,
        .repaired_ms = 46,
        .heartbeat = SLICE("heart\0beat"),
    };
}

#define SAME(field) assert_int_equal(a->field, b->field)
static void assert_rows_equal(const struct store_row *a, const struct store_row *b)
{
    assert_string_equal(a->store, b->store);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->time_zone, b->time_zone);
    assert_true(slice_equal(a->heartbeat, b->heartbeat));
    SAME(stage), SAME(enrolled_ms), SAME(generation), SAME(birth), SAME(seq), SAME(chain), SAME(digest);
    SAME(row_count), SAME(cursor_run_id), SAME(poison_seq), SAME(poison_tries), SAME(applied_ms);
    SAME(last_transaction_ms), SAME(transactions), SAME(offered_generation), SAME(offered_birth);
    SAME(offered_run_counter), SAME(offered_run_id), SAME(fresh_epoch), SAME(fresh_as_of_ms),
        SAME(fresh_lag_bytes);
    SAME(fresh_outbox), SAME(fresh_read_age_ms), SAME(run_counter), SAME(run_id), SAME(heartbeat_no);
    SAME(heartbeat_ms), SAME(proven_ms), SAME(head_seq), SAME(head_chain), SAME(other_run_id),
        SAME(other_head_seq);
    SAME(other_head_chain), SAME(vouched), SAME(forked_ms), SAME(hello_ms), SAME(hello_birth),
        SAME(hole_first);
    SAME(hole_last), SAME(hole_since_ms), SAME(hole_asked_ms), SAME(hole_asked), SAME(verified_seq);
    SAME(verified_ms), SAME(mismatch), SAME(recomputed_ms), SAME(repair_id), SAME(repair_from_seq);
    SAME(repair_failures), SAME(repaired_ms);
}

static void test_every_field_of_a_store_comes_back(void **state)
{
    struct suite *s = *state;
    struct store_row row, full = full_row();
    begin(s);
    enrol(s, "S014"); /* inserted, then updated */
    OK(W(store_put, &full));
    OK(W(store_get, "S014", &row));
    assert_rows_equal(&row, &full);
    commit(s);
    OK(R(store_get, "S014", &row));
    assert_rows_equal(&row, &full);
    struct err error;
    assert_int_equal(s->reader.ops->store_get(s->reader.ctx, "S015", &row, &error), ERR_INVALID);
}

static bool count_rows(void *ctx, const struct store_row *row)
{
    (void)row;
    ++*(int *)ctx;
    return *(int *)ctx < 2;
}

static void test_each_may_stop_early(void **state)
{
    struct suite *s = *state;
    int count = 0;
    begin(s);
    enrol(s, "A");
    enrol(s, "B");
    enrol(s, "C");
    OK(W(store_each, count_rows, &count));
    commit(s);
    assert_int_equal(count, 2);
}

static void test_a_rollback_leaves_nothing(void **state)
{
    struct suite *s = *state;
    struct store_row row;
    struct err error;
    begin(s);
    enrol(s, "A");
    OK(W(item_put, SLICE("I"), SLICE("one"), SLICE("")));
    s->writer.ops->rollback(s->writer.ctx);
    begin(s);
    assert_int_equal(s->writer.ops->store_get(s->writer.ctx, "A", &row, &error), ERR_INVALID);
    OK(W(item_put, SLICE("I"), SLICE("one"), SLICE(""))); /* and is not taken as known */
    commit(s);
}

static bool count_unknown(void *ctx, const char *store, int64_t last_ms, uint64_t times)
{
    (void)store;
    (void)last_ms;
    *(uint64_t *)ctx += times;
    return true;
}

static void test_an_unknown_store_is_listed_until_enrolled(void **state)
{
    struct suite *s = *state;
    uint64_t times = 0;
    begin(s);
    OK(W(unknown_put, "S099"));
    OK(W(unknown_put, "S099"));
    commit(s);
    OK(R(unknown_each, count_unknown, &times));
    assert_int_equal(times, 2);
    begin(s);
    enrol(s, "S099");
    commit(s);
    times = 0;
    OK(R(unknown_each, count_unknown, &times));
    assert_int_equal(times, 0);
}

static bool sum_gaps(void *ctx, const struct store_gap *gap)
{
    *(uint64_t *)ctx += gap->last - gap->first + 1;
    return true;
}

static void test_gaps_are_replaced_whole(void **state)
{
    struct suite *s = *state;
    struct store_gap two[] = {{SLICE("1"), 20000, 5, 6}, {SLICE("2"), 20000, 90, 90}};
    uint64_t sum = 0, total = 0;
    begin(s);
    enrol(s, "A");
    OK(W(gaps_replace, "A", two, 2, 40));
    OK(W(gaps_replace, "A", two + 1, 1, 41));
    commit(s);
    OK(R(gap_each, "A", sum_gaps, &sum, &total));
    assert_int_equal(sum, 1);
    assert_int_equal(total, 41);
}

/* ---- stock ---- */

static void test_a_stock_row_is_put_got_and_removed(void **state)
{
    struct suite *s = *state;
    struct store_stock row = stock("A", "ST-88", -5), got;
    bool found;
    begin(s);
    OK(W(stock_get, SLICE("A"), SLICE("ST-88"), SLICE("floor"), &got, &found));
    assert_false(found);
    OK(W(stock_put, &row));
    row.on_hand_e4 = INT64_MIN;
    OK(W(stock_put, &row));
    OK(W(stock_get, SLICE("A"), SLICE("ST-88"), SLICE("floor"), &got, &found));
    assert_true(found);
    assert_int_equal(got.on_hand_e4, INT64_MIN);
    assert_int_equal(got.held_e4, 1);
    assert_int_equal(got.recorded_e4, 2);
    assert_int_equal(got.carried_e4, 3);
    assert_int_equal(got.basis, 1);
    assert_int_equal(got.basis_ms, 4);
    assert_true(slice_equal_text(got.uom, "EA"));
    assert_int_equal(got.generation, 5);
    assert_int_equal(got.seq, 6);
    assert_int_equal(got.changed_ms, 7);
    OK(W(stock_remove, SLICE("A"), SLICE("ST-88"), SLICE("floor")));
    OK(W(stock_get, SLICE("A"), SLICE("ST-88"), SLICE("floor"), &got, &found));
    assert_false(found);
    commit(s);
}

static bool see_stock(void *ctx, const struct store_stock *row)
{
    struct seen *seen = ctx;
    seen->count++;
    size_t used = strlen(seen->text);
    (void)snprintf(seen->text + used, sizeof seen->text - used, "%.*s/%.*s ", (int)row->store.size,
                   row->store.data, (int)row->item.size, row->item.data);
    return true;
}

static void assert_query(struct suite *s, struct store_stock_query query, const char *expected)
{
    struct seen seen = {0};
    OK(R(stock_each, &query, see_stock, &seen));
    assert_string_equal(seen.text, expected);
}

static void test_stock_is_asked_for_in_every_way(void **state)
{
    struct suite *s = *state;
    struct store_stock rows[] = {stock("A", "x", 1), stock("A", "y", 1), stock("B", "x", 1),
                                 stock("B", "z", 1)};
    begin(s);
    for (int i = 0; i < 4; i++) {
        OK(W(stock_put, &rows[i]));
    }
    OK(W(item_put, SLICE("x"), SLICE("Milk"), SLICE("04006381333931")));
    commit(s);
    assert_query(s, (struct store_stock_query){0}, "A/x A/y B/x B/z ");
    assert_query(s, (struct store_stock_query){.store = SLICE("B")}, "B/x B/z ");
    assert_query(s, (struct store_stock_query){.item = SLICE("x")}, "A/x B/x ");
    assert_query(s, (struct store_stock_query){.store = SLICE("B"), .item = SLICE("z")}, "B/z ");
    assert_query(s, (struct store_stock_query){.gtin = SLICE("04006381333931")}, "A/x B/x ");
    assert_query(s, (struct store_stock_query){.store = SLICE("A"), .gtin = SLICE("04006381333931")}, "A/x ");
    assert_query(s, (struct store_stock_query){.limit = 2}, "A/x A/y ");
    struct store_stock_query after = {
        .after_store = SLICE("A"), .after_item = SLICE("y"), .after_location = SLICE("floor")};
    assert_query(s, after, "B/x B/z ");
    after.item = SLICE("x");
    assert_query(s, after, "B/x ");
    after = (struct store_stock_query){.store = SLICE("B"),
                                       .after_store = SLICE("B"),
                                       .after_item = SLICE("x"),
                                       .after_location = SLICE("floor")};
    assert_query(s, after, "B/z ");
}

static bool see_item(void *ctx, struct slice item, struct slice description, struct slice gtin)
{
    struct seen *seen = ctx;
    size_t used = strlen(seen->text);
    (void)snprintf(seen->text + used, sizeof seen->text - used, "%.*s=%.*s(%.*s) ", (int)item.size, item.data,
                   (int)description.size, description.data, (int)gtin.size, gtin.data);
    return true;
}

static void assert_search(struct suite *s, const char *query, const char *after, const char *expected)
{
    struct seen seen = {0};
    OK(R(item_each, slice_of(query), slice_of(after), 10, see_item, &seen));
    assert_string_equal(seen.text, expected);
}

static void test_items_are_found_by_id_gtin_and_words(void **state)
{
    struct suite *s = *state;
    begin(s);
    OK(W(item_put, SLICE("ST-88"), SLICE("Crème brûlée 2 \"cups\""), SLICE("")));
    OK(W(item_put, SLICE("ST-88"), SLICE(""), SLICE("04006381333931")));
    OK(W(item_put, SLICE("ST-9"), SLICE("Old words"), SLICE("")));
    OK(W(item_put, SLICE("ST-9"), SLICE("Cream cheese"), SLICE("")));
    commit(s);
    assert_search(s, "ST-8", "", "ST-88=Crème brûlée 2 \"cups\"(04006381333931) ");
    assert_search(s, "4006381333931", "", "ST-88=Crème brûlée 2 \"cups\"(04006381333931) ");
    assert_search(s, " brulee  cre ", "", "ST-88=Crème brûlée 2 \"cups\"(04006381333931) ");
    assert_search(s, "cre", "ST-88", "ST-9=Cream cheese() ");
    assert_search(s, "old", "", "");
    assert_search(s, "\"", "", "");
    assert_search(s, "NOT * - OR (", "", "");
    assert_search(s, "%", "", "");
    assert_search(s, "", "ST-88", "ST-9=Cream cheese() ");
}

/* ---- readers ---- */

static void test_a_reader_s_view_stands_still(void **state)
{
    struct suite *s = *state;
    begin(s);
    enrol(s, "A");
    commit(s);
    int count = 0;
    OK(s->reader.ops->begin(s->reader.ctx, e));
    OK(R(store_each, count_rows, &count));
    assert_int_equal(count, 1);
    begin(s);
    enrol(s, "B");
    commit(s);
    count = 0;
    OK(R(store_each, count_rows, &count));
    assert_int_equal(count, 1);
    s->reader.ops->end(s->reader.ctx);
    count = 0;
    OK(R(store_each, count_rows, &count));
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_clock_never_goes_back_within_an_epoch),
        CASE(test_opening_begins_an_epoch),
        CASE(test_readers_see_the_clock_without_moving_it),
        CASE(test_every_field_of_a_store_comes_back),
        CASE(test_each_may_stop_early),
        CASE(test_a_rollback_leaves_nothing),
        CASE(test_an_unknown_store_is_listed_until_enrolled),
        CASE(test_gaps_are_replaced_whole),
        CASE(test_a_stock_row_is_put_got_and_removed),
        CASE(test_stock_is_asked_for_in_every_way),
        CASE(test_items_are_found_by_id_gtin_and_words),
        CASE(test_a_reader_s_view_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
