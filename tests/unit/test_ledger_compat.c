/* Released schemas of the store's database open, migrate and go on: tests/data/compat/edge-schema-N.sql are
 * dumps of databases that released versions made. A released dump never changes. A new one, of the schema of
 * now:
 *
 *   TILLWIRE_COMPAT_MAKE=FOLDER test_ledger_compat
 *   sqlite3 FOLDER/edge.db .dump | grep -vE '^(PRAGMA|BEGIN|COMMIT)' */
#include "common/db.h"
#include "tests/unit/ledger_kit.h"

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s is missing (run from the root of the tree)", path);
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    (void)fclose(file);
    return text;
}

static void load(struct kit *k, const char *dump)
{
    char *sql = read_file(dump);
    const char *const migrations[] = {sql, NULL}; /* leaves user_version 1, as the dump's program did */
    const struct db_options options = {.path = k->path, .mode = DB_EXCLUSIVE, .migrations = migrations};
    struct db *db = NULL;
    kit_ok(db_open(&db, &options, e));
    db_close(db);
    free(sql);
}

/* The dump's store: generation 1; 5 transactions of Item_1 and Item_2 by workstation 3, number 4 missing,
 * number 6 ignored, one record in quarantine, an opening of Item_2, a position. */
static void test_schema_1(void **state)
{
    (void)state;
    struct kit k;
    kit_new(&k, 1);
    load(&k, "tests/data/compat/edge-schema-1.sql");
    kit_open(&k);
    struct ledger_head head = kit_head(&k);
    assert_int_equal(head.generation, 1);
    assert_int_equal(head.run_counter, 2);
    assert_int_equal(head.row_count, 2);
    assert_int_equal(head.quarantined, 1);
    kit_check_invariants(&k);
    assert_int_equal(kit_row(&k, "Item_1").on_hand, -40000);
    assert_int_equal(kit_row(&k, "Item_2").on_hand, 500000);
    assert_int_equal(kit_row(&k, "Item_2").basis, TILLWIRE__V1__BASIS__BASIS_OPENING);
    assert_int_equal(kit_sell(&k, 1, "Item_1", -1), LEDGER_DUPLICATE);
    assert_int_equal(kit_sell(&k, 4, "Item_1", -1), LEDGER_COUNTED);
    assert_int_equal(kit_row(&k, "Item_1").on_hand, -50000);
    kit_check_invariants(&k);
    kit_end(&k);
}

/* Makes the store that the dump is of, in the folder named by TILLWIRE_COMPAT_MAKE. */
static void make_store(struct kit *k)
{
    for (uint64_t sequence = 1; sequence <= 5; sequence++) {
        if (sequence != 4) {
            assert_int_equal(kit_sell(k, sequence, "Item_1", -1), LEDGER_COUNTED);
        }
    }
    struct txn txn = kit_txn(6, NULL, 0);
    txn.action = TXN_IGNORE;
    txn.reason = SLICE("training");
    assert_int_equal(kit_book_one(k, &txn), LEDGER_IGNORED);
    txn.content_hash++;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_QUARANTINED);
    struct kit_opening o;
    kit_say_opening(k, &o, 9, KIT_NOW_MS, 1, 500000);
    o.rows[0].item = kit_text("Item_2");
    kit_ok(ledger_execute(k->l, &o.command, e));
    const struct tail_position position = {.file_id = 7, .path = "/log/pos.log", .offset = 700, .line = 7};
    kit_ok(ledger_begin(k->l, e));
    kit_ok(ledger_put_position(k->l, "pos", &position, SLICE(""), e));
    kit_ok(ledger_commit(k->l, e));
}

int main(void)
{
    const char *folder = getenv("TILLWIRE_COMPAT_MAKE");
    if (folder != NULL) {
        struct kit k;
        kit_new(&k, 1);
        assert_int_equal(rmdir(k.folder), 0);
        (void)snprintf(k.path, sizeof k.path, "%s/edge.db", folder);
        kit_open(&k);
        kit_provision(&k);
        make_store(&k);
        ledger_close(k.l);
        zone_close(k.zone);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
