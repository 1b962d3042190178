/* A new database and the parts of its restore (PROTOCOL rule 7). */
#include "tests/unit/ledger_kit.h"

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

static void test_the_first_provisioning(void **state)
{
    struct kit *k = *state;
    struct ledger_head head = kit_head(k);
    assert_int_equal(head.generation, 1);
    assert_int_equal(head.seq, 1);
    Tillwire__V1__Event *event = kit_event(k, 1);
    assert_int_equal(event->body_case, TILLWIRE__V1__EVENT__BODY_RESTORED);
    assert_true(event->restored->birth == head.birth);
    assert_int_equal(event->restored->digest, 0);
    assert_int_equal(event->restored->rows, 0);
    assert_int_equal(event->restored->mark->seq, 0);
    kit_free(event);
    assert_int_equal(ledger_parts(k->l, NULL, 0, NULL), 0);
    kit_provision(k); /* sent again: nothing happens */
    assert_int_equal(kit_head(k).seq, 1);
    kit_reopen(k);
    assert_int_equal(kit_head(k).generation, 1);
}

static void test_a_restore_for_others_is_refused(void **state)
{
    (void)state;
    struct kit k;
    kit_new(&k, 3);
    kit_open(&k);
    struct err why = {0};
    struct kit_part part;
    kit_part(&k, &part, 1, 1);
    part.part.birth++;
    assert_int_equal(kit_restore(&k, &part, &why), ERR_INVALID);
    kit_part(&k, &part, 1, 1);
    part.run.id++;
    assert_int_equal(kit_restore(&k, &part, &why), ERR_INVALID);
    kit_part(&k, &part, 1, 5000);
    assert_int_equal(kit_restore(&k, &part, &why), ERR_INVALID);
    kit_part(&k, &part, 1, 1);
    Tillwire__V1__Row row;
    tillwire__v1__row__init(&row);
    row.item = kit_text("Item_1");
    row.held_e4 = 1;
    Tillwire__V1__Row *rows[] = {&row};
    part.part.rows = rows;
    part.part.n_rows = 1;
    assert_int_equal(kit_restore(&k, &part, &why), ERR_INVALID); /* reservations come later */
    assert_int_equal(kit_head(&k).generation, 0);
    assert_int_equal(kit_head(&k).seq, 0);
    kit_provision(&k);
    assert_int_equal(kit_head(&k).generation, 1);
    part.part.generation = 2;
    assert_int_equal(kit_restore(&k, &part, &why), ERR_INVALID);
    kit_end(&k);
}

/* What an old generation held: a row, a counted key, an executed command; at the mark (9, 10, 11). */
struct held {
    Tillwire__V1__Row row, *rows[1];
    Tillwire__V1__BusinessKey business_key;
    Tillwire__V1__KeyState key, *keys[1];
    uint64_t ids[1];
    struct kit_part part;
};

static void hold(struct held *held)
{
    tillwire__v1__row__init(&held->row);
    held->row.item = kit_text("Item_1");
    held->row.on_hand_e4 = -70000;
    held->row.recorded_e4 = -30000;
    held->row.basis = TILLWIRE__V1__BASIS__BASIS_OPENING;
    held->row.basis_ms = KIT_NOW_MS - 1000;
    held->row.description = kit_text("Milk");
    held->rows[0] = &held->row;
    tillwire__v1__business_key__init(&held->business_key);
    held->business_key.workstation = kit_text("3");
    held->business_key.business_day = KIT_DAY;
    held->business_key.sequence = 5;
    tillwire__v1__key_state__init(&held->key);
    held->key.key = &held->business_key;
    held->key.content_hash = 5 * 7 + 1;
    held->key.decoder_version = 1;
    held->key.verdict = TILLWIRE__V1__VERDICT__COUNTED;
    held->keys[0] = &held->key;
    held->ids[0] = 77;
}

/* Part `number` of 3: the row, the id, the key. */
static void send_part(struct kit *k, struct held *held, uint32_t number)
{
    struct kit_part *part = &held->part;
    kit_part(k, part, number, 3);
    part->mark.generation = 9;
    part->mark.seq = 10;
    part->mark.chain = 11;
    part->part.rows = held->rows;
    part->part.n_rows = number == 1;
    part->part.ids = held->ids;
    part->part.n_ids = number == 2;
    part->part.keys = held->keys;
    part->part.n_keys = number == 3;
    kit_ok(kit_restore(k, part, e));
}

static void check_restored(struct kit *k)
{
    struct ledger_head head = kit_head(k);
    assert_int_equal(head.generation, 1);
    assert_int_equal(head.seq, 1);
    assert_int_equal(head.negatives, 1);
    assert_int_equal(ledger_parts(k->l, NULL, 0, NULL), 0);
    struct kit_row row = kit_row(k, "Item_1");
    assert_int_equal(row.on_hand, -70000);
    assert_int_equal(row.recorded, -30000);
    assert_int_equal(row.basis, TILLWIRE__V1__BASIS__BASIS_OPENING);
    assert_int_equal(row.basis_ms, KIT_NOW_MS - 1000);
    assert_string_equal(row.description, "Milk");
    Tillwire__V1__Event *event = kit_event(k, 1);
    assert_int_equal(event->restored->mark->generation, 9);
    assert_true(event->restored->digest == head.digest);
    assert_int_equal(event->n_movements, 1);
    kit_free(event);
    assert_int_equal(kit_sell(k, 5, "Item_1", -1), LEDGER_DUPLICATE); /* a restored key */
}

static void test_parts_come_in_any_order_and_of_one_mark(void **state)
{
    (void)state;
    struct kit k;
    kit_new(&k, 4);
    kit_open(&k);
    struct held held;
    hold(&held);
    kit_part(&k, &held.part, 2, 3); /* an older mark: will be void */
    held.part.mark.seq = 8;
    kit_ok(kit_restore(&k, &held.part, e));
    send_part(&k, &held, 3);
    send_part(&k, &held, 3);
    send_part(&k, &held, 1);
    uint32_t parts[4];
    struct batch_place mark;
    assert_int_equal(ledger_parts(k.l, parts, 4, &mark), 2);
    assert_int_equal(parts[0], 1);
    assert_int_equal(parts[1], 3);
    assert_int_equal(mark.generation, 9);
    assert_int_equal(mark.first_seq, 10);
    assert_int_equal(mark.chain, 11);
    kit_reopen(&k); /* what is in stays in; the next run's parts complete it */
    assert_int_equal(ledger_parts(k.l, parts, 4, &mark), 2);
    assert_int_equal(kit_head(&k).generation, 0);
    send_part(&k, &held, 2);
    check_restored(&k);
    kit_check_invariants(&k);
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_first_provisioning, set_up, tear_down),
        cmocka_unit_test(test_a_restore_for_others_is_refused),
        cmocka_unit_test(test_parts_come_in_any_order_and_of_one_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
