#include "proto/topic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_store_ids(void **state)
{
    (void)state;
    assert_true(store_id_valid(SLICE("S014")));
    assert_true(store_id_valid(SLICE("Store_1-b")));
    assert_true(store_id_valid(SLICE("abcdefghijklmnopqrstuvwxyz012345")));
    assert_false(store_id_valid(SLICE("abcdefghijklmnopqrstuvwxyz0123456")));
    assert_false(store_id_valid((struct slice){0}));
    static const char *const bad[] = {"", "a/b", "a+", "#", "a b", "a\n", "$SYS", "S\xc3\xa4", ".."};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(store_id_valid(slice_of(bad[i])));
    }
    assert_false(store_id_valid(SLICE("a\0b")));
}

static void test_each_topic_parses_back(void **state)
{
    (void)state;
    static const char *const topics[] = {
        [TOPIC_EVENTS] = "tillwire/v1/S014/up/events",
        [TOPIC_HEARTBEAT] = "tillwire/v1/S014/up/heartbeat",
        [TOPIC_ACK] = "tillwire/v1/S014/down/ack",
        [TOPIC_COMMAND] = "tillwire/v1/S014/down/command",
    };
    for (int i = 0; i <= TOPIC_COMMAND; i++) {
        char topic[TOPIC_BYTES];
        assert_string_equal(topic_format((enum topic_kind)i, "S014", topic), topics[i]);
        enum topic_kind kind;
        char store[STORE_ID_MAX + 1];
        assert_true(topic_parse(topic, &kind, store));
        assert_int_equal(kind, i);
        assert_string_equal(store, "S014");
    }
}

static void test_the_longest_topic_fits(void **state)
{
    (void)state;
    char store[STORE_ID_MAX + 1];
    memset(store, 'x', STORE_ID_MAX);
    store[STORE_ID_MAX] = '\0';
    char topic[TOPIC_BYTES];
    enum topic_kind kind;
    char parsed[STORE_ID_MAX + 1];
    assert_true(topic_parse(topic_format(TOPIC_HEARTBEAT, store, topic), &kind, parsed));
    assert_string_equal(parsed, store);
}

static void test_other_topics_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "tillwire",
        "tillwire/v1/",
        "tillwire/v1/S014",
        "tillwire/v1/S014/",
        "tillwire/v1/S014/up",
        "tillwire/v1/S014/up/",
        "tillwire/v1/S014/up/event",
        "tillwire/v1/S014/up/eventss",
        "tillwire/v1/S014/up/events/",
        "tillwire/v1/S014/down/events",
        "tillwire/v1//up/events",
        "tillwire/v1/a+b/up/events",
        "tillwire/v1/a/b/up/events",
        "tillwire/v2/S014/up/events",
        "Tillwire/v1/S014/up/events",
        " tillwire/v1/S014/up/events",
        "tillwire/v1/abcdefghijklmnopqrstuvwxyz0123456/up/events",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum topic_kind kind;
        char store[STORE_ID_MAX + 1];
        assert_false(topic_parse(bad[i], &kind, store));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_ids),
        cmocka_unit_test(test_each_topic_parses_back),
        cmocka_unit_test(test_the_longest_topic_fits),
        cmocka_unit_test(test_other_topics_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
