/* Opening stock (PROTOCOL rule 10). */
#include "tests/unit/repair_fixture.h"

/* ---- opening stock ---- */

static Tillwire__V1__Command *opening_sent(struct centre *c)
{
    for (size_t i = 0; i < c->published_count; i++) {
        if (c->published[i].command) {
            return command_at(c, i);
        }
    }
    return NULL;
}

static void shop_done(struct shop *s, uint64_t command, int outcome, const char *item, int64_t on_hand)
{
    Tillwire__V1__Event event;
    Tillwire__V1__CommandDone done;
    Tillwire__V1__Movement m, *movements[] = {&m};
    char name[16], reason[] = "";
    tillwire__v1__event__init(&event);
    tillwire__v1__command_done__init(&done);
    done.command = command;
    done.outcome = (Tillwire__V1__CommandDone__Outcome)outcome;
    done.reason = reason;
    done.rows_done = item != NULL;
    event.body_case = TILLWIRE__V1__EVENT__BODY_COMMAND_DONE;
    event.command_done = &done;
    if (item != NULL) {
        (void)snprintf(name, sizeof name, "%s", item);
        struct shop_row *row = shop_row(s, item);
        s->digest -= shop_row_hash(row);
        row->basis = TILLWIRE__V1__BASIS__BASIS_OPENING;
        row->basis_ms = INT64_C(1763999980000);
        s->digest += shop_row_hash(row);
        shop_move(s, &m, name, TILLWIRE__V1__MOVEMENT_KIND__OPENING, on_hand - row->on_hand);
        event.movements = movements;
        event.n_movements = 1;
    }
    shop_emit(s, &event);
}

static void test_opening_stock_goes_through_the_store(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    int64_t as_of = INT64_C(1763999980000);
    shop_sell_at(&s, "x", 10000, as_of - 1); /* in the count already */
    shop_sell_at(&s, "x", 30000, as_of + 1);
    assert_int_equal(send(c, &s, 2, 3), ERR_OK);
    commit(c);
    struct collector_opening rows[] = {{SLICE("x"), SLICE(""), SLICE(""), 1000000}};
    unsigned commands = 0;
    uint64_t id = 0;
    forget_published(c);
    OK(collector_opening_stock(c->collector, "S014", as_of, rows, 1, &commands, &id, e));
    assert_int_equal(commands, 1);
    arena_reset(c->arena);
    Tillwire__V1__Command *command = opening_sent(c);
    assert_non_null(command);
    assert_int_equal(command->id, id);
    assert_int_equal(command->generation, 1);
    assert_int_equal(command->opening->as_of_ms, as_of);
    assert_int_equal(command->opening->cursor->seq, 3);
    assert_int_equal(command->opening->cursor->chain, s.chain[3]);
    assert_int_equal(command->opening->rows[0]->moved_since_e4, -30000);
    shop_sell_at(&s, "x", 5, as_of + 2); /* the cursor moved before it arrived there */
    shop_done(&s, id, TILLWIRE__V1__COMMAND_DONE__OUTCOME__NOT_EXECUTED, NULL, 0);
    assert_int_equal(send(c, &s, 4, 5), ERR_OK);
    forget_published(c);
    commit(c);
    arena_reset(c->arena);
    command = opening_sent(c); /* anew, at once */
    assert_non_null(command);
    assert_int_equal(command->opening->cursor->seq, 5);
    assert_int_equal(command->opening->rows[0]->moved_since_e4, -30005);
    shop_done(&s, id, TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE, "x", 1000000 - 30005);
    assert_int_equal(send_digest(c, &s, 6, 6, true), ERR_OK);
    commit(c);
    bool found;
    struct store_stock x = stock_of(c, "S014", "x", &found);
    assert_int_equal(x.on_hand_e4, 1000000 - 30005);
    assert_int_equal(x.recorded_e4, -40005); /* openings left out */
    assert_int_equal(x.basis, TILLWIRE__V1__BASIS__BASIS_OPENING);
    assert_int_equal(x.basis_ms, as_of);
    assert_int_equal(command_of(c, id).state, COMMAND_DONE);
    assert_int_equal(row_of(c, "S014").verified_seq, 6);
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &s);
    assert_int_equal(c->published_count, 1); /* answered: not sent again */
    shop_free(&s);
}

static void test_opening_stock_waits_for_seq_1_and_for_repairs(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_make("S014");
    struct collector_opening rows[] = {{SLICE("x"), SLICE("floor"), SLICE("EA"), 5}};
    unsigned commands;
    uint64_t id = 0, repair = 0, from = 0;
    enrol(c, "S014");
    OK(collector_opening_stock(c->collector, "S014", INT64_C(1763999980000), rows, 1, &commands, &id, e));
    s.generation = beat(c, &s)->generation;
    shop_restored(&s);
    (void)beat(c, &s);
    assert_int_equal(c->published_count, 1);
    assert_int_equal(send_digest(c, &s, 1, 1, true), ERR_OK);
    commit(c);
    OK(collector_resync(c->collector, "S014", &repair, e));
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &s);
    assert_int_equal(c->published_count, 2);
    assert_int_equal(repair_command(c, &from), repair);
    shop_answer(&s, repair, from);
    assert_int_equal(send_digest(c, &s, 2, s.seq, true), ERR_OK);
    commit(c);
    assert_int_equal(command_of(c, id).state, COMMAND_REFUSED); /* its as-of lies before the repair */
    struct err error;
    assert_int_equal(collector_opening_stock(c->collector, "S014", INT64_C(1763999980000), rows, 1, &commands,
                                             &id, &error),
                     ERR_INVALID);
    OK(collector_opening_stock(c->collector, "S014", c->fake.wall_ms, rows, 1, &commands, &id, e));
    shop_free(&s);
}

static void test_opening_stock_is_split_and_checked(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    enum { ROWS = 900 };
    static struct collector_opening rows[ROWS];
    static char names[ROWS][16];
    for (int i = 0; i < ROWS; i++) {
        (void)snprintf(names[i], sizeof names[i], "i%d", i);
        rows[i] = (struct collector_opening){slice_of(names[i]), SLICE("floor"), SLICE("EA"), i};
    }
    unsigned commands = 0;
    uint64_t id = 0;
    struct err error;
    OK(collector_opening_stock(c->collector, "S014", 1000, rows, ROWS, &commands, &id, e));
    assert_int_equal(commands, 3);
    rows[1].quantity_e4 = INT64_MAX;
    assert_int_equal(collector_opening_stock(c->collector, "S014", 1000, rows, 2, &commands, &id, &error),
                     ERR_INVALID);
    assert_non_null(strstr(error.message, "row 2"));
    rows[1].quantity_e4 = 0;
    rows[1].item = SLICE("\xff");
    assert_int_equal(collector_opening_stock(c->collector, "S014", 1000, rows, 2, &commands, &id, &error),
                     ERR_INVALID);
    assert_int_equal(
        collector_opening_stock(c->collector, "S014", c->fake.wall_ms + 1, rows, 1, &commands, &id, &error),
        ERR_INVALID);
    assert_int_equal(collector_opening_stock(c->collector, "S999", 1000, rows, 1, &commands, &id, &error),
                     ERR_INVALID);
    assert_int_equal(
        collector_opening_stock(c->collector, "no such id", 1000, rows, 1, &commands, &id, &error),
        ERR_INVALID);
    shop_free(&s);
}

static void test_a_repair_goes_past_openings_that_it_holds_back(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    struct collector_opening rows[] = {{SLICE("x"), SLICE("floor"), SLICE("EA"), 5}};
    unsigned commands;
    uint64_t id = 0, repair = 0, from = 0;
    c->deaf = true; /* the openings are lost on their way */
    for (int i = 0; i < 6; i++) {
        OK(collector_opening_stock(c->collector, "S014", 1000, rows, 1, &commands, &id, e));
    }
    OK(collector_resync(c->collector, "S014", &repair, e));
    c->deaf = false;
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &s);
    assert_int_equal(repair_command(c, &from), repair);
    assert_int_equal(c->published_count, 2); /* the ack and the repair */
    shop_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_opening_stock_goes_through_the_store),
        CASE(test_opening_stock_waits_for_seq_1_and_for_repairs),
        CASE(test_opening_stock_is_split_and_checked),
        CASE(test_a_repair_goes_past_openings_that_it_holds_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
