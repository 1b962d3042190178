#include "tests/unit/tlog_help.h"

#define HEAD                                                                                                \
    "{\"RetailStoreID\":\"S014\",\"WorkstationID\":\"3\",\"SequenceNumber\":90,\"BusinessDayDate\":\"2026-" \
    "11-24\","
#define LINES(lines) \
    HEAD "\"RetailTransaction\":{\"TransactionStatus\":\"Finished\",\"LineItem\":[" lines "]}}\n"
#define SALE(members) LINES("{\"SequenceNumber\":1,\"Sale\":{" members "}}")

static int setup(void **state)
{
    struct reading *r = calloc(1, sizeof *r);
    r->decoder = open_decoder("jsonl", "standard", 0);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct reading *r = *state;
    tlog_close(r->decoder);
    free(r);
    return 0;
}

static void test_a_whole_transaction(void **state)
{
    struct reading *r = *state;
    expect_counted(
        r, "{\"RetailStoreID\":\"S014\",\"WorkstationID\":\"3\",\"SequenceNumber\":90,"
           "\"BusinessDayDate\":\"2026-11-24\",\"BeginDateTime\":\"2026-11-24T09:12:03+01:00\","
           "\"EndDateTime\":\"2026-11-24T09:13:04+01:00\",\"TrainingModeFlag\":false,\"CancelFlag\":false,"
           "\"SuspendFlag\":false,\"OfflineFlag\":true,\"RetailTransaction\":{\"TransactionStatus\":"
           "\"Finished\","
           "\"LineItem\":[{\"SequenceNumber\":1,\"VoidFlag\":false,\"Sale\":{\"ItemType\":\"Stock\","
           "\"ItemID\":\"4711\","
           "\"POSIdentity\":{\"POSItemID\":\"04006381333931\"},\"Description\":\"APPLES\",\"Quantity\":\"0."
           "127\","
           "\"UnitOfMeasureCode\":\"KGM\"}},{\"SequenceNumber\":2,\"Return\":{\"ItemID\":\"0012\","
           "\"Quantity\":1,"
           "\"Disposal\":{\"Method\":\"WriteOff\"}}},{\"SequenceNumber\":3,\"Tender\":{\"Amount\":\"3.20\"}}]"
           "}}");
    const struct txn *t = &r->txn;
    assert_slice(t->store, "S014");
    assert_slice(t->workstation, "3");
    assert_int_equal(t->sequence, 90);
    assert_int_equal(t->business_day, 20781);
    assert_slice(t->begin, "2026-11-24T09:12:03+01:00");
    assert_int_equal(t->local_s, INT64_C(20781) * 86400 + 9 * 3600 + 13 * 60 + 4);
    assert_true(t->has_offset);
    assert_int_equal(t->utc_offset_s, 3600);
    assert_int_equal(t->flags, TILLWIRE__V1__TRANSACTION_FLAG__FLAG_OFFLINE);
    assert_slice(t->status, "Finished");
    assert_int_equal(t->line_count, 2);
    expect_line(t, 0, "4711", "-0.127");
    assert_slice(t->lines[0].alias, "04006381333931");
    assert_slice(t->lines[0].uom, "KGM");
    assert_slice(t->lines[0].description, "APPLES");
    assert_slice(t->lines[0].location, "floor");
    assert_int_equal(t->lines[0].kind, TILLWIRE__V1__MOVEMENT_KIND__SALE);
    expect_line(t, 1, "0012", "1");
    assert_slice(t->lines[1].location, "damaged");
    assert_slice(t->lines[1].uom, "EA");
    assert_int_equal(t->lines[1].kind, TILLWIRE__V1__MOVEMENT_KIND__RETURN);
    assert_int_equal(t->lines[1].line, 2);
}

static void test_members_in_any_order(void **state)
{
    struct reading *r = *state;
    expect_counted(r,
                   "{\"RetailTransaction\":{\"LineItem\":[{\"Sale\":{\"Quantity\":2,\"ItemID\":\"A\"},"
                   "\"SequenceNumber\":7}]},"
                   "\"BusinessDayDate\":\"2026-11-24\",\"SequenceNumber\":\"4294967295\",\"WorkstationID\":9,"
                   "\"RetailStoreID\":\"S1\"}");
    expect_line(&r->txn, 0, "A", "-2");
    assert_int_equal(r->txn.lines[0].line, 7);
    assert_int_equal(r->txn.sequence, UINT32_MAX);
}

static void test_one_line_without_an_array(void **state)
{
    struct reading *r = *state;
    expect_counted(r,
                   HEAD "\"RetailTransaction\":{\"LineItem\":{\"Sale\":{\"ItemID\":\"A\",\"Quantity\":1}}}}");
    expect_line(&r->txn, 0, "A", "-1");
    expect_counted(r, HEAD "\"RetailTransaction\":{\"LineItem\":[]}}");
    assert_int_equal(r->txn.line_count, 0);
}

static void test_control(void **state)
{
    struct reading *r = *state;
    assert_int_equal(read_record(r, HEAD "\"ControlTransaction\":{\"ReasonCode\":\"SignOn\"}}"), ERR_OK);
    assert_int_equal(r->txn.action, TXN_IGNORE);
    assert_slice(r->txn.reason, "control");
    assert_int_equal(r->txn.flags, TILLWIRE__V1__TRANSACTION_FLAG__FLAG_CONTROL);
    assert_int_equal(r->txn.sequence, 90);
}

static void test_receipt(void **state)
{
    struct reading *r = *state;
    expect_counted(
        r,
        HEAD "\"InventoryControlTransaction\":{\"ReceiveInventory\":{\"LineItem\":[{\"SequenceNumber\":1,"
             "\"ItemID\":\"Item_1\",\"QuantityReceived\":\"10\",\"UnitOfMeasureCode\":\"EA\",\"Description\":"
             "\"One\"},"
             "{\"SequenceNumber\":2,\"ItemID\":\"Item_2\",\"QuantityReceived\":2.5,\"QuantityOrdered\":3}],"
             "\"DocumentID\":\"R-17\"}}}");
    assert_int_equal(r->txn.line_count, 2);
    expect_line(&r->txn, 0, "Item_1", "10");
    expect_line(&r->txn, 1, "Item_2", "2.5");
    assert_int_equal(r->txn.lines[0].kind, TILLWIRE__V1__MOVEMENT_KIND__RECEIPT);
    assert_slice(r->txn.lines[1].document, "R-17");
    assert_slice(r->txn.lines[1].document_line, "2");
    expect_refused(
        r,
        HEAD "\"InventoryControlTransaction\":{\"ReceiveInventory\":{\"DocumentID\":\"R\",\"LineItem\":[{"
             "\"ItemID\":\"A\",\"QuantityReceived\":1}]}}}",
        "SequenceNumber");
    expect_refused(r, HEAD "\"InventoryControlTransaction\":{\"InventoryCount\":{}}}",
                   "only ReceiveInventory");
}

static void test_quantities(void **state)
{
    struct reading *r = *state;
    expect_counted(r, SALE("\"ItemID\":\"A\",\"Quantity\":0.1234"));
    expect_line(&r->txn, 0, "A", "-0.1234");
    expect_counted(r, SALE("\"ItemID\":\"A\",\"Quantity\":-1"));
    expect_line(&r->txn, 0, "A", "1");
    assert_int_equal(r->txn.lines[0].kind, TILLWIRE__V1__MOVEMENT_KIND__RETURN);
    expect_counted(r, SALE("\"ItemID\":\"A\",\"Quantity\":0"));
    assert_int_equal(r->txn.line_count, 0);
    expect_refused(r, SALE("\"ItemID\":\"A\",\"Quantity\":1e308"), "LineItem 1");
    expect_refused(r, SALE("\"ItemID\":\"A\",\"Quantity\":\"1e308\""), "LineItem 1");
    expect_refused(r, SALE("\"ItemID\":\"A\",\"Quantity\":0.00001"), "LineItem 1");
    expect_refused(r, SALE("\"ItemID\":\"A\",\"Quantity\":\"NaN\""), "LineItem 1");
    expect_refused(r, SALE("\"ItemID\":\"A\",\"Quantity\":99999999999999999999"), "LineItem 1");
    expect_refused(r, SALE("\"ItemID\":\"A\",\"Quantity\":100001"), "sanity limit");
    expect_refused(r, SALE("\"ItemID\":\"A\",\"Quantity\":[1,0.127]"), "several quantities");
    expect_refused(r, SALE("\"ItemID\":\"A\""), "no quantity");
    expect_refused(r, SALE("\"ItemID\":\"A\",\"Quantity\":true"), "type");
}

static void test_what_is_not_guessed(void **state)
{
    struct reading *r = *state;
    expect_refused(r, SALE("\"ItemID\":\"A\",\"ItemID\":\"B\",\"Quantity\":1"), "ItemID is there twice");
    expect_refused(r, HEAD "\"RetailStoreID\":\"S2\",\"RetailTransaction\":{}}",
                   "RetailStoreID is there twice");
    expect_refused(r, HEAD "\"RetailTransaction\":{},\"RetailTransaction\":{}}",
                   "RetailTransaction is there twice");
    expect_refused(r, HEAD "\"RetailTransaction\":{\"LineItem\":[],\"LineItem\":[]}}",
                   "LineItem is there twice");
    expect_refused(
        r, LINES("{\"Sale\":{\"ItemID\":\"A\",\"Quantity\":1},\"Return\":{\"ItemID\":\"A\",\"Quantity\":1}}"),
        "several of Sale");
    expect_refused(r, HEAD "\"RetailTransaction\":\"x\"}", "type");
    expect_refused(r, SALE("\"ItemID\":{\"x\":1},\"Quantity\":1"), "should be a text");
    expect_refused(r, SALE("\"ItemID\":[\"A\",\"B\"],\"Quantity\":1"), "twice");
    expect_refused(r, SALE("\"Quantity\":1"), "neither ItemID");
    expect_refused(r, HEAD "\"RetailTransactions\":{}}", "no RetailTransaction");
    expect_refused(r, HEAD "\"RetailTransaction\":{},\"InventoryControlTransaction\":{}}", "both");
}

static void test_members_of_other_places_are_not_taken(void **state)
{
    struct reading *r = *state;
    expect_counted(
        r,
        LINES("{\"SequenceNumber\":5,\"Tax\":{\"SequenceNumber\":9},\"CreateInfo\":{\"RetailStoreID\":\"X\"},"
              "\"LoyaltyReward\":{\"RewardBasis\":{\"ItemID\":\"B\",\"Quantity\":3}},"
              "\"Sale\":{\"ItemID\":\"A\",\"Quantity\":1,\"Tax\":{\"ItemID\":\"C\"},\"Kit\":[[{\"ItemID\":"
              "\"D\"}]]}}"));
    assert_int_equal(r->txn.line_count, 1);
    expect_line(&r->txn, 0, "A", "-1");
    assert_int_equal(r->txn.lines[0].line, 5);
    assert_slice(r->txn.store, "S014");
}

static void test_malformed(void **state)
{
    static const char *const RECORDS[] = {"{",
                                          "{\"a\":",
                                          "[]",
                                          "[{}]",
                                          "1",
                                          "\"x\"",
                                          "null",
                                          "true",
                                          "{}{}",
                                          "{} x",
                                          "{\"a\":1,}",
                                          "{\"a\":\"\x01\"}",
                                          "{\"a\":\"\xff\"}",
                                          "{\"a\":nul}",
                                          "}",
                                          "{\"a\" \"b\"}",
                                          "{\"\\u12\":1}"};
    struct reading *r = *state;
    for (size_t i = 0; i < sizeof RECORDS / sizeof RECORDS[0]; i++) {
        if (read_record(r, RECORDS[i]) != ERR_INVALID) {
            fail_msg("not refused: %s", RECORDS[i]);
        }
        expect_counted(r, SALE("\"ItemID\":\"A\",\"Quantity\":1")); /* the next record counts */
        expect_line(&r->txn, 0, "A", "-1");
    }
    assert_int_equal(read_record(r, " \r\n"), ERR_OK);
    assert_true(r->none);
    assert_int_equal(read_record(r, ""), ERR_OK);
    assert_true(r->none);
}

static void test_deep_nesting(void **state)
{
    struct reading *r = *state;
    enum { DEPTH = 100000 };
    char *record = malloc(DEPTH + 1);
    assert_non_null(record);
    memset(record, '[', DEPTH);
    memcpy(record, "{\"a\":", 5);
    record[DEPTH] = '\0';
    expect_refused(r, record, "deeper");
    for (size_t i = 0; i + 5 <= DEPTH; i += 5) {
        memcpy(record + i, "{\"a\":", 5);
    }
    expect_refused(r, record, "deeper");
    free(record);
    expect_counted(r, SALE("\"ItemID\":\"A\",\"Quantity\":1"));
}

static void test_text_is_made_safe(void **state)
{
    struct reading *r = *state;
    expect_refused(r, SALE("\"ItemID\":\"\xc0\x80\",\"Quantity\":1"), "UTF-8");
    expect_refused(r, SALE("\"ItemID\":\"A\\u0000B\",\"Quantity\":1"), "control");
    expect_refused(r, SALE("\"ItemID\":\"A\",\"Description\":\"\xed\xa0\x80\",\"Quantity\":1"), "UTF-8");
    expect_counted(r, SALE("\"ItemID\":\"A\",\"Description\":\"A\\tB\\u0085C \xc3\xa4\",\"Quantity\":1"));
    assert_slice(r->txn.lines[0].description, "A B  C \xc3\xa4");
    expect_refused(r,
                   SALE("\"ItemID\":\"item-"
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"Quantity\":1"),
                   "64 bytes");
}

static void test_card_numbers_do_not_come_through(void **state)
{
    struct reading *r = *state;
    expect_counted(r, SALE("\"ItemID\":\"A\",\"Description\":\"CARD 4111 1111 1111 1111\",\"Quantity\":1"));
    assert_slice(r->txn.lines[0].description, "CARD **** **** **** ****");
    expect_refused(r, SALE("\"ItemID\":\"4111111111111111\",\"Quantity\":1"), "card number");
    expect_refused(r,
                   "{\"RetailStoreID\":\"S014\",\"WorkstationID\":\"4111111111111111\",\"SequenceNumber\":90,"
                   "\"BusinessDayDate\":\"2026-11-24\",\"RetailTransaction\":{}}",
                   "card number");
    expect_counted(r, SALE("\"ItemID\":\"04006381333931\",\"Quantity\":1"));
    assert_slice(r->txn.lines[0].item, "04006381333931");
    expect_refused(r, HEAD "\"RetailTransaction\":{\"TransactionStatus\":\"4111111111111111\"}}", "****");
    assert_null(strstr(r->e.message, "4111"));
}

static void test_the_hash_is_over_what_it_means(void **state)
{
    struct reading *r = *state;
    expect_counted(r, SALE("\"ItemID\":\"A\",\"Quantity\":1"));
    uint64_t hash = r->txn.content_hash;
    expect_counted(r, SALE("\"ItemID\":\"A\",\"Quantity\":\"1.00\",\"Description\":\"other\""));
    assert_true(r->txn.content_hash == hash);
    expect_counted(r, SALE("\"ItemID\":\"A\",\"Quantity\":2"));
    assert_true(r->txn.content_hash != hash);
    expect_counted(r, SALE("\"ItemID\":\"B\",\"Quantity\":1"));
    assert_true(r->txn.content_hash != hash);
}

static void test_lines_have_a_ceiling(void **state)
{
    struct reading *r = *state;
    BUF_AUTO struct buf record = BUF_INIT(1 << 20);
    assert_int_equal(buf_printf(&record, "%s", HEAD "\"RetailTransaction\":{\"LineItem\":["), ERR_OK);
    for (int i = 0; i < TXN_LINES_MAX; i++) {
        assert_int_equal(
            buf_printf(&record, "%s{\"Sale\":{\"ItemID\":\"%d\",\"Quantity\":1}}", i > 0 ? "," : "", i),
            ERR_OK);
    }
    size_t full = record.size;
    assert_int_equal(buf_printf(&record, "]}}"), ERR_OK);
    expect_counted(r, record.data);
    assert_int_equal(r->txn.line_count, TXN_LINES_MAX);
    expect_line(&r->txn, 1999, "1999", "-1");
    record.size = full;
    assert_int_equal(buf_printf(&record, ",{\"Sale\":{\"ItemID\":\"X\",\"Quantity\":1}}]}}"), ERR_OK);
    expect_refused(r, record.data, "more than 2000 lines");
}

/* Any bytes: refused or read, never a crash, and the next record counts. Replay with TILLWIRE_SEED. */
static void test_mutated_records(void **state)
{
    struct reading *r = *state;
    const char *text = getenv("TILLWIRE_SEED");
    unsigned seed = text != NULL ? (unsigned)strtoul(text, NULL, 10) : 20261124;
    static const char BASE[] = SALE("\"ItemID\":\"A\",\"Description\":\"x\\u00e4\",\"Quantity\":\"1.5\"");
    char record[sizeof BASE];
    print_message("seed %u\n", seed);
    for (int i = 0; i < 20000; i++) {
        memcpy(record, BASE, sizeof BASE);
        for (int n = 0; n < 1 + i % 4; n++) {
            seed = seed * 1664525U + 1013904223U;
            record[(seed >> 8) % (sizeof BASE - 1)] = (char)(1 + (seed >> 20) % 255);
        }
        seed = seed * 1664525U + 1013904223U;
        if (i % 3 == 0) {
            record[(seed >> 8) % (sizeof BASE - 1)] = '\0'; /* and cut */
        }
        enum err_class class = read_record(r, record);
        assert_true(class == ERR_OK || class == ERR_INVALID);
    }
    expect_counted(r, BASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_transaction),
        cmocka_unit_test(test_members_in_any_order),
        cmocka_unit_test(test_one_line_without_an_array),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_receipt),
        cmocka_unit_test(test_quantities),
        cmocka_unit_test(test_what_is_not_guessed),
        cmocka_unit_test(test_members_of_other_places_are_not_taken),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_text_is_made_safe),
        cmocka_unit_test(test_card_numbers_do_not_come_through),
        cmocka_unit_test(test_the_hash_is_over_what_it_means),
        cmocka_unit_test(test_lines_have_a_ceiling),
        cmocka_unit_test(test_mutated_records),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
