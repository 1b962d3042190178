#include "edge/tlog/explain.h"
#include "tests/unit/tlog_help.h"

#include <unistd.h>

enum { FILES_MAX = 4 };

struct run {
    char folder[64];
    char paths[FILES_MAX][128];
    const char *files[FILES_MAX];
    size_t file_count;
    struct explain_options options;
    struct err e;
    char *output;
    size_t output_size;
};

static int setup(void **state)
{
    struct run *r = calloc(1, sizeof *r);
    assert_non_null(r);
    (void)snprintf(r->folder, sizeof r->folder, "/tmp/tillwire-explain-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    r->options.json = true;
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct run *r = *state;
    for (size_t i = 0; i < r->file_count; i++) {
        (void)unlink(r->paths[i]);
    }
    (void)rmdir(r->folder);
    free(r->output);
    free(r);
    return 0;
}

static void add_file(struct run *r, const char *content)
{
    assert_true(r->file_count < FILES_MAX);
    char path[sizeof r->paths[0]];
    (void)snprintf(path, sizeof path, "%s/%zu.log", r->folder, r->file_count);
    memcpy(r->paths[r->file_count], path, sizeof path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fwrite(content, 1, strlen(content), file) == strlen(content));
    assert_int_equal(fclose(file), 0);
    r->files[r->file_count] = r->paths[r->file_count];
    r->file_count++;
}

static int explain(struct run *r)
{
    free(r->output);
    r->output = NULL;
    FILE *out = open_memstream(&r->output, &r->output_size);
    assert_non_null(out);
    int code = explain_run(&r->options, r->files, r->file_count, out, &r->e);
    assert_int_equal(fclose(out), 0);
    return code;
}

static void expect_output(const struct run *r, const char *part)
{
    if (strstr(r->output, part) == NULL) {
        fail_msg("'%s' is not in:\n%s", part, r->output);
    }
}

#define RECORD(number, quantity)                                                                      \
    "{\"RetailStoreID\":\"S014\",\"WorkstationID\":\"3\",\"SequenceNumber\":" number                  \
    ",\"BusinessDayDate\":\"2026-11-24\",\"RetailTransaction\":{\"LineItem\":[{\"SequenceNumber\":1," \
    "\"Sale\":{\"ItemID\":\"A\",\"Quantity\":\"" quantity "\",\"Description\":\"APPLE\"}}]}}\n"

static void test_json_of_each_verdict(void **state)
{
    struct run *r = *state;
    char part[1024];
    add_file(r, RECORD("1", "1") "\n" RECORD("2", "0.5") "{}\n");
    add_file(r, RECORD("1", "1.00") RECORD("2", "3") "{\"RetailStoreID\":\"S014\",\"WorkstationID\":\"3\","
                                                     "\"SequenceNumber\":3,\"BusinessDayDate\":"
                                                     "\"2026-11-24\",\"ControlTransaction\":{}}");
    assert_int_equal(explain(r), EXPLAIN_QUARANTINED);
    (void)snprintf(
        part, sizeof part,
        "{\"file\":\"%s\",\"line\":1,\"offset\":0,\"store\":\"S014\",\"workstation\":\"3\",\"business_day\":"
        "\"2026-11-24\",\"sequence\":1,\"status\":\"Finished\",\"verdict\":\"counted\",\"reason\":null,"
        "\"movements\":[{\"item\":\"A\",\"kind\":\"sale\",\"location\":\"floor\",\"quantity\":\"-1\","
        "\"uom\":\"EA\",\"description\":\"APPLE\"}]}\n",
        r->files[0]);
    expect_output(r, part);
    (void)snprintf(part, sizeof part, "\"line\":4,\"offset\":%zu,\"store\":null,\"workstation\":null",
                   sizeof(RECORD("1", "1") "\n" RECORD("2", "0.5")) - 1);
    expect_output(r, part);
    (void)snprintf(part, sizeof part,
                   "\"verdict\":\"duplicate\",\"reason\":\"repeats %s:1\",\"movements\":[]", r->files[0]);
    expect_output(r, part);
    (void)snprintf(
        part, sizeof part,
        "\"verdict\":\"quarantined\",\"reason\":\"its number is already used by other content in %s:3\"",
        r->files[0]);
    expect_output(r, part);
    expect_output(r, "\"verdict\":\"ignored\",\"reason\":\"control\",\"movements\":[]");
    expect_output(
        r,
        "\n{\"summary\":{\"transactions\":6,\"counted\":2,\"ignored\":1,\"quarantined\":2,\"duplicates\":1,"
        "\"totals\":[{\"store\":\"S014\",\"item\":\"A\",\"location\":\"floor\",\"uom\":\"EA\",\"quantity\":"
        "\"-1.5\"}]}}\n");
}

static void test_a_real_log(void **state)
{
    struct run *r = *state;
    static const char *const FILES[] = {"tests/data/poslog-ncr-acs/POSLog.xml"};
    r->files[0] = FILES[0];
    r->file_count = 1;
    assert_int_equal(explain(r), EXPLAIN_OK);
    expect_output(
        r,
        "{\"summary\":{\"transactions\":51,\"counted\":42,\"ignored\":9,\"quarantined\":0,\"duplicates\":0,");
    expect_output(r, "{\"store\":\"9\",\"item\":\"00000000000130\",\"location\":\"floor\",\"uom\":\"LB\","
                     "\"quantity\":\"-1.91\"}");
    r->options.json = false;
    assert_int_equal(explain(r), EXPLAIN_OK);
    expect_output(r, "profile ncr-acs (the root tag declares a namespace of www.ncr.com/rsd/acs)");
    expect_output(r, "51 transactions: 42 counted, 9 ignored, 0 quarantined, 0 duplicates\n");
    r->file_count = 0; /* nothing of ours to delete */
}

#define VOIDED                                                                                               \
    "<POSLog><Transaction><RetailStoreID>1</RetailStoreID><WorkstationID>3</WorkstationID><SequenceNumber>9" \
    "</SequenceNumber><BusinessDayDate>2026-11-24</BusinessDayDate><RetailTransaction><LineItem "            \
    "VoidFlag='true'>"                                                                                       \
    "<Sale><ItemID>A</ItemID><Quantity>1</Quantity></Sale></LineItem></RetailTransaction></Transaction></"   \
    "POSLog>"

static void test_what_dialects_differ_in_needs_a_profile(void **state)
{
    struct run *r = *state;
    add_file(r, VOIDED);
    assert_int_equal(explain(r), EXPLAIN_QUARANTINED);
    expect_output(r, "name a profile");
    r->options.profile = "standard";
    assert_int_equal(explain(r), EXPLAIN_OK);
    expect_output(r, "\"verdict\":\"counted\",\"reason\":null,\"movements\":[]");
    r->options.profile = "nobody";
    assert_int_equal(explain(r), EXPLAIN_FAILED);
    assert_non_null(strstr(r->e.message, "one of auto, standard, ncr-acs"));
}

static void test_a_document_counts_once(void **state)
{
    struct run *r = *state;
#define RECEIPT(number)                                                                           \
    "{\"RetailStoreID\":\"S014\",\"WorkstationID\":\"3\",\"SequenceNumber\":" number              \
    ",\"BusinessDayDate\":\"2026-11-24\",\"InventoryControlTransaction\":{\"ReceiveInventory\":{" \
    "\"DocumentID\":\"R-17\","                                                                    \
    "\"LineItem\":[{\"SequenceNumber\":1,\"ItemID\":\"A\",\"QuantityReceived\":10}]}}}\n"
    add_file(r, RECEIPT("1") RECEIPT("2"));
    assert_int_equal(explain(r), EXPLAIN_OK);
    expect_output(r, "\"counted\":2");
    expect_output(r, "\"quantity\":\"10\"}]}}");
}

static void test_other_stores_are_quarantined(void **state)
{
    struct run *r = *state;
    add_file(r, RECORD("1", "1"));
    r->options.store = "S014";
    assert_int_equal(explain(r), EXPLAIN_OK);
    r->options.store = "S015";
    assert_int_equal(explain(r), EXPLAIN_QUARANTINED);
    expect_output(r, "another store");
    expect_output(r, "\"totals\":[]");
}

static void test_faults_tell_file_and_place(void **state)
{
    struct run *r = *state;
    char record[400];
    memset(record, 'x', sizeof record);
    memcpy(record, "\n{\"a\":\"", 7);
    (void)snprintf(record + 300, 100, "\"}\n");
    add_file(r, record);
    r->options.record_bytes_max = 100;
    assert_int_equal(explain(r), EXPLAIN_QUARANTINED);
    expect_output(r, "\"line\":2,\"offset\":1,");
    expect_output(r, "longer than a record may be");
    r->options.json = false;
    assert_int_equal(explain(r), EXPLAIN_QUARANTINED);
    expect_output(r, "1 quarantined");
}

static void test_files_that_cannot_be_read(void **state)
{
    struct run *r = *state;
    add_file(r, "RetailStoreID;3\n");
    assert_int_equal(explain(r), EXPLAIN_FAILED);
    assert_non_null(strstr(r->e.message, "--format"));
    assert_non_null(strstr(r->e.message, r->files[0]));
    r->files[0] = "/nonexistent";
    assert_int_equal(explain(r), EXPLAIN_FAILED);
    assert_non_null(strstr(r->e.message, "/nonexistent"));
}

static void test_an_empty_file(void **state)
{
    struct run *r = *state;
    add_file(r, "");
    r->options.format = "poslog";
    assert_int_equal(explain(r), EXPLAIN_OK);
    expect_output(r, "\"transactions\":0");
}

static void test_card_numbers_are_not_shown(void **state)
{
    struct run *r = *state;
    add_file(r, "{\"RetailStoreID\":\"4111111111111111\",\"4111111111111111\":\"4111 1111 1111 1111\"}\n"
                "4111111111111111\n{\"4111111111111111\n");
    for (int json = 0; json < 2; json++) {
        r->options.json = json != 0;
        assert_int_equal(explain(r), EXPLAIN_QUARANTINED);
        assert_null(strstr(r->output, "4111"));
    }
}

static void test_usage(void **state)
{
    (void)state;
    char *help[] = {(char[]){"explain"}, (char[]){"--help"}, NULL};
    char *nothing[] = {(char[]){"explain"}, NULL};
    char *unknown[] = {(char[]){"explain"}, (char[]){"--bogus"}, (char[]){"x"}, NULL};
    char *small[] = {(char[]){"explain"}, (char[]){"tests/data/poslog-ncr-acs/SMALL.xml"}, (char[]){"--json"},
                     NULL};
    assert_int_equal(explain_main(2, help), EXPLAIN_OK);
    assert_int_equal(explain_main(1, nothing), EXPLAIN_FAILED);
    assert_int_equal(explain_main(3, unknown), EXPLAIN_FAILED);
    assert_int_equal(explain_main(3, small), EXPLAIN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_json_of_each_verdict, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_real_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_dialects_differ_in_needs_a_profile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_document_counts_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_stores_are_quarantined, setup, teardown),
        cmocka_unit_test_setup_teardown(test_faults_tell_file_and_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_cannot_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_empty_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_card_numbers_are_not_shown, setup, teardown),
        cmocka_unit_test(test_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
