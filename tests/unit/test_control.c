#include "edge/control/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/zone.h"

static struct control_request parse(const char *line)
{
    struct control_request request;
    struct err e = {0};
    if (control_request_parse(slice_of(line), &request, &e) != ERR_OK) {
        fail_msg("%s: %s", line, e.message);
    }
    return request;
}

static void test_requests_are_read(void **state)
{
    (void)state;
    struct control_request r = parse("{\"command\":\"status\"}");
    assert_int_equal(r.command, CONTROL_STATUS);
    assert_int_equal(r.limit, 0);
    r = parse(" { \"limit\" : 7 , \"item\":\"a\\\"\\\\\\u00e4\\u20ac/\\/\" , \"command\" : \"stock\" } ");
    assert_int_equal(r.command, CONTROL_STOCK);
    assert_int_equal(r.limit, 7);
    assert_string_equal(r.item, "a\"\\\xc3\xa4\xe2\x82\xac//");
    r = parse("{\"command\":\"ledger\",\"from\":18446744073709551615}");
    assert_true(r.from == UINT64_MAX);
    r = parse("{\"command\":\"quarantine\",\"id\":3}");
    assert_int_equal(r.id, 3);
}

static void test_what_is_no_request_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "{}",
        "[]",
        "{\"command\":\"status\"",
        "{\"command\":\"status\"} x",
        "{\"command\":\"status\",}",
        "{\"command\":\"reboot\"}",
        "{\"command\":3}",
        "{\"command\":\"a name that is longer than any\"}",
        "{\"limit\":3}",
        "{\"command\":\"stock\",\"limit\":-1}",
        "{\"command\":\"stock\",\"limit\":1.5}",
        "{\"command\":\"stock\",\"limit\":100001}",
        "{\"command\":\"stock\",\"from\":99999999999999999999}",
        "{\"command\":\"stock\",\"item\":\"\\ud800\"}",
        "{\"command\":\"stock\",\"item\":\"\\u0000\"}",
        "{\"command\":\"stock\",\"item\":\"\\x\"}",
        "{\"command\":\"stock\",\"item\":\"a\tb\"}",
        "{\"command\":\"stock\",\"item\":\"open",
        "{\"command\":\"stock\",\"other\":1}",
        ("{\"command\":\"stock\",\"item\":"
         "\"12345678901234567890123456789012345678901234567890123456789012345\"}"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct control_request request;
        struct err e = {0};
        if (control_request_parse(slice_of(wrong[i]), &request, &e) != ERR_INVALID) {
            fail_msg("taken: %s", wrong[i]);
        }
        assert_true(e.message[0] != '\0');
    }
    char long_line[CONTROL_LINE_BYTES_MAX + 1];
    memset(long_line, ' ', sizeof long_line);
    struct control_request request;
    struct err e;
    assert_int_equal(control_request_parse((struct slice){long_line, CONTROL_LINE_BYTES_MAX}, &request, &e),
                     ERR_INVALID);
}

static void test_requests_survive_the_wire(void **state)
{
    (void)state;
    const struct control_request requests[] = {
        {.command = CONTROL_STATUS},
        {.command = CONTROL_STOCK, .item = "\"odd\\item\xc3\xa4", .limit = 5},
        {.command = CONTROL_LEDGER, .from = 12, .limit = 3, .item = "4711"},
        {.command = CONTROL_QUARANTINE, .id = UINT64_MAX},
        {.command = CONTROL_SOURCES},
        {.command = CONTROL_GAPS},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        BUF_AUTO struct buf line = BUF_INIT(CONTROL_LINE_BYTES_MAX);
        assert_int_equal(control_request_format(&requests[i], &line), ERR_OK);
        assert_int_equal(line.data[line.size - 1], '\n');
        line.data[line.size - 1] = '\0';
        struct control_request back = parse(line.data);
        assert_int_equal(back.command, requests[i].command);
        assert_string_equal(back.item, requests[i].item);
        assert_true(back.from == requests[i].from && back.id == requests[i].id &&
                    back.limit == requests[i].limit);
    }
}

/* --- answers, over a real ledger --- */

struct house {
    char path[64];
    struct zone *zone;
    struct ledger *ledger;
    struct ingest *ingest;
    struct uplink *uplink;
    struct control_view view;
    struct buf out;
    unsigned lines_left; /* the sink takes no more after these */
};

static enum err_class no_bus(void *ctx, const struct bus_message *message, struct err *e)
{
    (void)ctx;
    (void)message;
    return err_set(e, ERR_RETRY, "not connected");
}

static void ledger_head_of(void *ctx, struct ledger_head *out)
{
    ledger_head(ctx, out);
}

static enum err_class no_positions(void *ctx, const char *source,
                                   enum err_class (*each)(void *, const struct tail_position *, struct slice,
                                                          struct err *),
                                   void *each_ctx, struct err *e)
{
    (void)ctx;
    (void)source;
    (void)each;
    (void)each_ctx;
    (void)e;
    return ERR_OK;
}

static void restore(struct house *h)
{
    Tillwire__V1__Command command;
    Tillwire__V1__RestorePart part;
    Tillwire__V1__Run run;
    Tillwire__V1__Mark mark;
    struct ledger_head head;
    struct err e = {0};
    char store[] = "S014";
    ledger_head(h->ledger, &head);
    tillwire__v1__command__init(&command);
    tillwire__v1__restore_part__init(&part);
    tillwire__v1__run__init(&run);
    tillwire__v1__mark__init(&mark);
    command.store = store;
    command.id = 9;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_RESTORE;
    command.restore = &part;
    run.counter = head.run_counter;
    run.id = head.run_id;
    part.birth = head.birth;
    part.run = &run;
    part.mark = &mark;
    part.generation = 1;
    part.part = part.parts = 1;
    if (ledger_execute(h->ledger, &command, &e) != ERR_OK) {
        fail_msg("restore: %s", e.message);
    }
}

static void book(struct house *h, uint64_t sequence, const char *item, int64_t quantity_e4)
{
    struct txn_line line = {.item = slice_of(item),
                            .location = SLICE("floor"),
                            .uom = SLICE("EA"),
                            .description = SLICE("Tea"),
                            .kind = TILLWIRE__V1__MOVEMENT_KIND__SALE,
                            .quantity_e4 = quantity_e4,
                            .line = 1};
    struct txn txn = {.store = SLICE("S014"),
                      .workstation = SLICE("2"),
                      .business_day = 19724,
                      .sequence = sequence,
                      .action = TXN_COUNT,
                      .status = SLICE("Finished"),
                      .local_s = 19724LL * 86400,
                      .content_hash = sequence,
                      .lines = &line,
                      .line_count = 1};
    struct ledger_source place = {
        .file_id = 1, .file = "tlog", .offset = sequence * 100, .length = 100, .line = 1};
    enum ledger_verdict verdict;
    struct err reason, e = {0};
    assert_int_equal(ledger_begin(h->ledger, &e), ERR_OK);
    assert_int_equal(ledger_book(h->ledger, &txn, &place, &verdict, &reason, &e), ERR_OK);
    assert_int_equal(verdict, LEDGER_COUNTED);
    assert_int_equal(ledger_commit(h->ledger, &e), ERR_OK);
}

static struct house *house_open(void)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    struct err e = {0};
    snprintf(h->path, sizeof h->path, "/tmp/control.%ld.db", (long)getpid());
    unlink(h->path);
    assert_int_equal(zone_open(&h->zone, "UTC", &e), ERR_OK);
    const struct ledger_options ledger = {.path = h->path, .store = "S014", .zone = h->zone};
    if (ledger_open(&h->ledger, &ledger, clock_system(), &e) != ERR_OK) {
        fail_msg("ledger: %s", e.message);
    }
    restore(h);
    const struct ingest_ledger in_ops = {.ctx = h->ledger, .each_position = no_positions};
    const struct ingest_options in = {.store = "S014", .log_store = "S014"};
    assert_int_equal(ingest_open(&h->ingest, &in, &in_ops, clock_system(), NULL, &e), ERR_OK);
    const struct uplink_options up = {.store = "S014"};
    const struct uplink_log up_ops = {.ctx = h->ledger, .head = ledger_head_of};
    const struct bus bus = {.publish = no_bus};
    assert_int_equal(uplink_open(&h->uplink, &up, &up_ops, &bus, clock_system(), NULL, &e), ERR_OK);
    h->view = (struct control_view){.store = "S014",
                                    .state = "live",
                                    .ledger = h->ledger,
                                    .ingest = h->ingest,
                                    .uplink = h->uplink,
                                    .clock = clock_system(),
                                    .error = ""};
    h->out = BUF_INIT(4 * 1024 * 1024);
    h->lines_left = UINT32_MAX;
    return h;
}

static void house_close(struct house *h)
{
    char path[80];
    uplink_close(h->uplink);
    ingest_close(h->ingest);
    ledger_close(h->ledger);
    zone_close(h->zone);
    buf_free(&h->out);
    unlink(h->path);
    snprintf(path, sizeof path, "%s-wal", h->path);
    unlink(path);
    free(h);
}

static bool keep(void *ctx, struct slice lines)
{
    struct house *h = ctx;
    assert_int_equal(buf_append_slice(&h->out, lines), ERR_OK);
    return h->lines_left-- > 1;
}

static const char *ask(struct house *h, const char *line)
{
    const struct control_sink sink = {.ctx = h, .write = keep};
    buf_clear(&h->out);
    control_answer(slice_of(line), &h->view, &sink);
    return h->out.data;
}

static unsigned lines_of(const char *text)
{
    unsigned count = 0;
    for (; *text != '\0'; text++) {
        count += *text == '\n' ? 1 : 0;
    }
    return count;
}

#define assert_has(text, part)                           \
    do {                                                 \
        if (strstr((text), (part)) == NULL) {            \
            fail_msg("%s is not in %s", (part), (text)); \
        }                                                \
    } while (0)

static void test_status_and_stock(void **state)
{
    (void)state;
    struct house *h = house_open();
    book(h, 1, "4711", -15000);
    book(h, 2, "4712", 20000);
    const char *text = ask(h, "{\"command\":\"status\"}");
    assert_int_equal(lines_of(text), 2);
    assert_has(text, "\"store\":\"S014\"");
    assert_has(text, "\"state\":\"live\"");
    assert_has(text, "\"generation\":1");
    assert_has(text, "\"seq\":3");
    assert_has(text, "\"outbox\":3");
    assert_has(text, "\"answered_age_ms\":null");
    assert_has(text, "{\"end\":true,\"rows\":1}\n");
    text = ask(h, "{\"command\":\"stock\"}");
    assert_int_equal(lines_of(text), 3);
    assert_has(
        text,
        "\"item\":\"4711\",\"location\":\"floor\",\"uom\":\"EA\",\"description\":\"Tea\",\"on_hand\":null,"
        "\"held\":\"0\",\"recorded\":\"-1.5\",\"basis\":\"none\",\"basis_time\":null,\"negative\":true");
    text = ask(h, "{\"command\":\"stock\",\"item\":\"4712\"}");
    assert_int_equal(lines_of(text), 2);
    assert_has(text, "\"recorded\":\"2\"");
    text = ask(h, "{\"command\":\"stock\",\"limit\":1}");
    assert_has(text, "{\"end\":true,\"rows\":1,\"more\":true}\n");
    house_close(h);
}

static void test_ledger_gaps_and_quarantine(void **state)
{
    (void)state;
    struct house *h = house_open();
    book(h, 1, "4711", -10000);
    book(h, 5, "4712", -10000);
    const char *text = ask(h, "{\"command\":\"ledger\"}");
    assert_int_equal(lines_of(text), 4);
    assert_has(text, "\"event\":\"restored\"");
    assert_has(
        text,
        "\"event\":\"transaction\",\"workstation\":\"2\",\"business_day\":\"2024-01-02\",\"sequence\":5,"
        "\"verdict\":\"counted\",\"status\":\"Finished\"");
    assert_has(text, "\"kind\":\"sale\",\"quantity\":\"-1\"");
    text = ask(h, "{\"command\":\"ledger\",\"limit\":1}");
    assert_int_equal(lines_of(text), 2);
    assert_has(text, "{\"seq\":3,");
    text = ask(h, "{\"command\":\"ledger\",\"item\":\"4711\"}");
    assert_int_equal(lines_of(text), 2);
    assert_has(text, "{\"seq\":2,");
    text = ask(h, "{\"command\":\"gaps\"}");
    assert_has(text, "{\"workstation\":\"2\",\"business_day\":\"2024-01-02\",\"first\":2,\"last\":4}\n");
    struct err e;
    const struct ledger_source place = {.file_id = 1, .file = "tlog", .offset = 7, .length = 9, .line = 2};
    assert_int_equal(ledger_begin(h->ledger, &e), ERR_OK);
    assert_int_equal(ledger_quarantine(h->ledger, &place, 1, SLICE("broken"), SLICE("{x}"), NULL, &e),
                     ERR_OK);
    assert_int_equal(ledger_commit(h->ledger, &e), ERR_OK);
    text = ask(h, "{\"command\":\"quarantine\"}");
    assert_has(
        text,
        "\"file\":\"tlog\",\"offset\":7,\"length\":9,\"line\":2,\"error\":\"broken\",\"shape\":\"{x}\"");
    text = ask(h, "{\"command\":\"quarantine\",\"id\":99}");
    assert_string_equal(text, "{\"end\":true,\"rows\":0}\n");
    text = ask(h, "{\"command\":\"sources\"}");
    assert_string_equal(text, "{\"end\":true,\"rows\":0}\n");
    text = ask(h, "{\"command\":");
    assert_has(text, "{\"error\":\"");
    assert_int_equal(lines_of(text), 1);
    house_close(h);
}

static void test_a_reader_that_leaves_ends_the_answer(void **state)
{
    (void)state;
    struct house *h = house_open();
    for (uint64_t i = 1; i <= 10; i++) {
        char item[8];
        snprintf(item, sizeof item, "i%d", (int)i);
        book(h, i, item, 10000);
    }
    h->lines_left = 3;
    ask(h, "{\"command\":\"stock\"}");
    assert_true(lines_of(h->out.data) <= 4);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_are_read),
        cmocka_unit_test(test_what_is_no_request_is_refused),
        cmocka_unit_test(test_requests_survive_the_wire),
        cmocka_unit_test(test_status_and_stock),
        cmocka_unit_test(test_ledger_gaps_and_quarantine),
        cmocka_unit_test(test_a_reader_that_leaves_ends_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
