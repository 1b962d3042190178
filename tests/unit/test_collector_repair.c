/* Verification and repair (PROTOCOL rules 5 and 6). */
#include "tests/unit/repair_fixture.h"

#include "common/db.h"

/* Somebody alters a row behind the centre's back, while it is stopped. */
static void alter(struct centre *c, const char *sql)
{
    static const char *const as_it_is[] = {"", NULL};
    struct db_options options = {.path = c->folder.file, .mode = DB_WRITER, .migrations = as_it_is};
    struct db *db;
    centre_stop(c);
    OK(db_open(&db, &options, e));
    OK(db_exec(db, sql, e));
    db_close(db);
    centre_start(c);
}

/* ---- verification ---- */

static void test_a_row_altered_by_sql_comes_back_as_a_correction(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    shop_sell(&s, "x", 10000);
    shop_sell(&s, "y", 10000);
    assert_int_equal(send_digest(c, &s, 2, 3, true), ERR_OK);
    beat_twice(c, &s);
    assert_int_equal(row_of(c, "S014").verified_seq, 3);
    alter(c, "UPDATE stock SET on_hand_e4 = on_hand_e4 + 70000 WHERE item = 'x'");
    OK(collector_turn(c->collector, e)); /* recomputes at the start */
    struct store_row row = row_of(c, "S014");
    assert_int_equal(row.verified_seq, 0);
    assert_true(row.mismatch);
    assert_true(alert_open(c, "mismatch"));
    assert_int_equal(freshness_now(c, "S014").reason, REASON_MISMATCH);
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &s); /* the answer carries the repair */
    uint64_t from = 0, id = repair_command(c, &from);
    assert_int_not_equal(id, 0);
    assert_int_equal(from, 4);
    shop_sell(&s, "x", 10000); /* life goes on meanwhile */
    shop_answer(&s, id, from);
    assert_int_equal(send_digest(c, &s, 4, s.seq, true), ERR_OK);
    commit(c);
    row = row_of(c, "S014");
    assert_int_equal(row.verified_seq, s.seq);
    assert_false(row.mismatch);
    assert_int_equal(row.repair_id, 0);
    assert_int_equal(row.digest, s.digest);
    assert_false(alert_open(c, "mismatch"));
    assert_int_equal(on_hand_of(c, "S014", "x"), -20000);
    struct entries x = ledger_of(c, "x");
    assert_int_equal(x.corrections, 1);
    assert_int_equal(x.delta, -70000);
    assert_int_equal(ledger_of(c, "y").corrections, 0);
    assert_int_equal(command_of(c, id).state, COMMAND_DONE);
    beat_twice(c, &s);
    assert_int_equal(freshness_now(c, "S014").state, FRESH);
    shop_free(&s);
}

static void test_rows_lost_and_rows_invented_are_made_good(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    shop_sell(&s, "x", 10000);
    shop_sell(&s, "y", 20000);
    assert_int_equal(send_digest(c, &s, 2, 3, true), ERR_OK);
    (void)beat(c, &s);
    alter(c, "DELETE FROM stock WHERE item = 'y';"
             "INSERT INTO stock SELECT store, 'ghost', location, 5, 0, 5, 0, 0, 0, uom, generation, seq, "
             "changed_ms"
             " FROM stock WHERE item = 'x'");
    OK(collector_recompute(c->collector, "S014", e));
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &s);
    uint64_t from = 0, id = repair_command(c, &from);
    shop_answer(&s, id, from);
    assert_int_equal(send_digest(c, &s, 4, s.seq, true), ERR_OK);
    commit(c);
    bool found;
    (void)stock_of(c, "S014", "ghost", &found);
    assert_false(found);
    struct store_stock y = stock_of(c, "S014", "y", &found);
    assert_true(found);
    assert_int_equal(y.on_hand_e4, -20000);
    assert_int_equal(y.recorded_e4, -20000);
    assert_int_equal(ledger_of(c, "ghost").delta, -5);
    assert_int_equal(row_of(c, "S014").row_count, 2);
    assert_int_equal(row_of(c, "S014").verified_seq, s.seq);
    OK(collector_recompute(c->collector, "S014", e));
    assert_false(row_of(c, "S014").mismatch);
    shop_free(&s);
}

static void test_a_wrong_balance_opens_one_repair(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    shop_sell(&s, "x", 1);
    shop_sell(&s, "y", 1);
    shop_row(&s, "x")->on_hand += 5; /* the store's own row went wrong */
    shop_sell(&s, "x", 1);
    shop_sell(&s, "x", 1);
    assert_int_equal(send(c, &s, 2, 5), ERR_OK);
    commit(c);
    struct store_row row = row_of(c, "S014");
    assert_true(row.mismatch);
    uint64_t from = 0, id = repair_command(c, &from);
    assert_int_equal(id, row.repair_id);
    assert_int_equal(from, 4);
    assert_int_equal(row.seq, 5); /* the stream is not held up */
    assert_int_equal(on_hand_of(c, "S014", "x"), -3);
    shop_free(&s);
}

static void test_two_failed_repairs_stop(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    shop_sell(&s, "x", 1);
    s.digests[2] ^= 1; /* the store's digest is wrong: no repair can help */
    s.digest ^= 1;
    assert_int_equal(send_digest(c, &s, 2, 2, true), ERR_OK);
    commit(c);
    uint64_t ids[2];
    for (int round = 0; round < 2; round++) {
        fake_clock_pass(&c->fake, 5000);
        uint64_t from = 0, first = s.seq + 1;
        (void)beat(c, &s);
        ids[round] = repair_command(c, &from);
        assert_int_not_equal(ids[round], 0);
        shop_answer(&s, ids[round], from);
        assert_int_equal(send_digest(c, &s, first, s.seq, true), ERR_OK);
        commit(c);
    }
    assert_true(ids[0] != ids[1]);
    assert_int_equal(row_of(c, "S014").repair_id, 0);
    assert_true(alert_open(c, "repair-failed"));
    assert_int_equal(freshness_now(c, "S014").reason, REASON_MISMATCH);
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &s);
    uint64_t from = 0, id = 0;
    assert_int_equal(repair_command(c, &from), 0);
    OK(collector_resync(c->collector, "S014", &id, e)); /* by hand it goes on */
    assert_int_not_equal(id, 0);
    s.digest ^= 1;
    shop_answer(&s, id, s.seq + 1);
    assert_int_equal(send_digest(c, &s, s.seq - 2, s.seq, true), ERR_OK);
    commit(c);
    assert_false(row_of(c, "S014").mismatch);
    assert_false(alert_open(c, "repair-failed"));
    shop_free(&s);
}

static void test_a_repair_is_sent_until_it_is_answered(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    uint64_t id = 0, from = 0;
    forget_published(c);
    OK(collector_resync(c->collector, "S014", &id, e));
    arena_reset(c->arena);
    assert_int_equal(repair_command(c, &from), id); /* at once */
    for (int i = 0; i < 3; i++) {
        fake_clock_pass(&c->fake, 5000);
        (void)beat(c, &s);
        assert_int_equal(repair_command(c, &from), id);
    }
    shop_answer(&s, id, from + 1); /* keys that begin too high are not applied */
    assert_int_equal(send(c, &s, 2, 4), ERR_OK);
    commit(c);
    assert_int_equal(command_of(c, id).state, COMMAND_REFUSED);
    uint64_t again = row_of(c, "S014").repair_id;
    assert_true(again != 0 && again != id);
    shop_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_row_altered_by_sql_comes_back_as_a_correction),
        CASE(test_rows_lost_and_rows_invented_are_made_good),
        CASE(test_a_wrong_balance_opens_one_repair),
        CASE(test_two_failed_repairs_stop),
        CASE(test_a_repair_is_sent_until_it_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
