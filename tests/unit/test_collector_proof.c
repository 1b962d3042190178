/* What is proven: provisioning, heartbeats and freshness (PROTOCOL rules 4 and 7). */
#include "tests/unit/collector_fixture.h"

#define ASSERT_FRESH(c, store) \
    assert_string_equal(freshness_state_name(freshness_now(c, store).state), "fresh")
#define ASSERT_REASON(c, store, why) assert_int_equal(freshness_now(c, store).reason, why)

/* ---- first provisioning ---- */

static void test_a_new_database_is_given_a_generation(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_make("S014");
    enrol(c, "S014");
    assert_int_equal(freshness_now(c, "S014").state, NEVER_SEEN);
    Tillwire__V1__Ack *ack = beat(c, &s);
    assert_int_equal(ack->generation, 1);
    assert_int_equal(ack->applied_seq, 0);
    assert_int_equal(ack->applied_chain, s.birth);
    assert_false(ack->closed);
    Tillwire__V1__Command *command = command_at(c, 1);
    assert_int_equal(command->generation, 0);
    assert_int_equal(command->body_case, TILLWIRE__V1__COMMAND__BODY_RESTORE);
    assert_int_equal(command->restore->birth, s.birth);
    assert_int_equal(command->restore->generation, 1);
    assert_int_equal(command->restore->part, 1);
    assert_int_equal(command->restore->parts, 1);
    assert_int_equal(command->restore->run->id, s.run_id);
    assert_int_equal(command->restore->mark->generation, 0);
    uint64_t id = command->id;
    ASSERT_REASON(c, "S014", REASON_REBUILDING);
    new_run(&s); /* it restarts before the restore came: the same offer, for the new run */
    centre_stop(c);
    centre_start(c);
    assert_int_equal(beat(c, &s)->generation, 1);
    command = command_at(c, 1);
    assert_int_equal(command->id, id);
    assert_int_equal(command->restore->run->id, s.run_id);
    s.generation = 1;
    shop_restored(&s);
    ack = beat(c, &s); /* before seq 1 is applied */
    assert_int_equal(ack->generation, 1);
    assert_int_equal(ack->applied_seq, 0);
    assert_int_equal(ack->applied_chain, s.birth);
    assert_int_equal(c->published_count, 1); /* no restore any more */
    ASSERT_REASON(c, "S014", REASON_REBUILDING);
    assert_int_equal(send_digest(c, &s, 1, 1, true), ERR_OK);
    ack = beat(c, &s);
    assert_int_equal(ack->applied_seq, 1);
    assert_int_equal(ack->applied_chain, s.chain[1]);
    assert_int_equal(row_of(c, "S014").generation, 1);
    assert_int_equal(row_of(c, "S014").offered_generation, 0);
    fake_clock_pass(&c->fake, 1000);
    (void)beat(c, &s);
    ASSERT_FRESH(c, "S014");
    shop_free(&s);
}

static void test_events_of_another_generation_are_refused(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_make("S014");
    enrol(c, "S014");
    (void)beat(c, &s);
    s.generation = 2;
    shop_restored(&s);
    assert_int_equal(send(c, &s, 1, 1), ERR_INVALID);
    s.generation = 1;
    s.chain[0] = 99; /* not the birth that was offered */
    assert_int_equal(send(c, &s, 1, 1), ERR_INVALID);
    s.chain[0] = s.birth;
    s.seq = 0;
    shop_sell(&s, "x", 1); /* seq 1 must be Restored */
    assert_int_equal(send(c, &s, 1, 1), ERR_INVALID);
    commit(c);
    assert_int_equal(row_of(c, "S014").generation, 0);
    shop_free(&s);
}

static void test_two_new_databases_do_not_share_a_store(void **state)
{
    struct centre *c = *state;
    struct shop a = shop_make("S014"), b = shop_make("S014");
    b.birth = b.chain[0] = 0xbbb;
    b.run_id = 0x77;
    enrol(c, "S014");
    assert_int_equal(beat(c, &a)->generation, 1);
    assert_int_equal(beat(c, &b)->generation, 0); /* the first is alive */
    assert_int_equal(c->published_count, 1);
    assert_true(alert_open(c, "hello"));
    fake_clock_pass(&c->fake, 45000);
    assert_int_equal(beat(c, &b)->generation, 2); /* the first fell silent */
    a.generation = 1;
    shop_restored(&a);
    Tillwire__V1__Ack *ack = beat(c, &a);
    assert_true(ack->closed);
    assert_int_equal(ack->generation, 1);
    shop_free(&a);
    shop_free(&b);
}

static void test_a_new_database_of_a_living_store_is_refused_for_now(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014"), other = shop_make("S014");
    beat_twice(c, &s);
    ASSERT_FRESH(c, "S014");
    other.birth = other.chain[0] = 0xbbb;
    other.run_id = 0x77;
    Tillwire__V1__Ack *ack = beat(c, &other);
    assert_false(ack->closed);
    assert_int_equal(ack->generation, 0);
    assert_int_equal(c->published_count, 1);
    assert_true(alert_open(c, "hello"));
    (void)beat(c, &s);
    ASSERT_REASON(c, "S014", REASON_REBUILDING);
    for (int i = 0; i < 9; i++) { /* three SLAs of silence */
        fake_clock_pass(&c->fake, 5000);
        (void)beat(c, &s);
        OK(collector_turn(c->collector, e));
    }
    ASSERT_FRESH(c, "S014");
    assert_false(alert_open(c, "hello"));
    s.generation = 0; /* an older state of the same database says Hello */
    s.heartbeat_no++;
    ack = beat(c, &s);
    assert_true(ack->closed);
    assert_int_equal(ack->generation, 0);
    shop_free(&s);
    shop_free(&other);
}

static void test_a_generation_unknown_to_a_new_centre_is_adopted(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_make("S014");
    enrol(c, "S014");
    s.generation = 7;
    shop_restored(&s);
    shop_sell(&s, "x", 3);
    Tillwire__V1__Ack *ack = beat(c, &s);
    assert_int_equal(ack->generation, 7);
    assert_int_equal(ack->applied_seq, 0);
    assert_int_equal(ack->applied_chain, s.birth);
    assert_int_equal(send_digest(c, &s, 1, 2, true), ERR_OK);
    commit(c);
    assert_int_equal(on_hand_of(c, "S014", "x"), -3);
    assert_int_equal(row_of(c, "S014").verified_seq, 2);
    s.generation = 6;
    assert_true(beat(c, &s)->closed);
    s.generation = 7;
    s.birth++;
    assert_true(beat(c, &s)->closed);
    shop_free(&s);
}

/* ---- freshness by echo ---- */

static void test_only_an_echo_proves(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    new_run(&s);
    (void)beat(c, &s); /* no echo: whatever queue it sat in */
    assert_int_equal(row_of(c, "S014").fresh_as_of_ms, 0);
    fake_clock_pass(&c->fake, 20000);
    (void)beat(c, &s);
    ASSERT_FRESH(c, "S014");
    assert_int_equal(row_of(c, "S014").fresh_as_of_ms, c->fake.wall_ms);
    struct freshness f = freshness_now(c, "S014");
    assert_int_equal(f.age_ms, 0);
    shop_free(&s);
}

static void test_a_heartbeat_that_sat_in_a_queue_proves_when_it_was_sent(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    Tillwire__V1__Heartbeat h;
    Tillwire__V1__Run run;
    Tillwire__V1__Echo echo;
    fake_clock_pass(&c->fake, 3000);
    heartbeat_of(c, &s, &h, &run, &echo);
    int64_t sent_ms = c->fake.wall_ms;
    fake_clock_pass(&c->fake, 60000);
    assert_int_equal(send_heartbeat(c, &s, &h), ERR_OK);
    commit(c);
    assert_int_equal(row_of(c, "S014").fresh_as_of_ms, sent_ms);
    ASSERT_REASON(c, "S014", REASON_LATE);
    shop_free(&s);
}

static void test_an_echo_from_the_future_or_another_epoch_proves_nothing(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    int64_t before = row_of(c, "S014").fresh_as_of_ms;
    assert_int_not_equal(before, 0);
    s.echo_centre_ms = c->fake.wall_ms + 1000000;
    (void)beat(c, &s);
    assert_int_equal(row_of(c, "S014").fresh_as_of_ms, before);
    fake_clock_pass(&c->fake, 10000);
    s.echo_epoch++;
    (void)beat(c, &s);
    assert_int_equal(row_of(c, "S014").fresh_as_of_ms, before);
    shop_free(&s);
}

static void test_a_clock_that_steps_back_voids_every_proof(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    ASSERT_FRESH(c, "S014");
    c->fake.wall_ms -= 3600000;
    ASSERT_REASON(c, "S014", REASON_LATE);
    assert_int_equal(freshness_now(c, "S014").age_ms, -1);
    (void)beat(c, &s); /* echoes the epoch before */
    ASSERT_REASON(c, "S014", REASON_LATE);
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &s);
    ASSERT_FRESH(c, "S014");
    shop_free(&s);
}

static void test_a_restart_of_the_centre_voids_every_proof(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    ASSERT_FRESH(c, "S014");
    centre_stop(c);
    centre_start(c);
    ASSERT_REASON(c, "S014", REASON_LATE);
    beat_twice(c, &s);
    ASSERT_FRESH(c, "S014");
    shop_free(&s);
}

static void test_unapplied_events_do_not_vouch(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    int64_t proven = row_of(c, "S014").fresh_as_of_ms;
    shop_sell(&s, "x", 1); /* it was sold; the events are on their way */
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &s);
    assert_int_equal(row_of(c, "S014").fresh_as_of_ms, proven);
    assert_false(row_of(c, "S014").vouched);
    fake_clock_pass(&c->fake, 12000);
    (void)beat(c, &s);
    ASSERT_REASON(c, "S014", REASON_BACKLOG);
    assert_int_equal(send(c, &s, 2, 2), ERR_OK);
    (void)beat(c, &s);
    ASSERT_FRESH(c, "S014");
    shop_free(&s);
}

static void test_a_heartbeat_behind_the_cursor_vouches_if_its_run_made_it(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    Tillwire__V1__Heartbeat h;
    Tillwire__V1__Run run;
    Tillwire__V1__Echo echo;
    fake_clock_pass(&c->fake, 5000);
    heartbeat_of(c, &s, &h, &run, &echo);
    shop_sell(&s, "x", 1);
    assert_int_equal(send(c, &s, 2, 2), ERR_OK); /* overtook the heartbeat */
    assert_int_equal(send_heartbeat(c, &s, &h), ERR_OK);
    commit(c);
    assert_true(row_of(c, "S014").vouched);
    assert_int_equal(row_of(c, "S014").fresh_as_of_ms, c->fake.wall_ms);
    shop_free(&s);
}

static void test_within_a_run_a_lower_number_changes_nothing(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    Tillwire__V1__Heartbeat old, h;
    Tillwire__V1__Run run, run2;
    Tillwire__V1__Echo echo, echo2;
    heartbeat_of(c, &s, &old, &run, &echo);
    old.disk_free_bytes = 1;
    fake_clock_pass(&c->fake, 1000);
    heartbeat_of(c, &s, &h, &run2, &echo2);
    h.disk_free_bytes = 2;
    assert_int_equal(send_heartbeat(c, &s, &h), ERR_OK);
    assert_int_equal(send_heartbeat(c, &s, &old), ERR_OK);
    commit(c);
    assert_int_equal(row_of(c, "S014").heartbeat_no, h.no);
    shop_free(&s);
}

static void test_another_run_s_unmet_head_holds_freshness_back(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    shop_sell(&s, "x", 1);
    fake_clock_pass(&c->fake, 1000);
    (void)beat(c, &s); /* announces seq 2; its events are lost on the way */
    s.seq = 1;         /* and the database comes back without it: a disk that lied */
    s.row_count = 0;
    s.digest = s.number = 0;
    new_run(&s);
    for (int i = 0; i < 4; i++) {
        fake_clock_pass(&c->fake, 5000);
        (void)beat(c, &s);
    }
    assert_int_equal(row_of(c, "S014").run_id, s.run_id);
    assert_int_equal(row_of(c, "S014").other_head_seq, 2);
    assert_false(row_of(c, "S014").vouched);
    assert_true(alert_open(c, "possible-loss"));
    assert_int_not_equal(freshness_now(c, "S014").state, FRESH);
    shop_sell(&s, "y", 1); /* the cursor passes it, with another content */
    assert_int_equal(send(c, &s, 2, 2), ERR_OK);
    (void)beat(c, &s);
    assert_int_equal(row_of(c, "S014").other_head_seq, 0);
    ASSERT_FRESH(c, "S014");
    shop_free(&s);
}

static void test_an_old_run_alive_after_a_newer_one_is_a_copy(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    struct shop copy = s;
    new_run(&s);
    beat_twice(c, &s);
    assert_int_equal(row_of(c, "S014").run_id, s.run_id);
    ASSERT_FRESH(c, "S014");
    fake_clock_pass(&c->fake, 5000);
    (void)beat(c, &copy);
    assert_true(alert_open(c, "fork"));
    ASSERT_REASON(c, "S014", REASON_QUARANTINED);
    shop_free(&s);
}

static void test_a_late_word_of_a_dead_run_is_not_taken_for_a_copy(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    struct shop before = s;
    Tillwire__V1__Heartbeat h;
    Tillwire__V1__Run run;
    Tillwire__V1__Echo echo;
    heartbeat_of(c, &before, &h, &run, &echo); /* its last, held up in a queue */
    fake_clock_pass(&c->fake, 500);
    new_run(&s);
    beat_twice(c, &s);
    assert_int_equal(send_heartbeat(c, &before, &h), ERR_OK);
    commit(c);
    assert_false(alert_open(c, "fork"));
    assert_int_equal(row_of(c, "S014").run_id, s.run_id);
    ASSERT_FRESH(c, "S014");
    shop_free(&s);
}

static void test_a_head_with_another_chain_is_a_fork(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    s.chain[1]++;
    fake_clock_pass(&c->fake, 1000);
    (void)beat(c, &s);
    assert_true(alert_open(c, "fork"));
    assert_false(row_of(c, "S014").vouched);
    shop_free(&s);
}

static void test_sources_and_gaps_come_with_the_heartbeat(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    beat_twice(c, &s);
    Tillwire__V1__Heartbeat h;
    Tillwire__V1__Run run;
    Tillwire__V1__Echo echo;
    Tillwire__V1__SourceState source, *sources[] = {&source};
    Tillwire__V1__SequenceGap gap, *gaps[] = {&gap};
    char name[] = "pos", workstation[] = "3";
    heartbeat_of(c, &s, &h, &run, &echo);
    tillwire__v1__source_state__init(&source);
    tillwire__v1__sequence_gap__init(&gap);
    source.name = name;
    source.last_read_ok_age_ms = 60001;
    gap.workstation = workstation;
    gap.first = gap.last = 90;
    h.sources = sources;
    h.n_sources = 1;
    h.gaps = gaps;
    h.n_gaps = 1;
    h.gap_count = 1;
    fake_clock_pass(&c->fake, 1);
    echo.elapsed_ms++;
    assert_int_equal(send_heartbeat(c, &s, &h), ERR_OK);
    commit(c);
    ASSERT_REASON(c, "S014", REASON_SOURCE);
    fake_clock_pass(&c->fake, 1000);
    (void)beat(c, &s); /* no gaps any more */
    ASSERT_FRESH(c, "S014");
    shop_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_new_database_is_given_a_generation),
        CASE(test_events_of_another_generation_are_refused),
        CASE(test_two_new_databases_do_not_share_a_store),
        CASE(test_a_new_database_of_a_living_store_is_refused_for_now),
        CASE(test_a_generation_unknown_to_a_new_centre_is_adopted),
        CASE(test_only_an_echo_proves),
        CASE(test_a_heartbeat_that_sat_in_a_queue_proves_when_it_was_sent),
        CASE(test_an_echo_from_the_future_or_another_epoch_proves_nothing),
        CASE(test_a_clock_that_steps_back_voids_every_proof),
        CASE(test_a_restart_of_the_centre_voids_every_proof),
        CASE(test_unapplied_events_do_not_vouch),
        CASE(test_a_heartbeat_behind_the_cursor_vouches_if_its_run_made_it),
        CASE(test_within_a_run_a_lower_number_changes_nothing),
        CASE(test_another_run_s_unmet_head_holds_freshness_back),
        CASE(test_an_old_run_alive_after_a_newer_one_is_a_copy),
        CASE(test_a_late_word_of_a_dead_run_is_not_taken_for_a_copy),
        CASE(test_a_head_with_another_chain_is_a_fork),
        CASE(test_sources_and_gaps_come_with_the_heartbeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
