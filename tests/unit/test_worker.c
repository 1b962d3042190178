/* The writing thread: orders wait their turn, are bounded, and are told when it ends. */
#include "tests/unit/collector_fixture.h"

#include "cloud/collector/worker.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

enum { CALLERS = 8, CALLS = 50 };

struct caller {
    struct worker *worker;
    int sum;
    bool overlapped;
    pthread_t thread;
};

static atomic_int inside;

static enum err_class enrol_one(void *ctx, struct collector *c, const struct store_writer *store,
                                struct err *e)
{
    (void)store;
    struct caller *caller = ctx;
    caller->overlapped |= atomic_fetch_add(&inside, 1) != 0; /* one job at a time */
    enum err_class class = collector_enrol(c, "S014", "A shop", "UTC", e);
    caller->sum++;
    atomic_fetch_sub(&inside, 1);
    return class;
}

static void *call_many(void *ctx)
{
    struct caller *caller = ctx;
    for (int i = 0; i < CALLS; i++) {
        struct err e;
        if (worker_call(caller->worker, enrol_one, caller, &e) != ERR_OK) {
            caller->sum = -1000000;
        }
    }
    return NULL;
}

/* The centre's clock is its thread's from here on: the real one. */
static struct worker *start(struct centre *c)
{
    struct worker *w;
    OK(worker_open(&w, c->collector, &c->writer, NULL, clock_system(), NULL, e));
    return w;
}

static void test_orders_run_one_at_a_time(void **state)
{
    struct centre *c = *state;
    struct caller callers[CALLERS] = {0};
    struct worker *w = start(c);
    for (int i = 0; i < CALLERS; i++) {
        callers[i].worker = w;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_many, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(callers[i].sum, CALLS);
        assert_false(callers[i].overlapped);
    }
    assert_false(worker_failed(w, NULL));
    worker_close(w);
    assert_int_equal(row_of(c, "S014").stage, STAGE_ENROLLED);
}

static enum err_class refuse(void *ctx, struct collector *c, const struct store_writer *store, struct err *e)
{
    (void)ctx, (void)c, (void)store;
    return err_set(e, ERR_INVALID, "no");
}

static enum err_class break_down(void *ctx, struct collector *c, const struct store_writer *store,
                                 struct err *e)
{
    (void)ctx, (void)c, (void)store;
    return err_set(e, ERR_FATAL, "the disk is gone");
}

static void test_a_refused_order_is_its_caller_s_matter_only(void **state)
{
    struct centre *c = *state;
    struct caller caller = {0};
    struct err e;
    struct worker *w = start(c);
    assert_int_equal(worker_call(w, refuse, NULL, &e), ERR_INVALID);
    assert_string_equal(e.message, "no");
    assert_int_equal(worker_call(w, enrol_one, &caller, &e), ERR_OK);
    assert_false(worker_failed(w, NULL));
    worker_close(w);
}

static void test_a_broken_database_ends_it_and_is_told(void **state)
{
    struct centre *c = *state;
    struct err e;
    struct worker *w = start(c);
    assert_int_equal(worker_call(w, break_down, NULL, &e), ERR_FATAL);
    for (int waited = 0; !worker_failed(w, &e) && waited < 5000; waited++) {
        (void)poll(NULL, 0, 1);
    }
    assert_true(worker_failed(w, &e));
    assert_string_equal(e.message, "the disk is gone");
    assert_int_equal(worker_call(w, refuse, NULL, &e), ERR_FATAL); /* nobody waits for ever */
    worker_close(w);
}

static enum err_class leave_open(void *ctx, struct collector *c, const struct store_writer *store,
                                 struct err *e)
{
    (void)store;
    const struct shop *s = ctx;
    BUF_AUTO struct buf payload = BUF_INIT(WIRE_BATCH_BYTES_MAX);
    struct batch_header header = {s->store, s->generation, s->run_counter, s->run_id, 2, s->chain[1]};
    struct batch_place place;
    struct place_text text;
    struct bus_property properties[WIRE_PLACE_PROPERTIES];
    char topic[TOPIC_BYTES];
    if (wire_batch_begin(&payload, &header) != ERR_OK ||
        wire_batch_add(&payload, buf_slice(&s->events[2])) != ERR_OK) {
        return err_set(e, ERR_FATAL, "no memory");
    }
    shop_place(s, 2, 2, &place);
    wire_place_format(&place, &text, properties);
    return collector_message(c, topic_format(TOPIC_EVENTS, s->store, topic), buf_slice(&payload), properties,
                             WIRE_PLACE_PROPERTIES, e);
}

static void test_closing_commits_the_batch_at_hand(void **state)
{
    struct centre *c = *state;
    struct shop s = shop_ready(c, "S014");
    struct err e;
    shop_sell(&s, "x", 5);
    struct worker *w = start(c);
    assert_int_equal(worker_call(w, leave_open, &s, &e), ERR_OK);
    worker_close(w);
    assert_int_equal(on_hand_of(c, "S014", "x"), -5);
    shop_free(&s);
}

static void test_close_takes_null(void **state)
{
    (void)state;
    worker_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_orders_run_one_at_a_time),
        CASE(test_a_refused_order_is_its_caller_s_matter_only),
        CASE(test_a_broken_database_ends_it_and_is_told),
        CASE(test_closing_commits_the_batch_at_hand),
        CASE(test_close_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
