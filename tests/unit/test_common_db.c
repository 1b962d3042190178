#include "common/db.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const migrations_one[] = {
    "CREATE TABLE item (id TEXT PRIMARY KEY, quantity INTEGER NOT NULL CHECK (quantity >= 0), note BLOB) "
    "STRICT;"
    "CREATE TABLE made AS SELECT synchronous FROM pragma_synchronous;",
    NULL,
};

struct folder {
    char path[64];
    char database[96];
};

static int setup(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return -1;
    }
    (void)snprintf(f->path, sizeof f->path, "/tmp/test_common_db.XXXXXX");
    if (mkdtemp(f->path) == NULL) {
        free(f);
        return -1;
    }
    (void)snprintf(f->database, sizeof f->database, "%s/a.db", f->path);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct folder *f = *state;
    DIR *folder = opendir(f->path);
    const struct dirent *entry;
    if (folder == NULL) {
        return -1;
    }
    while ((entry = readdir(folder)) != NULL) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    (void)closedir(folder);
    int rc = rmdir(f->path);
    free(f);
    return rc;
}

static struct db *open_mode(const struct folder *f, enum db_mode mode)
{
    struct db *d;
    struct err e;
    const struct db_options options = {
        .path = f->database, .mode = mode, .migrations = mode == DB_READER ? NULL : migrations_one};
    if (db_open(&d, &options, &e) != ERR_OK) {
        fail_msg("%s", e.message);
    }
    return d;
}

static struct db_stmt *prepare(struct db *d, const char *sql)
{
    struct db_stmt *s;
    struct err e;
    if (db_prepare(d, &s, sql, &e) != ERR_OK) {
        fail_msg("%s", e.message);
    }
    return s;
}

static void run(struct db *d, const char *sql)
{
    struct err e;
    if (db_exec(d, sql, &e) != ERR_OK) {
        fail_msg("%s", e.message);
    }
}

static int64_t read_int(struct db *d, const char *sql)
{
    struct db_stmt *s = prepare(d, sql);
    bool row;
    assert_int_equal(db_step(s, &row, NULL), ERR_OK);
    assert_true(row);
    int64_t value = db_column_int(s, 0);
    db_finalise(s);
    return value;
}

static bool file_exists(const struct folder *f, const char *suffix)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s%s", f->database, suffix);
    return access(path, F_OK) == 0;
}

static void test_pragmas(void **state)
{
    struct folder *f = *state;
    struct db *d = open_mode(f, DB_EXCLUSIVE);
    assert_int_equal(read_int(d, "SELECT synchronous FROM made"), 3);
    assert_int_equal(read_int(d, "PRAGMA synchronous"), 2);
    assert_int_equal(read_int(d, "PRAGMA cache_size"), -2048);
    assert_int_equal(read_int(d, "PRAGMA temp_store"), 2);
    assert_int_equal(read_int(d, "PRAGMA trusted_schema"), 0);
    assert_int_equal(read_int(d, "PRAGMA wal_autocheckpoint"), 1000);
    assert_int_equal(read_int(d, "PRAGMA user_version"), 1);
    assert_int_equal(read_int(d, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    assert_true(file_exists(f, "-wal"));
    assert_false(file_exists(f, "-shm"));
    db_close(d);
    assert_false(file_exists(f, "-wal"));
    db_close(NULL);
}

static void test_values_come_back_as_bound(void **state)
{
    struct db *d = open_mode(*state, DB_EXCLUSIVE);
    struct db_stmt *put = prepare(d, "INSERT INTO item VALUES (?, ?, ?)");
    struct db_stmt *get = prepare(d, "SELECT id, quantity, note FROM item ORDER BY id");
    db_bind_text(put, 1, (struct slice){0});
    db_bind_int(put, 2, INT64_MAX);
    db_bind_blob(put, 3, (struct slice){0});
    assert_int_equal(db_run(put, NULL), ERR_OK);
    assert_int_equal(db_changes(d), 1);
    db_bind_text(put, 1, SLICE("Item_1"));
    db_bind_int(put, 2, 5);
    db_bind_blob(put, 3, SLICE("a\0b"));
    assert_int_equal(db_run(put, NULL), ERR_OK);
    db_bind_text(put, 1, SLICE("Item_2"));
    db_bind_null(put, 3);
    assert_int_equal(db_run(put, NULL), ERR_OK);
    assert_int_equal(db_last_rowid(d), 3);

    for (int round = 0; round < 2; round++) { /* the end of rows resets it */
        bool row;
        assert_int_equal(db_step(get, &row, NULL), ERR_OK);
        assert_true(row);
        assert_false(db_column_is_null(get, 0));
        assert_int_equal(db_column_text(get, 0).size, 0);
        assert_true(db_column_int(get, 1) == INT64_MAX);
        assert_false(db_column_is_null(get, 2));
        assert_int_equal(db_step(get, &row, NULL), ERR_OK);
        assert_true(slice_equal(db_column_text(get, 0), SLICE("Item_1")));
        assert_true(slice_equal(db_column_blob(get, 2), SLICE("a\0b")));
        assert_int_equal(db_step(get, &row, NULL), ERR_OK);
        assert_true(row);
        assert_true(db_column_is_null(get, 2));
        assert_int_equal(db_column_blob(get, 2).size, 0);
        assert_int_equal(db_step(get, &row, NULL), ERR_OK);
        assert_false(row);
    }
    db_close(d);
}

static void test_a_constraint_is_invalid_and_the_statement_goes_on(void **state)
{
    struct db *d = open_mode(*state, DB_EXCLUSIVE);
    struct db_stmt *put = prepare(d, "INSERT INTO item VALUES (?, ?, NULL)");
    struct err e;
    db_bind_text(put, 1, SLICE("secret-value"));
    db_bind_int(put, 2, -1);
    assert_int_equal(db_run(put, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "INSERT INTO item"));
    assert_non_null(strstr(e.message, "CHECK constraint"));
    assert_null(strstr(e.message, "secret-value"));
    db_bind_int(put, 2, 1);
    assert_int_equal(db_run(put, &e), ERR_OK);
    assert_int_equal(db_run(put, &e), ERR_INVALID); /* the same key again */
    assert_int_equal(read_int(d, "SELECT count(*) FROM item"), 1);
    db_close(d);
}

static void test_bad_bindings_come_out_of_the_step(void **state)
{
    struct db *d = open_mode(*state, DB_EXCLUSIVE);
    struct db_stmt *put = prepare(d, "INSERT INTO item VALUES (?, 1, NULL)");
    struct err e;
    db_bind_int(put, 2, 1);
    db_bind_text(put, 1, SLICE("a"));
    assert_int_equal(db_run(put, &e), ERR_FATAL);
    assert_int_equal(read_int(d, "SELECT count(*) FROM item"), 0);
    assert_int_equal(db_run(put, &e), ERR_OK);
    db_close(d);
}

static void test_statements_that_cannot_be(void **state)
{
    struct db *d = open_mode(*state, DB_EXCLUSIVE);
    struct db_stmt *s;
    struct err e;
    assert_int_equal(db_prepare(d, &s, "SELECT a FROM nowhere", &e), ERR_FATAL);
    assert_non_null(strstr(e.message, "no such table: nowhere"));
    assert_null(s);
    assert_int_equal(db_prepare(d, &s, "SELECT 1; SELECT 2", &e), ERR_FATAL);
    assert_int_equal(db_prepare(d, &s, " -- nothing", &e), ERR_FATAL);
    assert_int_equal(db_prepare(d, &s, "SELECT 1;\n", &e), ERR_OK);
    db_finalise(s);
    db_finalise(NULL);
    db_close(d);
}

static void test_statements_are_finalised_in_any_order(void **state)
{
    struct db *d = open_mode(*state, DB_EXCLUSIVE);
    struct db_stmt *s[4];
    bool row;
    for (int i = 0; i < 4; i++) {
        s[i] = prepare(d, "SELECT 1 UNION ALL SELECT 2");
        assert_int_equal(db_step(s[i], &row, NULL), ERR_OK);
    }
    db_finalise(s[1]);
    db_finalise(s[3]);
    db_reset(s[0]);
    db_close(d); /* with s[2] in the middle of its rows */
}

static void test_migrations_go_on_where_they_stopped(void **state)
{
    struct folder *f = *state;
    db_close(open_mode(f, DB_EXCLUSIVE));
    const char *const two[] = {migrations_one[0], "ALTER TABLE item ADD COLUMN uom TEXT; SELECT 1;", NULL};
    const struct db_options options = {.path = f->database, .mode = DB_WRITER, .migrations = two};
    struct db *d;
    struct err e;
    assert_int_equal(db_open(&d, &options, &e), ERR_OK);
    assert_int_equal(read_int(d, "PRAGMA user_version"), 2);
    assert_int_equal(read_int(d, "SELECT count(uom) FROM item"), 0);
    db_close(d);

    const struct db_options older = {.path = f->database, .mode = DB_EXCLUSIVE, .migrations = migrations_one};
    assert_int_equal(db_open(&d, &older, &e), ERR_INVALID);
    assert_null(d);
    assert_non_null(strstr(e.message, "newer version"));
}

static void test_a_failed_migration_changes_nothing(void **state)
{
    struct folder *f = *state;
    db_close(open_mode(f, DB_EXCLUSIVE));
    const char *const bad[] = {migrations_one[0], "CREATE TABLE half (x); CREATE TABLE item (x);", NULL};
    const struct db_options options = {.path = f->database, .mode = DB_EXCLUSIVE, .migrations = bad};
    struct db *d;
    struct err e;
    assert_int_equal(db_open(&d, &options, &e), ERR_FATAL);
    assert_non_null(strstr(e.message, "migration to version 2"));
    d = open_mode(f, DB_EXCLUSIVE);
    assert_int_equal(read_int(d, "PRAGMA user_version"), 1);
    assert_int_equal(read_int(d, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
    db_close(d);
}

static void test_exclusive_is_alone(void **state)
{
    struct folder *f = *state;
    struct db *d = open_mode(f, DB_EXCLUSIVE);
    struct db *second;
    struct err e;
    const struct db_options options = {
        .path = f->database, .mode = DB_EXCLUSIVE, .migrations = migrations_one};
    assert_int_equal(db_open(&second, &options, &e), ERR_RETRY);
    assert_non_null(strstr(e.message, f->database));
    db_close(d);
    assert_int_equal(db_open(&second, &options, &e), ERR_OK);
    db_close(second);
}

static void test_readers_see_commits_and_never_write(void **state)
{
    struct folder *f = *state;
    struct db *writer = open_mode(f, DB_WRITER);
    struct db *reader = open_mode(f, DB_READER);
    run(writer, "INSERT INTO item VALUES ('Item_1', 1, NULL)");
    assert_int_equal(read_int(reader, "SELECT count(*) FROM item"), 1);
    struct db_stmt *rows = prepare(reader, "SELECT id FROM item");
    bool row;
    assert_int_equal(db_step(rows, &row, NULL), ERR_OK); /* holds its snapshot */
    run(writer, "INSERT INTO item VALUES ('Item_2', 1, NULL)");
    assert_int_equal(db_step(rows, &row, NULL), ERR_OK);
    assert_false(row);
    assert_int_equal(read_int(reader, "SELECT count(*) FROM item"), 2);
    assert_int_equal(db_exec(reader, "DELETE FROM item", NULL), ERR_FATAL);
    db_close(writer);
    assert_true(file_exists(f, "-wal"));
    db_close(reader);
    assert_true(file_exists(f, "-wal")); /* readers never checkpoint */
}

static void test_a_checkpoint_empties_the_wal(void **state)
{
    struct folder *f = *state;
    struct db *d = open_mode(f, DB_WRITER);
    char wal[128];
    struct stat info;
    (void)snprintf(wal, sizeof wal, "%s-wal", f->database);
    run(d, "INSERT INTO item VALUES ('Item_1', 1, NULL)");
    assert_int_equal(stat(wal, &info), 0);
    assert_true(info.st_size > 0);
    assert_int_equal(db_checkpoint(d, NULL), ERR_OK);
    assert_int_equal(stat(wal, &info), 0);
    assert_int_equal(info.st_size, 0);
    db_close(d);
}

static void test_a_full_disk_is_full(void **state)
{
    struct db *d = open_mode(*state, DB_EXCLUSIVE);
    struct err e;
    (void)read_int(d, "PRAGMA max_page_count = 10");
    run(d, "BEGIN");
    struct db_stmt *put = prepare(d, "INSERT INTO item VALUES (?, 1, zeroblob(3000))");
    enum err_class class = ERR_OK;
    for (int i = 0; i < 20 && class == ERR_OK; i++) {
        char id[24];
        (void)snprintf(id, sizeof id, "Item_%d", i);
        db_bind_text(put, 1, slice_of(id));
        class = db_run(put, &e);
    }
    assert_int_equal(class, ERR_FULL);
    assert_non_null(strstr(e.message, "free space"));
    db_rollback(d);
    db_rollback(d);
    assert_int_equal(read_int(d, "SELECT count(*) FROM item"), 0);
    db_close(d);
}

static void test_what_is_no_database_is_fatal(void **state)
{
    struct folder *f = *state;
    FILE *file = fopen(f->database, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        assert_true(fputs("this is a text\n", file) >= 0);
    }
    assert_int_equal(fclose(file), 0);
    struct db *d;
    struct err e;
    const struct db_options options = {
        .path = f->database, .mode = DB_EXCLUSIVE, .migrations = migrations_one};
    assert_int_equal(db_open(&d, &options, &e), ERR_FATAL);
    assert_non_null(strstr(e.message, "not a database"));
    const struct db_options absent = {.path = "/nonexistent/a.db", .mode = DB_READER};
    assert_int_equal(db_open(&d, &absent, &e), ERR_FATAL);
    assert_non_null(strstr(e.message, "/nonexistent/a.db"));
}

static void test_a_backup_is_whole_and_stands_alone(void **state)
{
    struct folder *f = *state;
    struct db *d = open_mode(f, DB_EXCLUSIVE);
    run(d, "INSERT INTO item VALUES ('Item_1', 7, NULL)");
    struct folder copy = {0};
    (void)snprintf(copy.database, sizeof copy.database, "%s/copy.db", f->path);
    struct err e;
    assert_int_equal(db_backup(d, copy.database, &e), ERR_OK);
    run(d, "UPDATE item SET quantity = 8");
    struct stat info;
    assert_int_equal(stat(copy.database, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_false(file_exists(&copy, "-wal"));
    assert_false(file_exists(&copy, ".part"));
    struct db *restored = open_mode(&copy, DB_EXCLUSIVE);
    assert_int_equal(read_int(restored, "SELECT quantity FROM item"), 7);
    db_close(restored);

    assert_int_equal(db_backup(d, copy.database, &e), ERR_OK); /* over the old one */
    assert_int_equal(db_backup(d, "/nonexistent/copy.db", &e), ERR_FATAL);
    assert_non_null(strstr(e.message, "/nonexistent/copy.db"));
    assert_int_equal(read_int(d, "SELECT quantity FROM item"), 8);
    db_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pragmas, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values_come_back_as_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_constraint_is_invalid_and_the_statement_goes_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_bad_bindings_come_out_of_the_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statements_that_cannot_be, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statements_are_finalised_in_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_migrations_go_on_where_they_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_migration_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exclusive_is_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers_see_commits_and_never_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_checkpoint_empties_the_wal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_database_is_fatal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_backup_is_whole_and_stands_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
