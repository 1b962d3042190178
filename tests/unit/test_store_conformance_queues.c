/* The store's ops: ledger, keys, retention, queues, commands, alerts. */
#include "tests/unit/store_conformance.h"

/* ---- ledger and keys ---- */

static void append(struct suite *s, uint64_t seq, uint32_t line, const char *item, int kind, int64_t delta,
                   int64_t own_ms)
{
    struct store_ledger_entry entry = {.store = SLICE("A"),
                                       .generation = 1,
                                       .seq = seq,
                                       .line = line,
                                       .item = slice_of(item),
                                       .location = SLICE("floor"),
                                       .uom = SLICE("EA"),
                                       .kind = kind,
                                       .on_hand_delta_e4 = delta,
                                       .own_ms = own_ms,
                                       .workstation = SLICE("3"),
                                       .business_day = 20000,
                                       .sequence = 90,
                                       .reason = SLICE("r"),
                                       .document = SLICE("d"),
                                       .applied_ms = s->now.ms};
    OK(W(ledger_append, &entry));
}

static bool see_entry(void *ctx, const struct store_ledger_entry *entry)
{
    struct seen *seen = ctx;
    size_t used = strlen(seen->text);
    assert_true(slice_equal_text(entry->workstation, "3"));
    assert_true(slice_equal_text(entry->document, "d"));
    assert_int_equal(entry->sequence, 90);
    (void)snprintf(seen->text + used, sizeof seen->text - used, "%u.%u ", (unsigned)entry->seq,
                   (unsigned)entry->line);
    return true;
}

static void assert_ledger(struct suite *s, const char *item, uint64_t after, bool newest, unsigned limit,
                          const char *expected)
{
    struct seen seen = {0};
    OK(R(ledger_each, "A", slice_of(item), after == 0 ? 0 : 1, after, newest, limit, see_entry, &seen));
    assert_string_equal(seen.text, expected);
}

static void test_the_ledger_pages_by_whole_events(void **state)
{
    struct suite *s = *state;
    begin(s);
    append(s, 1, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__SALE, -1, 10);
    append(s, 2, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__SALE, -1, 20);
    append(s, 2, 1, "y", TILLWIRE__V1__MOVEMENT_KIND__SALE, -1, 20);
    append(s, 3, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__RETURN, 1, 30);
    commit(s);
    assert_ledger(s, "", 0, false, 10, "1.0 2.0 2.1 3.0 ");
    assert_ledger(s, "", 0, false, 2, "1.0 2.0 2.1 ");
    assert_ledger(s, "", 2, false, 2, "3.0 ");
    assert_ledger(s, "x", 0, false, 10, "1.0 2.0 3.0 ");
    assert_ledger(s, "", 0, true, 2, "3.0 2.0 2.1 ");
    assert_ledger(s, "x", 3, true, 10, "2.0 1.0 ");
}

static void test_the_sum_leaves_openings_and_corrections_out(void **state)
{
    struct suite *s = *state;
    int64_t sum;
    begin(s);
    append(s, 1, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__SALE, -1, 10);
    append(s, 2, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__RECEIPT, 50, 20);
    append(s, 3, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__OPENING, 1000, 30);
    append(s, 4, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__CORRECTION, 1000, 30);
    append(s, 5, 0, "y", TILLWIRE__V1__MOVEMENT_KIND__SALE, -7, 30);
    append(s, 6, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__SALE, -2, 30);
    OK(W(ledger_sum_after, SLICE("A"), SLICE("x"), SLICE("floor"), 10, &sum));
    assert_int_equal(sum, 48);
    OK(W(ledger_sum_after, SLICE("A"), SLICE("x"), SLICE("floor"), 9, &sum));
    assert_int_equal(sum, 47);
    OK(W(ledger_sum_after, SLICE("A"), SLICE("none"), SLICE("floor"), 9, &sum));
    assert_int_equal(sum, 0);
    commit(s);
}

static void test_a_key_is_known_by_its_highest_version(void **state)
{
    struct suite *s = *state;
    struct store_key key = {.store = SLICE("A"),
                            .workstation = SLICE("3"),
                            .business_day = 20000,
                            .sequence = 90,
                            .version = 1,
                            .generation = 1,
                            .content_hash = UINT64_MAX,
                            .seq = 5};
    bool existed;
    begin(s);
    OK(W(key_put, &key, &existed));
    assert_false(existed);
    OK(W(key_put, &key, &existed));
    assert_true(existed);
    key.version = 2;
    OK(W(key_put, &key, &existed));
    assert_false(existed);
    key.business_day++;
    OK(W(key_put, &key, &existed));
    assert_false(existed);
    commit(s);
}

static bool see_dead(void *ctx, const struct store_dead *dead)
{
    ++*(int *)ctx;
    assert_true(slice_equal_text(dead->payload, "bytes"));
    return true;
}

static void test_retention_carries_what_it_deletes(void **state)
{
    struct suite *s = *state;
    struct store_stock row = stock("A", "x", 0), got;
    struct store_key key = {.store = SLICE("A"), .workstation = SLICE("3"), .business_day = 1, .sequence = 1};
    struct store_dead dead = {
        .store = SLICE("A"), .topic = SLICE("t"), .reason = SLICE("r"), .payload = SLICE("bytes")};
    bool found, existed;
    unsigned deleted;
    begin(s);
    enrol(s, "A");
    OK(W(stock_put, &row));
    OK(W(key_put, &key, &existed));
    OK(W(dead_put, &dead));
    OK(W(dead_put, &dead)); /* the same again is counted, not kept twice */
    OK(W(idempotency_put, SLICE("k"), SLICE("h"), SLICE("a")));
    append(s, 1, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__SALE, -100, 10);
    append(s, 2, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__SALE, -10, 10);
    commit(s);
    fake_clock_pass(&s->fake, INT64_C(401) * 86400000);
    begin(s);
    append(s, 3, 0, "x", TILLWIRE__V1__MOVEMENT_KIND__SALE, -1, 10);
    OK(W(trim, s->now.ms, 1, &deleted));
    assert_int_equal(deleted, 1);
    OK(W(stock_get, SLICE("A"), SLICE("x"), SLICE("floor"), &got, &found));
    assert_int_equal(got.carried_e4, 3 - 100);
    OK(W(trim, s->now.ms, 100, &deleted));
    assert_int_equal(deleted, 4); /* a movement, a key, a dead message, an answer */
    OK(W(stock_get, SLICE("A"), SLICE("x"), SLICE("floor"), &got, &found));
    assert_int_equal(got.carried_e4, 3 - 110);
    OK(W(trim, s->now.ms, 100, &deleted));
    assert_int_equal(deleted, 0);
    commit(s);
    assert_ledger(s, "", 0, false, 10, "3.0 ");
    int dead_left = 0;
    OK(R(dead_each, 0, 10, see_dead, &dead_left));
    assert_int_equal(dead_left, 0);
}

/* ---- queues ---- */

static void put_early(struct suite *s, uint64_t run, uint64_t first, uint64_t last, const char *payload)
{
    struct store_early early = {
        .run_id = run, .first_seq = first, .last_seq = last, .payload = slice_of(payload)};
    OK(W(early_put, "A", &early, 100));
}

static void test_early_batches_wait_within_their_bound(void **state)
{
    struct suite *s = *state;
    struct store_early early;
    bool found;
    struct err error;
    begin(s);
    put_early(s, 1, 10, 19, "ten");
    put_early(s, 1, 10, 19, "ten");
    put_early(s, 1, 30, 39, "thirty");
    OK(W(early_next, "A", 12, &early, &found));
    assert_true(found && early.first_seq == 10 && early.last_seq == 19 && early.run_id == 1);
    assert_true(slice_equal_text(early.payload, "ten"));
    OK(W(early_next, "A", 20, &early, &found));
    assert_true(found && early.first_seq == 30);
    char big[100] = "";
    struct store_early too_much = {
        .run_id = 1, .first_seq = 50, .last_seq = 51, .payload = {big, sizeof big}};
    assert_int_equal(s->writer.ops->early_put(s->writer.ctx, "A", &too_much, 100, &error), ERR_FULL);
    OK(W(early_drop, "A", 25));
    OK(W(early_next, "A", 1, &early, &found));
    assert_true(found && early.first_seq == 30);
    OK(W(early_drop, "A", UINT64_MAX));
    OK(W(early_next, "A", 1, &early, &found));
    assert_false(found);
    commit(s);
}

static bool see_event(void *ctx, struct slice event)
{
    struct seen *seen = ctx;
    size_t used = strlen(seen->text);
    (void)snprintf(seen->text + used, sizeof seen->text - used, "%.*s ", (int)event.size, event.data);
    return true;
}

static void test_parts_are_staged_in_order(void **state)
{
    struct suite *s = *state;
    struct seen seen = {0};
    begin(s);
    OK(W(stage_put, "A", UINT64_MAX, 8, SLICE("eight")));
    OK(W(stage_put, "A", UINT64_MAX, 7, SLICE("seven")));
    OK(W(stage_put, "A", 1, 6, SLICE("six")));
    OK(W(stage_each, "A", UINT64_MAX, see_event, &seen));
    assert_string_equal(seen.text, "seven eight ");
    OK(W(stage_clear, "A"));
    OK(W(stage_each, "A", UINT64_MAX, see_event, &seen));
    assert_string_equal(seen.text, "seven eight ");
    commit(s);
}

static bool see_command(void *ctx, const struct store_command *command)
{
    struct seen *seen = ctx;
    size_t used = strlen(seen->text);
    (void)snprintf(seen->text + used, sizeof seen->text - used, "%u:%d ", (unsigned)command->id,
                   (int)command->state);
    return true;
}

static void test_commands_wait_in_order_until_answered(void **state)
{
    struct suite *s = *state;
    struct store_command first = {
        .id = 9, .store = SLICE("A"), .kind = 5, .payload = SLICE("p"), .created_ms = 1};
    struct store_command second = {
        .id = 3, .store = SLICE("A"), .kind = 4, .payload = SLICE("q"), .created_ms = 1};
    struct store_command got;
    struct seen seen = {0};
    bool found;
    begin(s);
    OK(W(command_put, &first));
    OK(W(command_put, &second));
    OK(W(command_each_waiting, "A", see_command, &seen));
    assert_string_equal(seen.text, "9:0 3:0 ");
    first.state = COMMAND_REFUSED;
    first.outcome = SLICE("why");
    first.sent_ms = 5;
    first.answered_ms = 6;
    OK(W(command_put, &first));
    commit(s);
    OK(R(command_get, 9, &got, &found));
    assert_true(found && got.state == COMMAND_REFUSED && got.sent_ms == 5 && got.answered_ms == 6);
    assert_true(slice_equal_text(got.outcome, "why"));
    assert_true(slice_equal_text(got.payload, "p"));
    OK(R(command_get, 10, &got, &found));
    assert_false(found);
    seen.text[0] = '\0';
    OK(R(command_each, "A", 10, see_command, &seen));
    assert_string_equal(seen.text, "3:0 9:2 ");
    begin(s);
    seen.text[0] = '\0';
    OK(W(command_each_waiting, "A", see_command, &seen));
    commit(s);
    assert_string_equal(seen.text, "3:0 ");
}

/* ---- alerts, keys, answers ---- */

static bool see_alert(void *ctx, const struct store_alert *alert)
{
    struct seen *seen = ctx;
    size_t used = strlen(seen->text);
    (void)snprintf(seen->text + used, sizeof seen->text - used, "%.*s:%s%s ", (int)alert->kind.size,
                   alert->kind.data, alert->closed_ms == 0 ? "open" : "closed",
                   alert->acknowledged_ms == 0 ? "" : "!");
    return true;
}

static void test_an_alert_opens_once_and_closes_once(void **state)
{
    struct suite *s = *state;
    struct err error;
    bool changed;
    begin(s);
    OK(W(alert_open, "A", "fork", "text", &changed));
    assert_true(changed);
    OK(W(alert_open, "A", "fork", "again", &changed));
    assert_false(changed);
    OK(W(alert_close, "A", "fork", &changed));
    assert_true(changed);
    OK(W(alert_close, "A", "fork", &changed));
    assert_false(changed);
    OK(W(alert_open, "A", "fork", "new", &changed));
    assert_true(changed);
    OK(W(alert_open, "A", "mismatch", "new", &changed));
    OK(W(alert_acknowledge, 1));
    assert_int_equal(s->writer.ops->alert_acknowledge(s->writer.ctx, 99, &error), ERR_INVALID);
    commit(s);
    struct seen seen = {0};
    OK(R(alert_each, false, 0, 10, see_alert, &seen));
    assert_string_equal(seen.text, "mismatch:open fork:open fork:closed! ");
    seen.text[0] = '\0';
    OK(R(alert_each, true, 0, 1, see_alert, &seen));
    assert_string_equal(seen.text, "mismatch:open ");
}

static bool count_keys(void *ctx, const struct store_api_key *key)
{
    (void)key;
    ++*(int *)ctx;
    return true;
}

static void test_api_keys_are_kept_hashed(void **state)
{
    struct suite *s = *state;
    struct store_api_key key = {.id = SLICE("abcdef012345"),
                                .hash = SLICE("\0\1\2"),
                                .scopes = SLICE("admin"),
                                .stores = SLICE(""),
                                .label = SLICE("me"),
                                .created_ms = 5};
    struct store_api_key got;
    bool found;
    int count = 0;
    begin(s);
    OK(W(api_key_put, &key));
    key.revoked_ms = 6;
    OK(W(api_key_put, &key));
    commit(s);
    OK(R(api_key_get, key.id, &got, &found));
    assert_true(found && slice_equal(got.hash, key.hash) && got.revoked_ms == 6 && got.created_ms == 5);
    assert_true(slice_equal_text(got.scopes, "admin"));
    OK(R(api_key_get, SLICE("no"), &got, &found));
    assert_false(found);
    OK(R(api_key_each, count_keys, &count));
    assert_int_equal(count, 1);
}

static void test_an_answer_is_kept_with_its_request(void **state)
{
    struct suite *s = *state;
    struct slice hash, answer;
    bool found;
    begin(s);
    OK(W(idempotency_get, SLICE("key"), &hash, &answer, &found));
    assert_false(found);
    OK(W(idempotency_put, SLICE("key"), SLICE("hash"), SLICE("answer")));
    OK(W(idempotency_get, SLICE("key"), &hash, &answer, &found));
    assert_true(found && slice_equal_text(hash, "hash") && slice_equal_text(answer, "answer"));
    commit(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_ledger_pages_by_whole_events),
        CASE(test_the_sum_leaves_openings_and_corrections_out),
        CASE(test_a_key_is_known_by_its_highest_version),
        CASE(test_retention_carries_what_it_deletes),
        CASE(test_early_batches_wait_within_their_bound),
        CASE(test_parts_are_staged_in_order),
        CASE(test_commands_wait_in_order_until_answered),
        CASE(test_an_alert_opens_once_and_closes_once),
        CASE(test_api_keys_are_kept_hashed),
        CASE(test_an_answer_is_kept_with_its_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
