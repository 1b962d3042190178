/* The answer to a repair (PROTOCOL rule 6): keys touched, ids, and the whole stock. */
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

struct repair {
    size_t keys, key_events, rows, row_events, ids, last;
    uint64_t command;
    int64_t net_e4; /* over all keys */
    int64_t on_hand_e4;
    uint64_t lowest_sequence;
};

static void add_keys(struct repair *r, const Tillwire__V1__Keys *keys)
{
    r->key_events++;
    assert_int_equal(r->row_events, 0); /* keys go first */
    assert_true(keys->command == r->command);
    r->ids += keys->n_ids;
    for (size_t i = 0; i < keys->n_keys; i++) {
        const Tillwire__V1__KeyState *state = keys->keys[i];
        assert_string_equal(state->key->workstation, "3");
        assert_int_equal(state->content_hash, state->key->sequence * 7 + 1);
        r->lowest_sequence = r->keys == 0 ? state->key->sequence : r->lowest_sequence;
        for (size_t line = 0; line < state->n_net_lines; line++) {
            r->net_e4 += state->net_lines[line]->on_hand_delta_e4;
        }
        r->keys++;
    }
}

static bool add_answer(void *ctx, const struct ledger_event *event)
{
    struct repair *r = ctx;
    assert_true(event->bytes.size <= WIRE_EVENT_BYTES_MAX);
    Tillwire__V1__Event *message =
        tillwire__v1__event__unpack(NULL, event->bytes.size, (const uint8_t *)event->bytes.data);
    assert_non_null(message);
    assert_int_equal(message->n_movements, 0);
    if (message->body_case == TILLWIRE__V1__EVENT__BODY_KEYS) {
        add_keys(r, message->keys);
    } else {
        assert_int_equal(message->body_case, TILLWIRE__V1__EVENT__BODY_ROWS);
        assert_true(message->rows->command == r->command);
        assert_int_equal(r->last, 0);
        r->last += message->rows->last ? 1 : 0;
        r->row_events++;
        r->rows += message->rows->n_rows;
        for (size_t i = 0; i < message->rows->n_rows; i++) {
            r->on_hand_e4 += message->rows->rows[i]->on_hand_e4;
        }
    }
    kit_free(message);
    return true;
}

static struct repair ask_repair(struct kit *k, uint64_t id, uint64_t from_seq)
{
    uint64_t before = kit_head(k).seq;
    Tillwire__V1__Repair repair;
    tillwire__v1__repair__init(&repair);
    repair.from_seq = from_seq;
    Tillwire__V1__Command command;
    kit_command(&command, id);
    command.body_case = TILLWIRE__V1__COMMAND__BODY_REPAIR;
    command.repair = &repair;
    kit_ok(ledger_execute(k->l, &command, e));
    struct repair r = {.command = id};
    kit_ok(ledger_read(k->l, before + 1, add_answer, &r, e));
    return r;
}

static void test_a_repair_tells_keys_and_rows(void **state)
{
    struct kit *k = *state;
    struct kit_opening o;
    for (uint64_t i = 1; i <= 10; i++) {
        kit_sell_at(k, i, KIT_NOON_S); /* seqs 2 to 11 */
    }
    kit_say_opening(k, &o, 9, KIT_NOW_MS, 1, 500000);
    kit_ok(ledger_execute(k->l, &o.command, e)); /* seq 12 */
    kit_sell_at(k, 11, KIT_NOON_S);              /* corrected: nets the sale all the same */
    uint64_t digest = kit_head(k).digest;
    struct repair r = ask_repair(k, 40, 8);
    assert_int_equal(r.keys, 5); /* 7 to 11 */
    assert_int_equal(r.lowest_sequence, 7);
    assert_int_equal(r.net_e4, -50000);
    assert_int_equal(r.ids, 1);
    assert_int_equal(r.rows, 1);
    assert_int_equal(r.last, 1);
    assert_int_equal(r.on_hand_e4, kit_row(k, "Item_1").on_hand);
    assert_true(kit_head(k).digest == digest); /* it changes nothing */
    r = ask_repair(k, 40, 8);
    assert_int_equal(r.row_events, 0); /* on its way */
    kit_ok(ledger_applied(k->l, kit_head(k).seq, 1, e));
    r = ask_repair(k, 40, 8); /* its answer may have been poison: told anew */
    assert_int_equal(r.last, 1);
    assert_int_equal(r.keys, 5);
}

static void test_a_repair_of_an_empty_store(void **state)
{
    struct repair r = ask_repair(*state, 40, 1);
    assert_int_equal(r.keys, 0);
    assert_int_equal(r.key_events, 1);
    assert_int_equal(r.rows, 0);
    assert_int_equal(r.last, 1);
}

static void test_a_large_repair_is_split(void **state)
{
    struct kit *k = *state;
    enum { TRANSACTIONS = 5000 };
    char description[200];
    memset(description, 'd', sizeof description);
    kit_ok(ledger_begin(k->l, e));
    for (uint64_t i = 1; i <= TRANSACTIONS; i++) {
        char item[32];
        (void)snprintf(item, sizeof item, "Item_%llu", (unsigned long long)i);
        struct txn_line line = kit_line(item, -1);
        line.description = (struct slice){description, sizeof description};
        struct txn txn = kit_txn(i, &line, 1);
        assert_int_equal(kit_book(k, &txn), LEDGER_COUNTED);
    }
    kit_ok(ledger_commit(k->l, e));
    struct repair r = ask_repair(k, 40, 1);
    assert_int_equal(r.keys, TRANSACTIONS);
    assert_int_equal(r.rows, TRANSACTIONS);
    assert_true(r.key_events > 1 && r.row_events > 1);
    assert_int_equal(r.net_e4, -10000 * TRANSACTIONS);
    assert_int_equal(r.on_hand_e4, -10000 * TRANSACTIONS);
    kit_ok(ledger_verify(k->l, e));
    kit_end(k);
    kit_start(k, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_repair_tells_keys_and_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_repair_of_an_empty_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_large_repair_is_split, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
