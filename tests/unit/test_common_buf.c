#include "common/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_appends_stay_terminated(void **state)
{
    (void)state;
    BUF_AUTO struct buf b = BUF_INIT(1000);
    assert_int_equal(buf_append(&b, "ab", 2), ERR_OK);
    assert_int_equal(buf_append_slice(&b, SLICE("cd")), ERR_OK);
    assert_int_equal(buf_printf(&b, "-%d-%s", 42, "x"), ERR_OK);
    assert_string_equal(b.data, "abcd-42-x");
    assert_int_equal(b.size, 9);
    assert_true(slice_equal_text(buf_slice(&b), "abcd-42-x"));
    assert_int_equal(buf_append(&b, NULL, 0), ERR_OK);
    assert_int_equal(b.size, 9);
}

static void test_an_empty_append_makes_an_empty_string(void **state)
{
    (void)state;
    BUF_AUTO struct buf b = BUF_INIT(10);
    assert_int_equal(buf_slice(&b).size, 0);
    assert_int_equal(buf_append(&b, "", 0), ERR_OK);
    assert_string_equal(b.data, "");
}

static void test_the_ceiling_holds_and_keeps_the_content(void **state)
{
    (void)state;
    BUF_AUTO struct buf b = BUF_INIT(8);
    assert_int_equal(buf_append(&b, "12345", 5), ERR_OK);
    assert_int_equal(buf_append(&b, "6789", 4), ERR_FULL);
    assert_int_equal(buf_printf(&b, "%s", "6789"), ERR_FULL);
    assert_int_equal(buf_reserve(&b, SIZE_MAX), ERR_FULL);
    assert_string_equal(b.data, "12345");
    assert_int_equal(buf_append(&b, "678", 3), ERR_OK);
    assert_string_equal(b.data, "12345678");
    assert_true(b.capacity <= 9);
    assert_int_equal(buf_append(&b, "9", 1), ERR_FULL);
}

static void test_a_ceiling_of_nothing(void **state)
{
    (void)state;
    BUF_AUTO struct buf b = BUF_INIT(0);
    assert_int_equal(buf_append(&b, "", 0), ERR_OK);
    assert_int_equal(buf_append(&b, "x", 1), ERR_FULL);
}

static void test_growth_keeps_every_byte(void **state)
{
    (void)state;
    BUF_AUTO struct buf b = BUF_INIT(100000);
    for (int i = 0; i < 100000; i++) {
        char c = (char)('a' + i % 26);
        assert_int_equal(buf_append(&b, &c, 1), ERR_OK);
    }
    assert_int_equal(b.size, 100000);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(b.data[i], 'a' + i % 26);
    }
    assert_int_equal(b.capacity, 100001);
}

static void test_reserved_room_is_there_to_write(void **state)
{
    (void)state;
    BUF_AUTO struct buf b = BUF_INIT(1 << 20);
    assert_int_equal(buf_append(&b, "x", 1), ERR_OK);
    assert_int_equal(buf_reserve(&b, 5000), ERR_OK);
    memset(b.data + b.size, 'y', 5000);
    const char *data = b.data;
    assert_int_equal(buf_reserve(&b, 5000), ERR_OK);
    assert_ptr_equal(b.data, data);
}

static void test_consume_and_clear(void **state)
{
    (void)state;
    BUF_AUTO struct buf b = BUF_INIT(100);
    buf_consume(&b, 0);
    buf_clear(&b);
    assert_int_equal(buf_append(&b, "first second", 12), ERR_OK);
    buf_consume(&b, 6);
    assert_string_equal(b.data, "second");
    size_t capacity = b.capacity;
    buf_clear(&b);
    assert_string_equal(b.data, "");
    assert_int_equal(b.capacity, capacity);
    buf_free(&b);
    assert_int_equal(b.ceiling, 100);
    assert_int_equal(buf_append(&b, "again", 5), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends_stay_terminated),
        cmocka_unit_test(test_an_empty_append_makes_an_empty_string),
        cmocka_unit_test(test_the_ceiling_holds_and_keeps_the_content),
        cmocka_unit_test(test_a_ceiling_of_nothing),
        cmocka_unit_test(test_growth_keeps_every_byte),
        cmocka_unit_test(test_reserved_room_is_there_to_write),
        cmocka_unit_test(test_consume_and_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
