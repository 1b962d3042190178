/* Strict order (PROTOCOL rule 2): re-sends, overlaps, holes, early batches, other histories. */
#include "tests/unit/collector_fixture.h"

static void test_a_sale_stands_at_the_centre(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    shop_sell(&s, "ST-88", 20000);
    assert_int_equal(send_digest(c, &s, 2, 2, true), ERR_OK);
    c->movements_told = c->stock_told = c->stores_told = 0;
    commit(c);
    assert_int_equal(on_hand_of(c, "S014", "ST-88"), -20000);
    struct store_row row = row_of(c, "S014");
    assert_int_equal(row.seq, 2);
    assert_int_equal(row.chain, s.chain[2]);
    assert_int_equal(row.digest, s.digest);
    assert_int_equal(row.row_count, 1);
    assert_int_equal(row.transactions, 1);
    assert_int_equal(row.verified_seq, 2);
    assert_int_equal(row.last_transaction_ms, INT64_C(1763999990000));
    assert_int_equal(c->movements_told, 1);
    assert_int_equal(c->stock_told, 1);
    assert_int_equal(c->stores_told, 1);
    shop_free(&s);
}

static void test_nothing_is_published_before_the_commit(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    Tillwire__V1__Heartbeat h;
    Tillwire__V1__Run run;
    Tillwire__V1__Echo echo;
    heartbeat_of(c, &s, &h, &run, &echo);
    forget_published(c);
    assert_int_equal(send_heartbeat(c, &s, &h), ERR_OK);
    assert_int_equal(c->published_count, 0);
    commit(c);
    assert_int_equal(c->published_count, 1);
    shop_free(&s);
}

static void test_sending_again_changes_nothing(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    for (int i = 0; i < 5; i++) {
        shop_sell(&s, "x", 10000);
    }
    for (int round = 0; round < 3; round++) {
        assert_int_equal(send(c, &s, 2, 6), ERR_OK);
        assert_int_equal(send(c, &s, 2, 3), ERR_OK);
        assert_int_equal(send(c, &s, 6, 6), ERR_OK);
        commit(c);
        assert_int_equal(on_hand_of(c, "S014", "x"), -50000);
        assert_int_equal(row_of(c, "S014").seq, 6);
    }
    struct collector_counts counts;
    collector_counts(c->collector, &counts);
    assert_int_equal(counts.events, 6);
    assert_int_equal(counts.movements, 5);
    assert_int_equal(counts.forks, 0);
    assert_true(counts.duplicates >= 8);
    shop_free(&s);
}

static void test_an_overlap_applies_what_is_new(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    for (int i = 0; i < 6; i++) {
        shop_sell(&s, "x", 1);
    }
    assert_int_equal(send(c, &s, 2, 4), ERR_OK);
    assert_int_equal(send(c, &s, 3, 7), ERR_OK);
    commit(c);
    assert_int_equal(on_hand_of(c, "S014", "x"), -6);
    assert_int_equal(row_of(c, "S014").chain, s.chain[7]);
    shop_free(&s);
}

static void test_a_restart_in_between_loses_nothing(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    for (int i = 0; i < 4; i++) {
        shop_sell(&s, "x", 1);
    }
    assert_int_equal(send(c, &s, 2, 3), ERR_OK);
    commit(c);
    assert_int_equal(send(c, &s, 4, 5), ERR_OK); /* never committed */
    centre_stop(c);
    centre_start(c);
    assert_int_equal(row_of(c, "S014").seq, 3);
    Tillwire__V1__Ack *ack = beat(c, &s);
    assert_int_equal(ack->applied_seq, 3);
    assert_int_equal(ack->applied_chain, s.chain[3]);
    assert_int_equal(send(c, &s, 4, 5), ERR_OK);
    commit(c);
    assert_int_equal(on_hand_of(c, "S014", "x"), -4);
    assert_int_equal(row_of(c, "S014").digest, s.digest);
    shop_free(&s);
}

static void test_a_hole_is_named_after_two_seconds_and_filled(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    for (int i = 0; i < 9; i++) {
        shop_sell(&s, "x", 1);
    }
    assert_int_equal(send(c, &s, 5, 6), ERR_OK);
    assert_int_equal(send(c, &s, 8, 10), ERR_OK);
    commit(c);
    assert_int_equal(beat(c, &s)->n_missing, 0);
    fake_clock_pass(&c->fake, 1999);
    assert_int_equal(beat(c, &s)->n_missing, 0);
    fake_clock_pass(&c->fake, 1);
    Tillwire__V1__Ack *ack = beat(c, &s);
    assert_int_equal(ack->n_missing, 1);
    assert_int_equal(ack->missing[0]->first, 2);
    assert_int_equal(ack->missing[0]->last, 4);
    assert_int_equal(beat(c, &s)->n_missing, 0); /* with a pause that doubles */
    fake_clock_pass(&c->fake, 4000);
    assert_int_equal(beat(c, &s)->n_missing, 1);
    fake_clock_pass(&c->fake, 4000);
    assert_int_equal(beat(c, &s)->n_missing, 0);
    assert_int_equal(row_of(c, "S014").seq, 1);
    assert_int_equal(send(c, &s, 2, 4), ERR_OK); /* 5 and 6 follow by themselves */
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 6);
    assert_int_equal(row_of(c, "S014").hole_first, 7);
    assert_int_equal(row_of(c, "S014").hole_last, 7);
    assert_int_equal(send(c, &s, 7, 7), ERR_OK);
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 10);
    assert_int_equal(row_of(c, "S014").hole_first, 0);
    assert_int_equal(on_hand_of(c, "S014", "x"), -9);
    shop_free(&s);
}

static void test_early_batches_survive_a_restart(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    for (int i = 0; i < 4; i++) {
        shop_sell(&s, "x", 1);
    }
    assert_int_equal(send(c, &s, 4, 5), ERR_OK);
    commit(c);
    centre_stop(c);
    centre_start(c);
    assert_int_equal(send(c, &s, 2, 3), ERR_OK);
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 5);
    shop_free(&s);
}

static void test_early_bytes_are_bounded(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    for (int i = 0; i < 60; i++) {
        shop_sell(&s, "x", 1);
    }
    enum err_class class = ERR_OK;
    uint64_t seq = 3;
    while (seq <= 61 && class == ERR_OK) {
        class = send(c, &s, seq, seq + 5 < 61 ? seq + 5 : 61);
        seq += 6;
    }
    assert_int_equal(class, ERR_INVALID); /* 2048 bytes are the bound here: the rest is dropped and said */
    assert_non_null(strstr(c->refused.message, "2048"));
    commit(c);
    assert_int_equal(send(c, &s, 2, 61), ERR_OK);
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 61);
    assert_int_equal(row_of(c, "S014").hole_first, 0);
    shop_free(&s);
}

static void test_another_history_is_never_applied(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    struct shop copy = shop_make("S014"); /* the same database up to seq 2, then on its own */
    copy.generation = s.generation;
    shop_restored(&copy);
    shop_sell(&s, "x", 1);
    shop_sell(&copy, "x", 1);
    shop_sell(&s, "y", 1);
    shop_sell(&copy, "z", 1);
    shop_sell(&copy, "z", 1);
    assert_int_equal(send(c, &s, 2, 3), ERR_OK);
    assert_int_equal(send(c, &copy, 4, 4), ERR_INVALID); /* prev_chain */
    assert_int_equal(send(c, &copy, 2, 4), ERR_INVALID); /* the chain at the cursor */
    commit(c);
    bool found;
    (void)stock_of(c, "S014", "z", &found);
    assert_false(found);
    assert_int_equal(row_of(c, "S014").seq, 3);
    assert_true(alert_open(c, "fork"));
    assert_int_equal(freshness_now(c, "S014").reason, REASON_QUARANTINED);
    struct collector_counts counts;
    collector_counts(c->collector, &counts);
    assert_int_equal(counts.forks, 2);
    shop_sell(&s, "y", 1); /* the fitting lineage goes on */
    assert_int_equal(send(c, &s, 4, 4), ERR_OK);
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 4);
    fake_clock_pass(&c->fake, 45000); /* the other is silent for three SLAs */
    OK(collector_turn(c->collector, e));
    assert_false(alert_open(c, "fork"));
    assert_int_equal(row_of(c, "S014").forked_ms, 0);
    shop_free(&s);
    shop_free(&copy);
}

static void test_an_early_batch_of_another_history_is_dropped(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    struct shop copy = shop_make("S014");
    copy.generation = s.generation;
    copy.run_id = 0x999;
    shop_restored(&copy);
    for (int i = 0; i < 4; i++) {
        shop_sell(&s, "x", 1);
        shop_sell(&copy, "z", 1);
    }
    assert_int_equal(send(c, &copy, 4, 5), ERR_OK); /* it cannot be told yet */
    assert_int_equal(send(c, &s, 2, 3), ERR_INVALID);
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 3);
    assert_true(alert_open(c, "fork"));
    assert_int_equal(send(c, &s, 4, 5), ERR_OK);
    commit(c);
    assert_int_equal(on_hand_of(c, "S014", "x"), -4);
    shop_free(&s);
    shop_free(&copy);
}

static void test_a_bad_store_does_not_block_the_others(void **state)
{
    struct centre *c = *state;
    struct shop a = shop_ready(c, "A");
    struct shop b = shop_ready(c, "B");
    shop_sell(&a, "x", 1);
    shop_sell(&b, "x", 2);
    struct batch_place place;
    shop_place(&a, 2, 2, &place);
    assert_int_equal(send_payload(c, &a, &place, SLICE("\xff\xff nonsense")), ERR_INVALID);
    assert_int_equal(send(c, &b, 2, 2), ERR_OK);
    commit(c);
    assert_int_equal(on_hand_of(c, "B", "x"), -2);
    assert_int_equal(send(c, &a, 2, 2), ERR_OK);
    commit(c);
    assert_int_equal(on_hand_of(c, "A", "x"), -1);
    shop_free(&a);
    shop_free(&b);
}

static void test_topic_properties_and_payload_must_agree(void **state)
{
    struct centre *c = *state;
    struct shop a = shop_ready(c, "A");
    struct shop b = shop_ready(c, "B");
    shop_sell(&a, "x", 1);
    b.store = "A"; /* B's batch names A inside, and comes on B's topic */
    BUF_AUTO struct buf payload = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    struct batch_header header = {"A", a.generation, a.run_counter, a.run_id, 2, a.chain[1]};
    assert_int_equal(wire_batch_begin(&payload, &header), ERR_OK);
    assert_int_equal(wire_batch_add(&payload, buf_slice(&a.events[2])), ERR_OK);
    struct batch_place place;
    shop_place(&a, 2, 2, &place);
    b.store = "B";
    assert_int_equal(send_payload(c, &b, &place, buf_slice(&payload)), ERR_INVALID);
    (void)snprintf(place.store, sizeof place.store, "B");
    assert_int_equal(send_payload(c, &b, &place, buf_slice(&payload)), ERR_INVALID);
    assert_int_equal(send_payload(c, &a, &place, buf_slice(&payload)), ERR_INVALID);
    char topic[TOPIC_BYTES];
    assert_int_equal(collector_message(c->collector, topic_format(TOPIC_EVENTS, "A", topic),
                                       buf_slice(&payload), NULL, 0, &c->refused),
                     ERR_INVALID);
    assert_int_equal(
        collector_message(c->collector, "tillwire/v1/A/down/ack", buf_slice(&payload), NULL, 0, &c->refused),
        ERR_INVALID);
    commit(c);
    bool found;
    (void)stock_of(c, "A", "x", &found);
    assert_false(found);
    shop_free(&a);
    shop_free(&b);
}

static void test_an_unknown_store_is_told_so(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_make("S099");
    Tillwire__V1__Ack *ack = beat(c, &s);
    assert_true(ack->unknown_store);
    assert_int_equal(ack->generation, 0);
    assert_int_equal(c->published_count, 1);
    s.generation = 1;
    shop_restored(&s);
    assert_int_equal(send(c, &s, 1, 1), ERR_INVALID);
    commit(c);
    enrol(c, "S099");
    s.generation = 0;
    s.seq = 0;
    assert_int_equal(beat(c, &s)->generation, 1);
    shop_free(&s);
}

static void test_a_repeated_key_is_an_alert(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    shop_sell(&s, "x", 1);
    s.number = 0;
    shop_sell(&s, "x", 1);
    assert_int_equal(send(c, &s, 2, 3), ERR_OK);
    commit(c);
    assert_true(alert_open(c, "duplicate-key"));
    assert_int_equal(on_hand_of(c, "S014", "x"), -2); /* the store's word stands */
    shop_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_sale_stands_at_the_centre),
        CASE(test_nothing_is_published_before_the_commit),
        CASE(test_sending_again_changes_nothing),
        CASE(test_an_overlap_applies_what_is_new),
        CASE(test_a_restart_in_between_loses_nothing),
        CASE(test_a_hole_is_named_after_two_seconds_and_filled),
        CASE(test_early_batches_survive_a_restart),
        CASE(test_early_bytes_are_bounded),
        CASE(test_another_history_is_never_applied),
        CASE(test_an_early_batch_of_another_history_is_dropped),
        CASE(test_a_bad_store_does_not_block_the_others),
        CASE(test_topic_properties_and_payload_must_agree),
        CASE(test_an_unknown_store_is_told_so),
        CASE(test_a_repeated_key_is_an_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
