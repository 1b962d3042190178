/* Renames, truncation, replacement: while running and while down. */
#include "tests/unit/tail_fixture.h"

static void test_a_renamed_file_is_read_to_its_end(void **state)
{
    (void)state;
    const char *record = "a record of some length\n";
    for (size_t cut = 0; cut <= strlen(record); cut++) {
        struct fixture *f = fixture_open("pos.log"); /* the rotated name is outside the glob */
        append(f, "pos.log", "before\n");
        scan_and_take(f);
        int writer = open(path_of(f, "pos.log"), O_WRONLY | O_APPEND);
        assert_true(writer >= 0);
        assert_int_equal(write(writer, record, cut), (ssize_t)cut);
        scan_and_take(f);
        move(f, "pos.log", "pos.log.1");
        scan_and_take(f);
        assert_int_equal(write(writer, record + cut, strlen(record) - cut), (ssize_t)(strlen(record) - cut));
        close(writer);
        scan_and_take(f);
        append(f, "pos.log", "after\n");
        scan_and_take(f);
        scan_and_take(f);
        assert_text(f, "before\na record of some length\nafter\n");
        fixture_close(f);
    }
}

static void test_the_last_record_without_terminator_comes_when_the_successor_began(void **state)
{
    (void)state;
    for (int in_glob = 0; in_glob < 2; in_glob++) {
        struct fixture *f = fixture_open(in_glob ? "pos.log*" : "pos.log");
        append(f, "pos.log", "1\nunterminated");
        append(f, "pos.log.other", "x\nof another register: no successor");
        scan_and_take(f);
        buf_clear(&f->text);
        move(f, "pos.log", "pos.log.1");
        for (int i = 0; i < 5; i++) { /* never by timer */
            scan_and_take(f);
            assert_int_equal(f->endings, 0);
        }
        append(f, "pos.log", "2\n");
        scan_and_take(f);
        scan_and_take(f);
        assert_int_equal(f->endings, 1);
        assert_true(strcmp(text(f), "unterminated2\n") == 0 || strcmp(text(f), "2\nunterminated") == 0);
        scan_and_take(f);
        assert_int_equal(f->endings, 1);
        fixture_close(f);
    }
}

static void test_a_chain_of_rotations_within_the_glob(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("pos.log*");
    for (int i = 0; i < 6; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %d of the day\n", i);
        append(f, "pos.log", line);
        scan_and_take(f);
        if (access(path_of(f, "pos.log.1"), F_OK) == 0) {
            move(f, "pos.log.1", "pos.log.2");
        }
        move(f, "pos.log", "pos.log.1");
        if (i % 2 == 1) {
            restart(f);
        }
    }
    scan_and_take(f);
    assert_text(f, "line 0 of the day\nline 1 of the day\nline 2 of the day\nline 3 of the day\n"
                   "line 4 of the day\nline 5 of the day\n");
    fixture_close(f);
}

static void test_a_truncated_file_is_read_anew(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("*");
    append(f, "a", "1\n2\n3\n");
    scan_and_take(f);
    rewrite(f, "a", "4\n"); /* shorter */
    scan_and_take(f);
    assert_text(f, "1\n2\n3\n4\n");
    rewrite(f, "a", "5\n6\n7\n"); /* longer: only the content tells */
    scan_and_take(f);
    assert_text(f, "1\n2\n3\n4\n5\n6\n7\n");
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, path_of(f, "a"), old, 0), 0);
    scan_and_take(f);
    rewrite(f, "a", "8\n9\n0\n"); /* the same size */
    scan_and_take(f);
    assert_text(f, "1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n");
    assert_int_equal(f->freshes, 4);
    fixture_close(f);
}

static void test_copytruncate_at_any_byte_loses_no_copied_record(void **state)
{
    (void)state;
    const char *all = "first\nsecond\nthird\n";
    for (size_t read = 0; read <= strlen(all); read++) {
        struct fixture *f = fixture_open("pos.log*");
        put(f, "pos.log", 0, all, read);
        scan_and_take(f);
        put(f, "pos.log", O_TRUNC, all, strlen(all));
        put(f, "pos.log.1", O_TRUNC, all, strlen(all)); /* cp pos.log pos.log.1; : > pos.log */
        rewrite(f, "pos.log", "");
        scan_and_take(f);
        append(f, "pos.log", "fourth\n");
        scan_and_take(f);
        scan_and_take(f);
        /* again from 0 at worst: business keys make that safe */
        assert_non_null(strstr(text(f), all));
        assert_non_null(strstr(text(f), "fourth\n"));
        fixture_close(f);
    }
}

static void test_a_replaced_file_begins_anew_and_the_old_one_is_finished(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("pos.log");
    append(f, "pos.log", "old 1\n");
    scan_and_take(f);
    append(f, "pos.log", "old 2\n");
    append(f, "new", "new 1\n");
    move(f, "new", "pos.log");
    scan_and_take(f);
    scan_and_take(f);
    assert_non_null(strstr(text(f), "old 1\n"));
    assert_non_null(strstr(text(f), "old 2\n"));
    assert_non_null(strstr(text(f), "new 1\n"));
    assert_int_equal(f->text.size, 18);
    fixture_close(f);
}

static void test_the_same_content_in_a_new_file_goes_on(void **state)
{
    (void)state;
    /* what an inode that lies (SMB), or an editor that saves by renaming, looks like */
    struct fixture *f = fixture_open("pos.log");
    append(f, "pos.log", "1\n2\n");
    scan_and_take(f);
    append(f, "copy", "1\n2\n3\n");
    move(f, "copy", "pos.log");
    scan_and_take(f);
    assert_text(f, "1\n2\n3\n");
    fixture_close(f);
}

static void test_a_deleted_file_is_let_go_when_its_successor_began(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("pos.log");
    append(f, "pos.log", "1\n");
    scan_and_take(f);
    append(f, "pos.log", "2\n");
    unlink(path_of(f, "pos.log"));
    scan_and_take(f);
    assert_text(f, "1\n2\n");
    append(f, "pos.log", "3\n");
    for (int i = 0; i < 3; i++) {
        scan_and_take(f);
    }
    assert_text(f, "1\n2\n3\n");
    struct tail_position p;
    unsigned known = 0;
    for (size_t i = 0; i < tail_files(f->tail); i++) {
        if (f->tail != NULL && tail_position_changed(f->tail, i)) {
            tail_position(f->tail, i, &p);
            known++;
        }
    }
    assert_int_equal(known, 0);
    append(f, "pos.log", "4\n");
    scan_and_take(f);
    assert_text(f, "1\n2\n3\n4\n");
    fixture_close(f);
}

static void test_rotation_while_down(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("pos.log*");
    append(f, "pos.log", "1\n");
    scan_and_take(f);
    append(f, "pos.log", "2\n");
    move(f, "pos.log", "pos.log.1");
    append(f, "pos.log", "3\n");
    restart(f);
    scan_and_take(f);
    assert_int_equal(f->text.size, 6);
    assert_non_null(strstr(text(f), "1\n2\n"));
    assert_non_null(strstr(text(f), "3\n"));
    restart(f); /* and the new path is remembered */
    scan_and_take(f);
    assert_int_equal(f->text.size, 6);
    fixture_close(f);
}

static void test_replacement_while_down_is_noticed(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("pos.log");
    append(f, "pos.log", "yesterday's first\nyesterday's second\n");
    scan_and_take(f);
    buf_clear(&f->text);
    /* written in place: path, device and inode are as they were */
    rewrite(f, "pos.log", "today's first\ntoday's second\ntoday's third\n");
    restart(f);
    scan_and_take(f);
    assert_text(f, "today's first\ntoday's second\ntoday's third\n");
    fixture_close(f);
}

static uint64_t pick(uint64_t *random, uint64_t below)
{
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    return (*random >> 33) % below;
}

static void rotate(struct fixture *f, unsigned keep)
{
    for (unsigned i = keep; i > 0; i--) {
        char from[32], to[32];
        snprintf(from, sizeof from, i == 1 ? "pos.log" : "pos.log.%u", i - 1);
        snprintf(to, sizeof to, "pos.log.%u", i);
        if (access(path_of(f, from), F_OK) == 0) {
            move(f, from, to);
        }
    }
}

/* Appends (whole and in pieces), rotations, restarts, rollbacks: every line once. */
static void test_every_line_once_whatever_the_order_of_events(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t random = seed;
        struct fixture *f = fixture_open("pos.log*");
        unsigned written = 0;
        for (int i = 0; i < 60; i++) {
            uint64_t what = pick(&random, 10);
            if (what < 4) {
                char line[64];
                snprintf(line, sizeof line, "line %u;%.*s\n", ++written, (int)pick(&random, 30),
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
                size_t cut = pick(&random, strlen(line));
                put(f, "pos.log", O_APPEND, line, cut);
                scan_and_take(f);
                put(f, "pos.log", O_APPEND, line + cut, strlen(line) - cut);
            } else if (what < 5) {
                rotate(f, 20);
            } else if (what < 6) {
                restart(f);
            } else if (what < 7) {
                size_t kept = f->text.size;
                scan(f);
                take_chunk(f);
                tail_rolled_back(f->tail);
                f->text.size = kept;
            } else {
                scan_and_take(f);
            }
        }
        scan_and_take(f);
        scan_and_take(f);
        f->text.data[f->text.size] = '\0';
        for (unsigned i = 1; i <= written; i++) {
            char line[32];
            snprintf(line, sizeof line, "line %u;", i);
            const char *at = strstr(f->text.data, line);
            if (at == NULL || strstr(at + 1, line) != NULL) {
                fail_msg("seed %llu: line %u came %s", (unsigned long long)seed, i,
                         at == NULL ? "never" : "twice");
            }
        }
        fixture_close(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_renamed_file_is_read_to_its_end),
        cmocka_unit_test(test_the_last_record_without_terminator_comes_when_the_successor_began),
        cmocka_unit_test(test_a_chain_of_rotations_within_the_glob),
        cmocka_unit_test(test_a_truncated_file_is_read_anew),
        cmocka_unit_test(test_copytruncate_at_any_byte_loses_no_copied_record),
        cmocka_unit_test(test_a_replaced_file_begins_anew_and_the_old_one_is_finished),
        cmocka_unit_test(test_the_same_content_in_a_new_file_goes_on),
        cmocka_unit_test(test_a_deleted_file_is_let_go_when_its_successor_began),
        cmocka_unit_test(test_rotation_while_down),
        cmocka_unit_test(test_replacement_while_down_is_noticed),
        cmocka_unit_test(test_every_line_once_whatever_the_order_of_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
