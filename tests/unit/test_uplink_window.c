/* How much is in flight, when it is sent again, and that nothing is lost or taken twice over a bus that
 * loses, repeats and reorders. */
#include "edge/uplink/window.h"
#include "tests/unit/uplink_fixture.h"

static const struct uplink_options small = {.store = "S014",
                                            .window_bytes_max = 2000,
                                            .batch_bytes_max = 600,
                                            .resend_ms_min = 2000,
                                            .resend_ms_max = 8000};

static void test_the_window_counts_bytes_in_flight(void **state)
{
    (void)state;
    struct window w = {0};
    for (uint64_t i = 1; i <= 3 * WINDOW_ENTRIES_MAX; i++) {
        window_add(&w, i * 10, 5);
    }
    assert_int_equal(w.bytes, 15 * WINDOW_ENTRIES_MAX);
    assert_int_equal(w.count, WINDOW_ENTRIES_MAX);
    window_applied(&w, 9);
    assert_int_equal(w.bytes, 15 * WINDOW_ENTRIES_MAX);
    window_applied(&w, 25);
    assert_int_equal(w.bytes, 15 * WINDOW_ENTRIES_MAX - 10);
    window_applied(&w, 30 * WINDOW_ENTRIES_MAX);
    assert_int_equal(w.bytes, 0);
    window_add(&w, 30 * WINDOW_ENTRIES_MAX + 1, 7);
    window_clear(&w);
    assert_int_equal(w.bytes, 0);
}

/* Looks at what was sent: how many batches, the last seq, and the newest heartbeat's number. */
struct seen {
    unsigned batches, heartbeats;
    uint64_t first_seq, last_seq, no;
    size_t bytes;
};

static struct seen look(struct fixture *f)
{
    struct seen seen = {0};
    while (f->sent_seen < f->sent_count) {
        if (f->sent[f->sent_seen].heartbeat) {
            seen.no = fixture_heartbeat(f)->no;
            seen.heartbeats++;
            continue;
        }
        struct batch_place place;
        assert_true(f->sent[f->sent_seen].payload.size <= 600 + 8);
        seen.bytes += f->sent[f->sent_seen].payload.size;
        fixture_batch(f, &place);
        seen.first_seq = seen.batches++ == 0 ? place.first_seq : seen.first_seq;
        seen.last_seq = place.first_seq + place.count - 1;
    }
    return seen;
}

static void test_the_window_bounds_what_is_in_flight(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&small, 1);
    fixture_events(f, 100);
    fixture_greet(f, 0);
    struct seen a = look(f);
    assert_true(a.batches >= 2);
    assert_true(a.bytes <= 2000 + 4 * 100);
    assert_int_equal(a.first_seq, 1);
    assert_true(a.last_seq < 100);
    assert_int_equal(a.no, 2);
    fixture_turn(f); /* full: nothing goes, and only one heartbeat is unanswered */
    assert_null(fixture_next(f));
    uint64_t applied = a.last_seq;
    while (applied < 100) {
        f->now += 3;
        fixture_answer(f, a.no, applied);
        a = look(f);
        assert_int_equal(a.first_seq, applied + 1);
        assert_int_equal(a.heartbeats, 1);
        applied = a.last_seq;
    }
    fixture_answer(f, a.no, 100);
    assert_null(fixture_next(f));
    struct uplink_status status;
    uplink_status(f->uplink, &status);
    assert_int_equal(status.resends, 0);
    assert_int_equal(status.sent_seq, 100);
    fixture_close(f);
}

static void test_an_event_larger_than_the_batch_goes_alone(void **state)
{
    (void)state;
    struct uplink_options tiny = {.store = "S014", .window_bytes_max = 50, .batch_bytes_max = 60};
    struct fixture *f = fixture_open(&tiny, 1);
    fixture_events(f, 3);
    fixture_greet(f, 0);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        struct batch_place place;
        assert_int_equal(fixture_batch(f, &place)->n_events, 1);
        assert_int_equal(place.first_seq, seq);
        fixture_answer(f, fixture_heartbeat(f)->no, seq);
    }
    fixture_close(f);
}

static void test_a_full_bus_is_asked_again(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&small, 1);
    fixture_events(f, 3);
    f->bus_class = ERR_FULL;
    uplink_connected(f->uplink);
    fixture_turn(f);
    assert_int_equal(f->sent_count, 0);
    int64_t due_ms = uplink_due_ms(f->uplink);
    assert_true(due_ms > 0 && due_ms <= 100);
    f->bus_class = ERR_RETRY;
    f->now += due_ms;
    fixture_turn(f);
    f->bus_class = ERR_OK;
    fixture_turn(f);
    assert_int_equal(fixture_heartbeat(f)->no, 1); /* no number was used up */
    f->bus_class = ERR_FULL;
    fixture_answer(f, 1, 0);
    assert_null(fixture_next(f));
    f->bus_class = ERR_OK;
    f->now += uplink_due_ms(f->uplink);
    fixture_turn(f);
    assert_int_equal(look(f).last_seq, 3);
    f->bus_class = ERR_FATAL;
    struct err e;
    f->now += 5000;
    assert_int_equal(uplink_turn(f->uplink, &e), ERR_FATAL);
    fixture_close(f);
}

static void test_standing_still_while_answered_sends_again_with_backoff(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&small, 1);
    fixture_events(f, 3);
    fixture_greet(f, 0);
    struct seen s = look(f);
    int64_t delays[4], last = f->now;
    for (int resent = 0; resent < 4;) {
        fixture_answer(f, s.no, 0); /* the batch never arrives */
        f->now += 50;
        fixture_turn(f);
        struct seen again = look(f);
        s.no = again.no != 0 ? again.no : s.no;
        if (again.batches > 0) {
            assert_int_equal(again.first_seq, 1);
            assert_int_equal(again.last_seq, 3);
            delays[resent++] = f->now - last;
            last = f->now;
        }
        assert_true(f->now - last < 20000);
    }
    assert_in_range(delays[0], 1900, 2200);
    assert_in_range(delays[1], 2900, 4200);
    assert_true(delays[3] > delays[0]);
    assert_in_range(delays[3], 5900, 8200);
    struct uplink_status status;
    uplink_status(f->uplink, &status);
    assert_int_equal(status.resends, 4);
    fixture_close(f);
}

static void test_unanswered_means_hold_still(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&small, 1);
    fixture_events(f, 3);
    fixture_greet(f, 0);
    struct seen s = look(f);
    assert_int_equal(s.last_seq, 3);
    unsigned heartbeats = 0;
    for (int i = 0; i < 600; i++) { /* the centre is away for a minute; the till rings on */
        f->now += 100;
        if (i > 60 && f->head.seq < 3000) {
            fixture_event(f);
        }
        fixture_turn(f);
        struct seen more = look(f);
        heartbeats += more.heartbeats;
        s.no = more.no != 0 ? more.no : s.no;
        assert_int_equal(more.batches, 0);
    }
    assert_in_range(heartbeats, 11, 16);
    fixture_answer(f, s.no, 0); /* it is back: at once from its mark, whatever was sent before */
    s = look(f);
    assert_int_equal(s.first_seq, 1);
    fixture_close(f);
}

static void test_a_hole_is_filled_once_per_answer(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&small, 1);
    fixture_events(f, 10);
    fixture_greet(f, 0);
    struct seen s = look(f);
    struct answer a = {.no = s.no,
                       .generation = 1,
                       .applied_seq = 2,
                       .applied_chain = f->events[2].chain,
                       .missing_first = 3,
                       .missing_last = 5};
    /* the heartbeat was sent behind the events of the hole: they are lost */
    assert_int_equal(fixture_ack(f, &a), ERR_OK);
    fixture_turn(f);
    s = look(f);
    assert_int_equal(s.first_seq, 3);
    assert_int_equal(s.heartbeats, 1);
    fixture_turn(f);
    assert_null(fixture_next(f));
    fixture_answer(f, s.no, 10);
    fixture_close(f);
}

static void test_a_reconnect_sends_from_the_mark(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&small, 1);
    fixture_events(f, 4);
    fixture_greet(f, 0);
    assert_int_equal(look(f).last_seq, 4);
    uplink_disconnected(f->uplink);
    f->now += 30000;
    fixture_turn(f);
    assert_null(fixture_next(f));
    uplink_connected(f->uplink);
    fixture_turn(f);
    struct seen s = look(f);
    assert_int_equal(s.batches, 0); /* the centre is asked first */
    fixture_answer(f, s.no, 2);
    s = look(f);
    assert_int_equal(s.first_seq, 3);
    assert_int_equal(s.last_seq, 4);
    fixture_close(f);
}

static void test_a_restored_centre_goes_back(void **state)
{
    (void)state;
    struct fixture *f = fixture_open(&small, 1);
    fixture_events(f, 4);
    fixture_greet(f, 4);
    struct seen s = look(f);
    assert_int_equal(s.batches, 0);
    fixture_answer(f, s.no, 1);
    s = look(f);
    assert_int_equal(s.first_seq, 2);
    assert_int_equal(s.last_seq, 4);
    fixture_close(f);
}

/* A centre of the simplest kind: applies what begins at its cursor and fits. */
struct centre {
    uint64_t seq;
    uint64_t answers[64];
    unsigned answer_count;
};

static void centre_takes(struct fixture *f, struct centre *c, const struct sent *s, struct arena *arena)
{
    struct err e = {0};
    arena_reset(arena);
    if (s->heartbeat) {
        Tillwire__V1__Heartbeat *h = NULL;
        assert_int_equal(wire_unpack_heartbeat(arena, buf_slice(&s->payload), &h, &e), ERR_OK);
        if (c->answer_count < 64) {
            c->answers[c->answer_count++] = h->no;
        }
        return;
    }
    Tillwire__V1__EventBatch *b = NULL;
    assert_int_equal(wire_unpack_batch(arena, buf_slice(&s->payload), &b, &e), ERR_OK);
    assert_true(b->prev_chain == f->events[b->first_seq - 1].chain);
    for (size_t i = 0; i < b->n_events; i++) {
        uint64_t seq = b->first_seq + i;
        assert_int_equal(b->events[i].len, f->events[seq].size);
        c->seq = seq == c->seq + 1 ? seq : c->seq;
    }
}

static uint64_t pick(uint64_t *random, uint64_t below)
{
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    return (*random >> 33) % below;
}

static void step(struct fixture *f, struct centre *c, struct arena *arena, uint64_t *random, bool healed)
{
    f->now += (int64_t)pick(random, 400);
    if (!healed && f->head.seq < 300 && pick(random, 2) == 0) {
        fixture_events(f, (unsigned)pick(random, 12));
    }
    if (!healed && pick(random, 25) == 0) {
        uplink_disconnected(f->uplink);
        uplink_connected(f->uplink);
    }
    fixture_turn(f);
    /* the bus: loses, repeats and reorders */
    while (f->sent_seen < f->sent_count) {
        size_t at = f->sent_seen + (healed ? 0 : pick(random, f->sent_count - f->sent_seen));
        if (healed || pick(random, 3) > 0) {
            centre_takes(f, c, &f->sent[at], arena);
        }
        f->sent_seen += healed || pick(random, 4) > 0 ? 1 : 0;
    }
    for (unsigned i = 0; i < c->answer_count; i++) {
        if (healed || pick(random, 3) > 0) {
            fixture_answer(f, c->answers[i], c->seq);
        }
    }
    c->answer_count = 0;
    while (f->sent_seen == f->sent_count && f->sent_count > 0) {
        buf_free(&f->sent[--f->sent_count].payload);
        f->sent_seen--;
    }
}

static void test_everything_arrives_once_over_a_bad_bus(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        uint64_t random = seed;
        struct fixture *f = fixture_open(&small, 1);
        struct centre c = {0};
        struct arena *arena = NULL;
        struct err e;
        assert_int_equal(arena_open(&arena, 8 * 1024 * 1024, &e), ERR_OK);
        uplink_connected(f->uplink);
        for (int i = 0; i < 300; i++) {
            step(f, &c, arena, &random, false);
        }
        for (int i = 0; i < 400 && c.seq < f->head.seq; i++) {
            step(f, &c, arena, &random, true);
        }
        if (c.seq != f->head.seq) {
            fail_msg("seed %llu: the centre stands at %llu of %llu", (unsigned long long)seed,
                     (unsigned long long)c.seq, (unsigned long long)f->head.seq);
        }
        arena_close(arena);
        fixture_close(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_window_counts_bytes_in_flight),
        cmocka_unit_test(test_the_window_bounds_what_is_in_flight),
        cmocka_unit_test(test_an_event_larger_than_the_batch_goes_alone),
        cmocka_unit_test(test_a_full_bus_is_asked_again),
        cmocka_unit_test(test_standing_still_while_answered_sends_again_with_backoff),
        cmocka_unit_test(test_unanswered_means_hold_still),
        cmocka_unit_test(test_a_hole_is_filled_once_per_answer),
        cmocka_unit_test(test_a_reconnect_sends_from_the_mark),
        cmocka_unit_test(test_a_restored_centre_goes_back),
        cmocka_unit_test(test_everything_arrives_once_over_a_bad_bus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
