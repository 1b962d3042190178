#include "tests/unit/uplink_fixture.h"

static const struct uplink_options plain = {.store = "S014"};

static void test_options_are_checked(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&plain, 1);
    struct uplink_log ops = {0};
    struct uplink *u = NULL;
    struct err e = {0};
    struct uplink_options bad = {.store = "no/slash"};
    assert_int_equal(uplink_open(&u, &bad, &ops, &f->bus, &f->clock, NULL, &e), ERR_INVALID);
    assert_null(u);
    bad = (struct uplink_options){.store = "S014", .batch_bytes_max = WIRE_BATCH_BYTES_MAX + 1};
    assert_int_equal(uplink_open(&u, &bad, &ops, &f->bus, &f->clock, NULL, &e), ERR_INVALID);
    bad = (struct uplink_options){.store = "S014", .resend_ms_min = 100, .resend_ms_max = 50};
    assert_int_equal(uplink_open(&u, &bad, &ops, &f->bus, &f->clock, NULL, &e), ERR_INVALID);
    fixture_close(f);
}

static void test_nothing_is_sent_before_an_answer(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&plain, 1);
    fixture_events(f, 3);
    fixture_turn(f);
    assert_int_equal(f->sent_count, 0); /* not connected */
    uplink_connected(f->uplink);
    fixture_turn(f);
    fixture_turn(f);
    assert_int_equal(f->sent_count, 1);
    Tillwire__V1__Heartbeat *h = fixture_heartbeat(f);
    assert_int_equal(h->no, 1);
    assert_int_equal(h->generation, 1);
    assert_int_equal(h->head_seq, 3);
    assert_true(h->head_chain == f->head.chain);
    assert_int_equal(h->digest, 93);
    assert_int_equal(h->outbox, 3);
    assert_int_equal(h->run->counter, 3);
    assert_int_equal(h->state, TILLWIRE__V1__HEARTBEAT__STATE__LIVE);
    assert_null(h->echo);
    fixture_close(f);
}

static void test_an_answer_that_fits_lets_events_go(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&plain, 1);
    fixture_events(f, 3);
    fixture_greet(f, 1);
    struct batch_place place;
    Tillwire__V1__EventBatch *b = fixture_batch(f, &place);
    assert_int_equal(b->first_seq, 2);
    assert_int_equal(b->n_events, 2);
    assert_true(b->prev_chain == f->events[1].chain);
    assert_true(b->digest_valid); /* it ends at the head */
    assert_int_equal(b->digest_after, 93);
    assert_int_equal(place.count, 2);
    assert_true(place.chain == f->head.chain);
    assert_true(b->events[0].len == f->events[2].size);
    assert_memory_equal(b->events[0].data, f->events[2].bytes, f->events[2].size);
    /* right behind the burst one heartbeat asks for the answer, and carries the echo of the first */
    Tillwire__V1__Heartbeat *h = fixture_heartbeat(f);
    assert_int_equal(h->no, 2);
    assert_non_null(h->echo);
    assert_int_equal(h->echo->centre_ms, f->now + 500);
    assert_int_equal(h->echo->elapsed_ms, 0);
    assert_null(fixture_next(f));
    assert_int_equal(f->applied_told, 1);
    fixture_close(f);
}

static void test_the_echo_ages_by_the_boot_clock(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&plain, 1);
    fixture_greet(f, 0);
    int64_t centre_ms = f->now + 500;
    Tillwire__V1__Heartbeat *h = fixture_heartbeat(f);
    assert_int_equal(h->echo->elapsed_ms, 0);
    assert_int_equal(uplink_due_ms(f->uplink), 5000);
    f->now += 5000;
    assert_int_equal(uplink_due_ms(f->uplink), 0);
    fixture_turn(f);
    h = fixture_heartbeat(f);
    assert_int_equal(h->no, 3);
    assert_int_equal(h->echo->centre_ms, centre_ms);
    assert_int_equal(h->echo->elapsed_ms, 5000);
    fixture_close(f);
}

static void test_only_answers_to_this_run_and_to_later_heartbeats_count(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&plain, 1);
    fixture_events(f, 2);
    uplink_connected(f->uplink);
    fixture_turn(f);
    struct answer a = {.no = 1, .generation = 1, .applied_chain = 0xb1, .run_id = 0x44};
    assert_int_equal(fixture_ack(f, &a), ERR_OK); /* another run's */
    a = (struct answer){.no = 1, .generation = 2, .applied_chain = 0xb1};
    assert_int_equal(fixture_ack(f, &a), ERR_OK); /* another generation's */
    a = (struct answer){.no = 2, .generation = 1, .applied_chain = 0xb1};
    assert_int_equal(fixture_ack(f, &a), ERR_OK); /* to a heartbeat never sent */
    struct uplink_status status;
    uplink_status(f->uplink, &status);
    assert_false(status.answered);
    assert_int_equal(status.answered_age_ms, -1);
    fixture_answer(f, 1, 0);
    fixture_answer(f, 2, 2);
    fixture_answer(f, 1, 0); /* overtaken: changes nothing */
    uplink_status(f->uplink, &status);
    assert_true(status.answered);
    assert_int_equal(status.applied_seq, 2);
    fixture_close(f);
}

static void test_a_mark_that_does_not_stand_here_is_a_fork(void **state)
{
    (void)state;
    struct answer marks[] = {
        {.no = 1, .generation = 1, .applied_seq = 2, .applied_chain = 0xbad},
        {.no = 1, .generation = 1, .applied_seq = 9, .applied_chain = 0xbad}, /* beyond our head */
        {.no = 1, .generation = 1, .applied_seq = 0, .applied_chain = 0xbad}, /* another birth */
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        struct fixture *f = fixture_open(&plain, 1);
        fixture_events(f, 3);
        uplink_connected(f->uplink);
        fixture_turn(f);
        assert_int_equal(fixture_heartbeat(f)->no, 1);
        assert_int_equal(fixture_ack(f, &marks[i]), ERR_OK);
        fixture_turn(f);
        assert_int_equal(fixture_heartbeat(f)->state, TILLWIRE__V1__HEARTBEAT__STATE__FORKED);
        f->now += 60000;
        fixture_turn(f);
        assert_int_equal(fixture_heartbeat(f)->state, TILLWIRE__V1__HEARTBEAT__STATE__FORKED);
        assert_null(fixture_next(f)); /* no events */
        assert_int_equal(f->applied_told, 0);
        struct uplink_status status;
        uplink_status(f->uplink, &status);
        assert_true(status.forked);
        fixture_close(f);
    }
}

static void test_closed_and_unknown_stores_send_no_events(void **state)
{
    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        struct fixture *f = fixture_open(&plain, 1);
        fixture_events(f, 3);
        uplink_connected(f->uplink);
        fixture_turn(f);
        struct answer a = {.no = fixture_heartbeat(f)->no,
                           .generation = 1,
                           .applied_chain = 0xb1,
                           .closed = closed == 1,
                           .unknown_store = closed == 0};
        assert_int_equal(fixture_ack(f, &a), ERR_OK);
        fixture_turn(f);
        assert_int_equal(fixture_heartbeat(f)->no, 2);
        assert_null(fixture_next(f));
        struct uplink_status status;
        uplink_status(f->uplink, &status);
        assert_int_equal(status.closed, closed == 1);
        assert_int_equal(status.unknown_store, closed == 0);
        if (closed == 0) { /* enrolled meanwhile */
            fixture_answer(f, 2, 0);
            struct batch_place place;
            assert_int_equal(fixture_batch(f, &place)->n_events, 3);
        }
        fixture_close(f);
    }
}

static void test_deleted_events_are_replaced_by_skipped(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&plain, 1);
    fixture_events(f, 10);
    f->head.oldest_seq = 7;
    fixture_greet(f, 2); /* a mark among deleted seqs fits */
    struct batch_place place;
    Tillwire__V1__EventBatch *b = fixture_batch(f, &place);
    assert_int_equal(b->first_seq, 3);
    assert_int_equal(b->n_events, 1);
    assert_true(b->prev_chain == f->events[2].chain); /* as the ack has it */
    assert_false(b->digest_valid);
    assert_true(place.chain == f->events[6].chain);
    struct err e;
    Tillwire__V1__Event *event = NULL;
    struct slice bytes = {(const char *)b->events[0].data, b->events[0].len};
    assert_int_equal(wire_unpack_event(f->arena, bytes, &event, &e), ERR_OK);
    assert_int_equal(event->body_case, TILLWIRE__V1__EVENT__BODY_SKIPPED);
    assert_int_equal(event->skipped->last, 6);
    assert_true(event->skipped->chain == f->events[6].chain);
    b = fixture_batch(f, &place);
    assert_int_equal(b->first_seq, 7);
    assert_int_equal(b->n_events, 4);
    fixture_close(f);
}

static void test_a_ledger_emptied_by_retention_skips_to_its_head(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&plain, 1);
    fixture_events(f, 4);
    f->head.oldest_seq = 5;
    fixture_greet(f, 0);
    struct batch_place place;
    Tillwire__V1__EventBatch *b = fixture_batch(f, &place);
    assert_int_equal(b->first_seq, 1);
    assert_true(place.chain == f->head.chain);
    assert_int_equal(fixture_heartbeat(f)->no, 2);
    assert_null(fixture_next(f));
    fixture_close(f);
}

static enum err_class command(struct fixture *f, const char *store, uint32_t restore_generation)
{
    Tillwire__V1__Command c;
    Tillwire__V1__RestorePart part;
    Tillwire__V1__Repair repair;
    Tillwire__V1__Run run;
    Tillwire__V1__Mark mark;
    tillwire__v1__command__init(&c);
    tillwire__v1__restore_part__init(&part);
    tillwire__v1__repair__init(&repair);
    tillwire__v1__run__init(&run);
    tillwire__v1__mark__init(&mark);
    char text[STORE_ID_MAX + 1];
    assert_true(slice_copy(slice_of(store), text, sizeof text));
    c.store = text;
    c.id = 77;
    c.generation = restore_generation != 0 ? 0 : 1;
    part.birth = 0xb1;
    part.run = &run;
    run.counter = 3;
    run.id = 0x33;
    part.mark = &mark;
    part.generation = restore_generation;
    part.part = part.parts = 1;
    repair.from_seq = 1;
    c.body_case =
        restore_generation != 0 ? TILLWIRE__V1__COMMAND__BODY_RESTORE : TILLWIRE__V1__COMMAND__BODY_REPAIR;
    if (restore_generation != 0) {
        c.restore = &part;
    } else {
        c.repair = &repair;
    }
    struct err e = {0};
    BUF_AUTO struct buf packed = BUF_INIT(4096);
    assert_int_equal(wire_pack(&c.base, &packed, &e), ERR_OK);
    char topic[TOPIC_BYTES];
    return uplink_message(f->uplink, topic_format(TOPIC_COMMAND, "S014", topic), buf_slice(&packed), &e);
}

static void test_a_new_database_says_hello_until_restored(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&plain, 0);
    uplink_connected(f->uplink);
    fixture_turn(f);
    Tillwire__V1__Heartbeat *h = fixture_heartbeat(f);
    assert_int_equal(h->generation, 0);
    assert_int_equal(h->birth, 0xb1);
    /* answered with the generation that it will get: counts, and opens nothing yet */
    struct answer a = {.no = 1, .generation = 4, .applied_chain = 0xb1};
    assert_int_equal(fixture_ack(f, &a), ERR_OK);
    fixture_turn(f);
    assert_non_null(fixture_heartbeat(f)->echo);
    fixture_event(f); /* the switch books Restored as seq 1 */
    assert_int_equal(command(f, "S014", 4), ERR_OK);
    fixture_turn(f);
    h = fixture_heartbeat(f);
    assert_int_equal(h->generation, 4);
    assert_int_equal(h->head_seq, 1);
    assert_null(fixture_next(f));
    fixture_answer(f, h->no, 0);
    struct batch_place place;
    Tillwire__V1__EventBatch *b = fixture_batch(f, &place);
    assert_int_equal(b->generation, 4);
    assert_int_equal(b->first_seq, 1);
    fixture_close(f);
}

static void test_commands_reach_the_ledger(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&plain, 1);
    assert_int_equal(command(f, "S014", 0), ERR_OK);
    assert_int_equal(f->executed, 1);
    assert_int_equal(command(f, "S015", 0), ERR_INVALID); /* another store's */
    assert_int_equal(f->executed, 1);
    f->execute_class = ERR_INVALID;
    assert_int_equal(command(f, "S014", 0), ERR_INVALID);
    f->execute_class = ERR_FATAL;
    assert_int_equal(command(f, "S014", 0), ERR_FATAL);
    struct err e;
    assert_int_equal(uplink_message(f->uplink, "tillwire/v1/S014/down/ack", SLICE("\xff\xff"), &e),
                     ERR_INVALID);
    assert_int_equal(uplink_message(f->uplink, "tillwire/v1/S015/down/ack", SLICE(""), &e), ERR_INVALID);
    assert_int_equal(uplink_message(f->uplink, "tillwire/v1/S014/up/events", SLICE(""), &e), ERR_INVALID);
    assert_int_equal(uplink_message(f->uplink, "other", SLICE(""), &e), ERR_INVALID);
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_nothing_is_sent_before_an_answer),
        cmocka_unit_test(test_an_answer_that_fits_lets_events_go),
        cmocka_unit_test(test_the_echo_ages_by_the_boot_clock),
        cmocka_unit_test(test_only_answers_to_this_run_and_to_later_heartbeats_count),
        cmocka_unit_test(test_a_mark_that_does_not_stand_here_is_a_fork),
        cmocka_unit_test(test_closed_and_unknown_stores_send_no_events),
        cmocka_unit_test(test_deleted_events_are_replaced_by_skipped),
        cmocka_unit_test(test_a_ledger_emptied_by_retention_skips_to_its_head),
        cmocka_unit_test(test_a_new_database_says_hello_until_restored),
        cmocka_unit_test(test_commands_reach_the_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
