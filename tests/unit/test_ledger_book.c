/* Booking: verdicts, rows, events, business keys, positions; what commits together and what a rollback
 * leaves. */
#include "tests/unit/ledger_kit.h"

#include "edge/tlog/decoder.h"

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

static void test_a_new_database_waits_for_its_restore(void **state)
{
    (void)state;
    struct kit k;
    kit_new(&k, 2);
    kit_open(&k);
    struct ledger_head head = kit_head(&k);
    assert_int_equal(head.generation, 0);
    assert_int_equal(head.seq, 0);
    assert_true(head.birth != 0 && head.chain == head.birth);
    assert_int_equal(head.run_counter, 1);
    struct txn txn = kit_txn(1, NULL, 0);
    const struct ledger_source source = {.file = "pos.log"};
    enum ledger_verdict verdict;
    struct err why = {0};
    struct err reason;
    kit_ok(ledger_begin(k.l, e));
    assert_int_equal(ledger_book(k.l, &txn, &source, &verdict, &reason, &why), ERR_INVALID);
    ledger_rollback(k.l);
    kit_end(&k);
}

static void test_a_sale_moves_its_rows_and_says_so(void **state)
{
    struct kit *k = *state;
    uint64_t before = kit_head(k).seq;
    struct txn_line lines[] = {kit_line("Item_1", -2), kit_line("Item_2", 1), kit_line("Item_1", -1)};
    lines[0].description = SLICE("Milk 1 l");
    lines[1].location = SLICE("returns");
    lines[1].uom = SLICE("KGM");
    lines[1].alias = SLICE("04006381333931");
    struct txn txn = kit_txn(41, lines, 3);
    txn.end = SLICE("2024-10-04T12:00:00");
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    assert_int_equal(kit_head(k).seq, before + 1);
    assert_int_equal(kit_row(k, "Item_1").on_hand, -30000);
    assert_int_equal(kit_row(k, "Item_1").recorded, -30000);
    assert_string_equal(kit_row(k, "Item_1").description, "Milk 1 l");
    assert_string_equal(kit_row(k, "Item_1").location, "floor");
    assert_int_equal(kit_row(k, "Item_2").on_hand, 10000);
    assert_string_equal(kit_row(k, "Item_2").uom, "KGM");
    assert_string_equal(kit_row(k, "Item_2").location, "returns");
    assert_int_equal(kit_head(k).last_transaction_wall_ms, KIT_NOW_MS);
    assert_int_equal(kit_head(k).negatives, 0); /* without a basis nothing is below zero */

    Tillwire__V1__Event *event = kit_last_event(k);
    assert_int_equal(event->wall_ms, k->wall_ms);
    assert_int_equal(event->boot_ms, k->boot_ms);
    assert_int_equal(event->body_case, TILLWIRE__V1__EVENT__BODY_TRANSACTION);
    const Tillwire__V1__Transaction *t = event->transaction;
    assert_string_equal(t->key->workstation, "3");
    assert_int_equal(t->key->business_day, KIT_DAY);
    assert_int_equal(t->key->sequence, 41);
    assert_int_equal(t->verdict, TILLWIRE__V1__VERDICT__COUNTED);
    assert_int_equal(t->decoder_version, TLOG_DECODER_VERSION);
    assert_int_equal(t->own_ms, KIT_NOW_MS);
    assert_string_equal(t->status, "Finished");
    assert_string_equal(t->end, "2024-10-04T12:00:00");
    assert_string_equal(t->zone, "UTC");
    assert_int_equal(t->source_file, 7);
    assert_int_equal(t->source_offset, 4100);
    assert_int_equal(event->n_movements, 3);
    assert_int_equal(event->movements[0]->on_hand_e4, -20000);
    assert_string_equal(event->movements[0]->location, ""); /* the default */
    assert_string_equal(event->movements[0]->uom, "");
    assert_string_equal(event->movements[0]->description, "Milk 1 l");
    assert_string_equal(event->movements[1]->location, "returns");
    assert_string_equal(event->movements[1]->uom, "KGM");
    assert_string_equal(event->movements[1]->alias, "04006381333931");
    assert_int_equal(event->movements[2]->on_hand_delta_e4, -10000);
    assert_int_equal(event->movements[2]->on_hand_e4, -30000);
    kit_free(event);
}

static void test_events_pass_the_wire_checks(void **state)
{
    struct kit *k = *state;
    struct txn_line line = kit_line("Item_1", -2);
    char text[600];
    memset(text, 'x', sizeof text);
    memcpy(text, "a\x01\xff", 3);
    line.description = line.alias = line.document = (struct slice){text, sizeof text};
    struct txn txn = kit_txn(1, &line, 1);
    txn.status = txn.begin = txn.end = (struct slice){text, sizeof text};
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    Tillwire__V1__Event *event = kit_last_event(k);
    BUF_AUTO struct buf bytes = BUF_INIT(WIRE_EVENT_BYTES_MAX);
    kit_ok(wire_pack(&event->base, &bytes, e));
    struct arena *arena = NULL;
    kit_ok(arena_open(&arena, 1 << 20, e));
    Tillwire__V1__Event *checked = NULL;
    kit_ok(wire_unpack_event(arena, buf_slice(&bytes), &checked, e));
    assert_memory_equal(checked->movements[0]->description, "a ?xxx", 6);
    arena_close(arena);
    kit_free(event);
}

static void test_descriptions_travel_when_they_change(void **state)
{
    struct kit *k = *state;
    static const char *const given[] = {"Milk", "Milk", "", "Milk 1 l"};
    static const char *const sent[] = {"Milk", "", "", "Milk 1 l"};
    for (uint64_t i = 0; i < 4; i++) {
        struct txn_line line = kit_line("Item_1", -1);
        line.description = slice_of(given[i]);
        struct txn txn = kit_txn(i + 1, &line, 1);
        assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
        Tillwire__V1__Event *event = kit_last_event(k);
        assert_string_equal(event->movements[0]->description, sent[i]);
        kit_free(event);
    }
    assert_string_equal(kit_row(k, "Item_1").description, "Milk 1 l");
}

static void test_a_transaction_counts_once(void **state)
{
    struct kit *k = *state;
    assert_int_equal(kit_sell(k, 5, "Item_1", -1), LEDGER_COUNTED);
    struct ledger_head head = kit_head(k);
    assert_int_equal(kit_sell(k, 5, "Item_1", -1), LEDGER_DUPLICATE);
    kit_reopen(k);
    assert_int_equal(kit_sell(k, 5, "Item_1", -1), LEDGER_DUPLICATE);
    assert_int_equal(kit_head(k).seq, head.seq);
    assert_true(kit_head(k).chain == head.chain && kit_head(k).digest == head.digest);
    assert_int_equal(kit_row(k, "Item_1").on_hand, -10000);
}

static void test_the_same_number_elsewhere_is_another_key(void **state)
{
    struct kit *k = *state;
    struct txn_line line = kit_line("Item_1", -1);
    struct txn txn = kit_txn(5, &line, 1);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    txn.workstation = SLICE("4");
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    txn.business_day--;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    assert_int_equal(kit_row(k, "Item_1").on_hand, -30000);
}

static void test_other_content_under_a_known_key_is_quarantined(void **state)
{
    struct kit *k = *state;
    struct txn_line line = kit_line("Item_1", -1);
    struct txn txn = kit_txn(5, &line, 1);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    txn.content_hash++;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_QUARANTINED);
    Tillwire__V1__Event *event = kit_last_event(k);
    assert_int_equal(event->body_case, TILLWIRE__V1__EVENT__BODY_QUARANTINED);
    assert_string_equal(event->quarantined->error, "sequence number already used by other content");
    assert_int_equal(event->quarantined->key->sequence, 5);
    assert_int_equal(event->n_movements, 0);
    kit_free(event);
    txn.version = 2;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_QUARANTINED); /* the same place: one row */
    assert_int_equal(kit_head(k).quarantined, 1);
    assert_int_equal(kit_row(k, "Item_1").on_hand, -10000);
}

static void test_ignored_claims_its_key_and_moves_nothing(void **state)
{
    struct kit *k = *state;
    struct txn_line line = kit_line("Item_1", -1);
    struct txn txn = kit_txn(5, &line, 1);
    txn.action = TXN_IGNORE;
    txn.reason = SLICE("training");
    assert_int_equal(kit_book_one(k, &txn), LEDGER_IGNORED);
    Tillwire__V1__Event *event = kit_last_event(k);
    assert_int_equal(event->transaction->verdict, TILLWIRE__V1__VERDICT__IGNORED);
    assert_string_equal(event->transaction->status, "training");
    assert_int_equal(event->n_movements, 0);
    kit_free(event);
    assert_int_equal(kit_row(k, "Item_1").found, 0);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_DUPLICATE);
}

static void test_not_final_claims_nothing(void **state)
{
    struct kit *k = *state;
    uint64_t before = kit_head(k).seq;
    struct txn_line line = kit_line("Item_1", -1);
    struct txn txn = kit_txn(5, &line, 1);
    txn.action = TXN_NOT_FINAL;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_IGNORED);
    assert_int_equal(kit_head(k).seq, before);
    txn.action = TXN_COUNT;
    txn.content_hash = 99;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    assert_int_equal(kit_row(k, "Item_1").on_hand, -10000);
}

static void test_days_beyond_proof_are_quarantined(void **state)
{
    struct kit *k = *state;
    struct txn_line line = kit_line("Item_1", -1);
    const struct {
        int32_t day;
        enum ledger_verdict verdict;
    } days[] = {{KIT_DAY, LEDGER_COUNTED},          {KIT_DAY - 90, LEDGER_COUNTED},
                {KIT_DAY - 91, LEDGER_QUARANTINED}, {KIT_DAY + 3, LEDGER_QUARANTINED},
                {KIT_DAY - 90, LEDGER_COUNTED}, /* the clock error did not move the horizon */
                {KIT_DAY + 2, LEDGER_COUNTED},      {KIT_DAY - 90, LEDGER_QUARANTINED}};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct txn txn = kit_txn(i + 1, &line, 1);
        txn.business_day = days[i].day;
        assert_int_equal(kit_book_one(k, &txn), days[i].verdict);
    }
    /* the centre's clock vouches for a day that this machine's does not */
    kit_ok(ledger_applied(k->l, 1, KIT_NOW_MS + INT64_C(86400000), e));
    struct txn txn = kit_txn(50, &line, 1);
    txn.business_day = KIT_DAY + 3;
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
}

static void test_what_cannot_be_booked_is_quarantined(void **state)
{
    struct kit *k = *state;
    char id[ITEM_ID_MAX + 2];
    memset(id, 'x', sizeof id);
    id[sizeof id - 1] = '\0';
    struct txn_line lines[] = {kit_line("Item_1", -1), kit_line(id, -1)};
    struct txn txn = kit_txn(1, lines, 2);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_QUARANTINED); /* item id too long */
    txn = kit_txn(2, lines, 1);
    txn.workstation = SLICE("");
    assert_int_equal(kit_book_one(k, &txn), LEDGER_QUARANTINED);
    txn = kit_txn(UINT64_MAX, lines, 1);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_QUARANTINED);
    lines[0].item = SLICE("bad\xff");
    txn = kit_txn(3, lines, 1);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_QUARANTINED);
    assert_int_equal(kit_row(k, "Item_1").found, 0);
    assert_int_equal(kit_head(k).row_count, 0);
    lines[0].item = SLICE("Item_1");
    txn = kit_txn(3, lines, 1); /* the key was not claimed */
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
}

static void test_sums_never_overflow(void **state)
{
    struct kit *k = *state;
    struct txn_line lines[1000];
    for (size_t i = 0; i < 1000; i++) {
        lines[i] = kit_line("Item_1", 0);
        lines[i].quantity_e4 = INT64_C(100000000000000);
    }
    uint64_t sequence = 0;
    enum ledger_verdict verdict = LEDGER_COUNTED;
    while (verdict == LEDGER_COUNTED) {
        assert_true(sequence < 100);
        struct txn txn = kit_txn(++sequence, lines, 1000);
        verdict = kit_book_one(k, &txn);
    }
    assert_int_equal(verdict, LEDGER_QUARANTINED);
    assert_int_equal(sequence, 93); /* 92 × 10^17 < 2^63 */
    assert_int_equal(kit_row(k, "Item_1").on_hand, INT64_C(9200000000000000000));
    assert_int_equal(kit_sell(k, sequence, "Item_1", -1), LEDGER_COUNTED); /* its key is free */
}

static void test_a_documents_line_counts_once(void **state)
{
    struct kit *k = *state;
    struct txn_line lines[] = {kit_line("Item_1", 5), kit_line("Item_2", 7), kit_line("Item_3", 1)};
    for (size_t i = 0; i < 3; i++) {
        lines[i].kind = TILLWIRE__V1__MOVEMENT_KIND__RECEIPT;
        lines[i].document = SLICE("D1");
        lines[i].document_line = i == 0 ? SLICE("1") : i == 1 ? SLICE("2") : SLICE("");
    }
    struct txn txn = kit_txn(1, lines, 2);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    txn = kit_txn(2, lines, 3); /* lines 1 and 2 again */
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    Tillwire__V1__Event *event = kit_last_event(k);
    assert_int_equal(event->n_movements, 1);
    assert_string_equal(event->movements[0]->item, "Item_3");
    kit_free(event);
    txn = kit_txn(3, lines + 2, 1); /* without a number of its own */
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    assert_int_equal(kit_row(k, "Item_1").on_hand, 50000);
    assert_int_equal(kit_row(k, "Item_2").on_hand, 70000);
    assert_int_equal(kit_row(k, "Item_3").on_hand, 10000);
}

struct positions {
    size_t count;
    struct tail_position last;
    char context[16];
};

static enum err_class take_position(void *ctx, const struct tail_position *position, struct slice context,
                                    struct err *e)
{
    (void)e;
    struct positions *out = ctx;
    out->count++;
    out->last = *position;
    assert_true(slice_copy(context, out->context, sizeof out->context));
    return ERR_OK;
}

static void test_positions_commit_with_what_was_read(void **state)
{
    struct kit *k = *state;
    struct tail_position p = {.file_id = 7,
                              .path = "/log/pos.log",
                              .device = 1,
                              .inode = 2,
                              .head_size = 3,
                              .head_hash = UINT64_MAX,
                              .offset = 5,
                              .back_size = 6,
                              .back_hash = 7,
                              .line = 8};
    kit_ok(ledger_begin(k->l, e));
    kit_ok(ledger_put_position(k->l, "pos", &p, SLICE("<a>"), e));
    kit_ok(ledger_commit(k->l, e));
    kit_ok(ledger_begin(k->l, e));
    p.offset = 500;
    kit_ok(ledger_put_position(k->l, "pos", &p, SLICE("<b>"), e));
    ledger_rollback(k->l);
    kit_reopen(k);
    struct positions got = {0};
    kit_ok(ledger_each_position(k->l, "pos", take_position, &got, e));
    assert_int_equal(got.count, 1);
    p.offset = 5;
    assert_memory_equal(&got.last, &p, sizeof p);
    assert_string_equal(got.context, "<a>");
    kit_ok(ledger_begin(k->l, e));
    kit_ok(ledger_put_position(k->l, "pos", &p, SLICE("<c>"), e));
    kit_ok(ledger_put_position(k->l, "other", &p, SLICE(""), e));
    kit_ok(ledger_commit(k->l, e));
    got = (struct positions){0};
    kit_ok(ledger_each_position(k->l, "pos", take_position, &got, e));
    assert_int_equal(got.count, 1);
    assert_string_equal(got.context, "<c>");
}

static void test_a_rollback_leaves_memory_as_the_database(void **state)
{
    struct kit *k = *state;
    assert_int_equal(kit_sell(k, 1, "Item_1", -1), LEDGER_COUNTED);
    struct ledger_head before = kit_head(k);
    kit_ok(ledger_begin(k->l, e));
    struct txn_line lines[] = {kit_line("Item_1", -1), kit_line("Item_2", -1)};
    struct txn txn = kit_txn(9, lines, 2);
    txn.workstation = SLICE("new");
    assert_int_equal(kit_book(k, &txn), LEDGER_COUNTED);
    assert_int_equal(kit_head(k).seq, before.seq + 1);
    ledger_rollback(k->l);
    struct ledger_head after = kit_head(k);
    assert_int_equal(after.seq, before.seq);
    assert_true(after.chain == before.chain && after.digest == before.digest);
    assert_int_equal(after.row_count, before.row_count);
    assert_int_equal(after.last_transaction_wall_ms, before.last_transaction_wall_ms);
    assert_int_equal(kit_row(k, "Item_2").found, 0);
    assert_int_equal(kit_row(k, "Item_1").on_hand, -10000);
    kit_check_invariants(k);
    assert_int_equal(kit_book_one(k, &txn), LEDGER_COUNTED);
    assert_int_equal(kit_row(k, "Item_2").on_hand, -10000);
}

static void test_reading_and_marks(void **state)
{
    struct kit *k = *state;
    for (uint64_t i = 1; i <= 5; i++) {
        assert_int_equal(kit_sell(k, i, "Item_1", -1), LEDGER_COUNTED);
    }
    struct ledger_head head = kit_head(k);
    struct kit_sum sum = {.seq = 3};
    kit_ok(ledger_chain_at(k->l, 3, &sum.chain, e));
    kit_ok(ledger_read(k->l, 4, kit_add_event, &sum, e));
    assert_int_equal(sum.events, head.seq - 3);
    uint64_t chain = 0;
    kit_ok(ledger_chain_at(k->l, 0, &chain, e));
    assert_true(chain == head.birth);
    struct err why = {0};
    assert_int_equal(ledger_chain_at(k->l, head.seq + 1, &chain, &why), ERR_INVALID);
    assert_int_equal(ledger_applied(k->l, head.seq + 1, 1, &why), ERR_INVALID);
    kit_ok(ledger_applied(k->l, 4, 1000, e));
    kit_ok(ledger_applied(k->l, 2, 900, e)); /* raises only */
    assert_int_equal(kit_head(k).applied_seq, 4);
    assert_int_equal(kit_head(k).greatest_centre_ms, 1000);
    assert_int_equal(kit_sell(k, 9, "Item_1", -1), LEDGER_COUNTED);
    kit_reopen(k);
    assert_int_equal(kit_head(k).applied_seq, 4);
    assert_int_equal(kit_head(k).run_counter, head.run_counter + 1);
}

static void test_a_database_keeps_to_its_store(void **state)
{
    struct kit *k = *state;
    ledger_close(k->l);
    k->l = NULL;
    struct ledger *other = NULL;
    const struct ledger_options options = {.path = k->path, .store = "S015", .zone = k->zone};
    struct err why = {0};
    assert_int_equal(ledger_open(&other, &options, &k->clock, &why), ERR_INVALID);
    assert_null(other);
    assert_non_null(strstr(why.message, "S014"));
    kit_open(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_database_waits_for_its_restore),
        cmocka_unit_test_setup_teardown(test_a_sale_moves_its_rows_and_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events_pass_the_wire_checks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_descriptions_travel_when_they_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_transaction_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_number_elsewhere_is_another_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_content_under_a_known_key_is_quarantined, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_ignored_claims_its_key_and_moves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_final_claims_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_days_beyond_proof_are_quarantined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_booked_is_quarantined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sums_never_overflow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_documents_line_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_positions_commit_with_what_was_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_rollback_leaves_memory_as_the_database, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reading_and_marks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_database_keeps_to_its_store, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
