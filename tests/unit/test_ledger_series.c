/* Sequence numbers: what is missing, and what is not. Against a model that remembers every number. */
#include "tests/unit/ledger_kit.h"

struct gaps {
    uint64_t total, count;
    struct ledger_gap first;
    char workstation[33];
};

static bool take_gap(void *ctx, const struct ledger_gap *gap)
{
    struct gaps *gaps = ctx;
    if (gaps->count++ == 0) {
        gaps->first = *gap;
        (void)slice_copy(gap->workstation, gaps->workstation, sizeof gaps->workstation);
    }
    return true;
}

static struct gaps gaps_of(struct kit *k)
{
    struct gaps gaps = {0};
    kit_ok(ledger_each_gap(k->l, take_gap, &gaps, &gaps.total, e));
    return gaps;
}

static int set_up(void **state)
{
    struct kit *k = calloc(1, sizeof *k);
    assert_non_null(k);
    kit_start(k, 1);
    *state = k;
    return 0;
}

static int tear_down(void **state)
{
    kit_end(*state);
    free(*state);
    return 0;
}

static struct txn txn_of(const char *workstation, int32_t day, uint64_t number)
{
    struct txn txn = kit_txn(number, NULL, 0);
    txn.workstation = slice_of(workstation);
    txn.business_day = day;
    return txn;
}

static void use(struct kit *k, const char *workstation, int32_t day, uint64_t number)
{
    struct txn txn = txn_of(workstation, day, number);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
}

static void test_a_hole_is_reported_until_it_fills(void **state)
{
    struct kit *k = *state;
    use(k, "3", KIT_DAY, 88); /* nothing before the first is missing */
    use(k, "3", KIT_DAY, 89);
    assert_int_equal(gaps_of(k).total, 0);
    use(k, "3", KIT_DAY, 92);
    use(k, "4", KIT_DAY, 7);
    struct gaps gaps = gaps_of(k);
    assert_int_equal(gaps.total, 2);
    assert_int_equal(gaps.count, 1);
    assert_int_equal(gaps.first.first, 90);
    assert_int_equal(gaps.first.last, 91);
    assert_int_equal(gaps.first.business_day, KIT_DAY);
    assert_string_equal(gaps.workstation, "3");
    kit_reopen(k);
    use(k, "3", KIT_DAY, 91);
    gaps = gaps_of(k);
    assert_int_equal(gaps.total, 1);
    assert_int_equal(gaps.first.last, 90);
    use(k, "3", KIT_DAY, 90);
    assert_int_equal(gaps_of(k).total, 0);
}

static void test_a_hole_splits(void **state)
{
    struct kit *k = *state;
    use(k, "3", KIT_DAY, 10);
    use(k, "3", KIT_DAY, 20);
    use(k, "3", KIT_DAY, 15);
    struct gaps gaps = gaps_of(k);
    assert_int_equal(gaps.total, 8);
    assert_int_equal(gaps.count, 2);
    use(k, "3", KIT_DAY, 8); /* late, before the first seen */
    assert_int_equal(gaps_of(k).total, 9);
}

static void test_every_record_uses_its_number(void **state)
{
    struct kit *k = *state;
    use(k, "3", KIT_DAY, 1);
    struct txn txn = kit_txn(2, NULL, 0);
    txn.action = TXN_IGNORE;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_IGNORED);
    txn = kit_txn(3, NULL, 0);
    txn.action = TXN_NOT_FINAL;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_IGNORED);
    txn = kit_txn(4, NULL, 0);
    const struct ledger_source source = {.file_id = 7, .file = "pos.log", .offset = 4};
    kit_ok(ledger_begin(k->l, e));
    kit_ok(ledger_quarantine(k->l, &source, 1, SLICE("bad"), SLICE("{9}"), &txn, e));
    kit_ok(ledger_commit(k->l, e));
    use(k, "3", KIT_DAY, 5);
    assert_int_equal(gaps_of(k).total, 0);
}

static void test_a_lower_number_on_a_later_day_starts_anew(void **state)
{
    struct kit *k = *state;
    use(k, "3", KIT_DAY - 1, 498);
    use(k, "3", KIT_DAY - 1, 500);
    use(k, "3", KIT_DAY, 1);
    use(k, "3", KIT_DAY, 2);
    assert_int_equal(gaps_of(k).total, 1);
    use(k, "3", KIT_DAY - 1, 499); /* late, of the day before */
    assert_int_equal(gaps_of(k).total, 0);
    use(k, "3", KIT_DAY - 1, 502);
    assert_int_equal(gaps_of(k).total, 1);
    use(k, "3", KIT_DAY, 3);
    kit_reopen(k);
    use(k, "3", KIT_DAY, 4);
    use(k, "3", KIT_DAY - 1, 501);
    assert_int_equal(gaps_of(k).total, 0);
}

static void test_a_counter_that_rolls_over_within_a_day(void **state)
{
    struct kit *k = *state;
    use(k, "3", KIT_DAY, 9997);
    use(k, "3", KIT_DAY, 9999);
    use(k, "3", KIT_DAY, 1);
    use(k, "3", KIT_DAY, 2);
    assert_int_equal(gaps_of(k).total, 1);
    use(k, "3", KIT_DAY, 9998);
    use(k, "3", KIT_DAY, 3);
    assert_int_equal(gaps_of(k).total, 0);
}

static void test_an_older_log_read_later(void **state)
{
    struct kit *k = *state;
    use(k, "3", KIT_DAY, 3000);
    use(k, "3", KIT_DAY - 2, 1);
    assert_int_equal(gaps_of(k).total, 2998);
    kit_ok(ledger_begin(k->l, e));
    for (uint64_t number = 2; number < 3000; number++) {
        struct txn txn = kit_txn(number, NULL, 0);
        txn.business_day = KIT_DAY - 2 + (number > 1500);
        assert_int_equal(kit_book(k, &txn), LEDGER_COUNTED);
    }
    kit_ok(ledger_commit(k->l, e));
    assert_int_equal(gaps_of(k).total, 0);
}

static void test_a_rollback_gives_numbers_back(void **state)
{
    struct kit *k = *state;
    use(k, "3", KIT_DAY, 1);
    kit_ok(ledger_begin(k->l, e));
    struct txn txn = kit_txn(5, NULL, 0);
    assert_int_equal(kit_book(k, &txn), LEDGER_COUNTED);
    assert_int_equal(gaps_of(k).total, 3);
    ledger_rollback(k->l);
    assert_int_equal(gaps_of(k).total, 0);
    use(k, "3", KIT_DAY, 2);
    assert_int_equal(gaps_of(k).total, 0);
}

static void test_too_many_workstations_are_quarantined(void **state)
{
    struct kit *k = *state;
    kit_ok(ledger_begin(k->l, e));
    for (uint64_t i = 0; i <= 1024; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "W%llu", (unsigned long long)i);
        struct txn txn = kit_txn(1, NULL, 0);
        txn.workstation = slice_of(name);
        assert_int_equal(kit_book(k, &txn), i < 1024 ? LEDGER_COUNTED : LEDGER_QUARANTINED);
    }
    kit_ok(ledger_commit(k->l, e));
}

/* Numbers of one series in an order that is mostly theirs: what is missing is exactly what was not used. */
static void test_random_orders_against_a_model(void **state)
{
    (void)state;
    const char *given = getenv("TILLWIRE_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)getpid() * 2654435761U + 1;
    print_message("seed %llu (TILLWIRE_SEED replays it)\n", (unsigned long long)seed);
    enum { NUMBERS = 600 };
    for (int round = 0; round < 20; round++) {
        struct kit k;
        kit_start(&k, 5);
        bool used[NUMBERS + 1] = {false};
        kit_ok(ledger_begin(k.l, e));
        uint64_t low = NUMBERS;
        uint64_t high = 0;
        for (int i = 0; i < NUMBERS; i++) {
            uint64_t near = (uint64_t)i + kit_below(&seed, 40);
            uint64_t number = near < 20 ? 1 : near - 19 > NUMBERS ? NUMBERS : near - 19;
            if (kit_below(&seed, 10) == 0 || used[number]) {
                continue;
            }
            used[number] = true;
            struct txn txn = txn_of("3", KIT_DAY, number);
            assert_int_equal(kit_book(&k, &txn), LEDGER_COUNTED);
            low = number < low ? number : low;
            high = number > high ? number : high;
            if (kit_below(&seed, 200) == 0) {
                kit_ok(ledger_commit(k.l, e));
                kit_reopen(&k);
                kit_ok(ledger_begin(k.l, e));
            }
        }
        kit_ok(ledger_commit(k.l, e));
        uint64_t missing = 0;
        for (uint64_t number = low; number <= high; number++) {
            missing += !used[number];
        }
        assert_int_equal(gaps_of(&k).total, missing);
        kit_end(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_hole_is_reported_until_it_fills, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_hole_splits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_record_uses_its_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_lower_number_on_a_later_day_starts_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_counter_that_rolls_over_within_a_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_older_log_read_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_rollback_gives_numbers_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_workstations_are_quarantined, set_up, tear_down),
        cmocka_unit_test(test_random_orders_against_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
