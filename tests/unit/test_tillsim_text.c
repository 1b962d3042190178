#include "tests/tillsim/card.h"
#include "tests/tillsim/civil.h"
#include "tests/tillsim/table.h"
#include "tests/tillsim/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(struct sim_text *t, const char *text)
{
    assert_int_equal(t->size, strlen(text));
    assert_memory_equal(t->data, text, t->size);
    sim_text_clear(t);
}

static void test_quantities_are_printed(void **state)
{
    (void)state;
    struct sim_text t = {0};
    const struct {
        int64_t value_e4;
        unsigned decimals;
        const char *text;
    } cases[] = {{0, 0, "0"},
                 {10000, 0, "1"},
                 {10000, 2, "1.00"},
                 {1270, 0, "0.127"},
                 {1270, 4, "0.1270"},
                 {-1270, 0, "-0.127"},
                 {-1, 0, "-0.0001"},
                 {123456789, 0, "12345.6789"},
                 {INT64_MIN, 0, "-922337203685477.5808"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sim_text_put_e4(&t, cases[i].value_e4, cases[i].decimals);
        expect(&t, cases[i].text);
    }
    sim_text_put_cents(&t, -19);
    expect(&t, "-0.19");
    sim_text_free(&t);
}

static void test_quantities_are_read(void **state)
{
    (void)state;
    int64_t value = 0;
    assert_int_equal(sim_text_parse_e4("0.127", &value), 0);
    assert_int_equal(value, 1270);
    assert_int_equal(sim_text_parse_e4("-12", &value), 0);
    assert_int_equal(value, -120000);
    static const char *const bad[] = {"",    "-",  ".",          "1.",  ".5", "1.00000",
                                      "1e3", "1 ", "1234567890", "0x1", "--1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(sim_text_parse_e4(bad[i], &value), -1);
    }
}

static void test_text_is_escaped(void **state)
{
    (void)state;
    struct sim_text t = {0};
    sim_text_put_json(&t, "1/2\" \\ È");
    expect(&t, "\"1/2\\\" \\\\ È\"");
    sim_text_put_xml(&t, "A & B <\">");
    expect(&t, "A &amp; B &lt;&quot;&gt;");
    sim_text_free(&t);
}

static void test_dates(void **state)
{
    (void)state;
    struct sim_text t = {0};
    int32_t day = 0;
    assert_true(sim_civil_parse("1970-01-01", &day));
    assert_int_equal(day, 0);
    assert_true(sim_civil_parse("2024-02-29", &day));
    assert_int_equal(day, 19782);
    sim_civil_put_offset(&t, (struct sim_moment){(int64_t)day * SIM_DAY_SECONDS + 33123, -90});
    expect(&t, "2024-02-29T09:12:03-01:30");
    sim_civil_put_local(&t, (struct sim_moment){(int64_t)(day + 1) * SIM_DAY_SECONDS - 1, 60});
    expect(&t, "2024-02-29T23:59:59");
    static const char *const bad[] = {"2023-02-29", "2024-13-01", "2024-1-01",
                                      "2024-01-32", "1969-12-31", "today"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(sim_civil_parse(bad[i], &day));
    }
    sim_text_free(&t);
}

static void test_every_day_goes_there_and_back(void **state)
{
    (void)state;
    struct sim_text t = {0};
    for (int32_t day = 0; day < 50000; day += 7) {
        char text[11] = {0};
        int32_t back = -1;
        sim_civil_put_date(&t, day);
        memcpy(text, t.data, 10);
        sim_text_clear(&t);
        assert_true(sim_civil_parse(text, &back));
        assert_int_equal(back, day);
    }
    sim_text_free(&t);
}

static void test_cards_are_valid_by_luhn(void **state)
{
    (void)state;
    struct sim_rng rng = sim_rng_of(7, 1);
    size_t lengths[SIM_CARD_DIGITS_MAX + 1] = {0}, tracks = 0, grouped = 0;
    for (int i = 0; i < 1000; i++) {
        struct sim_card card;
        sim_card_make(&rng, &card);
        size_t length = strlen(card.digits);
        assert_in_range(length, 13, SIM_CARD_DIGITS_MAX);
        assert_true(sim_card_luhn(card.digits));
        lengths[length]++;
        tracks += card.shown[0] == '%' || card.shown[0] == ';';
        grouped += card.shown[4] == ' ' || card.shown[4] == '-';
    }
    for (size_t length = 13; length <= SIM_CARD_DIGITS_MAX; length++) {
        assert_true(lengths[length] > 0);
    }
    assert_true(tracks > 0 && grouped > 0 && tracks + grouped < 1000);
    assert_true(sim_card_luhn("4111111111111111"));
    assert_false(sim_card_luhn("4111111111111112"));
}

static void test_table_keeps_every_entry(void **state)
{
    (void)state;
    struct sim_table t = sim_table_of(2 * sizeof(uint64_t), sizeof(uint64_t));
    enum { COUNT = 20000 };
    for (uint64_t i = 0; i < COUNT; i++) {
        bool fresh = false;
        uint64_t entry[2] = {i * 2654435761u, i};
        sim_table_put(&t, entry, &fresh);
        assert_true(fresh);
        sim_table_put(&t, entry, &fresh);
        assert_false(fresh);
    }
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t key = i * 2654435761u;
        const uint64_t *entry = sim_table_find(&t, &key);
        assert_non_null(entry);
        assert_int_equal(entry[1], i);
        assert_int_equal(sim_table_index(&t, entry), i);
    }
    uint64_t missing = 1;
    assert_null(sim_table_find(&t, &missing));
    sim_table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantities_are_printed),
        cmocka_unit_test(test_quantities_are_read),
        cmocka_unit_test(test_text_is_escaped),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_every_day_goes_there_and_back),
        cmocka_unit_test(test_cards_are_valid_by_luhn),
        cmocka_unit_test(test_table_keeps_every_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
