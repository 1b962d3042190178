#include "proto/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_valid_text(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "Milk 3.5% 1l",
        "K\xc3\xa4se",
        "\xc2\xa0",         /* the first after C1 */
        "\xe0\xa0\x80",     /* U+0800 */
        "\xed\x9f\xbf",     /* U+D7FF */
        "\xee\x80\x80",     /* U+E000 */
        "\xf0\x90\x80\x80", /* U+10000 */
        "\xf4\x8f\xbf\xbf", /* U+10FFFF */
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(text_valid(slice_of(good[i])));
    }
    assert_true(text_valid((struct slice){0}));
}

static const char *const bad[] = {
    "\x01",
    "a\tb",
    "a\n",
    "\x7f",
    "\xc2\x80", /* C1 */
    "\xc2\x9f",
    "\x80",
    "a\xbf",
    "\xc3", /* cut off */
    "\xe2\x82",
    "\xf0\x9f\x98",
    "\xc3(",
    "\xc0\xaf", /* overlong */
    "\xe0\x9f\xbf",
    "\xf0\x8f\xbf\xbf",
    "\xed\xa0\x80",     /* a surrogate */
    "\xf4\x90\x80\x80", /* past the last */
    "\xf5\x80\x80\x80",
    "\xff",
};

static void test_malformed_text_and_control_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(text_valid(slice_of(bad[i])));
    }
    assert_false(text_valid(SLICE("a\0b")));
}

static void test_cleaned_text_is_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char out[16];
        size_t size = text_clean(slice_of(bad[i]), sizeof out - 1, out);
        assert_true(text_valid((struct slice){out, size}));
        assert_int_equal(strlen(out), size);
    }
    char out[32];
    assert_int_equal(text_clean(SLICE("a\tb\0c\xc2\x85"
                                      "d\xff"
                                      "e\xe2\x82"),
                                31, out),
                     11);
    assert_string_equal(out, "a b c d?e??");
}

static void test_cut_between_characters(void **state)
{
    (void)state;
    char out[8];
    assert_int_equal(text_clean(SLICE("abc\xc3\xa4"), 4, out), 3);
    assert_string_equal(out, "abc");
    assert_int_equal(text_clean(SLICE("abc\xc3\xa4"), 5, out), 5);
    assert_string_equal(out, "abc\xc3\xa4");
    assert_int_equal(text_clean(SLICE("abc"), 0, out), 0);
    assert_string_equal(out, "");
    assert_int_equal(text_clean((struct slice){0}, 7, out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_text),
        cmocka_unit_test(test_malformed_text_and_control_characters),
        cmocka_unit_test(test_cleaned_text_is_valid),
        cmocka_unit_test(test_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
