/* What cannot be decoded, and what retention deleted (PROTOCOL rules 6 and 11). */
#include "tests/unit/repair_fixture.h"

/* ---- poison ---- */

static void test_an_undecodable_body_is_passed_over_after_three_tries(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    shop_sell(&s, "x", 10000);
    shop_sell(&s, "y", 10000);
    shop_sell(&s, "x", 10000);
    struct batch_place place;
    shop_place(&s, 2, 3, &place);
    struct slice nonsense = SLICE("\xff\xff card 4111 1111 1111 1111");
    for (int try = 1; try < 3; try++) {
        assert_int_equal(send_payload(c, &s, &place, nonsense), ERR_INVALID);
        commit(c);
        assert_int_equal(row_of(c, "S014").seq, 1);
        assert_int_equal(dead_count(c), 0);
        centre_stop(c); /* tries outlive a restart */
        centre_start(c);
    }
    assert_int_equal(send_payload(c, &s, &place, nonsense), ERR_INVALID);
    commit(c);
    struct store_row row = row_of(c, "S014");
    assert_int_equal(row.seq, 3);
    assert_int_equal(row.chain, s.chain[3]);
    assert_int_equal(row.repair_from_seq, 2);
    assert_int_equal(dead_count(c), 1);
    assert_true(alert_open(c, "poison"));
    assert_int_equal(freshness_now(c, "S014").reason, REASON_GAP);
    assert_int_equal(send_digest(c, &s, 4, 4, true), ERR_OK); /* x differs, but one repair is open */
    commit(c);
    assert_int_equal(row_of(c, "S014").repair_id, row.repair_id);
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &s);
    uint64_t from = 0, id = repair_command(c, &from);
    assert_int_equal(from, 2);
    shop_answer(&s, id, from);
    assert_int_equal(send_digest(c, &s, 5, s.seq, true), ERR_OK);
    commit(c);
    assert_int_equal(on_hand_of(c, "S014", "x"), -20000);
    assert_int_equal(on_hand_of(c, "S014", "y"), -10000);
    assert_int_equal(row_of(c, "S014").verified_seq, s.seq);
    assert_false(alert_open(c, "poison"));
    assert_int_equal(ledger_of(c, "x").sum, -20000); /* stock = Σ ledger, whatever happened */
    shop_free(&s);
}

static void test_one_undecodable_event_costs_only_itself(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    shop_sell(&s, "x", 1);
    shop_sell(&s, "x", 1);
    shop_sell(&s, "x", 1);
    buf_clear(&s.events[3]);
    assert_int_equal(buf_append(&s.events[3], "\xff\xff", 2), ERR_OK);
    for (uint64_t seq = 3; seq <= 4; seq++) {
        s.chain[seq] = chain_next(s.chain[seq - 1], buf_slice(&s.events[seq]));
    }
    assert_int_equal(send(c, &s, 2, 4), ERR_INVALID);
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 2);
    assert_int_equal(send(c, &s, 3, 4), ERR_INVALID);
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 2);
    assert_int_equal(send(c, &s, 3, 4), ERR_OK);
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 4);
    assert_int_equal(row_of(c, "S014").repair_from_seq, 3);
    assert_int_equal(dead_count(c), 1);
    shop_free(&s);
}

static void test_poison_elsewhere_costs_a_dead_row_and_no_more(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    for (int i = 0; i < 5; i++) {
        shop_sell(&s, "x", 1);
    }
    struct batch_place place;
    shop_place(&s, 4, 5, &place);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(send_payload(c, &s, &place, SLICE("\xff")), ERR_INVALID);
    }
    commit(c);
    assert_int_equal(dead_count(c), 1);
    assert_int_equal(row_of(c, "S014").seq, 1);
    assert_int_equal(row_of(c, "S014").repair_id, 0);
    assert_int_equal(send(c, &s, 2, 6), ERR_OK);
    commit(c);
    assert_int_equal(row_of(c, "S014").seq, 6);
    shop_free(&s);
}

static void test_more_poison_widens_the_repair_under_a_new_id(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    shop_sell(&s, "x", 1);
    shop_sell(&s, "x", 1);
    struct batch_place place;
    uint64_t ids[2];
    for (uint64_t seq = 2; seq <= 3; seq++) {
        shop_place(&s, seq, seq, &place);
        for (int i = 0; i < 3; i++) {
            (void)send_payload(c, &s, &place, SLICE("\xff"));
        }
        commit(c);
        ids[seq - 2] = row_of(c, "S014").repair_id;
    }
    assert_true(ids[0] != ids[1]);
    assert_int_equal(row_of(c, "S014").repair_from_seq, 2);
    assert_int_equal(command_of(c, ids[0]).state, COMMAND_REFUSED);
    shop_answer(&s, ids[0], 2); /* an answer to the first comes late: it covers less */
    assert_int_equal(send(c, &s, 4, s.seq), ERR_OK);
    commit(c);
    assert_int_equal(row_of(c, "S014").repair_id, ids[1]);
    shop_free(&s);
}

static void poison_next(struct centre *c, struct shop *s)
{
    struct batch_place place;
    shop_sell(s, "x", 1);
    shop_place(s, s->seq, s->seq, &place);
    for (int i = 0; i < 3; i++) {
        (void)send_payload(c, s, &place, SLICE("\xff"));
    }
    commit(c);
}

/* While a store drains no digest is compared for long: that is no failure of its repairs. */
static void test_poison_is_repaired_however_often_it_comes(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    for (int round = 0; round < 4; round++) {
        poison_next(c, &s);
        struct store_row row = row_of(c, "S014");
        assert_true(row.repair_id != 0);
        assert_int_equal(row.repair_from_seq, s.seq);
        uint64_t first = s.seq + 1;
        shop_answer(&s, row.repair_id, row.repair_from_seq);
        assert_int_equal(send(c, &s, first, s.seq), ERR_OK);
        commit(c);
        assert_int_equal(row_of(c, "S014").repair_id, 0);
    }
    shop_free(&s);
}

/* Keys that were passed over are still wanted when the operator asks again. */
static void test_what_no_repair_brought_is_asked_for_again(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    poison_next(c, &s);
    uint64_t poisoned = s.seq, id = 0;
    for (int round = 0; round < 2; round++) {
        uint64_t first = s.seq + 1;
        shop_answer(&s, row_of(c, "S014").repair_id, poisoned + 1); /* keys that begin too high */
        assert_int_equal(send(c, &s, first, s.seq), ERR_OK);
        commit(c);
    }
    assert_int_equal(row_of(c, "S014").repair_id, 0);
    assert_true(alert_open(c, "repair-failed"));
    OK(collector_resync(c->collector, "S014", &id, e));
    assert_int_equal(row_of(c, "S014").repair_from_seq, poisoned);
    shop_free(&s);
}

static void test_skipped_seqs_are_passed_over_and_repaired(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    for (int i = 0; i < 4; i++) {
        shop_sell(&s, "x", 1);
    }
    Tillwire__V1__Event event;
    Tillwire__V1__Skipped skipped;
    tillwire__v1__event__init(&event);
    tillwire__v1__skipped__init(&skipped);
    skipped.last = 4;
    skipped.chain = s.chain[4];
    event.body_case = TILLWIRE__V1__EVENT__BODY_SKIPPED;
    event.skipped = &skipped;
    buf_clear(&s.events[2]); /* seqs 2–4 were deleted by retention */
    OK(wire_pack(&event.base, &s.events[2], e));
    assert_int_equal(send(c, &s, 2, 2), ERR_OK);
    assert_int_equal(send(c, &s, 5, 5), ERR_OK);
    assert_int_equal(send(c, &s, 2, 2), ERR_OK); /* overlaps now: says nothing of forks */
    commit(c);
    struct store_row row = row_of(c, "S014");
    assert_int_equal(row.seq, 5);
    assert_int_equal(row.chain, s.chain[5]);
    assert_int_equal(row.repair_from_seq, 2);
    assert_false(alert_open(c, "fork"));
    shop_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_undecodable_body_is_passed_over_after_three_tries),
        CASE(test_one_undecodable_event_costs_only_itself),
        CASE(test_poison_elsewhere_costs_a_dead_row_and_no_more),
        CASE(test_more_poison_widens_the_repair_under_a_new_id),
        CASE(test_poison_is_repaired_however_often_it_comes),
        CASE(test_what_no_repair_brought_is_asked_for_again),
        CASE(test_skipped_seqs_are_passed_over_and_repaired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
