#include "common/buf.h"
#include "common/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct config_key source_keys[] = {
    {.name = "path", .type = CONFIG_TEXT, .help = "Glob of the files."},
    {.name = "poll_ms",
     .type = CONFIG_INT,
     .fallback = "2000",
     .min = 10,
     .max = 60000,
     .help = "Slow poll."},
    {.name = "profiles",
     .type = CONFIG_TEXT_LIST,
     .fallback = "{\"ncr-acs\", standard}",
     .help = "Dialects."},
    {0},
};

static const struct config_key keys[] = {
    {.name = "store", .type = CONFIG_TEXT, .help = "The store's id."},
    {.name = "location", .type = CONFIG_TEXT, .fallback = "floor", .help = "Where goods are sold from."},
    {.name = "note", .type = CONFIG_TEXT, .fallback = "\"\"", .help = "Anything."},
    {.name = "window_bytes",
     .type = CONFIG_INT,
     .fallback = "1048576",
     .min = 1,
     .max = INT64_C(1) << 40,
     .help = "W."},
    {.name = "offset", .type = CONFIG_INT, .fallback = "-5", .help = "Without a range."},
    {.name = "scanner", .type = CONFIG_BOOL, .fallback = "true", .help = "Whether to listen."},
    {.name = "brokers", .type = CONFIG_TEXT_LIST, .fallback = "{}", .help = "In order."},
    {.name = "source", .type = CONFIG_SECTION, .keys = source_keys, .help = "One for each log."},
    {0},
};

static int setup(void **state)
{
    char *path = strdup("/tmp/test_common_config.XXXXXX");
    int fd = path == NULL ? -1 : mkstemp(path);
    *state = path;
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    int rc = unlink(*state);
    free(*state);
    return rc;
}

static enum err_class read_bytes(const char *path, struct slice text, struct config **c, struct err *e)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
    assert_int_equal(fclose(file), 0);
    return config_read(c, keys, path, e);
}

static struct config *read_text(const char *path, const char *text)
{
    struct config *c;
    struct err e;
    if (read_bytes(path, slice_of(text), &c, &e) != ERR_OK) {
        fail_msg("%s", e.message);
    }
    return c;
}

static void test_defaults(void **state)
{
    struct config *c = read_text(*state, "store = S014\n");
    assert_string_equal(config_text(c, "", 0, "store"), "S014");
    assert_string_equal(config_text(c, "", 0, "location"), "floor");
    assert_string_equal(config_text(c, "", 0, "note"), "");
    assert_int_equal(config_int(c, "", 0, "window_bytes"), 1048576);
    assert_int_equal(config_int(c, "", 0, "offset"), -5);
    assert_true(config_bool(c, "", 0, "scanner"));
    assert_int_equal(config_list_size(c, "", 0, "brokers"), 0);
    assert_int_equal(config_sections(c, "source"), 0);
    config_free(c);
    config_free(NULL);
}

static void test_values(void **state)
{
    struct config *c = read_text(*state, "# a comment\n"
                                         "store = \"S 0#14\" // another\n"
                                         "window_bytes = 1099511627776\n"
                                         "offset = 0\n"
                                         "scanner = no\n"
                                         "brokers = {\"a:8883\", \"b:8883\"}\n"
                                         "source \"pos\" { path = \"/a/*.xml\" poll_ms = 10 profiles = {} }\n"
                                         "source \"self checkout\" {\n  path = \"\"\n}\n");
    assert_string_equal(config_text(c, "", 0, "store"), "S 0#14");
    assert_int_equal(config_int(c, "", 0, "window_bytes"), INT64_C(1) << 40);
    assert_int_equal(config_int(c, "", 0, "offset"), 0);
    assert_false(config_bool(c, "", 0, "scanner"));
    assert_int_equal(config_list_size(c, "", 0, "brokers"), 2);
    assert_string_equal(config_list_at(c, "", 0, "brokers", 1), "b:8883");
    assert_int_equal(config_sections(c, "source"), 2);
    assert_string_equal(config_title(c, "source", 0), "pos");
    assert_string_equal(config_text(c, "source", 0, "path"), "/a/*.xml");
    assert_int_equal(config_int(c, "source", 0, "poll_ms"), 10);
    assert_int_equal(config_list_size(c, "source", 0, "profiles"), 0);
    assert_string_equal(config_title(c, "source", 1), "self checkout");
    assert_string_equal(config_text(c, "source", 1, "path"), "");
    assert_int_equal(config_int(c, "source", 1, "poll_ms"), 2000);
    assert_int_equal(config_list_size(c, "source", 1, "profiles"), 2);
    assert_string_equal(config_list_at(c, "source", 1, "profiles", 0), "ncr-acs");
    assert_string_equal(config_list_at(c, "source", 1, "profiles", 1), "standard");
    config_free(c);
}

static void assert_refused(const char *path, const char *text, const char *at, const char *why)
{
    struct config *c;
    struct err e;
    assert_int_equal(read_bytes(path, slice_of(text), &c, &e), ERR_INVALID);
    assert_null(c);
    char prefix[128];
    (void)snprintf(prefix, sizeof prefix, "%s:%s", path, at);
    if (strncmp(e.message, prefix, strlen(prefix)) != 0 || strstr(e.message, why) == NULL) {
        fail_msg("%s (expected %s … %s)", e.message, prefix, why);
    }
}

static void test_errors_say_where(void **state)
{
    const char *path = *state;
    assert_refused(path, "store = S014\n\nstoer = S015\n", "3:", "stoer");
    assert_refused(path, "store = S014\nsource \"a\" {\n path = x\n colour = red\n}\n", "4:", "colour");
    assert_refused(path, "store = S014\nwindow_bytes = many\n", "2:", "integer");
    assert_refused(path, "store = S014\nscanner = perhaps\n", "2:", "boolean");
    assert_refused(path, "store = S014\nsource \"a\" { path = x }\nsource \"a\" { path = y }\n", "3:", "a");
    assert_refused(path, "store = \"S014\n", "", "");
}

static void test_required_keys_and_ranges(void **state)
{
    const char *path = *state;
    assert_refused(path, "", " store is missing", "The store's id.");
    assert_refused(path, "store = a\nsource \"pos\" { }\n", " source \"pos\": path is missing", "Glob");
    assert_refused(path, "store = a\nwindow_bytes = 0\n", " window_bytes = 0", "1 to 1099511627776");
    assert_refused(path, "store = a\nsource \"pos\" { path = x\n poll_ms = 60001 }\n",
                   " source \"pos\": poll_ms", "10 to 60000");
}

static void test_no_file(void **state)
{
    (void)state;
    struct config *c;
    struct err e;
    assert_int_equal(config_read(&c, keys, "/nonexistent/edge.conf", &e), ERR_INVALID);
    assert_string_equal(e.message, "/nonexistent/edge.conf: cannot read it: No such file or directory");
}

/* Takes away each `#` that no space follows. */
static void uncomment(char *text)
{
    char *to = text;
    bool line_start = true;
    for (const char *from = text; *from != '\0'; from++) {
        if (!(line_start && from[0] == '#' && from[1] != ' ')) {
            *to++ = *from;
        }
        line_start = *from == '\n';
    }
    *to = '\0';
}

static void test_the_example_is_a_config(void **state)
{
    BUF_AUTO struct buf example = BUF_INIT(100000);
    assert_int_equal(config_example(keys, &example), ERR_OK);
    assert_non_null(strstr(example.data, "\n# The store's id. Required.\nstore = \"change-me\"\n"));
    assert_non_null(strstr(example.data, "\n# Where goods are sold from.\n#location = \"floor\"\n"));
    assert_non_null(strstr(example.data, "\n# W.\n# 1 to 1099511627776.\n#window_bytes = 1048576\n"));
    assert_non_null(strstr(example.data, "\n#source \"name\" {\n"));
    struct config *c = read_text(*state, example.data);
    assert_int_equal(config_sections(c, "source"), 0);
    config_free(c);

    uncomment(example.data);
    c = read_text(*state, example.data);
    assert_string_equal(config_text(c, "", 0, "note"), "");
    assert_string_equal(config_text(c, "source", 0, "path"), "change-me");
    assert_int_equal(config_list_size(c, "source", 0, "profiles"), 2);
    config_free(c);

    BUF_AUTO struct buf small = BUF_INIT(100);
    assert_int_equal(config_example(keys, &small), ERR_FULL);
}

static void test_garbage_is_refused(void **state)
{
    const struct slice inputs[] = {
        SLICE("\0\0\0"),  SLICE("}}}}"),       SLICE("= = ="),      SLICE("store"),
        SLICE("store ="), SLICE("store = {a"), SLICE("source { }"), SLICE("\xff\xfe store = a")};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        struct config *c;
        assert_int_equal(read_bytes(*state, inputs[i], &c, NULL), ERR_INVALID);
        assert_null(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors_say_where, setup, teardown),
        cmocka_unit_test_setup_teardown(test_required_keys_and_ranges, setup, teardown),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test_setup_teardown(test_the_example_is_a_config, setup, teardown),
        cmocka_unit_test_setup_teardown(test_garbage_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
