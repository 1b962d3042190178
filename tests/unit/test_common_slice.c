#include "common/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_equality(void **state)
{
    (void)state;
    struct slice none = {0};
    assert_true(slice_equal(none, SLICE("")));
    assert_true(slice_equal(none, slice_of(NULL)));
    assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
    assert_true(slice_equal_text(SLICE("Item_1"), "Item_1"));
    assert_false(slice_equal_text(SLICE("Item_1"), "Item_10"));
    assert_true(slice_equal_nocase(SLICE("pOsLog@["), "PoSlOG@["));
    assert_false(slice_equal_nocase(SLICE("@"), "`")); /* differ in the bit that letters differ in */
    assert_false(slice_equal_nocase(SLICE("a"), "ab"));
}

static void test_order_is_by_bytes_and_shorter_first(void **state)
{
    (void)state;
    struct slice none = {0};
    assert_true(slice_compare(SLICE("a"), SLICE("b")) < 0);
    assert_true(slice_compare(SLICE("b"), SLICE("aa")) > 0);
    assert_true(slice_compare(SLICE("a"), SLICE("aa")) < 0);
    assert_true(slice_compare(SLICE("\xff"), SLICE("a")) > 0);
    assert_int_equal(slice_compare(none, SLICE("")), 0);
    assert_true(slice_compare(none, SLICE("a")) < 0);
}

static void test_trim(void **state)
{
    (void)state;
    assert_true(slice_equal_text(slice_trim(SLICE(" \t\r\n\v\fa b\n ")), "a b"));
    assert_int_equal(slice_trim(SLICE(" \n ")).size, 0);
    assert_int_equal(slice_trim((struct slice){0}).size, 0);
}

static void test_prefix(void **state)
{
    (void)state;
    assert_true(slice_starts_with(SLICE("tillwire/v1"), "tillwire/"));
    assert_true(slice_starts_with((struct slice){0}, ""));
    assert_false(slice_starts_with(SLICE("till"), "tillwire"));
    assert_false(slice_starts_with(SLICE("Tillwire"), "till"));
}

static void test_copy_fits_or_gives_nothing(void **state)
{
    (void)state;
    char out[4] = "zzz";
    assert_true(slice_copy(SLICE("abc"), out, sizeof out));
    assert_string_equal(out, "abc");
    assert_false(slice_copy(SLICE("abcd"), out, sizeof out));
    assert_string_equal(out, "");
    assert_true(slice_copy((struct slice){0}, out, 1));
    assert_false(slice_copy(SLICE(""), out, 0));
}

static void test_numbers(void **state)
{
    (void)state;
    uint64_t value;
    assert_true(slice_to_u64(SLICE("0"), &value));
    assert_int_equal(value, 0);
    assert_true(slice_to_u64(SLICE("0018446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_false(slice_to_u64(SLICE("18446744073709551616"), &value));
    assert_false(slice_to_u64(SLICE("99999999999999999999"), &value));
    assert_false(slice_to_u64(SLICE(""), &value));
    assert_false(slice_to_u64(SLICE("-1"), &value));
    assert_false(slice_to_u64(SLICE("1 "), &value));
    assert_false(slice_to_u64(SLICE("1.0"), &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equality),
        cmocka_unit_test(test_order_is_by_bytes_and_shorter_first),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_copy_fits_or_gives_nothing),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
