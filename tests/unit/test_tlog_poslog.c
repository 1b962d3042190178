#include "tests/unit/tlog_help.h"

#define HEAD                                                                                                 \
    "<RetailStoreID>S014</RetailStoreID><WorkstationID>3</WorkstationID><SequenceNumber>90</SequenceNumber>" \
    "<BusinessDayDate>2026-11-24</BusinessDayDate>"
#define RETAIL(attributes, lines) \
    "<Transaction>" HEAD "<RetailTransaction " attributes ">" lines "</RetailTransaction></Transaction>"
#define LINE(attributes, content) \
    "<LineItem " attributes "><SequenceNumber>1</SequenceNumber>" content "</LineItem>"
#define SALE(content) "<Sale>" content "</Sale>"
#define A1 "<ItemID>A</ItemID><Quantity>1</Quantity>"

static int setup(void **state)
{
    struct reading *r = calloc(1, sizeof *r);
    r->decoder = open_decoder("poslog", "standard", 0);
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

static void expect_action(struct reading *r, const char *record, enum txn_action action, const char *reason)
{
    if (read_record(r, record) != ERR_OK) {
        fail_msg("refused: %s", r->e.message);
    }
    assert_int_equal(r->txn.action, action);
    assert_slice(r->txn.reason, reason);
    assert_int_equal(r->txn.line_count, 0);
    assert_int_equal(r->txn.sequence, 90); /* it uses its number up */
}

static void test_prefixes_order_and_cdata(void **state)
{
    struct reading *r = *state;
    expect_counted(
        r, "<p:Transaction xmlns:p=\"urn:x\"><p:RetailTransaction><p:LineItem><!-- <Sale/> --><p:Sale "
           "ItemType='stock'>"
           "<p:Quantity UnitOfMeasureCode=\"KGM\" Units=\"7\"> 0.127\n</p:Quantity><p:Description><![CDATA[A "
           "& <B>]]></p:Description>"
           "<p:ItemID>\n  0047&#49;1 "
           "</p:ItemID></p:Sale><p:SequenceNumber>4</p:SequenceNumber></p:LineItem></p:RetailTransaction>"
           "<p:SequenceNumber>1</p:SequenceNumber><p:BusinessDayDate>2026-11-24</p:BusinessDayDate>"
           "<p:RetailStoreID>S1</p:RetailStoreID><p:WorkstationID "
           "TypeCode=\"POS\">2</p:WorkstationID></p:Transaction>");
    expect_line(&r->txn, 0, "004711", "-0.127");
    assert_slice(r->txn.lines[0].uom, "KGM");
    assert_slice(r->txn.lines[0].description, "A & <B>");
    assert_int_equal(r->txn.lines[0].line, 4);
    assert_slice(r->txn.workstation, "2");
}

static void test_names_of_other_places_are_not_taken(void **state)
{
    struct reading *r = *state;
    expect_counted(
        r,
        RETAIL(
            "",
            LINE("",
                 "<CreateInfo><RetailStoreID>9</RetailStoreID><WorkstationID>9</WorkstationID></CreateInfo>"
                 "<LoyaltyReward><RewardBasis><ItemID>B</ItemID><Quantity>5</Quantity></RewardBasis></"
                 "LoyaltyReward>"
                 "<Sale>" A1 "<Tax><SequenceNumber>77</SequenceNumber><ItemID>T</ItemID></Tax></Sale>")));
    assert_int_equal(r->txn.line_count, 1);
    expect_line(&r->txn, 0, "A", "-1");
    assert_int_equal(r->txn.lines[0].line, 1);
    assert_slice(r->txn.store, "S014");
}

static void test_statuses(void **state)
{
    struct reading *r = *state;
    expect_counted(r, RETAIL("TransactionStatus=\"finished\"", LINE("", SALE(A1))));
    expect_counted(r, RETAIL("", LINE("", SALE(A1))));
    expect_action(r, RETAIL("TransactionStatus=\"Canceled\"", LINE("", SALE(A1))), TXN_IGNORE,
                  "status Canceled");
    expect_action(r, RETAIL("TransactionStatus=\"TransactionVoided\"", LINE("", SALE(A1))), TXN_IGNORE,
                  "status TransactionVoided");
    expect_action(r, RETAIL("TransactionStatus=\"Voided\"", LINE("", SALE(A1))), TXN_IGNORE, "status Voided");
    expect_action(r, RETAIL("TransactionStatus=\"Failed\"", LINE("", SALE(A1))), TXN_IGNORE, "status Failed");
    expect_action(r, RETAIL("TransactionStatus=\"SuspendedDeleted\"", ""), TXN_IGNORE,
                  "status SuspendedDeleted");
    expect_action(r, RETAIL("TransactionStatus=\"Suspended\"", ""), TXN_NOT_FINAL, "status Suspended");
    expect_action(r, RETAIL("TransactionStatus=\"SuspendedRetrieved\"", ""), TXN_NOT_FINAL,
                  "status SuspendedRetrieved");
    expect_action(r, RETAIL("TransactionStatus=\"InProcess\"", ""), TXN_NOT_FINAL, "status InProcess");
    expect_action(r, RETAIL("TransactionStatus=\"InComplete\"", ""), TXN_NOT_FINAL, "status InComplete");
    expect_action(r, RETAIL("TransactionStatus=\"Subtotal\"", ""), TXN_NOT_FINAL, "status Subtotal");
    expect_action(r, RETAIL("TransactionStatus=\"Totaled\"", ""), TXN_NOT_FINAL, "status Totaled");
    expect_action(r, RETAIL("TransactionStatus=\"Projection\"", ""), TXN_NOT_FINAL, "status Projection");
    expect_refused(r, RETAIL("TransactionStatus=\"PostVoided\"", ""), "PostVoided");
    expect_refused(r, RETAIL("TransactionStatus=\"Bogus\"", ""), "unknown TransactionStatus 'Bogus'");
    /* status beats line flags, and what it does not count is not looked at */
    expect_action(
        r,
        RETAIL("TransactionStatus=\"Canceled\"", LINE("VoidFlag=\"true\"", SALE("<Quantity>x</Quantity>"))),
        TXN_IGNORE, "status Canceled");
}

static void test_flags(void **state)
{
    struct reading *r = *state;
    expect_action(r, "<Transaction TrainingModeFlag=\"true\">" HEAD "<RetailTransaction/></Transaction>",
                  TXN_IGNORE, "training");
    assert_int_equal(r->txn.flags, TILLWIRE__V1__TRANSACTION_FLAG__FLAG_TRAINING);
    expect_action(r, "<Transaction CancelFlag=\"1\">" HEAD "<RetailTransaction/></Transaction>", TXN_IGNORE,
                  "cancelled");
    expect_action(r, "<Transaction SuspendFlag=\"true\">" HEAD "<RetailTransaction/></Transaction>",
                  TXN_NOT_FINAL, "suspended");
    expect_counted(r, "<Transaction OfflineFlag=\"true\" TrainingModeFlag=\"false\">" HEAD
                      "<RetailTransaction/></Transaction>");
    assert_int_equal(r->txn.flags, TILLWIRE__V1__TRANSACTION_FLAG__FLAG_OFFLINE);
    expect_refused(r, "<Transaction TrainingModeFlag=\"perhaps\">" HEAD "<RetailTransaction/></Transaction>",
                   "TrainingModeFlag");
}

static void test_kinds_of_transactions(void **state)
{
    struct reading *r = *state;
    expect_action(r, "<Transaction>" HEAD "<ControlTransaction><NoSale/></ControlTransaction></Transaction>",
                  TXN_IGNORE, "control");
    expect_action(r, "<Transaction>" HEAD "<TenderControlTransaction/></Transaction>", TXN_IGNORE, "control");
    expect_counted(r, "<Transaction>" HEAD "<ControlTransaction/><RetailTransaction>" LINE(
                          "", SALE(A1)) "</RetailTransaction></Transaction>");
    assert_int_equal(r->txn.line_count, 1);
    assert_int_equal(r->txn.flags, 0);
    expect_refused(r, "<Transaction>" HEAD "</Transaction>", "no RetailTransaction");
    expect_refused(r, "<Transaction>" HEAD "<ForeCourtTransaction/></Transaction>", "no RetailTransaction");
    expect_refused(r,
                   "<Transaction>" HEAD
                   "<InventoryControlTransaction><Transfer/></InventoryControlTransaction></Transaction>",
                   "only ReceiveInventory");
    expect_counted(
        r, "<Transaction>" HEAD
           "<InventoryControlTransaction><ReceiveInventory><DocumentID>D1</DocumentID><LineItem>"
           "<SequenceNumber>3</SequenceNumber><ItemID>A</ItemID><QuantityOrdered>12</QuantityOrdered>"
           "<QuantityReceived UnitOfMeasureCode=\"CS\">10</QuantityReceived></LineItem></ReceiveInventory>"
           "</InventoryControlTransaction></Transaction>");
    expect_line(&r->txn, 0, "A", "10");
    assert_slice(r->txn.lines[0].uom, "CS");
    assert_slice(r->txn.lines[0].document, "D1");
    assert_slice(r->txn.lines[0].document_line, "3");
}

#define KEYLESS(header) "<Transaction>" header "<RetailTransaction/></Transaction>"
#define STORE "<RetailStoreID>1</RetailStoreID>"
#define STATION "<WorkstationID>3</WorkstationID>"
#define NUMBER "<SequenceNumber>90</SequenceNumber>"
#define DAY "<BusinessDayDate>2026-11-24</BusinessDayDate>"

static void test_the_key_must_be_whole(void **state)
{
    struct reading *r = *state;
    expect_refused(r, KEYLESS(STATION NUMBER DAY), "RetailStoreID");
    expect_refused(r, KEYLESS(STORE NUMBER DAY), "WorkstationID");
    expect_refused(r, KEYLESS(STORE STATION DAY), "SequenceNumber");
    expect_refused(r, KEYLESS(STORE STATION NUMBER), "BusinessDayDate");
    expect_refused(r, KEYLESS(STORE STATION NUMBER "<BusinessDayDate>2026-02-30</BusinessDayDate>"),
                   "BusinessDayDate");
    expect_refused(r, KEYLESS(STORE STATION DAY "<SequenceNumber>-1</SequenceNumber>"), "SequenceNumber");
    expect_refused(r, KEYLESS(STORE STATION DAY "<SequenceNumber>4294967296</SequenceNumber>"),
                   "SequenceNumber");
    expect_refused(r, KEYLESS(STORE STATION NUMBER DAY STORE), "RetailStoreID is there twice");
    assert_int_equal(r->txn.workstation.size, 1); /* the key as far as it was read */
    expect_counted(r, KEYLESS(STORE STATION NUMBER "<BusinessDayDate>2026-11-24+04:00</BusinessDayDate>"));
    assert_int_equal(r->txn.business_day, 20781);
    expect_counted(r, KEYLESS(STORE STATION NUMBER "<BeginDateTime>2026-11-23T23:59:00</BeginDateTime>"
                                                   "<EndDateTime>2026-11-24T00:01:00Z</EndDateTime>"));
    assert_int_equal(r->txn.business_day, 20780); /* the begin date */
    assert_true(r->txn.has_offset);
    assert_int_equal(r->txn.local_s, INT64_C(20781) * 86400 + 60);
    expect_counted(r, KEYLESS(STORE STATION NUMBER "<EndDateTime>2026-11-24T00:01</EndDateTime>"));
    assert_int_equal(r->txn.business_day, 20781);
    assert_false(r->txn.has_offset);
}

static void test_the_retail_store_among_business_units(void **state)
{
    struct reading *r = *state;
    expect_counted(
        r, KEYLESS("<BusinessUnit><UnitID Name=\"X\">0610</UnitID></BusinessUnit>" STATION NUMBER DAY));
    assert_slice(r->txn.store, "0610");
    expect_counted(
        r,
        KEYLESS(
            "<BusinessUnit><UnitID TypeCode=\"Country\">DE</UnitID></BusinessUnit>"
            "<BusinessUnit><UnitID TypeCode=\"RetailStore\">7</UnitID></BusinessUnit>" STATION NUMBER DAY));
    assert_slice(r->txn.store, "7");
    expect_counted(r, KEYLESS("<BusinessUnit TypeCode=\"x:RetailStore\"><UnitID>8</UnitID></BusinessUnit>"
                              "<BusinessUnit><UnitID>DE</UnitID></BusinessUnit>" STATION NUMBER DAY));
    assert_slice(r->txn.store, "8");
    expect_refused(r,
                   KEYLESS("<BusinessUnit><UnitID>8</UnitID></BusinessUnit><BusinessUnit><UnitID>9</UnitID></"
                           "BusinessUnit>" STATION NUMBER DAY),
                   "BusinessUnits");
    expect_counted(r, KEYLESS(STORE "<BusinessUnit><UnitID>8</UnitID></BusinessUnit>" STATION NUMBER DAY));
    assert_slice(r->txn.store, "1");
}

static void test_several_times(void **state)
{
    struct reading *r = *state;
    expect_counted(r, KEYLESS(STORE STATION NUMBER DAY
                              "<BeginDateTime TypeCode=\"a\">2026-11-24T10:00:00</BeginDateTime>"
                              "<BeginDateTime>2026-11-24T09:00:00.123</"
                              "BeginDateTime><EndDateTime>2026-11-24T10:30:00</EndDateTime>"
                              "<EndDateTime>2026-11-24T10:20:00</EndDateTime>"));
    assert_slice(r->txn.begin, "2026-11-24T09:00:00.123");
    assert_slice(r->txn.end, "2026-11-24T10:30:00");
    expect_refused(r, KEYLESS(STORE STATION NUMBER DAY "<EndDateTime>yesterday</EndDateTime>"),
                   "EndDateTime");
}

static void test_items_and_aliases(void **state)
{
    struct reading *r = *state;
    expect_counted(r,
                   RETAIL("", LINE("", SALE("<POSIdentity><POSItemID>0400</POSItemID></"
                                            "POSIdentity><POSIdentity><POSItemID>2</POSItemID>"
                                            "</POSIdentity><ItemID>0001</ItemID><Quantity>1</Quantity>"))));
    expect_line(&r->txn, 0, "0001", "-1");
    assert_slice(r->txn.lines[0].alias, "0400");
    expect_counted(
        r,
        RETAIL(
            "",
            LINE("", SALE("<POSIdentity><POSItemID>0400</POSItemID></POSIdentity><Quantity>1</Quantity>"))));
    expect_line(&r->txn, 0, "0400", "-1");
    expect_refused(r, RETAIL("", LINE("", SALE("<Quantity>1</Quantity>"))), "neither ItemID");
}

static void test_item_types(void **state)
{
    static const char *const STILL[] = {"Service",        "Fee",         "Deposit",
                                        "DepositRefund",  "Tare",        "Warranty",
                                        "ItemCollection", "VRExt:RXBag", "acs:NegativeItem"};
    struct reading *r = *state;
    char record[1024];
    for (size_t i = 0; i < sizeof STILL / sizeof STILL[0]; i++) {
        (void)snprintf(record, sizeof record, RETAIL("", LINE("", "<Sale ItemType=\"%s\">" A1 "</Sale>")),
                       STILL[i]);
        expect_counted(r, record);
        assert_int_equal(r->txn.line_count, 0);
    }
    expect_counted(
        r, RETAIL("", LINE("", "<Sale ItemType=\"STOCK\" NotNormallyStockedFlag=\"true\">" A1 "</Sale>")));
    expect_line(&r->txn, 0, "A", "-1");
}

static void test_returns(void **state)
{
    static const char *const WHERE[][2] = {
        {"ReturnToStock", "floor"}, {"WriteOff", "damaged"},         {"waste", "damaged"},
        {"Repair", "returns"},      {"ReturnToSupplier", "returns"}, {"Undecided", "returns"}};
    struct reading *r = *state;
    char record[1024];
    for (size_t i = 0; i < sizeof WHERE / sizeof WHERE[0]; i++) {
        (void)snprintf(record, sizeof record,
                       RETAIL("", LINE("", "<Return>" A1 "<Disposal Method=\"%s\"/></Return>")), WHERE[i][0]);
        expect_counted(r, record);
        expect_line(&r->txn, 0, "A", "1");
        assert_slice(r->txn.lines[0].location, WHERE[i][1]);
    }
    expect_counted(r, RETAIL("", LINE("", "<Return>" A1 "</Return>")));
    assert_slice(r->txn.lines[0].location, "floor");
    expect_refused(r, RETAIL("", LINE("", "<Return>" A1 "<Disposal Method=\"Burn\"/></Return>")), "Disposal");
    expect_refused(r, RETAIL("", LINE("", "<Return><ItemID>A</ItemID><Quantity>-1</Quantity></Return>")),
                   "negative");
    /* some vendors write a return as a sale of a negative quantity */
    expect_counted(r, RETAIL("", LINE("", SALE("<ItemID>A</ItemID><Quantity>-2</Quantity>"))));
    expect_line(&r->txn, 0, "A", "2");
    assert_int_equal(r->txn.lines[0].kind, TILLWIRE__V1__MOVEMENT_KIND__RETURN);
}

#define VOIDED(quantity)          \
    RETAIL("", LINE("", SALE(A1)) \
                   LINE("VoidFlag=\"true\"", SALE("<ItemID>A</ItemID><Quantity>" quantity "</Quantity>")))

static void test_void_conventions(void **state)
{
    struct reading *r = *state;
    expect_counted(r, VOIDED("1")); /* standard: the line that carries the flag does not count */
    assert_int_equal(r->txn.line_count, 1);
    struct reading acs = {.decoder = open_decoder("poslog", "ncr-acs", 0)};
    expect_counted(&acs, VOIDED("-1"));
    assert_int_equal(acs.txn.line_count, 2);
    expect_line(&acs.txn, 1, "A", "1");
    assert_int_equal(acs.txn.lines[1].kind, TILLWIRE__V1__MOVEMENT_KIND__VOID);
    expect_refused(&acs, VOIDED("1"), "not this profile's way");
    tlog_close(acs.decoder);
    struct reading unsettled = {.decoder = NULL};
    struct tlog_options options = {.profile = tlog_profile_unsettled()};
    assert_int_equal(tlog_open(&unsettled.decoder, "poslog", &options, NULL), ERR_OK);
    expect_refused(&unsettled, VOIDED("1"), "name a profile");
    expect_counted(&unsettled, RETAIL("", LINE("", SALE(A1))));
    tlog_close(unsettled.decoder);
    expect_counted(r,
                   RETAIL("", LINE("CancelFlag=\"true\"", SALE(A1)) LINE("DeleteFlag=\"true\"", SALE(A1))));
    assert_int_equal(r->txn.line_count, 0);
}

static void test_links(void **state)
{
    struct reading *r = *state;
#define LINK(reason) \
    "<TransactionLink ReasonCode=\"" reason "\"><SequenceNumber>1</SequenceNumber></TransactionLink>"
    expect_counted(r, RETAIL("", LINK("Resume") LINK("Return") LINE("", SALE(A1))));
    assert_int_equal(r->txn.sequence, 90);
    expect_refused(r, RETAIL("", LINK("Voided")), "reverses another");
}

static void test_web_orders_count_once(void **state)
{
    struct reading *r = *state;
#define DELIVERY "<SaleForDelivery>" A1 "</SaleForDelivery>"
    expect_counted(r, RETAIL("", LINE("", SALE(A1) DELIVERY)));
    assert_int_equal(r->txn.line_count, 1);
    expect_counted(r, RETAIL("", LINE("", DELIVERY) LINE("", SALE(A1))));
    assert_int_equal(r->txn.line_count, 1);
    expect_counted(r, RETAIL("", LINE("", SALE(A1)) LINE("", DELIVERY) LINE("", DELIVERY)));
    assert_int_equal(r->txn.line_count, 2);
    expect_counted(r, RETAIL("", LINE("", "<SaleForPickup>" A1 "</SaleForPickup>")));
    expect_line(&r->txn, 0, "A", "-1");
    expect_refused(r, RETAIL("", LINE("", SALE("<ItemID>B</ItemID><Quantity>1</Quantity>") DELIVERY)),
                   "several of Sale");
    expect_refused(r, RETAIL("", LINE("", "<Layaway>" A1 "</Layaway>")), "layaways");
}

static void test_several_quantities(void **state)
{
    struct reading *r = *state;
    expect_refused(
        r,
        RETAIL("", LINE("", SALE("<ItemID>A</ItemID><Quantity UnitOfMeasureCode=\"EA\">1</Quantity>"
                                 "<Quantity UnitOfMeasureCode=\"Kg\">0.127</Quantity>"))),
        "several quantities");
    expect_refused(
        r, RETAIL("", LINE("", SALE("<ItemID>A</ItemID><ItemID>B</ItemID><Quantity>1</Quantity>"))), "twice");
    expect_refused(r, RETAIL("", LINE("", SALE("<ItemID>A</ItemID><Quantity>528000</Quantity>"))), "sanity");
}

static void test_malformed(void **state)
{
    static const char *const RECORDS[] = {
        "<Transaction>",
        "<Transaction",
        "</Transaction>",
        "junk",
        "<Other/>",
        "<Transaction><a></b></Transaction>",
        "<Transaction>&nbsp;</Transaction>",
        "<Transaction>&#0;</Transaction>",
        "<Transaction a='1' a='2'/>",
        "<Transaction>\xff</Transaction>",
        "<Transaction>\xc0\x80</Transaction>",
        "<Transaction><a></Transaction>",
        "<Transaction/><Transaction/>x",
        "<Transaction></Transaction></Transaction>",
        "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol1 \"&lol;&lol;&lol;\">]>",
        "<Transaction>&lol9;</Transaction>",
        "<Transaction><![CDATA[</Transaction>",
        "<Transaction><?x</Transaction>"};
    struct reading *r = *state;
    for (size_t i = 0; i < sizeof RECORDS / sizeof RECORDS[0]; i++) {
        if (read_record(r, RECORDS[i]) != ERR_INVALID) {
            fail_msg("not refused: %s", RECORDS[i]);
        }
        expect_counted(r, RETAIL("", LINE("", SALE(A1)))); /* the next record counts */
        expect_line(&r->txn, 0, "A", "-1");
    }
    expect_refused(r, RECORDS[14], "DOCTYPE");
    expect_refused(r, RECORDS[0], "cut off");
}

static void test_ceilings(void **state)
{
    struct reading *r = *state;
    BUF_AUTO struct buf record = BUF_INIT(1 << 21);
    assert_int_equal(buf_printf(&record, "<Transaction>"), ERR_OK);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(buf_printf(&record, "<a>"), ERR_OK);
    }
    expect_refused(r, record.data, "deeper");
    buf_clear(&record);
    assert_int_equal(buf_printf(&record, "<Transaction "), ERR_OK);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(buf_printf(&record, "a%d='1' ", i), ERR_OK);
    }
    assert_int_equal(buf_printf(&record, "/>"), ERR_OK);
    expect_refused(r, record.data, "attributes");
    /* names of an endless variety do not pile up */
    for (int i = 0; i < 20000; i++) {
        buf_clear(&record);
        assert_int_equal(buf_printf(&record,
                                    "<Transaction>" HEAD
                                    "<RetailTransaction/><x%d a%d='' b%d='' /></Transaction>",
                                    i, i, i),
                         ERR_OK);
        expect_counted(r, record.data);
    }
}

/* Any bytes: refused or read, never a crash. Replay with TILLWIRE_SEED. */
static void test_mutated_records(void **state)
{
    struct reading *r = *state;
    const char *text = getenv("TILLWIRE_SEED");
    unsigned seed = text != NULL ? (unsigned)strtoul(text, NULL, 10) : 20261124;
    static const char BASE[] =
        RETAIL("TransactionStatus='Finished'",
               LINE("EntryMethod='acs:Keyed'", SALE(A1 "<Description>x&amp;y</Description>")));
    char record[sizeof BASE];
    print_message("seed %u\n", seed);
    for (int i = 0; i < 20000; i++) {
        memcpy(record, BASE, sizeof BASE);
        for (int n = 0; n < 1 + i % 4; n++) {
            seed = seed * 1664525U + 1013904223U;
            record[(seed >> 8) % (sizeof BASE - 1)] = (char)(1 + (seed >> 20) % 255);
        }
        enum err_class class = read_record(r, record);
        assert_true(class == ERR_OK || class == ERR_INVALID);
    }
    expect_counted(r, BASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefixes_order_and_cdata),
        cmocka_unit_test(test_names_of_other_places_are_not_taken),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_kinds_of_transactions),
        cmocka_unit_test(test_the_key_must_be_whole),
        cmocka_unit_test(test_the_retail_store_among_business_units),
        cmocka_unit_test(test_several_times),
        cmocka_unit_test(test_items_and_aliases),
        cmocka_unit_test(test_item_types),
        cmocka_unit_test(test_returns),
        cmocka_unit_test(test_void_conventions),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_web_orders_count_once),
        cmocka_unit_test(test_several_quantities),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_mutated_records),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
