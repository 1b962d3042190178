/* Opening stock, and commands in general: executed once, answered as often as asked (PROTOCOL rule 10). */
#include "tests/unit/ledger_kit.h"

static int set_up(void **state)
{
    struct kit *k = calloc(1, sizeof *k);
    assert_non_null(k);
    kit_start(k, 1);
    *state = k;
    return 0;
}

static int tear_down(void **state)
{
    kit_check_invariants(*state);
    kit_end(*state);
    free(*state);
    return 0;
}

static Tillwire__V1__CommandDone expect_done(struct kit *k, uint64_t id,
                                             Tillwire__V1__CommandDone__Outcome outcome)
{
    Tillwire__V1__Event *event = kit_last_event(k);
    assert_int_equal(event->body_case, TILLWIRE__V1__EVENT__BODY_COMMAND_DONE);
    Tillwire__V1__CommandDone done = *event->command_done;
    assert_int_equal(done.command, id);
    assert_int_equal(done.outcome, outcome);
    done.reason = NULL;
    kit_free(event);
    return done;
}

static void test_an_opening_adds_what_moved_after_it(void **state)
{
    struct kit *k = *state;
    kit_sell_at(k, 1, KIT_NOON_S - 100); /* seq 2, before the as-of */
    kit_sell_at(k, 2, KIT_NOON_S + 100); /* seq 3, after, known to the centre */
    kit_sell_at(k, 3, KIT_NOON_S + 100); /* seq 4, after, beyond the cursor */
    kit_sell_at(k, 4, KIT_NOON_S - 100); /* seq 5, before, beyond the cursor */
    kit_sell_at(k, 5, INT64_MIN);        /* seq 6, unknown: counts as after */
    struct kit_opening o;
    kit_say_opening(k, &o, 9, KIT_NOW_MS, 3, 500000);
    o.rows[0].moved_since_e4 = -10000;
    kit_ok(ledger_execute(k->l, &o.command, e));
    Tillwire__V1__CommandDone done = expect_done(k, 9, TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE);
    assert_int_equal(done.rows_done, 1);
    struct kit_row row = kit_row(k, "Item_1");
    assert_int_equal(row.on_hand, 500000 - 10000 - 20000);
    assert_int_equal(row.recorded, -50000); /* openings left out */
    assert_int_equal(row.basis, TILLWIRE__V1__BASIS__BASIS_OPENING);
    assert_int_equal(row.basis_ms, KIT_NOW_MS);
    Tillwire__V1__Event *event = kit_last_event(k);
    assert_int_equal(event->movements[0]->kind, TILLWIRE__V1__MOVEMENT_KIND__OPENING);
    assert_int_equal(event->movements[0]->on_hand_e4, 470000);
    assert_int_equal(event->movements[0]->on_hand_delta_e4, 520000);
    kit_free(event);
}

static void test_a_record_from_before_the_opening_enters_corrected(void **state)
{
    struct kit *k = *state;
    struct kit_opening o;
    kit_say_opening(k, &o, 9, KIT_NOW_MS, 1, 500000);
    kit_ok(ledger_execute(k->l, &o.command, e));
    kit_sell_at(k, 1, KIT_NOON_S); /* not after the as-of */
    Tillwire__V1__Event *event = kit_last_event(k);
    assert_int_equal(event->n_movements, 2);
    assert_int_equal(event->movements[0]->kind, TILLWIRE__V1__MOVEMENT_KIND__SALE);
    assert_int_equal(event->movements[0]->on_hand_e4, 490000);
    assert_int_equal(event->movements[1]->kind, TILLWIRE__V1__MOVEMENT_KIND__OPENING_CORRECTION);
    assert_int_equal(event->movements[1]->on_hand_delta_e4, 10000);
    assert_int_equal(event->movements[1]->on_hand_e4, 500000);
    kit_free(event);
    assert_int_equal(kit_row(k, "Item_1").on_hand, 500000);
    assert_int_equal(kit_row(k, "Item_1").recorded, -10000);
    kit_sell_at(k, 2, KIT_NOON_S + 1);
    kit_sell_at(k, 3, INT64_MIN);
    assert_int_equal(kit_row(k, "Item_1").on_hand, 480000);
}

static void test_an_older_opening_never_overrides(void **state)
{
    struct kit *k = *state;
    struct kit_opening o;
    kit_say_opening(k, &o, 9, KIT_NOW_MS, 1, 500000);
    kit_ok(ledger_execute(k->l, &o.command, e));
    kit_say_opening(k, &o, 10, KIT_NOW_MS - 1, 1, 900000);
    o.opening.n_rows = 2; /* Item_2 was never opened */
    kit_ok(ledger_execute(k->l, &o.command, e));
    Tillwire__V1__CommandDone done = expect_done(k, 10, TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE);
    assert_int_equal(done.rows_done, 1);
    assert_int_equal(done.rows_passed_over, 1);
    assert_int_equal(kit_row(k, "Item_1").on_hand, 500000);
    assert_int_equal(kit_row(k, "Item_2").basis, TILLWIRE__V1__BASIS__BASIS_OPENING);
    kit_say_opening(k, &o, 11, KIT_NOW_MS, 1, 700000); /* the same moment: a mistake mended */
    kit_ok(ledger_execute(k->l, &o.command, e));
    assert_int_equal(kit_row(k, "Item_1").on_hand, 700000);
}

static void test_an_opening_of_a_foreign_mark_is_not_executed(void **state)
{
    struct kit *k = *state;
    kit_sell_at(k, 1, KIT_NOON_S);
    struct kit_opening o;
    kit_say_opening(k, &o, 9, KIT_NOW_MS, 2, 500000);
    o.cursor.chain++;
    kit_ok(ledger_execute(k->l, &o.command, e));
    (void)expect_done(k, 9, TILLWIRE__V1__COMMAND_DONE__OUTCOME__NOT_EXECUTED);
    assert_int_equal(kit_row(k, "Item_1").basis, TILLWIRE__V1__BASIS__BASIS_NONE);
    uint64_t seq = kit_head(k).seq;
    kit_ok(ledger_execute(k->l, &o.command, e)); /* the answer is on its way */
    assert_int_equal(kit_head(k).seq, seq);
    kit_ok(ledger_applied(k->l, seq, 1, e));
    kit_say_opening(k, &o, 9, KIT_NOW_MS, seq, 500000); /* sent anew with a mark that fits */
    kit_ok(ledger_execute(k->l, &o.command, e));
    (void)expect_done(k, 9, TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE);
    kit_say_opening(k, &o, 12, KIT_NOW_MS, 2, 500000);
    o.cursor.generation = 2;
    kit_ok(ledger_execute(k->l, &o.command, e));
    (void)expect_done(k, 12, TILLWIRE__V1__COMMAND_DONE__OUTCOME__NOT_EXECUTED);
    struct err why = {0};
    o.command.id = 13;
    o.command.generation = 2;
    assert_int_equal(ledger_execute(k->l, &o.command, &why), ERR_INVALID);
}

static void test_an_opening_that_cannot_be_is_refused(void **state)
{
    struct kit *k = *state;
    struct kit_opening o;
    kit_say_opening(k, &o, 9, KIT_NOW_MS, 1, 1);
    o.opening.n_rows = 2;
    o.rows[1].item = o.rows[0].item;
    kit_ok(ledger_execute(k->l, &o.command, e));
    (void)expect_done(k, 9, TILLWIRE__V1__COMMAND_DONE__OUTCOME__REFUSED);
    kit_sell_at(k, 1, KIT_NOON_S);
    kit_say_opening(k, &o, 10, KIT_NOW_MS, 1, INT64_MAX);
    kit_ok(ledger_execute(k->l, &o.command, e));
    (void)expect_done(k, 10, TILLWIRE__V1__COMMAND_DONE__OUTCOME__REFUSED);
    assert_int_equal(kit_row(k, "Item_1").on_hand, -10000);
}

static void test_a_command_is_executed_once(void **state)
{
    struct kit *k = *state;
    struct kit_opening o;
    kit_say_opening(k, &o, 9, KIT_NOW_MS, 1, 500000);
    kit_ok(ledger_execute(k->l, &o.command, e));
    uint64_t seq = kit_head(k).seq;
    kit_sell_at(k, 1, KIT_NOON_S + 10);
    kit_reopen(k);
    kit_ok(ledger_execute(k->l, &o.command, e));
    assert_int_equal(kit_head(k).seq, seq + 1); /* only the sale */
    kit_ok(ledger_applied(k->l, seq, 1, e));
    kit_ok(ledger_execute(k->l, &o.command, e)); /* its answer is applied, and still it asks: told again */
    Tillwire__V1__CommandDone done = expect_done(k, 9, TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE);
    assert_int_equal(done.rows_done, 1);
    Tillwire__V1__Event *event = kit_last_event(k);
    assert_int_equal(event->n_movements, 0);
    kit_free(event);
    assert_int_equal(kit_row(k, "Item_1").on_hand, 490000);
    uint64_t answered = kit_head(k).seq;
    kit_ok(ledger_execute(k->l, &o.command, e));
    assert_int_equal(kit_head(k).seq, answered);
}

static void test_an_opening_larger_than_an_event(void **state)
{
    struct kit *k = *state;
    enum { ROWS = 4500 };
    Tillwire__V1__OpeningRow *rows = calloc(ROWS, sizeof *rows);
    Tillwire__V1__OpeningRow **pointers = calloc(ROWS, sizeof(Tillwire__V1__OpeningRow *));
    char(*names)[24] = calloc(ROWS, sizeof *names);
    assert_true(rows != NULL && pointers != NULL && names != NULL);
    for (int i = 0; i < ROWS; i++) {
        tillwire__v1__opening_row__init(&rows[i]);
        (void)snprintf(names[i], sizeof names[i], "Item_%d", i);
        rows[i].item = names[i];
        rows[i].quantity_e4 = i;
        pointers[i] = &rows[i];
    }
    struct kit_opening o;
    kit_say_opening(k, &o, 9, KIT_NOW_MS, 1, 0);
    o.opening.rows = pointers;
    o.opening.n_rows = ROWS;
    kit_ok(ledger_execute(k->l, &o.command, e));
    Tillwire__V1__CommandDone done = expect_done(k, 9, TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE);
    assert_int_equal(done.rows_done, ROWS);
    struct kit_sum sum = kit_sum_events(k, "Item_4499", "floor");
    assert_int_equal(sum.movements, ROWS);
    assert_int_equal(sum.events, 1 + 3);
    assert_int_equal(sum.on_hand, 4499);
    kit_ok(ledger_verify(k->l, e));
    kit_reopen(k);
    assert_int_equal(kit_head(k).row_count, ROWS);
    free(rows);
    free(pointers);
    free(names);
    kit_end(k); /* too many rows for the invariants' row-by-row check */
    kit_start(k, 1);
}

static void test_an_unknown_command_is_refused(void **state)
{
    struct kit *k = *state;
    Tillwire__V1__Command command;
    kit_command(&command, 5);
    kit_ok(ledger_execute(k->l, &command, e));
    (void)expect_done(k, 5, TILLWIRE__V1__COMMAND_DONE__OUTCOME__REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_opening_adds_what_moved_after_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_record_from_before_the_opening_enters_corrected, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_older_opening_never_overrides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_opening_of_a_foreign_mark_is_not_executed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_opening_that_cannot_be_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_command_is_executed_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_opening_larger_than_an_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_unknown_command_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
