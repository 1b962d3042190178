/* Rule 4 of docs/protocol.md, condition by condition. */
#include "cloud/store/freshness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1000000, SLA = 15000 };

struct fixture {
    struct store_row row;
    Tillwire__V1__Heartbeat heartbeat;
    struct store_time now;
    struct freshness_policy policy;
    struct freshness out;
};

/* A store that is fresh in every respect; each test spoils one. */
static struct fixture good(void)
{
    struct fixture f = {
        .row = {.store = "S014",
                .stage = STAGE_LIVE,
                .generation = 1,
                .seq = 10,
                .head_seq = 10,
                .fresh_epoch = 77,
                .fresh_as_of_ms = NOW - 2000,
                .heartbeat_ms = NOW - 1000,
                .fresh_read_age_ms = 100},
        .now = {.ms = NOW, .epoch = 77},
        .policy = {.sla_ms = SLA, .source_read_ms_max = 60000, .lag_bytes_max = 1 << 20, .outbox_max = 1000},
    };
    tillwire__v1__heartbeat__init(&f.heartbeat);
    f.heartbeat.state = TILLWIRE__V1__HEARTBEAT__STATE__LIVE;
    return f;
}

static void judge(struct fixture *f)
{
    freshness_of(&f->row, &f->heartbeat, &f->now, &f->policy, &f->out);
}

#define ASSERT_STALE(f, why)                                                \
    do {                                                                    \
        judge(f);                                                           \
        assert_string_equal(freshness_state_name((f)->out.state), "stale"); \
        assert_int_equal((f)->out.reason, why);                             \
    } while (0)
#define ASSERT_FRESH(f)                                                     \
    do {                                                                    \
        judge(f);                                                           \
        assert_string_equal(freshness_state_name((f)->out.state), "fresh"); \
        assert_int_equal((f)->out.reason, REASON_NONE);                     \
    } while (0)

static void test_fresh_when_all_holds(void **state)
{
    (void)state;
    struct fixture f = good();
    ASSERT_FRESH(&f);
    assert_int_equal(f.out.as_of_ms, NOW - 2000);
    assert_int_equal(f.out.age_ms, 2000);
    assert_null(freshness_reason_name(f.out.reason));
}

static void test_never_seen_without_a_heartbeat(void **state)
{
    (void)state;
    struct fixture f = good();
    freshness_of(&f.row, NULL, &f.now, &f.policy, &f.out);
    assert_int_equal(f.out.state, NEVER_SEEN);
    assert_int_equal(f.out.age_ms, -1);
    assert_int_equal(f.out.as_of_ms, 0);
}

static void test_the_sla_is_exact(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.fresh_as_of_ms = NOW - SLA;
    ASSERT_FRESH(&f);
    f.row.fresh_as_of_ms = NOW - SLA - 1;
    ASSERT_STALE(&f, REASON_LATE);
    assert_int_equal(f.out.age_ms, SLA + 1);
}

static void test_nothing_proven_is_not_fresh(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.fresh_as_of_ms = 0;
    ASSERT_STALE(&f, REASON_LATE);
    assert_int_equal(f.out.age_ms, -1);
}

static void test_another_epoch_voids_the_proof(void **state)
{
    (void)state;
    struct fixture f = good();
    f.now.epoch = 78;
    ASSERT_STALE(&f, REASON_LATE);
    assert_int_equal(f.out.age_ms, -1);
    f.now.epoch = 0;
    f.row.fresh_epoch = 0;
    f.row.fresh_as_of_ms = 0;
    ASSERT_STALE(&f, REASON_LATE);
}

static void test_sources_must_have_been_read(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.fresh_read_age_ms = 60000;
    ASSERT_FRESH(&f);
    f.row.fresh_read_age_ms = 60001;
    ASSERT_STALE(&f, REASON_SOURCE);
    f.row.fresh_read_age_ms = -1;
    ASSERT_STALE(&f, REASON_SOURCE);
}

static void test_the_backlog_is_bounded(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.fresh_lag_bytes = 1 << 20;
    f.row.fresh_outbox = 1000;
    ASSERT_FRESH(&f);
    f.row.fresh_lag_bytes++;
    ASSERT_STALE(&f, REASON_BACKLOG);
    f.row.fresh_lag_bytes = 0;
    f.row.fresh_outbox++;
    ASSERT_STALE(&f, REASON_BACKLOG);
}

static void test_unapplied_events_are_a_backlog_while_the_store_is_heard(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.fresh_as_of_ms = NOW - SLA - 1;
    f.row.head_seq = 11;
    ASSERT_STALE(&f, REASON_BACKLOG);
    f.row.heartbeat_ms = NOW - SLA - 1;
    ASSERT_STALE(&f, REASON_LATE);
}

static void test_a_hole_is_a_gap(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.hole_first = 11;
    ASSERT_FRESH(&f); /* what is proven up to the hole stays proven for its time */
    f.row.fresh_as_of_ms = NOW - SLA - 1;
    ASSERT_STALE(&f, REASON_GAP);
}

static void test_repair_and_mismatch(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.repair_id = 5;
    ASSERT_STALE(&f, REASON_GAP);
    f.row.mismatch = true;
    ASSERT_STALE(&f, REASON_MISMATCH);
    f.row.repair_id = 0; /* repairs were given up */
    ASSERT_STALE(&f, REASON_MISMATCH);
}

static void test_another_lineage_quarantines(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.forked_ms = 1;
    ASSERT_STALE(&f, REASON_QUARANTINED);
    f = good();
    f.heartbeat.state = TILLWIRE__V1__HEARTBEAT__STATE__FORKED;
    ASSERT_STALE(&f, REASON_QUARANTINED);
}

static void test_only_a_live_state_is_fresh(void **state)
{
    (void)state;
    static const struct {
        Tillwire__V1__Heartbeat__State state;
        enum freshness_reason reason;
    } cases[] = {
        {TILLWIRE__V1__HEARTBEAT__STATE__STATE_UNKNOWN, REASON_SOURCE},
        {TILLWIRE__V1__HEARTBEAT__STATE__NEW, REASON_REBUILDING},
        {TILLWIRE__V1__HEARTBEAT__STATE__RESTORING, REASON_REBUILDING},
        {TILLWIRE__V1__HEARTBEAT__STATE__DISK_FULL, REASON_SOURCE},
        {TILLWIRE__V1__HEARTBEAT__STATE__FORKED, REASON_QUARANTINED},
        {TILLWIRE__V1__HEARTBEAT__STATE__FAILED, REASON_SOURCE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f = good();
        f.heartbeat.state = cases[i].state;
        ASSERT_STALE(&f, cases[i].reason);
    }
}

static void test_a_new_database_is_rebuilding(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.generation = 0;
    ASSERT_STALE(&f, REASON_REBUILDING);
    f = good();
    f.row.offered_generation = 2;
    ASSERT_STALE(&f, REASON_REBUILDING);
}

static void test_not_fresh_for_three_slas_after_an_unknown_hello(void **state)
{
    (void)state;
    struct fixture f = good();
    f.row.hello_ms = NOW - 3 * SLA + 1;
    ASSERT_STALE(&f, REASON_REBUILDING);
    f.row.hello_ms = NOW - 3 * SLA;
    ASSERT_FRESH(&f);
    f.row.hello_ms = NOW + 1000;
    ASSERT_STALE(&f, REASON_REBUILDING);
}

static void test_closed_hours_replace_stale_but_nothing_worse(void **state)
{
    (void)state;
    struct fixture f = good();
    f.heartbeat.closed = true;
    judge(&f);
    assert_int_equal(f.out.state, FRESH);
    f.row.fresh_as_of_ms = NOW - SLA - 1;
    judge(&f);
    assert_int_equal(f.out.state, CLOSED);
    assert_int_equal(f.out.reason, REASON_LATE);
    f.row.fresh_as_of_ms = NOW;
    f.row.fresh_read_age_ms = 100000;
    judge(&f);
    assert_int_equal(f.out.state, CLOSED);
    f.row.mismatch = true;
    ASSERT_STALE(&f, REASON_MISMATCH);
    f = good();
    f.heartbeat.closed = true;
    f.row.hole_first = 11;
    f.row.fresh_as_of_ms = NOW - SLA - 1;
    ASSERT_STALE(&f, REASON_GAP);
}

static void test_the_sum_of_lags_is_told(void **state)
{
    (void)state;
    struct fixture f = good();
    Tillwire__V1__SourceState a, b;
    tillwire__v1__source_state__init(&a);
    tillwire__v1__source_state__init(&b);
    a.lag_bytes = 5;
    b.lag_bytes = 7;
    Tillwire__V1__SourceState *sources[] = {&a, &b};
    f.heartbeat.sources = sources;
    f.heartbeat.n_sources = 2;
    ASSERT_FRESH(&f);
    assert_int_equal(f.out.source_lag_bytes, 12);
    a.lag_bytes = UINT64_MAX;
    ASSERT_FRESH(&f);
    assert_true(f.out.source_lag_bytes == UINT64_MAX);
}

static void test_every_value_has_a_name(void **state)
{
    (void)state;
    static const char *const states[] = {"fresh", "stale", "never_seen", "closed"};
    static const char *const reasons[] = {NULL,     "late",       "gap",      "backlog",
                                          "source", "rebuilding", "mismatch", "quarantined"};
    for (int i = FRESH; i <= CLOSED; i++) {
        assert_string_equal(freshness_state_name((enum freshness_state)i), states[i]);
    }
    for (int i = REASON_LATE; i <= REASON_QUARANTINED; i++) {
        assert_string_equal(freshness_reason_name((enum freshness_reason)i), reasons[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh_when_all_holds),
        cmocka_unit_test(test_never_seen_without_a_heartbeat),
        cmocka_unit_test(test_the_sla_is_exact),
        cmocka_unit_test(test_nothing_proven_is_not_fresh),
        cmocka_unit_test(test_another_epoch_voids_the_proof),
        cmocka_unit_test(test_sources_must_have_been_read),
        cmocka_unit_test(test_the_backlog_is_bounded),
        cmocka_unit_test(test_unapplied_events_are_a_backlog_while_the_store_is_heard),
        cmocka_unit_test(test_a_hole_is_a_gap),
        cmocka_unit_test(test_repair_and_mismatch),
        cmocka_unit_test(test_another_lineage_quarantines),
        cmocka_unit_test(test_only_a_live_state_is_fresh),
        cmocka_unit_test(test_a_new_database_is_rebuilding),
        cmocka_unit_test(test_not_fresh_for_three_slas_after_an_unknown_hello),
        cmocka_unit_test(test_closed_hours_replace_stale_but_nothing_worse),
        cmocka_unit_test(test_the_sum_of_lags_is_told),
        cmocka_unit_test(test_every_value_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
