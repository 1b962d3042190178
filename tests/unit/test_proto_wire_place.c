#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct batch_place example = {
    .store = "S014",
    .generation = 2,
    .run_counter = 9,
    .run_id = 0x0123456789abcdef,
    .first_seq = 300,
    .count = 17,
    .prev_chain = 0xff,
    .chain = UINT64_MAX,
};

static void test_a_place_reads_back(void **state)
{
    (void)state;
    struct place_text text;
    struct bus_property properties[WIRE_PLACE_PROPERTIES];
    wire_place_format(&example, &text, properties);
    assert_string_equal(properties[0].name, "store");
    assert_string_equal(properties[2].name, "run");
    assert_string_equal(properties[2].value, "9-0123456789abcdef");
    assert_string_equal(properties[5].value, "00000000000000ff");
    struct batch_place parsed;
    assert_int_equal(wire_place_parse(properties, WIRE_PLACE_PROPERTIES, &parsed, NULL), ERR_OK);
    assert_string_equal(parsed.store, example.store);
    assert_int_equal(parsed.generation, example.generation);
    assert_int_equal(parsed.run_counter, example.run_counter);
    assert_true(parsed.run_id == example.run_id);
    assert_int_equal(parsed.first_seq, example.first_seq);
    assert_int_equal(parsed.count, example.count);
    assert_true(parsed.prev_chain == example.prev_chain);
    assert_true(parsed.chain == example.chain);
}

static void test_the_widest_values_fit(void **state)
{
    (void)state;
    struct batch_place wide = {"abcdefghijklmnopqrstuvwxyz012345",
                               UINT32_MAX,
                               INT64_MAX,
                               UINT64_MAX,
                               INT64_MAX,
                               1,
                               UINT64_MAX,
                               UINT64_MAX};
    struct place_text text;
    struct bus_property properties[WIRE_PLACE_PROPERTIES];
    wire_place_format(&wide, &text, properties);
    struct batch_place parsed;
    assert_int_equal(wire_place_parse(properties, WIRE_PLACE_PROPERTIES, &parsed, NULL), ERR_OK);
    assert_string_equal(parsed.store, wide.store);
    assert_true(parsed.run_counter == wide.run_counter);
    assert_true(parsed.first_seq == wide.first_seq);
}

static void test_any_order_among_others(void **state)
{
    (void)state;
    struct place_text text;
    struct bus_property own[WIRE_PLACE_PROPERTIES];
    struct bus_property properties[WIRE_PLACE_PROPERTIES + 2] = {{"traceparent", "00-1-2-3"}, {"x", ""}};
    wire_place_format(&example, &text, own);
    for (size_t i = 0; i < WIRE_PLACE_PROPERTIES; i++) {
        properties[WIRE_PLACE_PROPERTIES + 1 - i] = own[i];
    }
    struct batch_place parsed;
    assert_int_equal(wire_place_parse(properties, WIRE_PLACE_PROPERTIES + 2, &parsed, NULL), ERR_OK);
    assert_int_equal(parsed.first_seq, 300);
}

static void check_refused(size_t property, const char *value, const char *why)
{
    struct place_text text;
    struct bus_property properties[WIRE_PLACE_PROPERTIES];
    wire_place_format(&example, &text, properties);
    properties[property].value = value;
    struct batch_place parsed;
    struct err e = {0};
    assert_int_equal(wire_place_parse(properties, WIRE_PLACE_PROPERTIES, &parsed, &e), ERR_INVALID);
    if (strstr(e.message, why) == NULL) {
        fail_msg("\"%s\": %s", value, e.message);
    }
}

static void test_malformed_values_are_refused_by_name(void **state)
{
    (void)state;
    check_refused(0, "", "store: malformed");
    check_refused(0, "a/b", "store: malformed");
    check_refused(1, "0", "generation: malformed");
    check_refused(1, "4294967296", "generation: malformed");
    check_refused(1, "-1", "generation: malformed");
    check_refused(2, "", "run: malformed");
    check_refused(2, "9", "run: malformed");
    check_refused(2, "9-", "run: malformed");
    check_refused(2, "0-0123456789abcdef", "run: malformed");
    check_refused(2, "9-0123456789abcde", "run: malformed");
    check_refused(2, "9-0123456789abcdef0", "run: malformed");
    check_refused(2, "9-0123456789ABCDEF", "run: malformed");
    check_refused(3, "0", "first_seq: malformed");
    check_refused(3, "9223372036854775808", "first_seq: malformed");
    check_refused(3, "9223372036854775807", "count: last seq out of range");
    check_refused(4, "0", "count: malformed");
    check_refused(4, "262145", "count: malformed");
    check_refused(5, "ff", "prev_chain: malformed");
    check_refused(6, "000000000000000g", "chain: malformed");
}

static void test_each_property_is_needed_once(void **state)
{
    (void)state;
    struct place_text text;
    struct bus_property properties[WIRE_PLACE_PROPERTIES];
    struct batch_place parsed;
    struct err e = {0};
    for (size_t i = 0; i < WIRE_PLACE_PROPERTIES; i++) {
        wire_place_format(&example, &text, properties);
        properties[i].name = "other";
        assert_int_equal(wire_place_parse(properties, WIRE_PLACE_PROPERTIES, &parsed, &e), ERR_INVALID);
        assert_non_null(strstr(e.message, "missing"));
    }
    assert_int_equal(wire_place_parse(NULL, 0, &parsed, &e), ERR_INVALID);
    wire_place_format(&example, &text, properties);
    properties[6] = properties[5];
    assert_int_equal(wire_place_parse(properties, WIRE_PLACE_PROPERTIES, &parsed, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "prev_chain: given twice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_place_reads_back),
        cmocka_unit_test(test_the_widest_values_fit),
        cmocka_unit_test(test_any_order_among_others),
        cmocka_unit_test(test_malformed_values_are_refused_by_name),
        cmocka_unit_test(test_each_property_is_needed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
