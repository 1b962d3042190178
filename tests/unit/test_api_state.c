/* The api's stateful parts on a virtual clock: hub, rate limits, sessions and codes. */
#include "cloud/api/auth.h"
#include "cloud/api/hub.h"
#include "cloud/api/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t now_ms = 1000000;
static unsigned char next_random;

static int64_t fake_ms(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static void fake_random(void *ctx, void *out, size_t size)
{
    (void)ctx;
    for (size_t i = 0; i < size; i++) {
        ((unsigned char *)out)[i] = (unsigned char)(next_random++ * 37U);
    }
}

static const struct clock fake = {NULL, fake_ms, fake_ms, fake_random, NULL};

static void hub_gives_what_was_published_in_order(void **state)
{
    struct hub *h;
    struct err e = {0};
    char out[2 * HUB_FRAME_BYTES_MAX];
    uint64_t id = 0;
    bool reset;
    (void)state;
    assert_int_equal(hub_open(&h, 0, &e), ERR_OK);
    assert_true(hub_publish(h, "stock", "S1", SLICE("{\"a\":1}")));
    assert_true(hub_publish(h, "clock", "", SLICE("{}")));
    size_t n = hub_read(h, &id, NULL, out, sizeof out, &reset);
    out[n] = '\0';
    assert_false(reset);
    assert_non_null(strstr(out, "event: stock\ndata: {\"a\":1}\n\nid: "));
    assert_int_equal(id, hub_newest(h));
    assert_true(hub_holds(h, id));
    assert_false(hub_holds(h, id - 1));
    assert_int_equal(hub_read(h, &id, NULL, out, sizeof out, &reset), 0);
    hub_close(h);
}

static bool only_s2(void *ctx, const char *store)
{
    (void)ctx;
    return store[0] == '\0' || strcmp(store, "S2") == 0;
}

static void hub_hides_other_stores(void **state)
{
    struct hub *h;
    struct err e = {0};
    char out[2 * HUB_FRAME_BYTES_MAX];
    uint64_t id = 0;
    bool reset;
    struct hub_filter filter = {NULL, only_s2};
    (void)state;
    assert_int_equal(hub_open(&h, 0, &e), ERR_OK);
    assert_true(hub_publish(h, "stock", "S1", SLICE("{\"s\":1}")));
    assert_true(hub_publish(h, "stock", "S2", SLICE("{\"s\":2}")));
    size_t n = hub_read(h, &id, &filter, out, sizeof out, &reset);
    out[n] = '\0';
    assert_null(strstr(out, "\"s\":1"));
    assert_non_null(strstr(out, "\"s\":2"));
    hub_close(h);
}

static void hub_tells_who_was_overrun(void **state)
{
    struct hub *h;
    struct err e = {0};
    char out[2 * HUB_FRAME_BYTES_MAX], data[64];
    uint64_t id = 0;
    bool reset;
    (void)state;
    assert_int_equal(hub_open(&h, 4096, &e), ERR_OK);
    for (int i = 0; i < 1000; i++) {
        snprintf(data, sizeof data, "{\"n\":%d}", i);
        assert_true(hub_publish(h, "stock", "S1", slice_of(data)));
    }
    assert_int_equal(hub_read(h, &id, NULL, out, sizeof out, &reset), 0);
    assert_true(reset);
    assert_int_equal(id, hub_newest(h));
    uint64_t later = id;
    hub_skip(h);
    hub_read(h, &later, NULL, out, sizeof out, &reset);
    assert_true(reset);
    hub_close(h);
}

static void hub_refuses_what_is_too_large(void **state)
{
    struct hub *h;
    struct err e = {0};
    static char large[HUB_FRAME_BYTES_MAX];
    (void)state;
    memset(large, 'x', sizeof large);
    assert_int_equal(hub_open(&h, 0, &e), ERR_OK);
    assert_false(hub_publish(h, "stock", "S1", (struct slice){large, sizeof large}));
    assert_int_equal(hub_newest(h), 0);
    hub_close(h);
}

static void limit_refuses_and_recovers(void **state)
{
    struct limiter *l;
    struct limit_state s;
    struct err e = {0};
    unsigned taken = 0;
    (void)state;
    assert_int_equal(limiter_open(&l, 10, &fake, &e), ERR_OK);
    while (limiter_take(l, "a", &s)) {
        taken++;
    }
    assert_int_equal(taken, 20);
    assert_true(s.retry_s >= 1);
    assert_true(limiter_take(l, "b", &s));
    now_ms += 100;
    assert_true(limiter_take(l, "a", &s));
    assert_false(limiter_take(l, "a", &s));
    limiter_close(l);
}

static void scopes_are_words(void **state)
{
    unsigned bits;
    (void)state;
    assert_true(scopes_parse(SLICE("stock:read  ops:write"), &bits));
    assert_int_equal(bits, SCOPE_STOCK_READ | SCOPE_OPS_WRITE);
    assert_false(scopes_parse(SLICE("stock:read root"), &bits));
    struct api_caller caller = {.scopes = SCOPE_STOCK_READ, .stores = "S001 S0022"};
    assert_true(caller_may(&caller, SCOPE_STOCK_READ));
    assert_false(caller_may(&caller, SCOPE_OPS_READ));
    assert_true(caller_sees(&caller, SLICE("S001")));
    assert_false(caller_sees(&caller, SLICE("S002")));
    caller.scopes = SCOPE_ADMIN;
    assert_true(caller_may(&caller, SCOPE_OPS_WRITE | SCOPE_STOCK_READ));
}

static void sessions_end(void **state)
{
    struct auth *a;
    struct auth_session session;
    struct api_caller caller = {.id = "k", .scopes = SCOPE_STOCK_READ}, found;
    char csrf[SESSION_TOKEN_BYTES];
    struct err e = {0};
    (void)state;
    assert_int_equal(auth_open(&a, &fake, &e), ERR_OK);
    auth_session_open(a, &caller, &session);
    assert_int_equal(auth_session_find(a, slice_of(session.token), &found, csrf, &e), ERR_OK);
    assert_true(found.by_session);
    assert_string_equal(csrf, session.csrf);
    assert_int_equal(auth_session_find(a, SLICE("no"), &found, csrf, &e), ERR_INVALID);
    now_ms += SESSION_MS_MAX + 1;
    assert_int_equal(auth_session_find(a, slice_of(session.token), &found, csrf, &e), ERR_INVALID);
    auth_session_open(a, &caller, &session);
    auth_session_close(a, slice_of(session.token));
    assert_int_equal(auth_session_find(a, slice_of(session.token), &found, csrf, &e), ERR_INVALID);
    auth_close(a);
}

static void codes_work_once_and_not_for_ever(void **state)
{
    struct auth *a;
    struct api_caller caller;
    char code[33];
    struct err e = {0};
    (void)state;
    assert_int_equal(auth_open(&a, &fake, &e), ERR_OK);
    assert_int_equal(auth_code_make(a, "stock:read", code, &e), ERR_OK);
    assert_int_equal(auth_code_use(a, slice_of(code), &caller, &e), ERR_OK);
    assert_int_equal(caller.scopes, SCOPE_STOCK_READ);
    assert_int_equal(auth_code_use(a, slice_of(code), &caller, &e), ERR_INVALID);
    assert_int_equal(auth_code_make(a, "stock:read", code, &e), ERR_OK);
    now_ms += LOGIN_CODE_MS_MAX + 1;
    assert_int_equal(auth_code_use(a, slice_of(code), &caller, &e), ERR_INVALID);
    assert_int_equal(auth_code_make(a, "everything", code, &e), ERR_INVALID);
    auth_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hub_gives_what_was_published_in_order),
        cmocka_unit_test(hub_hides_other_stores),
        cmocka_unit_test(hub_tells_who_was_overrun),
        cmocka_unit_test(hub_refuses_what_is_too_large),
        cmocka_unit_test(limit_refuses_and_recovers),
        cmocka_unit_test(scopes_are_words),
        cmocka_unit_test(sessions_end),
        cmocka_unit_test(codes_work_once_and_not_for_ever),
    };
    return cmocka_run_group_tests_name("api_state", tests, NULL, NULL);
}
