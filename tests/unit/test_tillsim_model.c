#include "tests/tillsim/model.h"
#include "tests/tillsim/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct sim_item BREAD = {.id = "4711", .description = "BREAD", .uom = "EA"};
static const struct sim_item PEARS = {.id = "4712", .description = "PEARS", .uom = "KGM", .weighed = true};

static struct sim_txn txn_of(uint32_t sequence)
{
    struct sim_txn t = {.store = "S014", .workstation = "3", .sequence = sequence, .day = 20000};
    return t;
}

static struct sim_line *add(struct sim_txn *t, enum sim_line_kind kind, const struct sim_item *item,
                            int64_t e4)
{
    struct sim_line *line = sim_txn_add(t, kind);
    line->item = item;
    line->quantity_e4 = e4;
    return line;
}

static int64_t floor_of(const struct sim_model *m, const struct sim_item *item)
{
    return sim_model_stock(m, "S014", item->id, "floor", item->uom);
}

static void test_scenario_totals(void **state)
{
    (void)state;
    struct sim_model *m = sim_model_open();
    for (uint32_t i = 0; i < SIM_SCENARIO_RECORDS; i++) {
        struct sim_txn t;
        sim_scenario_record(i, (struct sim_moment){1700000000, 60}, &t);
        assert_int_equal(sim_model_apply(m, &t), SIM_COUNTED);
    }
    int64_t totals[4] = {0};
    size_t count = 0;
    const struct sim_row *rows = sim_model_rows(m, &count);
    for (size_t i = 0; i < count; i++) {
        totals[rows[i].item[5] - '0'] += rows[i].quantity_e4;
    }
    assert_int_equal(count, 7);
    assert_int_equal(totals[1], 500000);
    assert_int_equal(totals[2], 0);
    assert_int_equal(totals[3], 100000);
    assert_int_equal(sim_model_stock(m, "Store_1", "Item_1", "floor", "EA"), 100000);
    assert_int_equal(sim_model_stock(m, "Store_1", "Item_2", "floor", "EA"), 0);
    assert_int_equal(sim_model_stock(m, "Store_1", "Item_3", "floor", "EA"), 100000);
    sim_model_close(m);
}

static void test_lines_move_stock(void **state)
{
    (void)state;
    struct sim_model *m = sim_model_open();
    struct sim_txn t = txn_of(90);
    add(&t, SIM_LINE_SALE, &BREAD, 20000);
    add(&t, SIM_LINE_SALE, &PEARS, 1270);
    add(&t, SIM_LINE_SALE, &BREAD, 10000)->voided = true;
    add(&t, SIM_LINE_SALE, &PEARS, 5000);
    add(&t, SIM_LINE_VOID, &PEARS, 5000);
    add(&t, SIM_LINE_SALE, &BREAD, 10000)->type = SIM_TYPE_DEPOSIT;
    add(&t, SIM_LINE_REWARD, &BREAD, 10000);
    add(&t, SIM_LINE_RETURN, &BREAD, 10000)->disposal = SIM_DISPOSAL_WASTE;
    add(&t, SIM_LINE_RETURN, &BREAD, 30000)->disposal = SIM_DISPOSAL_UNDECIDED;
    add(&t, SIM_LINE_RETURN, &BREAD, 5000);
    sim_txn_add(&t, SIM_LINE_TENDER);
    assert_int_equal(sim_model_apply(m, &t), SIM_COUNTED);
    assert_int_equal(floor_of(m, &BREAD), -15000);
    assert_int_equal(floor_of(m, &PEARS), -1270);
    assert_int_equal(sim_model_stock(m, "S014", "4711", "damaged", "EA"), 10000);
    assert_int_equal(sim_model_stock(m, "S014", "4711", "returns", "EA"), 30000);
    sim_model_close(m);
}

static enum sim_verdict apply_sale(struct sim_model *m, uint32_t sequence, enum sim_status status,
                                   enum sim_damage damage)
{
    struct sim_txn t = txn_of(sequence);
    t.status = status;
    t.damage = damage;
    add(&t, SIM_LINE_SALE, &BREAD, 10000);
    return sim_model_apply(m, &t);
}

static void test_verdicts(void **state)
{
    (void)state;
    struct sim_model *m = sim_model_open();
    assert_int_equal(apply_sale(m, 1, SIM_STATUS_FINISHED, SIM_DAMAGE_QUANTITY), SIM_QUARANTINED);
    assert_int_equal(apply_sale(m, 1, SIM_STATUS_IN_PROCESS, SIM_DAMAGE_NONE), SIM_IGNORED);
    assert_int_equal(apply_sale(m, 1, SIM_STATUS_FINISHED, SIM_DAMAGE_NONE), SIM_COUNTED);
    assert_int_equal(apply_sale(m, 1, SIM_STATUS_FINISHED, SIM_DAMAGE_NONE), SIM_DUPLICATE);
    assert_int_equal(apply_sale(m, 2, SIM_STATUS_CANCELLED, SIM_DAMAGE_NONE), SIM_IGNORED);
    assert_int_equal(apply_sale(m, 2, SIM_STATUS_FINISHED, SIM_DAMAGE_NONE), SIM_DUPLICATE);
    assert_int_equal(apply_sale(m, 3, SIM_STATUS_TRAINING, SIM_DAMAGE_NONE), SIM_IGNORED);
    assert_int_equal(apply_sale(m, 4, SIM_STATUS_SUSPENDED, SIM_DAMAGE_NONE), SIM_IGNORED);
    assert_int_equal(apply_sale(m, 4, SIM_STATUS_CANCELLED, SIM_DAMAGE_NONE), SIM_IGNORED);
    assert_int_equal(apply_sale(m, 4, SIM_STATUS_CANCELLED, SIM_DAMAGE_NONE), SIM_DUPLICATE);
    assert_int_equal(apply_sale(m, 5, SIM_STATUS_VOIDED, SIM_DAMAGE_NONE), SIM_IGNORED);
    assert_int_equal(floor_of(m, &BREAD), -10000);
    struct sim_txn control = txn_of(6), empty = txn_of(7), other_day = txn_of(1);
    control.kind = SIM_TXN_CONTROL;
    assert_int_equal(sim_model_apply(m, &control), SIM_IGNORED);
    assert_int_equal(sim_model_apply(m, &empty), SIM_COUNTED);
    other_day.day++;
    assert_int_equal(sim_model_apply(m, &other_day), SIM_COUNTED);
    sim_model_close(m);
}

static void count_movement(void *arg, const struct sim_movement *v)
{
    assert_string_equal(v->kind, "receipt");
    assert_int_equal(v->quantity_e4, 70000);
    assert_int_equal(v->line, 1);
    ++*(int *)arg;
}

static void test_movements_are_told_once(void **state)
{
    (void)state;
    int told = 0;
    struct sim_model *m = sim_model_open();
    sim_model_listen(m, count_movement, &told);
    struct sim_txn t = txn_of(1);
    t.kind = SIM_TXN_RECEIPT;
    add(&t, SIM_LINE_RECEIPT, &BREAD, 70000);
    sim_model_apply(m, &t);
    sim_model_apply(m, &t);
    assert_int_equal(told, 1);
    assert_int_equal(floor_of(m, &BREAD), 70000);
    sim_model_close(m);
}

static void expect_record(const struct sim_txn *t, enum sim_format format, const char *expected)
{
    struct sim_text out = {0};
    sim_txn_write(t, format, &out);
    sim_text_put_char(&out, '\0');
    assert_string_equal(out.data, expected);
    sim_text_free(&out);
}

static void test_json_line(void **state)
{
    (void)state;
    struct sim_txn t = txn_of(90);
    t.begin = t.end = (struct sim_moment){(int64_t)t.day * SIM_DAY_SECONDS + 33123, 60};
    t.status = SIM_STATUS_CANCELLED;
    add(&t, SIM_LINE_SALE, &PEARS, 1270)->voided = true;
    struct sim_line *line = add(&t, SIM_LINE_RETURN, &BREAD, 10000);
    line->plain_number = true;
    line->disposal = SIM_DISPOSAL_WRITE_OFF;
    sim_txn_add(&t, SIM_LINE_TENDER)->amount_cents = 320;
    expect_record(
        &t, SIM_FORMAT_JSONL,
        "{\"RetailStoreID\":\"S014\",\"WorkstationID\":\"3\",\"SequenceNumber\":90,"
        "\"BusinessDayDate\":\"2024-10-04\",\"BeginDateTime\":\"2024-10-04T09:12:03+01:00\","
        "\"EndDateTime\":\"2024-10-04T09:12:03+01:00\",\"CancelFlag\":true,\"RetailTransaction\":{"
        "\"LineItem\":[{\"SequenceNumber\":1,\"VoidFlag\":true,\"Sale\":{\"ItemID\":\"4712\","
        "\"Quantity\":\"0.127\",\"UnitOfMeasureCode\":\"KGM\",\"Description\":\"PEARS\"}},"
        "{\"SequenceNumber\":2,\"Return\":{\"ItemID\":\"4711\",\"Quantity\":1,\"Description\":\"BREAD\","
        "\"Disposal\":{\"Method\":\"WriteOff\"}}},{\"SequenceNumber\":3,\"Tender\":{"
        "\"TenderType\":\"Cash\",\"Amount\":\"3.20\"}}]}}\n");
}

static void test_acs_void_line(void **state)
{
    (void)state;
    struct sim_txn t = txn_of(90);
    struct sim_text out = {0};
    add(&t, SIM_LINE_SALE, &PEARS, 14700);
    add(&t, SIM_LINE_VOID, &PEARS, 14700);
    t.lines[1].number = 2;
    sim_txn_write(&t, SIM_FORMAT_NCR_ACS, &out);
    sim_text_put_char(&out, '\0');
    assert_non_null(strstr(out.data, "<LineItem EntryMethod=\"Scanned\" acs:weightItem=\"true\">"
                                     "<SequenceNumber>1</SequenceNumber><Sale ItemType=\"Stock\">"));
    assert_non_null(strstr(out.data,
                           "<LineItem VoidFlag=\"true\" EntryMethod=\"Scanned\" acs:weightItem=\"true\">"
                           "<SequenceNumber>2</SequenceNumber><Sale ItemType=\"Stock\">"));
    assert_non_null(strstr(out.data, "<Quantity>1.47</Quantity>"));
    assert_non_null(strstr(out.data, "<Quantity>-1.47</Quantity>"));
    sim_text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenario_totals), cmocka_unit_test(test_lines_move_stock),
        cmocka_unit_test(test_verdicts),        cmocka_unit_test(test_movements_are_told_once),
        cmocka_unit_test(test_json_line),       cmocka_unit_test(test_acs_void_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
