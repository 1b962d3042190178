/* What is SQLite's own: files, reopening, copies, old schemas. */
#include "tests/unit/store_conformance.h"

#include "common/db.h"

static void test_what_was_committed_is_there_after_reopening(void **state)
{
    struct suite *s = *state;
    struct store_row row;
    struct err error;
    begin(s);
    enrol(s, "A");
    commit(s);
    begin(s);
    enrol(s, "B");
    suite_shut(s); /* closed in mid-transaction */
    suite_open(s);
    OK(R(store_get, "A", &row));
    assert_int_equal(row.stage, STAGE_LIVE);
    assert_int_equal(s->reader.ops->store_get(s->reader.ctx, "B", &row, &error), ERR_INVALID);
    assert_non_null(strstr(error.message, "B is not enrolled"));
}

static void test_a_copy_is_a_whole_database(void **state)
{
    struct suite *s = *state;
    char copy[128];
    (void)snprintf(copy, sizeof copy, "%s/copy.db", s->folder.path);
    begin(s);
    enrol(s, "A");
    commit(s);
    OK(R(backup, copy));
    struct store_sqlite_options options = {.path = copy};
    struct store_writer writer;
    struct store_row row;
    struct store_time now;
    OK(store_sqlite_writer(&writer, &options, &s->clock, e));
    OK(writer.ops->begin(writer.ctx, &now, e));
    OK(writer.ops->store_get(writer.ctx, "A", &row, e));
    OK(writer.ops->commit(writer.ctx, e));
    writer.ops->close(writer.ctx);
}

static void test_a_reader_needs_a_database(void **state)
{
    struct suite *s = *state;
    char none[128];
    (void)snprintf(none, sizeof none, "%s/copy.db", s->folder.path);
    struct store_sqlite_options options = {.path = none};
    struct store_reader reader;
    struct err error;
    assert_int_not_equal(store_sqlite_reader(&reader, &options, &s->clock, &error), ERR_OK);
    assert_int_not_equal(access(none, F_OK), 0);
}

/* tests/data/compat keeps a database of every schema that was released: each must open and migrate. */
static void test_the_first_schema_still_opens(void **state)
{
    struct suite *s = *state;
    FILE *dump = fopen("tests/data/compat/cloud-schema-1.sql", "rb");
    if (dump == NULL) {
        fail_msg("tests/data/compat/cloud-schema-1.sql cannot be read: run from the source tree's top");
    }
    static char sql[65536];
    size_t size = fread(sql, 1, sizeof sql - 1, dump);
    (void)fclose(dump);
    sql[size] = '\0';
    suite_shut(s);
    assert_int_equal(unlink(s->folder.file), 0);
    static const char *const nothing[] = {NULL};
    struct db_options raw = {.path = s->folder.file, .mode = DB_WRITER, .migrations = nothing};
    struct db *db;
    OK(db_open(&db, &raw, e));
    OK(db_exec(db, sql, e));
    db_close(db);
    suite_open(s);
    struct store_stock row;
    bool found;
    begin(s);
    OK(W(stock_get, SLICE("S014"), SLICE("ST-88"), SLICE("floor"), &row, &found));
    assert_true(found);
    assert_int_equal(row.on_hand_e4, -70000);
    commit(s);
    struct store_row store;
    OK(R(store_get, "S014", &store));
    assert_int_equal(store.generation, 1);
    assert_int_equal(store.seq, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_what_was_committed_is_there_after_reopening),
        CASE(test_a_copy_is_a_whole_database),
        CASE(test_a_reader_needs_a_database),
        CASE(test_the_first_schema_still_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
