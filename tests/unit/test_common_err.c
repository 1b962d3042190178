#include "common/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_set_returns_the_class_and_keeps_the_message(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(err_set(&e, ERR_INVALID, "line %d is bad", 7), ERR_INVALID);
    assert_int_equal(e.class, ERR_INVALID);
    assert_string_equal(e.message, "line 7 is bad");
    assert_int_equal(err_set(NULL, ERR_FULL, "unseen"), ERR_FULL);
}

static void test_prefix_goes_before_the_message(void **state)
{
    (void)state;
    struct err e;
    (void)err_set(&e, ERR_FATAL, "cannot read");
    assert_int_equal(err_prefix(&e, "file %s", "a.log"), ERR_FATAL);
    assert_string_equal(e.message, "file a.log: cannot read");
    assert_int_equal(err_prefix(NULL, "x"), ERR_OK);
}

static void test_messages_may_quote_the_message_they_replace(void **state)
{
    (void)state;
    struct err e;
    (void)err_set(&e, ERR_RETRY, "busy");
    (void)err_set(&e, ERR_FATAL, "gave up: %s", e.message);
    assert_string_equal(e.message, "gave up: busy");
}

static void test_long_messages_are_cut(void **state)
{
    (void)state;
    char text[2 * ERR_MESSAGE_BYTES_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct err e;
    (void)err_set(&e, ERR_INVALID, "%s", text);
    assert_int_equal(strlen(e.message), ERR_MESSAGE_BYTES_MAX - 1);
    (void)err_prefix(&e, "first");
    assert_int_equal(strncmp(e.message, "first: xxx", 10), 0);
    assert_int_equal(strlen(e.message), ERR_MESSAGE_BYTES_MAX - 1);
    (void)err_prefix(&e, "%s", text);
    assert_int_equal(strlen(e.message), ERR_MESSAGE_BYTES_MAX - 1);
}

static void test_every_class_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(err_class_name(ERR_OK), "ok");
    assert_string_equal(err_class_name(ERR_RETRY), "retry");
    assert_string_equal(err_class_name(ERR_INVALID), "invalid");
    assert_string_equal(err_class_name(ERR_FULL), "full");
    assert_string_equal(err_class_name(ERR_FATAL), "fatal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_returns_the_class_and_keeps_the_message),
        cmocka_unit_test(test_prefix_goes_before_the_message),
        cmocka_unit_test(test_messages_may_quote_the_message_they_replace),
        cmocka_unit_test(test_long_messages_are_cut),
        cmocka_unit_test(test_every_class_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
