#include "tests/tillsim/fleet.h"
#include "tests/tillsim/ring.h"
#include "tests/tillsim/table.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { REGISTERS_MAX = 3 };

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

/* The file's bytes with a NUL behind them; freed by the caller. */
static char *content(const char *dir, const char *path, size_t *size)
{
    char full[SIM_PATH_BYTES];
    snprintf(full, sizeof full, "%s/%s", dir, path);
    FILE *file = fopen(full, "rb");
    if (!file) {
        fail_msg("%s: %s", full, strerror(errno));
    }
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *data = calloc(1, (size_t)length + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)length, file), length);
    fclose(file);
    if (size) {
        *size = (size_t)length;
    }
    return data;
}

static void assert_same_file(const char *dir, const char *a, const char *b)
{
    size_t a_size = 0, b_size = 0;
    char *a_data = content(dir, a, &a_size), *b_data = content(dir, b, &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a_data, b_data, a_size);
    free(a_data);
    free(b_data);
}

static struct sim_fleet_config config_of(const char *dir)
{
    return (struct sim_fleet_config){.dir = dir,
                                     .stores = 3,
                                     .format = SIM_FLEET_MIXED,
                                     .transactions = 1500,
                                     .seed = 3,
                                     .registers = 3,
                                     .items = 60,
                                     .gaps = 2,
                                     .start_day = -1,
                                     .traps = SIM_TRAP_REPEAT | SIM_TRAP_MALFORMED | SIM_TRAP_IN_PROCESS,
                                     .cards = true,
                                     .ledger = true,
                                     .quiet = true};
}

static void run(const struct sim_fleet_config *c)
{
    struct sim_fail f = {0};
    if (!sim_fleet_run(c, &f)) {
        fail_msg("%s", f.message);
    }
}

static void test_two_runs_write_the_same_bytes(void **state)
{
    char a[SIM_PATH_BYTES], b[SIM_PATH_BYTES];
    snprintf(a, sizeof a, "%s/a", (const char *)*state);
    snprintf(b, sizeof b, "%s/b", (const char *)*state);
    struct sim_fleet_config ca = config_of(a), cb = config_of(b);
    run(&ca);
    run(&cb);
    static const char *const files[] = {"S001/tlog/tlog.jsonl", "S002/tlog/tlog.xml", "S003/tlog/tlog.jsonl",
                                        "model/stock.tsv",      "model/ledger.tsv",   "model/summary.json",
                                        "model/gaps.tsv",       "cards.txt"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char left[SIM_PATH_BYTES], right[SIM_PATH_BYTES];
        snprintf(left, sizeof left, "a/%s", files[i]);
        snprintf(right, sizeof right, "b/%s", files[i]);
        assert_same_file(*state, left, right);
    }
}

struct sum {
    char key[176];
    int64_t quantity_e4;
};

/* Adds up ledger.tsv by store, item, location and unit: another road to the stock than the model's own. */
static struct sim_table recount(char *ledger)
{
    struct sim_table sums = sim_table_of(sizeof(struct sum), offsetof(struct sum, quantity_e4));
    char *rest = NULL;
    strtok_r(ledger, "\n", &rest);
    for (char *line = strtok_r(NULL, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char store[40], item[70], location[40], kind[16], quantity[32], uom[16];
        assert_int_equal(sscanf(line, "%39s %*s %*s %*s %*s %69s %39s %15s %31s %15s", store, item, location,
                                kind, quantity, uom),
                         6);
        struct sum sum;
        memset(&sum, 0, sizeof sum);
        snprintf(sum.key, sizeof sum.key, "%s\t%s\t%s\t%s", store, item, location, uom);
        int64_t change = 0;
        assert_int_equal(sim_text_parse_e4(quantity, &change), 0);
        assert_int_equal(change < 0, strcmp(kind, "sale") == 0);
        ((struct sum *)sim_table_put(&sums, &sum, NULL))->quantity_e4 += change;
    }
    return sums;
}

static void test_stock_is_the_sum_of_the_ledger(void **state)
{
    struct sim_fleet_config c = config_of(*state);
    run(&c);
    char *ledger = content(*state, "model/ledger.tsv", NULL),
         *stock = content(*state, "model/stock.tsv", NULL);
    struct sim_table sums = recount(ledger);
    size_t rows = 0;
    char *rest = NULL;
    strtok_r(stock, "\n", &rest);
    for (char *line = strtok_r(NULL, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), rows++) {
        struct sum key;
        memset(&key, 0, sizeof key);
        char *last = strrchr(line, '\t');
        memcpy(key.key, line, (size_t)(last - line));
        const struct sum *sum = sim_table_find(&sums, &key);
        assert_non_null(sum);
        int64_t quantity = 0;
        assert_int_equal(sim_text_parse_e4(last + 1, &quantity), 0);
        assert_int_equal(quantity, sum->quantity_e4);
    }
    assert_int_equal(rows, sums.count);
    assert_true(rows > 100);
    sim_table_free(&sums);
    free(ledger);
    free(stock);
}

static void test_an_old_log_is_never_overwritten(void **state)
{
    struct sim_fleet_config c = config_of(*state);
    struct sim_fail f = {0};
    run(&c);
    char *before = content(*state, "S001/tlog/tlog.jsonl", NULL);
    assert_false(sim_fleet_run(&c, &f));
    assert_non_null(strstr(f.message, "holds a log already"));
    char *after = content(*state, "S001/tlog/tlog.jsonl", NULL);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void test_a_rate_writes_the_same_stock(void **state)
{
    char live[SIM_PATH_BYTES], backlog[SIM_PATH_BYTES];
    snprintf(live, sizeof live, "%s/live", (const char *)*state);
    snprintf(backlog, sizeof backlog, "%s/backlog", (const char *)*state);
    struct sim_fleet_config a = config_of(live), b = config_of(backlog);
    a.transactions = b.transactions = 200;
    a.start_day = b.start_day = 20000;
    a.rate = 1e6;
    run(&a);
    run(&b);
    assert_same_file(*state, "live/model/stock.tsv", "backlog/model/stock.tsv");
    assert_same_file(*state, "live/S001/tlog/tlog.jsonl", "backlog/S001/tlog/tlog.jsonl");
    assert_same_file(*state, "live/S002/tlog/tlog.xml", "backlog/S002/tlog/tlog.xml");
}

static uint32_t ring_one(const struct sim_ring *r)
{
    struct sim_fail f = {0};
    struct sim_rung rung;
    if (!sim_ring(r, &rung, &f)) {
        fail_msg("%s", f.message);
    }
    size_t size = 0;
    char *log = content("", rung.path, &size);
    assert_int_equal((size_t)rung.offset + rung.record.size, size);
    assert_memory_equal(log + rung.offset, rung.record.data, rung.record.size);
    free(log);
    sim_text_free(&rung.record);
    return rung.txn.sequence;
}

static uint32_t last_number(const char *log, const char *workstation)
{
    char pattern[64];
    uint32_t last = 0;
    snprintf(pattern, sizeof pattern, "\"WorkstationID\":\"%s\",\"SequenceNumber\":", workstation);
    for (const char *at = strstr(log, pattern); at; at = strstr(at + 1, pattern)) {
        last = (uint32_t)strtoul(at + strlen(pattern), NULL, 10);
    }
    return last;
}

static void test_ring_takes_the_next_number(void **state)
{
    struct sim_fleet_config c = config_of(*state);
    c.traps = 0;
    run(&c);
    char *log = content(*state, "S001/tlog/tlog.jsonl", NULL);
    uint32_t last = last_number(log, "2");
    struct sim_ring r = {.dir = *state,
                         .store = "S001",
                         .workstation = "2",
                         .item = {.id = "100001", .uom = "EA"},
                         .quantity_e4 = 20000};
    assert_true(last > 0);
    assert_int_equal(ring_one(&r), last + 1);
    assert_int_equal(ring_one(&r), last + 2);
    r.workstation = "77";
    assert_int_equal(ring_one(&r), 1);
    free(log);
}

static void test_ring_works_in_an_empty_folder(void **state)
{
    struct sim_ring r = {
        .dir = *state, .store = "S9", .item = {.id = "x", .uom = "EA"}, .quantity_e4 = 10000};
    assert_int_equal(ring_one(&r), 1);
    assert_int_equal(ring_one(&r), 2);
    r.store = "S10";
    r.format = SIM_FORMAT_NCR_ACS;
    assert_int_equal(ring_one(&r), 1);
    char *log = content(*state, "S10/tlog/tlog.xml", NULL);
    assert_int_equal(strncmp(log, "<POSLog ", 8), 0);
    free(log);
}

/* A log whose numbers nobody remembers: only a register of a new name cannot collide. */
static void test_ring_without_memory_uses_a_new_register(void **state)
{
    struct sim_fail f = {0};
    struct sim_fleet_config c = config_of(*state);
    struct sim_rung rung;
    char path[SIM_PATH_BYTES];
    run(&c);
    snprintf(path, sizeof path, "%s/S001/tillsim.state", (const char *)*state);
    assert_int_equal(unlink(path), 0);
    struct sim_ring r = {
        .dir = *state, .store = "S001", .item = {.id = "x", .uom = "EA"}, .quantity_e4 = 10000};
    assert_true(sim_ring(&r, &rung, &f));
    assert_int_equal(rung.txn.workstation[0], 'R');
    sim_text_free(&rung.record);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("nonsense\n", file);
    fclose(file);
    assert_false(sim_ring(&r, &rung, &f));
    assert_non_null(strstr(f.message, "nonsense"));
}

static void wait_for_log(const char *dir, const char *store, off_t size)
{
    char path[SIM_PATH_BYTES];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s/tlog/tlog.jsonl", dir, store);
    for (int waited_ms = 0; waited_ms < 20000; waited_ms++) {
        if (stat(path, &status) == 0 && status.st_size > size) {
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    fail_msg("%s never grew past %lld bytes", path, (long long)size);
}

/* The number behind the name in one line; every line begins with the key, in this order. */
static unsigned long number_after(const char *line, size_t size, const char *name)
{
    const char *at = memmem(line, size, name, strlen(name));
    assert_non_null(at);
    return strtoul(at + strlen(name), NULL, 10);
}

/* Every register's numbers in the log, generated and rung, follow one another. */
static size_t count_in_sequence(const char *log)
{
    unsigned long last[REGISTERS_MAX + 1] = {0};
    size_t count = 0;
    for (const char *end; (end = strchr(log, '\n')) != NULL; log = end + 1, count++) {
        size_t size = (size_t)(end - log);
        unsigned long id = number_after(log, size, "\"WorkstationID\":\"");
        unsigned long number = number_after(log, size, "\"SequenceNumber\":");
        assert_in_range(id, 1, REGISTERS_MAX);
        if (last[id]) {
            assert_int_equal(number, last[id] + 1);
        }
        last[id] = number;
    }
    return count;
}

static void test_ring_at_a_running_store(void **state)
{
    enum { RUNG = 100 };
    struct sim_fleet_config c = config_of(*state);
    c.traps = 0;
    c.gaps = 0;
    c.transactions = 0;
    c.rate = 20000; /* much of the time somebody holds the lock */
    c.stores = c.registers = 1;
    fflush(NULL);
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        _exit(sim_fleet_run(&c, NULL) ? 0 : 1);
    }
    wait_for_log(*state, "S001", 0);
    struct sim_fail f = {0};
    struct sim_ring r = {.dir = *state,
                         .store = "S001",
                         .workstation = "1",
                         .item = {.id = "x", .uom = "EA"},
                         .quantity_e4 = 10000};
    for (int i = 0; i < RUNG; i++) {
        struct sim_rung rung;
        if (!sim_ring(&r, &rung, &f)) {
            fail_msg("%s", f.message);
        }
        if (i % 2) { /* sometimes two in a row, sometimes behind the generator's next */
            wait_for_log(*state, "S001", rung.offset + (off_t)rung.record.size);
        }
        sim_text_free(&rung.record);
    }
    int status = -1;
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    char *log = content(*state, "S001/tlog/tlog.jsonl", NULL);
    char *summary = content(*state, "model/summary.json", NULL);
    static const char COUNT[] = "\"S001\",\"transactions\":";
    const char *told = strstr(summary, COUNT);
    assert_non_null(told);
    assert_int_equal(count_in_sequence(log), strtoul(told + strlen(COUNT), NULL, 10) + RUNG);
    free(log);
    free(summary);
}

/* Every number in a tender line, and the gift card's, is a line of cards.txt, so that a test can look for it.
 */
static void test_cards_are_listed(void **state)
{
    struct sim_fleet_config c = config_of(*state);
    c.format = SIM_FLEET_JSONL;
    c.stores = 1;
    c.traps = 0;
    run(&c);
    char *log = content(*state, "S001/tlog/tlog.jsonl", NULL), *cards = content(*state, "cards.txt", NULL);
    static const char *const marks[] = {"\"PrimaryAccountNumber\":\"", "\"TrackData\":\"%B",
                                        "\"TrackData\":\";", "GIFT CARD "};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t found = 0;
        for (const char *at = strstr(log, marks[i]); at; at = strstr(at + 1, marks[i]), found++) {
            char line[64];
            at += strlen(marks[i]);
            snprintf(line, sizeof line, "%.*s\n", (int)strspn(at, "0123456789 -"), at);
            assert_non_null(strstr(cards, line));
        }
        assert_true(found > 0);
    }
    free(log);
    free(cards);
}

static void test_append_goes_on_with_the_numbers(void **state)
{
    struct sim_fleet_config c = config_of(*state);
    struct sim_fail f = {0};
    c.traps = 0;
    c.gaps = 0;
    run(&c);
    char *before = content(*state, "S001/tlog/tlog.jsonl", NULL);
    c.append = true;
    run(&c);
    char *log = content(*state, "S001/tlog/tlog.jsonl", NULL),
         *head = content(*state, "S002/tlog/tlog.xml", NULL);
    assert_memory_equal(log, before, strlen(before));
    assert_int_equal(count_in_sequence(log), 2 * c.transactions);
    assert_null(strstr(head + 1, "<POSLog"));
    c.format = SIM_FLEET_NCR_ACS;
    assert_false(sim_fleet_run(&c, &f));
    assert_non_null(strstr(f.message, "the other format"));
    free(before);
    free(log);
    free(head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_runs_write_the_same_bytes, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_stock_is_the_sum_of_the_ledger, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_an_old_log_is_never_overwritten, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_rate_writes_the_same_stock, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_ring_takes_the_next_number, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_ring_works_in_an_empty_folder, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_ring_without_memory_uses_a_new_register, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_ring_at_a_running_store, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_append_goes_on_with_the_numbers, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_cards_are_listed, make_dir, drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
