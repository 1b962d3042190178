/* Retention: what both the centre's mark and its clock allow goes, and stock = carried + ledger stays.
 * Quarantine and its bound. */
#include "tests/unit/ledger_kit.h"

#define DAY_MS INT64_C(86400000)

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
    kit_check_invariants(*state);
    kit_end(*state);
    free(*state);
    return 0;
}

static unsigned trim(struct kit *k, unsigned max)
{
    unsigned deleted = 0;
    kit_ok(ledger_trim(k->l, max, &deleted, e));
    return deleted;
}

static void test_nothing_goes_before_both_allow(void **state)
{
    struct kit *k = *state;
    for (uint64_t i = 1; i <= 10; i++) {
        assert_int_equal(kit_sell(k, i, "Item_1", -1), LEDGER_COUNTED);
    }
    assert_int_equal(trim(k, 100), 0);
    k->wall_ms += 1000 * DAY_MS; /* the wall clock is trusted for nothing */
    assert_int_equal(trim(k, 100), 0);
    kit_ok(ledger_applied(k->l, 5, KIT_NOW_MS, e));
    assert_int_equal(trim(k, 100), 0);
    kit_ok(ledger_applied(k->l, 5, KIT_NOW_MS + 89 * DAY_MS, e));
    assert_int_equal(trim(k, 100), 0);
    kit_ok(ledger_applied(k->l, 8, KIT_NOW_MS + 90 * DAY_MS, e));
    assert_int_equal(trim(k, 2), 2); /* at most max */
    assert_int_equal(trim(k, 100), 3);
    assert_int_equal(trim(k, 100), 0); /* 6 to 8 were applied later */
    struct ledger_head head = kit_head(k);
    assert_int_equal(head.oldest_seq, 6);
    struct kit_row row = kit_row(k, "Item_1");
    assert_int_equal(row.on_hand, -100000);
    assert_int_equal(row.carried, -40000); /* seq 1 is the restore */
    assert_int_equal(row.recorded, -100000);
    uint64_t chain = 0;
    kit_ok(ledger_chain_at(k->l, 5, &chain, e)); /* of the newest deleted: for Skipped */
    struct err why = {0};
    assert_int_equal(ledger_chain_at(k->l, 4, &chain, &why), ERR_INVALID);
    kit_check_invariants(k);
    kit_reopen(k);
    assert_int_equal(kit_head(k).oldest_seq, 6);
    kit_ok(ledger_chain_at(k->l, 5, &chain, e));
}

static void test_a_store_that_was_away_keeps_its_days(void **state)
{
    struct kit *k = *state;
    kit_ok(ledger_applied(k->l, 1, KIT_NOW_MS, e));
    assert_int_equal(kit_sell(k, 1, "Item_1", -1), LEDGER_COUNTED);
    /* 200 days without the centre; what it hears then was applied just now */
    kit_ok(ledger_applied(k->l, 2, KIT_NOW_MS + 200 * DAY_MS, e));
    assert_int_equal(trim(k, 100), 1);
    assert_int_equal(kit_head(k).oldest_seq, 2);
    kit_ok(ledger_applied(k->l, 2, KIT_NOW_MS + 290 * DAY_MS, e));
    assert_int_equal(trim(k, 100), 1);
    assert_int_equal(kit_head(k).oldest_seq, 3); /* all are gone; the next continues */
    assert_int_equal(kit_sell(k, 2, "Item_1", -1), LEDGER_COUNTED);
    assert_int_equal(kit_head(k).seq, 3);
}

static size_t keys_of_repair(struct kit *k, uint64_t id, int64_t *net_e4)
{
    uint64_t before = kit_head(k).seq;
    Tillwire__V1__Repair repair;
    tillwire__v1__repair__init(&repair);
    repair.from_seq = 1;
    Tillwire__V1__Command command;
    kit_command(&command, id);
    command.body_case = TILLWIRE__V1__COMMAND__BODY_REPAIR;
    command.repair = &repair;
    kit_ok(ledger_execute(k->l, &command, e));
    Tillwire__V1__Event *event = kit_event(k, before + 1);
    assert_int_equal(event->body_case, TILLWIRE__V1__EVENT__BODY_KEYS);
    size_t count = event->keys->n_keys;
    *net_e4 = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t line = 0; line < event->keys->keys[i]->n_net_lines; line++) {
            *net_e4 += event->keys->keys[i]->net_lines[line]->on_hand_delta_e4;
        }
    }
    kit_free(event);
    return count;
}

static void test_keys_outlive_their_events_and_go_below_the_horizon(void **state)
{
    struct kit *k = *state;
    struct txn_line lines[] = {kit_line("Item_1", -3), kit_line("Item_1", 1)};
    struct txn txn = kit_txn(1, lines, 2);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    txn = kit_txn(2, NULL, 0); /* moves nothing */
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    kit_ok(ledger_applied(k->l, 3, KIT_NOW_MS, e));
    assert_int_equal(trim(k, 100), 0);
    kit_ok(ledger_applied(k->l, 3, KIT_NOW_MS + 100 * DAY_MS, e));
    assert_int_equal(trim(k, 100), 3);
    int64_t net_e4 = 0;
    assert_int_equal(keys_of_repair(k, 50, &net_e4), 2);
    assert_int_equal(net_e4, -20000);
    txn = kit_txn(1, lines, 2);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_DUPLICATE); /* the log still repeats it */
    txn = kit_txn(9, NULL, 0);
    txn.business_day = KIT_DAY + 91;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    (void)trim(k, 100);
    assert_int_equal(keys_of_repair(k, 51, &net_e4), 1);
    txn = kit_txn(1, lines, 2);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_QUARANTINED); /* unprovable now, and not counted again */
}

static void test_random_loads_and_trims_add_up(void **state)
{
    struct kit *k = *state;
    const char *given = getenv("TILLWIRE_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)getpid() * 2654435761U + 1;
    print_message("seed %llu (TILLWIRE_SEED replays it)\n", (unsigned long long)seed);
    uint64_t sequence = 0;
    int64_t centre_ms = KIT_NOW_MS;
    for (int round = 0; round < 150; round++) {
        kit_ok(ledger_begin(k->l, e));
        uint64_t transactions = kit_below(&seed, 8);
        for (uint64_t i = 0; i < transactions; i++) {
            char items[4][16];
            struct txn_line lines[4];
            size_t count = (size_t)kit_below(&seed, 5);
            for (size_t line = 0; line < count; line++) {
                (void)snprintf(items[line], sizeof items[line], "Item_%u", (unsigned)kit_below(&seed, 30));
                lines[line] = kit_line(items[line], (int64_t)kit_below(&seed, 9) - 4);
                lines[line].location = kit_below(&seed, 4) == 0 ? SLICE("returns") : SLICE("floor");
            }
            struct txn txn = kit_txn(++sequence, lines, count);
            txn.local_s = KIT_NOON_S + round;
            assert_int_equal(kit_book(k, &txn), LEDGER_COUNTED);
        }
        if (kit_below(&seed, 5) == 0) {
            ledger_rollback(k->l);
        } else {
            kit_ok(ledger_commit(k->l, e));
        }
        centre_ms += (int64_t)kit_below(&seed, 20) * DAY_MS;
        uint64_t applied = kit_head(k).applied_seq;
        applied += kit_below(&seed, kit_head(k).seq - applied + 1);
        kit_ok(ledger_applied(k->l, applied, centre_ms, e));
        (void)trim(k, (unsigned)kit_below(&seed, 20));
        if (kit_below(&seed, 10) == 0) {
            kit_reopen(k);
        }
        if (round % 15 == 0) {
            kit_check_invariants(k);
        }
    }
    assert_true(kit_head(k).oldest_seq > 50);
}

struct quarantine {
    size_t count;
    struct ledger_quarantine_row last;
    char file[32], error[300], shape[300];
};

static bool take_quarantine(void *ctx, const struct ledger_quarantine_row *row)
{
    struct quarantine *q = ctx;
    q->count++;
    q->last = *row;
    (void)slice_copy(slice_of(row->source.file), q->file, sizeof q->file);
    (void)slice_copy(row->error, q->error, sizeof q->error);
    (void)slice_copy(row->shape, q->shape, sizeof q->shape);
    return true;
}

static void test_quarantine_keeps_place_and_shape(void **state)
{
    struct kit *k = *state;
    const struct ledger_source source = {
        .file_id = 7, .file = "pos\n.log", .offset = 100, .length = 30, .line = 4};
    char shape[1000];
    memset(shape, 'x', sizeof shape);
    kit_ok(ledger_begin(k->l, e));
    kit_ok(
        ledger_quarantine(k->l, &source, 5, SLICE("no date"), (struct slice){shape, sizeof shape}, NULL, e));
    kit_ok(ledger_quarantine(k->l, &source, 5, SLICE("no date"), SLICE("x"), NULL, e)); /* the same again */
    kit_ok(ledger_quarantine(k->l, &source, 6, SLICE("other"), SLICE("x"), NULL, e));
    kit_ok(ledger_commit(k->l, e));
    assert_int_equal(kit_head(k).quarantined, 2);
    assert_int_equal(kit_head(k).seq, 3);
    struct quarantine q = {0};
    kit_ok(ledger_each_quarantine(k->l, take_quarantine, &q, e));
    assert_int_equal(q.count, 2);
    assert_int_equal(q.last.source.offset, 100);
    assert_int_equal(q.last.source.length, 30);
    assert_int_equal(q.last.source.line, 4);
    assert_int_equal(q.last.wall_ms, k->wall_ms);
    assert_string_equal(q.file, "pos .log");
    assert_string_equal(q.error, "other");
    Tillwire__V1__Event *event = kit_event(k, 2);
    assert_int_equal(event->body_case, TILLWIRE__V1__EVENT__BODY_QUARANTINED);
    assert_int_equal(event->quarantined->hash, 5);
    assert_int_equal(strlen(event->quarantined->shape), WIRE_TEXT_MAX);
    assert_null(event->quarantined->key);
    kit_free(event);
}

static void test_quarantine_is_bounded(void **state)
{
    struct kit *k = *state;
    enum { BOUND = 100000, RECORDS = BOUND + 10 };
    kit_ok(ledger_begin(k->l, e));
    for (uint64_t i = 1; i <= RECORDS; i++) {
        const struct ledger_source source = {.file_id = 7, .file = "pos.log", .offset = i};
        kit_ok(ledger_quarantine(k->l, &source, i, SLICE("bad"), SLICE("x"), NULL, e));
    }
    kit_ok(ledger_commit(k->l, e));
    assert_int_equal(kit_head(k).quarantined, BOUND);
    assert_int_equal(kit_head(k).seq, 1 + RECORDS); /* each was announced */
    struct quarantine q = {0};
    kit_ok(ledger_each_quarantine(k->l, take_quarantine, &q, e));
    assert_int_equal(q.count, BOUND);
    assert_int_equal(q.last.source.offset, RECORDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_goes_before_both_allow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_store_that_was_away_keeps_its_days, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys_outlive_their_events_and_go_below_the_horizon, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_random_loads_and_trims_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quarantine_keeps_place_and_shape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quarantine_is_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
