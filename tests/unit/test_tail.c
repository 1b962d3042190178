#include "tests/unit/tail_fixture.h"

static void test_appended_lines_come_in_order(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*.log");
    scan_and_take(f);
    assert_text(f, "");
    append(f, "a.log", "1\n2\n");
    append(f, "ignored.txt", "x\n");
    append(f, "old.log.gz", "x\n");
    scan_and_take(f);
    assert_text(f, "1\n2\n");
    append(f, "a.log", "3\n");
    scan_and_take(f);
    scan_and_take(f);
    assert_text(f, "1\n2\n3\n");
    assert_int_equal(f->freshes, 1);
    struct tail_position p;
    tail_position(f->tail, 0, &p);
    assert_int_equal(p.offset, 6);
    assert_int_equal(p.line, 3);
    assert_string_equal(p.path, path_of(f, "a.log"));
    struct tail_health h;
    tail_health(f->tail, &h);
    assert_int_equal(h.lag_bytes, 0);
    assert_string_equal(h.error, "");
    assert_string_equal(h.file, "a.log");
    fixture_close(f);
}

static void test_every_byte_of_a_record(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*.log");
    const char *all = "first\nsecond\nthird\n";
    for (size_t i = 0; i < strlen(all); i++) {
        put(f, "a.log", O_APPEND, &all[i], 1);
        scan_and_take(f);
        struct tail_health h;
        tail_health(f->tail, &h);
        size_t whole = i + 1;
        while (whole > 0 && all[whole - 1] != '\n') {
            whole--;
        }
        assert_int_equal(f->text.size, whole);
        assert_int_equal(h.lag_bytes, 0);
        assert_int_equal(h.partial_bytes, i + 1 - whole);
    }
    assert_text(f, all);
    fixture_close(f);
}

static void test_a_declined_remainder_is_not_offered_again_before_it_grew(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*.log");
    append(f, "a.log", "1\nhal");
    scan_and_take(f);
    scan(f);
    assert_false(take_chunk(f));
    append(f, "a.log", "f");
    scan(f);
    assert_true(take_chunk(f));
    assert_false(take_chunk(f));
    append(f, "a.log", "\n");
    scan(f);
    struct tail_health h;
    tail_health(f->tail, &h);
    assert_int_equal(h.lag_bytes, 5);
    take(f);
    assert_text(f, "1\nhalf\n");
    fixture_close(f);
}

static void test_older_files_come_first(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*");
    append(f, "a", "newest\n");
    append(f, "b", "oldest\n");
    append(f, "d", "2 same time\n");
    append(f, "c", "1 same time\n");
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct timespec middle[2] = {{.tv_sec = 2000}, {.tv_sec = 2000}};
    assert_int_equal(utimensat(AT_FDCWD, path_of(f, "b"), old, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, path_of(f, "c"), middle, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, path_of(f, "d"), middle, 0), 0);
    scan_and_take(f);
    assert_text(f, "oldest\n1 same time\n2 same time\nnewest\n");
    fixture_close(f);
}

static void test_a_record_larger_than_the_first_window(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*");
    f->window = 1500 * 1024;
    restart(f);
    size_t size = 1400 * 1024;
    char *big = malloc(size + 1);
    assert_non_null(big);
    memset(big, 'x', size);
    big[size - 1] = '\n';
    big[size] = '\0';
    append(f, "a", "1\n");
    append(f, "a", big);
    append(f, "a", "2\n");
    scan_and_take(f);
    assert_int_equal(f->text.size, size + 4);
    /* one that no window holds is left, and does not make us spin */
    memset(big, 'y', size);
    append(f, "a", big);
    append(f, "a", big);
    scan_and_take(f);
    assert_int_equal(f->text.size, size + 4);
    free(big);
    fixture_close(f);
}

static void test_a_rollback_reads_again_from_the_committed_position(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*");
    append(f, "a", "1\n");
    scan_and_take(f);
    append(f, "a", "2\n");
    scan(f);
    assert_true(take_chunk(f));
    assert_text(f, "1\n2\n");
    assert_true(tail_position_changed(f->tail, 0));
    tail_rolled_back(f->tail);
    assert_false(tail_position_changed(f->tail, 0));
    take(f);
    assert_text(f, "1\n2\n2\n");
    assert_int_equal(f->freshes, 2);
    fixture_close(f);
}

static void test_a_restart_goes_on_where_it_was_committed(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*");
    char line[64], all[8192] = "";
    for (int i = 0; i < 300; i++) { /* well past the hashed head and back */
        snprintf(line, sizeof line, "line %d\n", i);
        strcat(all, line);
        append(f, "a", line);
        if (i % 7 == 0) {
            scan_and_take(f);
        }
        if (i % 11 == 0) {
            restart(f);
        }
    }
    restart(f);
    scan_and_take(f);
    assert_text(f, all);
    assert_int_equal(f->position_count, 1);
    fixture_close(f);
}

static void test_many_files_stay_within_the_open_bound(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*");
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 200; i++) {
            char name[16], line[16];
            snprintf(name, sizeof name, "f%d", i);
            snprintf(line, sizeof line, "%d\n", round);
            append(f, name, line);
        }
        scan(f);
        while (take_chunk(f)) {
        }
        tail_committed(f->tail);
        unsigned open_files = 0;
        DIR *dir = opendir("/proc/self/fd");
        while (readdir(dir) != NULL) {
            open_files++;
        }
        closedir(dir);
        assert_true(open_files < 100);
    }
    assert_int_equal(f->text.size, 3 * 200 * 2);
    fixture_close(f);
}

static void test_what_cannot_be_read_is_told_and_holds_up_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*.log");
    snprintf(f->glob_more, sizeof f->glob_more, "%s/missing/*.log", f->folder);
    f->globs[1] = f->glob_more;
    restart(f);
    append(f, "a.log", "1\n");
    assert_int_equal(mkfifo(path_of(f, "pipe.log"), 0600), 0);
    assert_int_equal(mkdir(path_of(f, "folder.log"), 0700), 0);
    assert_int_equal(symlink("loop.log", path_of(f, "loop.log")), 0);
    scan_and_take(f);
    assert_text(f, "1\n");
    struct tail_health h;
    tail_health(f->tail, &h);
    assert_non_null(strstr(h.error, "missing"));
    assert_string_equal(tail_folders(f->tail)[0], f->folder);
    fixture_close(f);
}

static void test_folders_may_have_wildcards_and_globs_may_overlap(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("till?/*.log");
    snprintf(f->glob_more, sizeof f->glob_more, "%s/till1/a.*", f->folder);
    f->globs[1] = f->glob_more;
    restart(f);
    assert_int_equal(mkdir(path_of(f, "till1"), 0700), 0);
    append(f, "till1/a.log", "1\n");
    scan_and_take(f);
    assert_text(f, "1\n");
    assert_int_equal(link(path_of(f, "till1/a.log"), path_of(f, "till1/b.log")), 0);
    scan_and_take(f); /* a second name of the same file */
    assert_text(f, "1\n");
    assert_int_equal(mkdir(path_of(f, "till2"), 0700), 0);
    append(f, "till2/a.log", "2\n");
    scan_and_take(f);
    assert_text(f, "1\n2\n");
    assert_non_null(tail_folders(f->tail)[1]);
    unlink(path_of(f, "till1/a.log"));
    unlink(path_of(f, "till1/b.log"));
    unlink(path_of(f, "till2/a.log"));
    fixture_close(f);
}

static void test_positions_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*");
    struct tail_position p = {.path = "/x", .offset = 5, .back_size = 6};
    struct err e;
    assert_int_equal(tail_resume(f->tail, &p, &e), ERR_INVALID);
    p = (struct tail_position){.path = "/x", .offset = 5000, .back_size = 5000};
    assert_int_equal(tail_resume(f->tail, &p, &e), ERR_INVALID);
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appended_lines_come_in_order),
        cmocka_unit_test(test_every_byte_of_a_record),
        cmocka_unit_test(test_a_declined_remainder_is_not_offered_again_before_it_grew),
        cmocka_unit_test(test_older_files_come_first),
        cmocka_unit_test(test_a_record_larger_than_the_first_window),
        cmocka_unit_test(test_a_rollback_reads_again_from_the_committed_position),
        cmocka_unit_test(test_a_restart_goes_on_where_it_was_committed),
        cmocka_unit_test(test_many_files_stay_within_the_open_bound),
        cmocka_unit_test(test_what_cannot_be_read_is_told_and_holds_up_nothing),
        cmocka_unit_test(test_folders_may_have_wildcards_and_globs_may_overlap),
        cmocka_unit_test(test_positions_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
