#include "tests/tillsim/gen.h"
#include "tests/tillsim/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TRANSACTIONS = 5000,
    REGISTERS = 5,
    ALL_TRAPS = SIM_TRAP_REPEAT | SIM_TRAP_MALFORMED | SIM_TRAP_IN_PROCESS
};

struct fixture {
    struct sim_catalogue catalogue;
    struct sim_gen *gen;
};

static void open_gen(struct fixture *x, enum sim_format format, uint64_t seed, unsigned traps,
                     uint64_t gap_every)
{
    struct sim_fail f = {0};
    assert_true(sim_catalogue_open(&x->catalogue, format, 100, &f));
    struct sim_gen_config config = {.seed = seed,
                                    .store_number = 1,
                                    .store = "S001",
                                    .format = format,
                                    .catalogue = &x->catalogue,
                                    .registers = REGISTERS,
                                    .start_day = 20000,
                                    .transactions = TRANSACTIONS,
                                    .gap_every = gap_every,
                                    .traps = traps,
                                    .cards = true};
    x->gen = calloc(1, sizeof *x->gen);
    assert_non_null(x->gen);
    assert_true(sim_gen_open(x->gen, &config, &f));
}

static void close_gen(struct fixture *x)
{
    free(x->gen);
    sim_catalogue_close(&x->catalogue);
}

static void write_all(enum sim_format format, uint64_t seed, struct sim_text *out)
{
    struct fixture x;
    struct sim_txn t;
    open_gen(&x, format, seed, ALL_TRAPS, 0);
    while (sim_gen_next(x.gen, &t)) {
        sim_txn_write(&t, format, out);
    }
    close_gen(&x);
}

static bool same_bytes(const struct sim_text *a, const struct sim_text *b)
{
    return a->data && b->data && a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    for (enum sim_format format = SIM_FORMAT_JSONL; format <= SIM_FORMAT_NCR_ACS; format++) {
        struct sim_text a = {0}, b = {0}, other = {0};
        write_all(format, 42, &a);
        write_all(format, 42, &b);
        write_all(format, 43, &other);
        assert_true(same_bytes(&a, &b));
        assert_false(same_bytes(&a, &other));
        sim_text_free(&a);
        sim_text_free(&b);
        sim_text_free(&other);
    }
}

/* Every register's numbers follow one another; a gap that is told of is the only exception. */
static void test_registers_number_without_gaps(void **state)
{
    (void)state;
    struct fixture x;
    struct sim_txn t;
    uint32_t last[REGISTERS + 1] = {0}, gaps = 0, interleaved = 0;
    long before = 0;
    open_gen(&x, SIM_FORMAT_JSONL, 9, 0, 1000);
    while (sim_gen_next(x.gen, &t)) {
        long at = strtol(t.workstation, NULL, 10);
        assert_in_range(at, 1, REGISTERS);
        uint32_t due = last[at] + 1;
        if (x.gen->gap.here) {
            assert_string_equal(x.gen->gap.workstation, t.workstation);
            assert_int_equal(x.gen->gap.sequence, due);
            due++;
            gaps++;
        }
        if (last[at]) {
            assert_int_equal(t.sequence, due);
        }
        last[at] = t.sequence;
        interleaved += at != before;
        before = at;
    }
    assert_int_equal(gaps, TRANSACTIONS / 1000 - 1);
    assert_true(interleaved > TRANSACTIONS / 2);
    close_gen(&x);
}

static void test_business_days_advance(void **state)
{
    (void)state;
    struct fixture x;
    struct sim_txn t;
    int32_t day = 20000;
    open_gen(&x, SIM_FORMAT_NCR_ACS, 9, 0, 0);
    x.gen->config.transactions = UINT64_C(4) * TRANSACTIONS;
    while (sim_gen_next(x.gen, &t)) {
        assert_in_range(t.day, day, day + 1);
        assert_true(t.begin.local_s < t.end.local_s);
        day = t.day;
    }
    assert_true(day >= 20003);
    close_gen(&x);
}

static void test_every_kind_occurs(void **state)
{
    (void)state;
    for (enum sim_format format = SIM_FORMAT_JSONL; format <= SIM_FORMAT_NCR_ACS; format++) {
        struct fixture x;
        struct sim_txn t;
        uint64_t kinds[SIM_TXN_RECEIPT + 1] = {0}, statuses[SIM_STATUS_IN_PROCESS + 1] = {0};
        uint64_t returns = 0, voids = 0, weighed = 0, odd_types = 0,
                 disposals[SIM_DISPOSAL_UNDECIDED + 1] = {0};
        open_gen(&x, format, 11, ALL_TRAPS, 0);
        while (sim_gen_next(x.gen, &t)) {
            kinds[t.kind]++;
            statuses[t.status]++;
            for (uint32_t i = 0; i < t.line_count; i++) {
                returns += t.lines[i].kind == SIM_LINE_RETURN;
                voids += t.lines[i].kind == SIM_LINE_VOID || t.lines[i].voided;
                weighed += t.lines[i].item && t.lines[i].item->weighed;
                odd_types += t.lines[i].type != SIM_TYPE_STOCK;
                disposals[t.lines[i].disposal]++;
            }
        }
        for (size_t i = 0; i <= SIM_TXN_RECEIPT; i++) {
            assert_true(kinds[i] > 0);
        }
        for (size_t i = 0; i <= SIM_STATUS_IN_PROCESS; i++) {
            assert_true(statuses[i] > 0);
        }
        for (size_t i = 0; i <= SIM_DISPOSAL_UNDECIDED; i++) {
            assert_true(disposals[i] > 0);
        }
        assert_true(returns > 0 && voids > 0 && weighed > 0 && odd_types > 0);
        close_gen(&x);
    }
}

/* Traps change nothing about the stock: without repeats, damage and unfinished records it is the same. */
static void test_traps_come_on_top(void **state)
{
    (void)state;
    struct fixture x;
    struct sim_txn t;
    uint64_t seen = 0, damaged = 0, good = 0;
    struct sim_model *m = sim_model_open();
    open_gen(&x, SIM_FORMAT_JSONL, 5, ALL_TRAPS, 0);
    while (sim_gen_next(x.gen, &t)) {
        seen++;
        damaged += t.damage != SIM_DAMAGE_NONE;
        enum sim_verdict v = sim_model_apply(m, &t);
        assert_int_equal(v == SIM_QUARANTINED, t.damage != SIM_DAMAGE_NONE);
        good += v != SIM_QUARANTINED && v != SIM_DUPLICATE && t.status != SIM_STATUS_IN_PROCESS;
    }
    size_t count = 0;
    const struct sim_tally *tally = sim_model_tallies(m, &count);
    assert_int_equal(count, 1);
    assert_true(damaged > 0 && tally->verdicts[SIM_DUPLICATE] > 0);
    assert_int_equal(good, TRANSACTIONS);
    assert_int_equal(seen, tally->verdicts[SIM_COUNTED] + tally->verdicts[SIM_IGNORED] +
                               tally->verdicts[SIM_QUARANTINED] + tally->verdicts[SIM_DUPLICATE]);
    sim_model_close(m);
    close_gen(&x);
}

static void test_bad_configurations_are_refused(void **state)
{
    (void)state;
    struct sim_fail f = {0};
    struct sim_catalogue c;
    struct sim_gen *g = calloc(1, sizeof *g);
    assert_false(sim_catalogue_open(&c, SIM_FORMAT_JSONL, 0, &f));
    assert_non_null(strstr(f.message, "choose between"));
    assert_false(sim_gen_open(g, &(struct sim_gen_config){.registers = SIM_REGISTERS_MAX + 1}, &f));
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_bytes),  cmocka_unit_test(test_registers_number_without_gaps),
        cmocka_unit_test(test_business_days_advance), cmocka_unit_test(test_every_kind_occurs),
        cmocka_unit_test(test_traps_come_on_top),     cmocka_unit_test(test_bad_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
