#include "tests/unit/ingest_fixture.h"

static void assert_booked(const struct fixture *f, uint64_t first, uint64_t last)
{
    assert_int_equal(f->committed.booked_count, last - first + 1);
    for (uint64_t i = first; i <= last; i++) {
        assert_int_equal(f->committed.booked[i - first], i);
    }
}

static void test_nothing_is_read_before_the_ledger_is_restored(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("jsonl");
    f->generation = 0;
    append_sale(f, "a", 1);
    take_all(f);
    assert_int_equal(f->begins, 0);
    f->generation = 1;
    take_all(f);
    assert_booked(f, 1, 1);
    fixture_close(f);
}

static void test_an_idle_store_commits_one_sale_at_once(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("jsonl");
    for (uint64_t i = 1; i <= 5; i++) {
        append_sale(f, "a", i);
        bool more = true;
        assert_int_equal(step(f, &more), ERR_OK);
        assert_false(more);
        assert_int_equal(f->commits, i);
    }
    bool more = true;
    assert_int_equal(step(f, &more), ERR_OK);
    assert_int_equal(f->begins, 5); /* nothing to write, no transaction */
    assert_booked(f, 1, 5);
    struct ingest_source_status status;
    ingest_source_status(f->ingest, 0, &status);
    assert_int_equal(status.counted, 5);
    assert_int_equal(status.health.lag_bytes, 0);
    assert_true(status.last_record_wall_ms > 0);
    fixture_close(f);
}

static void test_batches_close_on_size(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("jsonl");
    f->options.batch_records_max = 10;
    restart(f);
    for (uint64_t i = 1; i <= 95; i++) {
        append_sale(f, "a", i);
    }
    bool more = false;
    assert_int_equal(step(f, &more), ERR_OK);
    assert_true(more);
    take_all(f);
    assert_booked(f, 1, 95);
    assert_int_equal(f->batch_sizes_max, 10);
    assert_int_equal(f->commits, 10);
    f->options.batch_records_max = 0;
    f->options.batch_bytes_max = 1000;
    restart(f);
    for (uint64_t i = 96; i <= 120; i++) {
        append_sale(f, "a", i);
    }
    take_all(f);
    assert_booked(f, 1, 120);
    assert_true(f->commits > 13);
    fixture_close(f);
}

static void test_a_batch_gathers_files_in_order(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("jsonl");
    append_sale(f, "a", 1);
    append_sale(f, "b", 2);
    append_sale(f, "c", 3);
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    for (const char *name = "abc"; *name != '\0'; name++) {
        char path[400];
        snprintf(path, sizeof path, "%s/%c", f->folder, *name);
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
    take_all(f);
    assert_booked(f, 1, 3);
    assert_int_equal(f->commits, 1);
    assert_int_equal(f->committed.position_count, 3);
    fixture_close(f);
}

static void test_what_cannot_be_decoded_stops_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("jsonl");
    append_sale(f, "a", 1);
    static const char broken[] = "\n{\"RetailStoreID\":\"14\", oops\n";
    append(f, "a", broken, sizeof broken - 1);
    append_sale(f, "a", 2);
    take_all(f);
    assert_booked(f, 1, 2);
    assert_int_equal(f->committed.quarantined, 1);
    char line[512];
    size_t size = sale(line, sizeof line, "14", 1);
    assert_int_equal(f->committed.place.offset, size + 1); /* behind the empty line, which holds nothing */
    assert_int_equal(f->committed.place.line, 3);
    assert_int_equal(f->committed.place.length, sizeof broken - 2);
    assert_null(strstr(f->committed.shape, "oops"));
    struct ingest_source_status status;
    ingest_source_status(f->ingest, 0, &status);
    assert_int_equal(status.quarantined, 1);
    fixture_close(f);
}

static void test_another_stores_record_is_quarantined_naming_both(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("jsonl");
    char line[512];
    size_t size = sale(line, sizeof line, "0014", 7);
    append(f, "a", line, size);
    append_sale(f, "a", 8);
    append_sale(f, "a", 666); /* the ledger's own verdict */
    take_all(f);
    assert_booked(f, 8, 8);
    assert_int_equal(f->committed.quarantined, 1);
    assert_non_null(strstr(f->committed.error, "\"0014\""));
    assert_non_null(strstr(f->committed.error, "S014"));
    assert_non_null(strstr(f->committed.error, "\"14\""));
    assert_string_equal(f->committed.workstation, "1");
    struct ingest_source_status status;
    ingest_source_status(f->ingest, 0, &status);
    assert_int_equal(status.quarantined, 2);
    fixture_close(f);
}

static void test_a_record_over_the_ceiling_is_quarantined_once(void **state)
{
    (void)state;
    uint64_t hash = 0;
    for (size_t piece = 1000; piece <= 20000; piece += 6333) { /* however it arrives, and across restarts */
        struct fixture *f = fixture_open("jsonl");
        char *big = malloc(20000);
        assert_non_null(big);
        memset(big, 'x', 20000);
        big[19999] = '\n';
        append_sale(f, "a", 1);
        for (size_t at = 0; at < 20000; at += piece) {
            append(f, "a", big + at, at + piece < 20000 ? piece : 20000 - at);
            take_all(f);
            restart(f);
        }
        append_sale(f, "a", 2);
        take_all(f);
        assert_booked(f, 1, 2);
        assert_int_equal(f->committed.quarantined, 1);
        assert_int_equal(f->committed.place.length, 20000);
        assert_int_equal(f->committed.place.line, 2);
        assert_non_null(strstr(f->committed.error, "20000"));
        assert_true(hash == 0 || hash == f->committed.hash);
        hash = f->committed.hash;
        free(big);
        fixture_close(f);
    }
}

/* Its file was rotated away before its end came, when all that there was of it had been passed over. */
static void expect_told_of_at_the_end(const char *format, const char *head)
{
    struct fixture *f = fixture_open(format);
    char big[20000], from[400], to[400];
    memset(big, 'x', sizeof big);
    memcpy(big, head, strlen(head));
    append(f, "a", big, sizeof big);
    take_all(f);
    assert_int_equal(f->committed.quarantined, 0); /* it may go on */
    snprintf(from, sizeof from, "%s/a", f->folder);
    snprintf(to, sizeof to, "%s/a.1", f->folder);
    assert_int_equal(rename(from, to), 0);
    append(f, "a", "\n", 1);
    for (int scan = 0; scan < 4; scan++) { /* the end is known when it has not grown between two */
        take_all(f);
    }
    assert_int_equal(f->committed.quarantined, 1);
    assert_int_equal(f->committed.place.offset, 0);
    assert_int_equal(f->committed.place.line, 1);
    assert_int_equal(f->committed.place.length, sizeof big);
    fixture_close(f);
}

static void test_a_record_over_the_ceiling_without_an_end_is_told_of(void **state)
{
    (void)state;
    expect_told_of_at_the_end("jsonl", "{");
    expect_told_of_at_the_end("poslog", "<Transaction>");
    expect_told_of_at_the_end("poslog", "<Transaction><!--");
    expect_told_of_at_the_end("poslog", "text that has no place");
}

static void test_a_record_over_the_ceiling_is_placed_where_it_begins(void **state)
{
    (void)state;
    static const char head[] = "<?xml version=\"1.0\"?>\n<POSLog>\n";
    struct fixture *f = fixture_open("poslog");
    char big[20000];
    memset(big, 'x', sizeof big);
    memcpy(big, head, strlen(head));
    memcpy(big + strlen(head), "<Transaction>", 13);
    memcpy(big + sizeof big - 15, "</Transaction>\n", 15);
    append(f, "a", big, sizeof big);
    take_all(f);
    assert_int_equal(f->committed.quarantined, 1);
    assert_int_equal(f->committed.place.offset, strlen(head));
    assert_int_equal(f->committed.place.line, 3);
    assert_int_equal(f->committed.place.length, sizeof big - strlen(head) - 1);
    fixture_close(f);
}

static void test_a_full_disk_pauses_at_the_committed_position(void **state)
{
    (void)state;
    enum { BEGIN, BOOK, COMMIT };
    for (int where = BEGIN; where <= COMMIT; where++) {
        struct fixture *f = fixture_open("jsonl");
        f->options.batch_records_max = 7;
        restart(f);
        append_sale(f, "a", 1);
        take_all(f);
        for (uint64_t i = 2; i <= 30; i++) {
            append_sale(f, i % 2 == 0 ? "a" : "b", i);
        }
        bool more = true;
        for (unsigned nth = 1; nth <= 3; nth++) {
            f->fail_with = nth == 2 ? ERR_RETRY : ERR_FULL;
            f->fail_begin = where == BEGIN ? 1 : 0;
            f->fail_book = where == BOOK ? nth * 2 : 0;
            f->fail_commit = where == COMMIT ? 1 : 0;
            size_t before = f->committed.booked_count;
            assert_int_equal(step(f, &more), f->fail_with);
            assert_false(f->open);
            assert_int_equal(f->committed.booked_count, before);
            assert_int_equal(step(f, &more), ERR_OK); /* there is room again */
            assert_true(f->committed.booked_count > before);
        }
        take_all(f);
        assert_int_equal(f->committed.booked_count, 30);
        fixture_close(f);
    }
}

static void test_fatal_errors_come_out(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("jsonl");
    append_sale(f, "a", 1);
    f->fail_with = ERR_FATAL;
    f->fail_commit = 1;
    bool more;
    assert_int_equal(step(f, &more), ERR_FATAL);
    fixture_close(f);
}

/* Half records, restarts and failures at random: each record once, in the order of its file. */
static void test_each_record_once_whatever_fails(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        uint64_t random = seed;
        struct fixture *f = fixture_open("jsonl");
        f->options.batch_records_max = 1 + seed % 9;
        restart(f);
        for (uint64_t sequence = 1; sequence <= 60;) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            unsigned what = (unsigned)(random >> 33) % 8;
            char line[512];
            bool more;
            size_t size = sale(line, sizeof line, "14", sequence);
            size_t cut = (size_t)(random >> 40) % size;
            f->fail_with = ERR_FULL;
            f->fail_book = what == 5 ? 2 : 0;
            f->fail_commit = what == 6 ? 1 : 0;
            append(f, "a", line, cut);
            enum err_class class = step(f, &more);
            assert_true(class == ERR_OK || class == ERR_FULL);
            f->fail_book = f->fail_commit = 0;
            append(f, "a", line + cut, size - cut);
            sequence++;
            if (what == 7) {
                restart(f);
            }
        }
        take_all(f);
        assert_booked(f, 1, 60);
        struct ingest_source_status status;
        ingest_source_status(f->ingest, 0, &status);
        assert_int_equal(status.duplicates, 0);
        fixture_close(f);
    }
}

/* Positions of files of which nothing was consumed yet are kept too. */
static void test_truncation_and_renames_before_anything_is_read(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("jsonl");
    char path[400], other[400];
    snprintf(path, sizeof path, "%s/a", f->folder);
    snprintf(other, sizeof other, "%s/b", f->folder);
    append_sale(f, "a", 1);
    take_all(f);
    assert_int_equal(truncate(path, 0), 0);
    take_all(f);
    append_sale(f, "a", 2);
    restart(f);
    take_all(f);
    append(f, "a", "{\"half\"", 7);
    take_all(f);
    assert_int_equal(rename(path, other), 0);
    take_all(f);
    append_sale(f, "a", 3);
    take_all(f);
    restart(f);
    take_all(f);
    assert_booked(f, 1, 3);
    assert_true(f->committed.quarantined <= 1); /* the half record, once its file has ended */
    fixture_close(f);
}

static void test_wrong_options_are_refused(void **state)
{
    (void)state;
    struct fixture *f = fixture_open("jsonl");
    struct ingest_source_options wrong[] = {f->source, f->source};
    wrong[0].format = "csv";
    wrong[1].profile = "acme";
    for (size_t i = 0; i < 2; i++) {
        struct ingest_options options = f->options;
        struct ingest_ledger ops = {.ctx = f, .each_position = fixture_each_position};
        struct ingest *in = NULL;
        struct err e = {0};
        options.sources = &wrong[i];
        assert_int_equal(ingest_open(&in, &options, &ops, clock_system(), NULL, &e), ERR_INVALID);
        assert_null(in);
        assert_non_null(strstr(e.message, "pos"));
    }
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_read_before_the_ledger_is_restored),
        cmocka_unit_test(test_an_idle_store_commits_one_sale_at_once),
        cmocka_unit_test(test_batches_close_on_size),
        cmocka_unit_test(test_a_batch_gathers_files_in_order),
        cmocka_unit_test(test_what_cannot_be_decoded_stops_nothing),
        cmocka_unit_test(test_another_stores_record_is_quarantined_naming_both),
        cmocka_unit_test(test_a_record_over_the_ceiling_is_quarantined_once),
        cmocka_unit_test(test_a_record_over_the_ceiling_without_an_end_is_told_of),
        cmocka_unit_test(test_a_record_over_the_ceiling_is_placed_where_it_begins),
        cmocka_unit_test(test_a_full_disk_pauses_at_the_committed_position),
        cmocka_unit_test(test_fatal_errors_come_out),
        cmocka_unit_test(test_each_record_once_whatever_fails),
        cmocka_unit_test(test_truncation_and_renames_before_anything_is_read),
        cmocka_unit_test(test_wrong_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
