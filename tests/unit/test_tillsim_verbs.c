#include "tests/tillsim/files.h"
#include "tests/tillsim/options.h"
#include "tests/tillsim/verbs.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

static int make_dir(void **state)
{
    char *dir = strdup("/tmp/tillsim-test-XXXXXX");
    *state = dir;
    return dir && mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
    int dropped = nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return dropped;
}

static void test_options(void **state)
{
    (void)state;
    const char *text = NULL;
    uint64_t count = 0;
    double rate = 0;
    int32_t day = 0;
    bool flag = false, help = false;
    const struct sim_option table[] = {
        {"text", SIM_OPTION_TEXT, &text, "TEXT", ""}, {"count", SIM_OPTION_COUNT, &count, "N", ""},
        {"rate", SIM_OPTION_RATE, &rate, "R", ""},    {"day", SIM_OPTION_DAY, &day, "YYYY-MM-DD", ""},
        {"flag", SIM_OPTION_FLAG, &flag, "", ""},
    };
    const struct sim_options o = {"verb", "", table, sizeof table / sizeof table[0]};
    struct sim_fail f = {0};
    const char *good[] = {"--text=a=b", "--count", "12", "--rate", "0.5", "--flag", "--day", "1970-01-02"};
    assert_true(sim_options_parse(&o, 8, good, &help, &f));
    assert_string_equal(text, "a=b");
    assert_int_equal(count, 12);
    assert_true(rate == 0.5 && flag && day == 1 && !help);
    const char *bad[][2] = {{"--count", "-1"}, {"--count", "12x"}, {"--count", "99999999999999999999"},
                            {"--rate", "0"},   {"--rate", "nan"},  {"--day", "1970"},
                            {"--flag=1", ""},  {"--cou", "1"},     {"text", "a"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(sim_options_parse(&o, 2, bad[i], &help, &f));
        assert_non_null(strstr(f.message, i < 6 ? "is not" : ""));
    }
    const char *alone[] = {"--count"};
    assert_false(sim_options_parse(&o, 1, alone, &help, &f));
    const char *asks[] = {"--help", "--nonsense"};
    assert_true(sim_options_parse(&o, 2, asks, &help, &f));
    assert_true(help);
}

static void test_exit_codes(void **state)
{
    const char *none[] = {"--quiet"}, *wrong[] = {"--out", *state, "--format", "cobol"};
    const char *traps[] = {"--out", *state, "--traps", "repeat,nonsense"},
               *endless[] = {"--out", *state, "--transactions", "0"};
    const char *nowhere[] = {"--out", "/dev/null/x"},
               *zero[] = {"--dir", *state, "--store", "S1", "--item", "x", "--quantity", "0"};
    const char *store[] = {"--dir", *state, "--store", "../S1", "--item", "x"};
    assert_int_equal(sim_verb_generate(1, none), SIM_EXIT_USAGE);
    assert_int_equal(sim_verb_generate(4, wrong), SIM_EXIT_USAGE);
    assert_int_equal(sim_verb_generate(4, traps), SIM_EXIT_USAGE);
    assert_int_equal(sim_verb_generate(4, endless), SIM_EXIT_FAILED);
    assert_int_equal(sim_verb_generate(2, nowhere), SIM_EXIT_FAILED);
    assert_int_equal(sim_verb_scenario(2, nowhere), SIM_EXIT_FAILED);
    assert_int_equal(sim_verb_ring(8, zero), SIM_EXIT_USAGE);
    assert_int_equal(sim_verb_ring(6, store), SIM_EXIT_USAGE);
    const char *nobody[] = {"--stores", "0"}, *cobol[] = {"--format", "cobol"}, *nothing[] = {"--items", "0"};
    assert_int_equal(sim_verb_opening(2, nobody), SIM_EXIT_USAGE);
    assert_int_equal(sim_verb_opening(2, cobol), SIM_EXIT_USAGE);
    assert_int_equal(sim_verb_opening(2, nothing), SIM_EXIT_USAGE);
}

static void expect_file(const char *dir, const char *path, const char *expected)
{
    char full[SIM_PATH_BYTES], data[4096];
    snprintf(full, sizeof full, "%s/%s", dir, path);
    FILE *file = fopen(full, "rb");
    assert_non_null(file);
    size_t size = fread(data, 1, sizeof data - 1, file);
    fclose(file);
    data[size] = '\0';
    assert_string_equal(data, expected);
}

static void test_scenario_files(void **state)
{
    const char *args[] = {"--out", *state, "--start-day", "2026-11-24"};
    assert_int_equal(sim_verb_scenario(4, args), SIM_EXIT_DONE);
    expect_file(*state, "model/stock.tsv",
                "store\titem\tlocation\tuom\tquantity\n"
                "Store_1\tItem_1\tfloor\tEA\t10\n"
                "Store_1\tItem_2\tfloor\tEA\t0\n"
                "Store_1\tItem_3\tfloor\tEA\t10\n"
                "Store_2\tItem_1\tfloor\tEA\t10\n"
                "Store_3\tItem_1\tfloor\tEA\t10\n"
                "Store_4\tItem_1\tfloor\tEA\t10\n"
                "Store_5\tItem_1\tfloor\tEA\t10\n");
    expect_file(*state, "Store_3/tlog/tlog.jsonl",
                "{\"RetailStoreID\":\"Store_3\",\"WorkstationID\":\"1\",\"SequenceNumber\":1,"
                "\"BusinessDayDate\":\"2026-11-24\",\"BeginDateTime\":\"2026-11-24T12:00:00+01:00\","
                "\"EndDateTime\":\"2026-11-24T12:00:00+01:00\",\"InventoryControlTransaction\":{"
                "\"ReceiveInventory\":{\"DocumentID\":\"R-3\",\"LineItem\":[{\"SequenceNumber\":1,"
                "\"ItemID\":\"Item_1\",\"QuantityReceived\":\"10\",\"Description\":\"ITEM ONE\"}]}}}\n");
    expect_file(*state, "Store_1/expected_quarantined", "0\n");
    assert_int_equal(sim_verb_scenario(4, args), SIM_EXIT_FAILED);
    const char *ring[] = {"--dir", *state, "--store", "Store_1", "--item", "Item_1", "--quantity", "2"};
    assert_int_equal(sim_verb_ring(8, ring), SIM_EXIT_DONE);
    expect_file(*state, "Store_1/tillsim.state",
                "clock own\ntime 1795521660 60\nday 2026-11-24\nregister 1 6\n");
}

/* Odd stores have the ids of JSON lines, even ones those of ncr-acs, as generate --format mixed writes them.
 */
static void test_opening(void **state)
{
    const char *args[] = {"--stores", "2", "--items", "2", "--format", "mixed", "--quantity", "7"};
    char path[SIM_PATH_BYTES];
    snprintf(path, sizeof path, "%s/opening.csv", (const char *)*state);
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    assert_non_null(freopen(path, "w", stdout));
    int code = sim_verb_opening(8, args);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    assert_int_equal(code, SIM_EXIT_DONE);
    expect_file(*state, "opening.csv",
                "store,item,quantity,location,uom\n"
                "S001,100000,7,floor,LBR\n"
                "S001,100001,7,floor,EA\n"
                "S002,00000000060004,7,floor,LB\n"
                "S002,04006381000017,7,floor,EA\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test_setup_teardown(test_exit_codes, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_scenario_files, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_opening, make_dir, drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
