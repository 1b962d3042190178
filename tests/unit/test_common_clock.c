#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_the_wall_clock_is_the_machines(void **state)
{
    (void)state;
    int64_t before_ms = (int64_t)time(NULL) * 1000;
    int64_t now_ms = clock_wall_ms(clock_system());
    int64_t after_ms = ((int64_t)time(NULL) + 1) * 1000;
    assert_true(now_ms >= before_ms - 20); /* time() may lag by a tick */
    assert_true(now_ms <= after_ms + 20);
}

static void test_the_boot_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t last_ms = clock_boot_ms(clock_system());
    assert_true(last_ms > 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now_ms = clock_boot_ms(clock_system());
        assert_true(now_ms >= last_ms);
        last_ms = now_ms;
    }
}

static void test_random_fills_all_bytes(void **state)
{
    (void)state;
    const struct clock *c = clock_system();
    assert_true(clock_random_u64(c) != clock_random_u64(c));
    unsigned char seen[1000] = {0};
    for (int round = 0; round < 20; round++) {
        unsigned char bytes[1000] = {0};
        c->random(c->ctx, bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes; i++) {
            seen[i] |= bytes[i];
        }
    }
    for (size_t i = 0; i < sizeof seen; i++) {
        assert_true(seen[i] != 0);
    }
}

static void test_the_boot_id_is_one_text_of_36(void **state)
{
    (void)state;
    const struct clock *c = clock_system();
    const char *id = c->boot_id(c->ctx);
    assert_int_equal(strlen(id), 36);
    assert_int_equal(strspn(id, "0123456789abcdef-"), 36);
    assert_string_equal(c->boot_id(c->ctx), id);
}

static void assert_rfc3339(int64_t wall_ms, const char *expected)
{
    char out[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339(wall_ms, out);
    assert_string_equal(out, expected);
}

static void test_rfc3339(void **state)
{
    (void)state;
    assert_rfc3339(0, "1970-01-01T00:00:00.000Z");
    assert_rfc3339(INT64_C(1795532523123), "2026-11-24T15:02:03.123Z");
    assert_rfc3339(-1, "1969-12-31T23:59:59.999Z");
    assert_rfc3339(-1000, "1969-12-31T23:59:59.000Z");
    assert_rfc3339(INT64_C(951782400000), "2000-02-29T00:00:00.000Z");
    assert_rfc3339(INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z");
    assert_rfc3339(INT64_C(253402300799999), "9999-12-31T23:59:59.999Z");
    assert_rfc3339(INT64_C(-62167219200001), "-");
    assert_rfc3339(INT64_C(253402300800000), "-");
    assert_rfc3339(INT64_MIN, "-");
    assert_rfc3339(INT64_MAX, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_wall_clock_is_the_machines),
        cmocka_unit_test(test_the_boot_clock_never_goes_back),
        cmocka_unit_test(test_random_fills_all_bytes),
        cmocka_unit_test(test_the_boot_id_is_one_text_of_36),
        cmocka_unit_test(test_rfc3339),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
