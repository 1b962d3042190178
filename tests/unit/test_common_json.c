#include "common/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_a_document(void **state)
{
    (void)state;
    BUF_AUTO struct buf b = BUF_INIT(1000);
    struct json j;
    json_begin(&j, &b);
    json_object(&j);
    json_key(&j, "store");
    json_text(&j, SLICE("S014"));
    json_key(&j, "rows");
    json_array(&j);
    json_object(&j);
    json_object_end(&j);
    json_array(&j);
    json_array_end(&j);
    json_int(&j, 0);
    json_int(&j, INT64_MIN);
    json_int(&j, INT64_MAX);
    json_u64(&j, UINT64_MAX);
    json_raw(&j, SLICE("1.5000"));
    json_array_end(&j);
    json_key(&j, "fresh");
    json_bool(&j, true);
    json_key(&j, "live");
    json_bool(&j, false);
    json_key(&j, "on_hand");
    json_null(&j);
    json_object_end(&j);
    assert_int_equal(json_end(&j), ERR_OK);
    assert_string_equal(b.data, "{\"store\":\"S014\",\"rows\":[{},[],0,-9223372036854775808,"
                                "9223372036854775807,18446744073709551615,1.5000],"
                                "\"fresh\":true,\"live\":false,\"on_hand\":null}");
}

static void assert_text(struct slice value, const char *expected)
{
    BUF_AUTO struct buf b = BUF_INIT(1000);
    struct json j;
    json_begin(&j, &b);
    json_text(&j, value);
    assert_int_equal(json_end(&j), ERR_OK);
    assert_string_equal(b.data, expected);
}

static void test_escapes(void **state)
{
    (void)state;
    assert_text((struct slice){0}, "\"\"");
    assert_text(SLICE("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    assert_text(SLICE("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    assert_text(SLICE("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\"");
}

static void test_valid_utf8_passes(void **state)
{
    (void)state;
    assert_text(SLICE("Käse €3 \U0001F9C0"), "\"Käse €3 \U0001F9C0\"");
    assert_text(SLICE("\xc2\x80\xdf\xbf"), "\"\xc2\x80\xdf\xbf\"");
    assert_text(SLICE("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"), "\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"");
    assert_text(SLICE("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

#define FFFD "\xef\xbf\xbd"

static void test_each_bad_byte_is_replaced(void **state)
{
    (void)state;
    assert_text(SLICE("a\xff"
                      "b"),
                "\"a" FFFD "b\"");
    assert_text(SLICE("\x80"), "\"" FFFD "\"");
    assert_text(SLICE("\xc3"), "\"" FFFD "\"");                            /* cut */
    assert_text(SLICE("\xc3\""), "\"" FFFD "\\\"\"");                      /* the quote is still escaped */
    assert_text(SLICE("\xc0\xaf"), "\"" FFFD FFFD "\"");                   /* overlong */
    assert_text(SLICE("\xe0\x9f\xbf"), "\"" FFFD FFFD FFFD "\"");          /* overlong */
    assert_text(SLICE("\xed\xa0\x80"), "\"" FFFD FFFD FFFD "\"");          /* surrogate */
    assert_text(SLICE("\xf0\x8f\xbf\xbf"), "\"" FFFD FFFD FFFD FFFD "\""); /* overlong */
    assert_text(SLICE("\xf4\x90\x80\x80"), "\"" FFFD FFFD FFFD FFFD "\""); /* beyond U+10FFFF */
    assert_text((struct slice){"\xe2\x82\xac", 2}, "\"" FFFD FFFD "\"");   /* the rest is outside the slice */
}

static void test_the_ceiling_sticks(void **state)
{
    (void)state;
    BUF_AUTO struct buf b = BUF_INIT(10);
    struct json j;
    json_begin(&j, &b);
    json_array(&j);
    json_text(&j, SLICE("more than ten bytes"));
    json_int(&j, 1);
    json_array_end(&j);
    assert_int_equal(json_end(&j), ERR_FULL);
    assert_true(b.size <= 10);
}

static enum err_class misuse(void (*write)(struct json *j))
{
    BUF_AUTO struct buf b = BUF_INIT(1000);
    struct json j;
    json_begin(&j, &b);
    write(&j);
    return json_end(&j);
}

static void nothing(struct json *j)
{
    (void)j;
}

static void unclosed(struct json *j)
{
    json_array(j);
}

static void closed_twice(struct json *j)
{
    json_array(j);
    json_array_end(j);
    json_array_end(j);
}

static void crossed(struct json *j)
{
    json_array(j);
    json_object_end(j);
}

static void key_in_array(struct json *j)
{
    json_array(j);
    json_key(j, "a");
    json_array_end(j);
}

static void value_without_key(struct json *j)
{
    json_object(j);
    json_int(j, 1);
    json_object_end(j);
}

static void key_without_value(struct json *j)
{
    json_object(j);
    json_key(j, "a");
    json_object_end(j);
}

static void two_values(struct json *j)
{
    json_null(j);
    json_null(j);
}

static void too_deep(struct json *j)
{
    for (int i = 0; i <= JSON_DEPTH_MAX; i++) {
        json_array(j);
    }
    for (int i = 0; i <= JSON_DEPTH_MAX; i++) {
        json_array_end(j);
    }
}

static void test_misuse_is_fatal(void **state)
{
    (void)state;
    assert_int_equal(misuse(nothing), ERR_FATAL);
    assert_int_equal(misuse(unclosed), ERR_FATAL);
    assert_int_equal(misuse(closed_twice), ERR_FATAL);
    assert_int_equal(misuse(crossed), ERR_FATAL);
    assert_int_equal(misuse(key_in_array), ERR_FATAL);
    assert_int_equal(misuse(value_without_key), ERR_FATAL);
    assert_int_equal(misuse(key_without_value), ERR_FATAL);
    assert_int_equal(misuse(two_values), ERR_FATAL);
    assert_int_equal(misuse(too_deep), ERR_FATAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_document),         cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_valid_utf8_passes),  cmocka_unit_test(test_each_bad_byte_is_replaced),
        cmocka_unit_test(test_the_ceiling_sticks), cmocka_unit_test(test_misuse_is_fatal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
