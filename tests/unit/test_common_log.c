#include "common/log.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    int64_t wall_ms, boot_ms;
    struct clock clock;
    int fd;
    struct log *log;
    char text[1 << 20];
};

static int64_t fixture_wall_ms(void *ctx)
{
    return ((struct fixture *)ctx)->wall_ms;
}

static int64_t fixture_boot_ms(void *ctx)
{
    return ((struct fixture *)ctx)->boot_ms;
}

static struct fixture *start(enum log_level level, bool systemd, unsigned burst)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->wall_ms = INT64_C(1795532523123);
    f->boot_ms = 1000;
    f->clock = (struct clock){.ctx = f, .wall_ms = fixture_wall_ms, .boot_ms = fixture_boot_ms};
    f->fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(f->fd >= 0);
    const struct log_options options = {.level = level, .fd = f->fd, .systemd = systemd, .burst = burst};
    assert_int_equal(log_open(&f->log, &options, &f->clock, NULL), ERR_OK);
    return f;
}

/* What was written since the last call. */
static const char *written(struct fixture *f)
{
    off_t size = lseek(f->fd, 0, SEEK_CUR);
    assert_true(size >= 0 && (size_t)size < sizeof f->text);
    assert_int_equal(pread(f->fd, f->text, (size_t)size, 0), size);
    f->text[size] = '\0';
    assert_int_equal(ftruncate(f->fd, 0), 0);
    assert_int_equal(lseek(f->fd, 0, SEEK_SET), 0);
    return f->text;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}

static void stop(struct fixture *f)
{
    log_close(f->log);
    (void)close(f->fd);
    free(f);
}

static void test_a_line_says_when_how_bad_and_where(void **state)
{
    (void)state;
    struct fixture *f = start(LOG_DEBUG, false, 0);
    log_warn(f->log, "uplink", "%d batches wait", 3);
    assert_string_equal(written(f), "2026-11-24T15:02:03.123Z warn uplink: 3 batches wait\n");
    log_error(f->log, "tail", "x");
    log_info(f->log, "tail", "y");
    log_debug(f->log, "tail", "z");
    assert_string_equal(written(f), "2026-11-24T15:02:03.123Z error tail: x\n"
                                    "2026-11-24T15:02:03.123Z info tail: y\n"
                                    "2026-11-24T15:02:03.123Z debug tail: z\n");
    stop(f);
}

static void test_systemd_gets_prefixes(void **state)
{
    (void)state;
    struct fixture *f = start(LOG_DEBUG, true, 0);
    log_error(f->log, "tail", "a");
    log_warn(f->log, "tail", "b");
    log_info(f->log, "tail", "c");
    log_debug(f->log, "tail", "d");
    assert_string_equal(written(f), "<3>tail: a\n<4>tail: b\n<6>tail: c\n<7>tail: d\n");
    stop(f);
}

static void test_levels(void **state)
{
    (void)state;
    struct fixture *f = start(LOG_WARN, true, 0);
    log_info(f->log, "tail", "unseen");
    assert_string_equal(written(f), "");
    log_set_level(f->log, LOG_INFO);
    log_info(f->log, "tail", "seen");
    assert_string_equal(written(f), "<6>tail: seen\n");
    log_error(NULL, "tail", "nowhere");
    stop(f);
    log_close(NULL);

    enum log_level level;
    assert_true(log_level_parse("error", &level) && level == LOG_ERROR);
    assert_true(log_level_parse("warn", &level) && level == LOG_WARN);
    assert_true(log_level_parse("info", &level) && level == LOG_INFO);
    assert_true(log_level_parse("debug", &level) && level == LOG_DEBUG);
    assert_false(log_level_parse("Debug", &level));
    assert_false(log_level_parse("", &level));
}

static void test_one_message_is_one_line(void **state)
{
    (void)state;
    struct fixture *f = start(LOG_INFO, true, 0);
    log_info(f->log, "tail", "%s", "a\nb\x1b[31m\x7f é");
    assert_string_equal(written(f), "<6>tail: a\\x0ab\\x1b[31m\\x7f é\n");
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info(f->log, "tail", "%s", text);
    const char *line = written(f);
    assert_true(strlen(line) < 1100);
    assert_string_equal(line + strlen(line) - 5, "x...\n");
    memset(text, '\n', sizeof text - 1);
    log_info(f->log, "tail", "%s", text);
    line = written(f);
    assert_int_equal(count_lines(line), 1);
    assert_true(strlen(line) <= 1000);
    assert_string_equal(line + strlen(line) - 4, "...\n");
    stop(f);
}

static void repeat(struct log *l, int times)
{
    for (int i = 0; i < times; i++) {
        log_warn(l, "tail", "cannot read %d", i);
    }
}

static void test_repetitions_are_counted_and_told(void **state)
{
    (void)state;
    struct fixture *f = start(LOG_INFO, true, 3);
    repeat(f->log, 10);
    assert_string_equal(written(f),
                        "<4>tail: cannot read 0\n<4>tail: cannot read 1\n<4>tail: cannot read 2\n");
    f->boot_ms += 9999;
    repeat(f->log, 1);
    log_info(f->log, "uplink", "another place is free");
    assert_string_equal(written(f), "<6>uplink: another place is free\n");
    f->boot_ms += 1;
    log_info(f->log, "uplink", "another still");
    assert_string_equal(written(f), "<4>tail: 8 more lines like \"cannot read %d\" were held back\n"
                                    "<6>uplink: another still\n");
    repeat(f->log, 1);
    assert_string_equal(written(f), "<4>tail: cannot read 0\n");
    f->boot_ms += 20000;
    log_info(f->log, "uplink", "nothing was held");
    assert_string_equal(written(f), "<6>uplink: nothing was held\n");
    stop(f);
}

static void test_closing_tells_what_was_held(void **state)
{
    (void)state;
    struct fixture *f = start(LOG_INFO, true, 1);
    repeat(f->log, 5);
    (void)written(f);
    log_close(f->log);
    f->log = NULL;
    assert_string_equal(written(f), "<4>tail: 4 more lines like \"cannot read %d\" were held back\n");
    stop(f);
}

#define TEN_PLACES(l, name)           \
    do {                              \
        log_info((l), "x", name "0"); \
        log_info((l), "x", name "1"); \
        log_info((l), "x", name "2"); \
        log_info((l), "x", name "3"); \
        log_info((l), "x", name "4"); \
        log_info((l), "x", name "5"); \
        log_info((l), "x", name "6"); \
        log_info((l), "x", name "7"); \
        log_info((l), "x", name "8"); \
        log_info((l), "x", name "9"); \
    } while (0)

static void test_more_places_than_the_table_holds(void **state)
{
    (void)state;
    struct fixture *f = start(LOG_INFO, true, 1);
    repeat(f->log, 2);
    assert_string_equal(written(f), "<4>tail: cannot read 0\n");
    f->boot_ms += 1;
    TEN_PLACES(f->log, "a");
    TEN_PLACES(f->log, "b");
    TEN_PLACES(f->log, "c");
    TEN_PLACES(f->log, "d");
    TEN_PLACES(f->log, "e");
    TEN_PLACES(f->log, "f");
    TEN_PLACES(f->log, "g");
    const char *text = written(f);
    assert_int_equal(count_lines(text), 71);
    assert_non_null(strstr(text, "1 more lines like \"cannot read %d\""));
    stop(f);
}

static void *write_many(void *log)
{
    for (int i = 0; i < 500; i++) {
        log_info(log, "thread", "%s", "0123456789");
    }
    return NULL;
}

static void test_threads_do_not_mix_lines(void **state)
{
    (void)state;
    struct fixture *f = start(LOG_INFO, true, 100000);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, f->log), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    const char *text = written(f);
    const char line[] = "<6>thread: 0123456789\n";
    assert_int_equal(strlen(text), 4 * 500 * (sizeof line - 1));
    for (const char *at = text; *at != '\0'; at += sizeof line - 1) {
        assert_memory_equal(at, line, sizeof line - 1);
    }
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_says_when_how_bad_and_where),
        cmocka_unit_test(test_systemd_gets_prefixes),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_one_message_is_one_line),
        cmocka_unit_test(test_repetitions_are_counted_and_told),
        cmocka_unit_test(test_closing_tells_what_was_held),
        cmocka_unit_test(test_more_places_than_the_table_holds),
        cmocka_unit_test(test_threads_do_not_mix_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
