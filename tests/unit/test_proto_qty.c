#include "proto/qty.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_what_is_a_quantity(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t qty_e4;
    } good[] = {
        {"12", 120000},
        {"0", 0},
        {"-0", 0},
        {"-0.5", -5000},
        {"+3.1400", 31400},
        {".5", 5000},
        {"-.0001", -1},
        {"12.", 120000},
        {"007", 70000},
        {" 1 ", 10000},
        {"\t2.5\r\n", 25000},
        {"1.25000000000000000000000000000000", 12500},
        {"0.00000", 0},
        {"0000000000000000000000000000000001", 10000},
        {"10000000000", QTY_E4_MAX},
        {"-10000000000.0000", -QTY_E4_MAX},
        {"9999999999.9999", QTY_E4_MAX - 1},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct err e = {0};
        int64_t qty_e4;
        assert_int_equal(qty_parse(slice_of(good[i].text), &qty_e4, &e), ERR_OK);
        assert_true(qty_e4 == good[i].qty_e4);
    }
}

static void test_what_is_not_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {
        {"", "empty"},
        {"  ", "empty"},
        {".", "no digits"},
        {"-", "no digits"},
        {"+.", "no digits"},
        {"--1", "not a digit at character 2"},
        {"+-1", "not a digit"},
        {"1e308", "not a digit at character 2"},
        {"1E3", "not a digit"},
        {"1.23456", "more than four decimals at character 7"},
        {"1.00001", "more than four decimals"},
        {"1.2.3", "not a digit"},
        {"1,5", "not a digit"},
        {"1 000", "not a digit"},
        {"inf", "not a digit"},
        {"nan", "not a digit"},
        {"0x10", "not a digit"},
        {"\xd9\xa1", "not a digit"},
        {"10000000000.0001", "more than 10,000,000,000 units"},
        {"10000000001", "more than 10,000,000,000 units"},
        {"99999999999999999999999999999999999999", "more than 10,000,000,000 units"},
        {"-9223372036854775808", "more than 10,000,000,000 units"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = {0};
        int64_t qty_e4 = 77;
        assert_int_equal(qty_parse(slice_of(bad[i].text), &qty_e4, &e), ERR_INVALID);
        if (strstr(e.message, bad[i].why) == NULL) {
            fail_msg("\"%s\": %s", bad[i].text, e.message);
        }
        assert_int_equal(qty_e4, 77);
        assert_int_equal(qty_parse(slice_of(bad[i].text), &qty_e4, NULL), ERR_INVALID);
    }
    int64_t qty_e4;
    assert_int_equal(qty_parse(SLICE("1\0002"), &qty_e4, NULL), ERR_INVALID);
    assert_int_equal(qty_parse((struct slice){0}, &qty_e4, NULL), ERR_INVALID);
}

static void test_messages_do_not_repeat_the_text(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t qty_e4;
    assert_int_equal(qty_parse(SLICE("4111111111111111"), &qty_e4, &e), ERR_INVALID);
    assert_null(strstr(e.message, "4111"));
}

static void test_format_is_the_shortest(void **state)
{
    (void)state;
    static const struct {
        int64_t qty_e4;
        const char *text;
    } shown[] = {
        {0, "0"},
        {10000, "1"},
        {120000, "12"},
        {-5000, "-0.5"},
        {31400, "3.14"},
        {1, "0.0001"},
        {-1, "-0.0001"},
        {10010, "1.001"},
        {-1000000, "-100"},
        {100100, "10.01"},
        {INT64_MAX, "922337203685477.5807"},
        {INT64_MIN, "-922337203685477.5808"},
    };
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        char text[QTY_TEXT_BYTES];
        assert_string_equal(qty_format(shown[i].qty_e4, text), shown[i].text);
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15;
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void test_every_quantity_reads_back(void **state)
{
    (void)state;
    const char *given = getenv("SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 20261124;
    printf("SEED=%" PRIu64 "\n", seed);
    for (int i = 0; i < 100000; i++) {
        uint64_t magnitude = next_random(&seed) >> (next_random(&seed) % 64);
        int64_t qty_e4 = (int64_t)(magnitude % ((uint64_t)QTY_E4_MAX + 1));
        if (next_random(&seed) % 2 == 0) {
            qty_e4 = -qty_e4;
        }
        char text[QTY_TEXT_BYTES];
        int64_t read;
        assert_int_equal(qty_parse(slice_of(qty_format(qty_e4, text)), &read, NULL), ERR_OK);
        assert_true(read == qty_e4);
    }
}

static void test_sums_are_checked(void **state)
{
    (void)state;
    int64_t sum;
    assert_true(qty_add(INT64_MAX - 1, 1, &sum));
    assert_true(sum == INT64_MAX);
    assert_false(qty_add(INT64_MAX, 1, &sum));
    assert_false(qty_add(INT64_MIN, -1, &sum));
    assert_true(qty_add(INT64_MIN, INT64_MAX, &sum));
    assert_true(sum == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_a_quantity),
        cmocka_unit_test(test_what_is_not_says_why),
        cmocka_unit_test(test_messages_do_not_repeat_the_text),
        cmocka_unit_test(test_format_is_the_shortest),
        cmocka_unit_test(test_every_quantity_reads_back),
        cmocka_unit_test(test_sums_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
