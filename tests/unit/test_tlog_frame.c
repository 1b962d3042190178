#include "tests/unit/tlog_frames.h"
#include "tests/unit/tlog_help.h"

struct log {
    struct buf text; /* "record 3+20 <bytes>\n" … */
    size_t piece, first_piece;
    unsigned seed;
    bool show_bytes;
};

static void note(void *ctx, enum frame_kind kind, size_t start, struct slice record)
{
    struct log *log = ctx;
    enum err_class class = ERR_OK;
    switch (kind) {
    case FRAME_RECORD:
        class = buf_printf(&log->text, "[%.*s]", (int)record.size, record.data);
        break;
    case FRAME_TOO_LONG:
        class = buf_printf(&log->text, "{long}");
        break;
    case FRAME_SKIPPED:
        class = buf_printf(&log->text, "{end %zu}", start);
        break;
    case FRAME_MORE:
        fail();
    }
    assert_int_equal(class, ERR_OK);
}

static size_t next_piece(void *ctx)
{
    struct log *log = ctx;
    if (log->first_piece > 0) {
        size_t first = log->first_piece;
        log->first_piece = 0;
        return first;
    }
    if (log->seed != 0) {
        log->seed = log->seed * 1664525U + 1013904223U;
        return 1 + (log->seed >> 16) % 40;
    }
    return log->piece;
}

static size_t frame_in_pieces(struct tlog_decoder *d, struct slice data, struct log *log)
{
    struct frames frames = {.ctx = log, .each = note, .piece = next_piece, .reload = true};
    buf_clear(&log->text);
    assert_int_equal(buf_append(&log->text, "", 0), ERR_OK);
    return frames_run(d, data, &frames);
}

/* Whole, cut in two at every byte, byte by byte, and in random pieces: always the same records. */
static void expect_frames(const char *format, struct slice data, size_t ceiling, const char *expected)
{
    struct tlog_decoder *d = open_decoder(format, "standard", ceiling);
    struct log log = {.text = BUF_INIT(1 << 22), .piece = data.size + 1};
    assert_int_equal(frame_in_pieces(d, data, &log), data.size);
    assert_string_equal(log.text.data, expected);
    for (size_t cut = 1; cut < data.size; cut++) {
        log.first_piece = cut;
        assert_int_equal(frame_in_pieces(d, data, &log), data.size);
        if (strcmp(log.text.data, expected) != 0) {
            fail_msg("cut at %zu: %s", cut, log.text.data);
        }
    }
    log.piece = 1;
    assert_int_equal(frame_in_pieces(d, data, &log), data.size);
    assert_string_equal(log.text.data, expected);
    for (unsigned seed = 1; seed < 200; seed++) {
        log.seed = seed;
        assert_int_equal(frame_in_pieces(d, data, &log), data.size);
        if (strcmp(log.text.data, expected) != 0) {
            fail_msg("seed %u: %s", seed, log.text.data);
        }
    }
    buf_free(&log.text);
    tlog_close(d);
}

static void test_lines(void **state)
{
    (void)state;
    expect_frames("jsonl", SLICE("{\"a\":1}\n\r\n{}\r\nlast"), 0, "[{\"a\":1}\n][\r\n][{}\r\n][last]");
    expect_frames("jsonl", SLICE("\n"), 0, "[\n]");
}

static void test_lines_past_the_ceiling(void **state)
{
    (void)state;
    char data[400];
    memset(data, 'x', sizeof data);
    data[0] = '\n';
    data[64] = '\n';  /* 63 and its newline: the most there may be */
    data[129] = '\n'; /* one more */
    data[131] = '\n';
    BUF_AUTO struct buf expected = BUF_INIT(1000);
    assert_int_equal(buf_printf(&expected, "[\n][%.64s]{long}{end 130}[x\n]{long}{end 400}", data + 1),
                     ERR_OK);
    expect_frames("jsonl", (struct slice){data, sizeof data}, 64, expected.data);
}

#define T1 "<Transaction a=\"x>y\"><b/><c>1 > 0</c></Transaction>"
#define T2                                                                                   \
    "<p:Transaction xmlns:p='u'>\n<!-- </p:Transaction> --><![CDATA[</p:Transaction>]]><?p " \
    "</p:Transaction>?>\n</p:Transaction >"

static void test_elements(void **state)
{
    (void)state;
    expect_frames("poslog",
                  SLICE("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- <Transaction/> "
                        "-->\n<POSLog x='1'>" T1 "\n\n" T2 T1 "<Transaction/></POSLog>\n"),
                  0, "[" T1 "][" T2 "][" T1 "][<Transaction/>]");
    expect_frames("poslog", SLICE(T1 T1 "\n"), 0, "[" T1 "][" T1 "]"); /* no root */
    expect_frames("poslog",
                  SLICE("<POSLog><Batch n='1'><ID>17</ID><TransactionCount>1</TransactionCount>" T1
                        "</Batch></POSLog>"),
                  0, "[" T1 "]");
}

static void test_nested_elements_are_counted(void **state)
{
    (void)state;
#define NESTED "<Transaction><x:Transaction><y/></x:Transaction><z/></Transaction>"
    expect_frames("poslog", SLICE("<POSLog>" NESTED T1 "</POSLog>"), 0, "[" NESTED "][" T1 "]");
}

static void test_records_broken_off_end_where_another_begins(void **state)
{
    (void)state;
#define BROKEN "<Transaction><a>"
    expect_frames("poslog", SLICE("<POSLog>" BROKEN "</POSLog>"), 0, "[" BROKEN "]");
    expect_frames("poslog", SLICE("<POSLog>" BROKEN "<?xml version='1.0'?><POSLog>" T1), 0,
                  "[" BROKEN "][" T1 "]");
    expect_frames("poslog", SLICE("<POSLog>" BROKEN "<POSLog>" T1), 0, "[" BROKEN "][" T1 "]");
    expect_frames("poslog", SLICE("<POSLog>" BROKEN T1 T1 T1), 0, "[" BROKEN "][" T1 "][" T1 "][" T1 "]");
    expect_frames("poslog", SLICE("<POSLog>" BROKEN T1), 0, "[" BROKEN "][" T1 "]");
    expect_frames("poslog", SLICE("<POSLog>" T1 BROKEN), 0, "[" T1 "][" BROKEN "]");
    /* markup broken off within a tag or an attribute's quotes */
    expect_frames("poslog", SLICE("<POSLog><Transaction><a b=\"c><d/></Transaction>" T1 "</POSLog>"), 0,
                  "[<Transaction><a b=\"c><d/></Transaction>][" T1 "]");
    expect_frames("poslog", SLICE("<POSLog><Transaction><a</Transaction>" T1), 0,
                  "[<Transaction><a</Transaction>][" T1 "]");
}

static void test_what_has_no_place_becomes_a_record(void **state)
{
    (void)state;
    expect_frames("poslog", SLICE("<POSLog>" T1 "junk \n" T1), 0, "[" T1 "][junk \n][" T1 "]");
    expect_frames("poslog", SLICE("a></Transaction>" T1), 0, "[a>][</Transaction>][" T1 "]");
    expect_frames("poslog", SLICE("<!DOCTYPE a [<!ENTITY b \"]>\">]><POSLog>" T1), 0,
                  "[<!DOCTYPE a [<!ENTITY b \"]>\">]>][" T1 "]");
    expect_frames("poslog", SLICE("<POSLog>" T1 "</POS"), 0, "[" T1 "][</POS]");
}

static void test_elements_past_the_ceiling(void **state)
{
    (void)state;
#define BIG                                                                                        \
    "<Transaction><a>0123456789012345678901234567890123456789</a><b>01234567890123456789</b><!-- " \
    "</Transaction> --></Transaction>"
    expect_frames("poslog", SLICE("<POSLog>" BIG T1), 100, "{long}{end 132}[" T1 "]");
    expect_frames("poslog", SLICE("<POSLog>" BIG BIG), 100, "{long}{end 132}{long}{end 256}");
    expect_frames(
        "poslog",
        SLICE("<POSLog><Transaction><!-- "
              "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
              " </Transaction> --></Transaction>" T1),
        100, "{long}{end 145}[" T1 "]");
}

static void test_the_position_stands_before_the_end_of_the_root(void **state)
{
    (void)state;
    struct tlog_decoder *d = open_decoder("poslog", "standard", 0);
    struct slice data = SLICE("<POSLog><Transaction/>\n</POSLog>\n");
    struct frame frame = tlog_frame(d, data, false);
    assert_int_equal(frame.kind, FRAME_RECORD);
    size_t at = frame.skip + frame.size;
    frame = tlog_frame(d, (struct slice){data.data + at, data.size - at}, false);
    assert_int_equal(frame.kind, FRAME_MORE);
    assert_int_equal(frame.skip, 1); /* the newline; a till may write its next transaction over </POSLog> */
    struct slice next = SLICE("<Transaction/></POSLog>");
    frame = tlog_frame(d, next, false);
    assert_int_equal(frame.kind, FRAME_RECORD);
    struct slice appended = SLICE("</POSLog>\n<POSLog><Transaction/>"); /* or append a whole document */
    frame = tlog_frame(d, appended, false);
    assert_int_equal(frame.kind, FRAME_RECORD);
    assert_int_equal(frame.skip, 18);
    tlog_close(d);
}

static void test_the_encoding_is_kept_with_the_position(void **state)
{
    (void)state;
#define KEY                                                                               \
    "<RetailStoreID>S</RetailStoreID><WorkstationID>3</WorkstationID><SequenceNumber>9</" \
    "SequenceNumber><BusinessDayDate>2026-11-24</BusinessDayDate>"
#define GREEN                                                                                          \
    "<Transaction>" KEY                                                                                \
    "<RetailTransaction><LineItem><Sale><ItemID>A</ItemID><Quantity>1</Quantity><Description>Gr\xfcn " \
    "\x80</Description></Sale></LineItem></RetailTransaction></Transaction>"
    static const char *const ENCODINGS[][2] = {{"ISO-8859-1", "Gr\xc3\xbcn   "},
                                               {"windows-1252", "Gr\xc3\xbcn \xe2\x82\xac"}};
    for (int i = 0; i < 2; i++) {
        struct reading r = {.decoder = open_decoder("poslog", "standard", 0)};
        char head[100];
        (void)snprintf(head, sizeof head, "<?xml version='1.0' encoding='%s'?><POSLog>", ENCODINGS[i][0]);
        struct frame frame = tlog_frame(r.decoder, slice_of(head), false);
        assert_int_equal(frame.skip, strlen(head));
        BUF_AUTO struct buf context = BUF_INIT(TLOG_CONTEXT_BYTES_MAX);
        assert_int_equal(tlog_context_save(r.decoder, &context), ERR_OK);
        tlog_close(r.decoder);
        r.decoder = open_decoder("poslog", "standard", 0);
        expect_refused(&r, GREEN, "well-formed"); /* as UTF-8 it is not valid */
        assert_int_equal(tlog_context_load(r.decoder, buf_slice(&context), NULL), ERR_OK);
        expect_counted(&r, GREEN);
        assert_slice(r.txn.lines[0].description, ENCODINGS[i][1]);
        tlog_reset(r.decoder);
        expect_refused(&r, GREEN, "well-formed");
        tlog_close(r.decoder);
    }
}

static void test_damaged_contexts_are_refused(void **state)
{
    (void)state;
    struct tlog_decoder *d = open_decoder("poslog", "standard", 0);
    assert_int_equal(tlog_context_load(d, SLICE(""), NULL), ERR_OK);
    assert_int_equal(tlog_context_load(d, SLICE("\x02\0\0\0\0"), NULL), ERR_INVALID);
    assert_int_equal(tlog_context_load(d, SLICE("\x01\0\x09\0\0"), NULL), ERR_INVALID);
    assert_int_equal(tlog_context_load(d, SLICE("\x01\0\0x"), NULL), ERR_INVALID);
    tlog_close(d);
}

/* 100 MiB without an end, seen through a window just above the ceiling. */
static void expect_skipped(const char *format, const char *head, const char *filler, const char *end)
{
    enum { CEILING = 1 << 20, WINDOW = CEILING + (64 << 10) };
    const size_t total = (size_t)100 << 20;
    struct tlog_decoder *d = open_decoder(format, "standard", CEILING);
    char *window = malloc(WINDOW);
    assert_non_null(window);
    size_t filled = strlen(head);
    size_t written = filled;
    unsigned too_long = 0;
    unsigned skipped = 0;
    bool tail = false;
    memcpy(window, head, filled);
    while (skipped == 0) {
        while (written < total && filled + strlen(filler) <= WINDOW) {
            memcpy(window + filled, filler, strlen(filler));
            filled += strlen(filler);
            written += strlen(filler);
        }
        if (written >= total && !tail && filled + strlen(end) <= WINDOW) {
            memcpy(window + filled, end, strlen(end));
            filled += strlen(end);
            tail = true;
        }
        struct frame frame = tlog_frame(d, (struct slice){window, filled}, false);
        assert_true(frame.kind != FRAME_RECORD);
        assert_true(frame.kind == FRAME_SKIPPED || frame.skip + frame.size > 0);
        too_long += frame.kind == FRAME_TOO_LONG ? 1 : 0;
        skipped += frame.kind == FRAME_SKIPPED ? 1 : 0;
        filled -= frame.skip + frame.size;
        memmove(window, window + frame.skip + frame.size, filled);
    }
    assert_int_equal(too_long, 1);
    assert_int_equal(filled, 0);
    free(window);
    tlog_close(d);
}

static void test_endless_records(void **state)
{
    (void)state;
    expect_skipped("jsonl", "{\"a\":\"", "0123456789abcdef", "\"}\n");
    expect_skipped("poslog", "<Transaction>", "<a>0123456789</a>", "</Transaction>");
    expect_skipped("poslog", "<Transaction><!--", "<a>0123456789</a></Transaction>", "--></Transaction>");
    expect_skipped("poslog", "<Transaction a='", "0123456789", "'></Transaction>");
}

static void test_shapes(void **state)
{
    (void)state;
    BUF_AUTO struct buf out = BUF_INIT(1000);
    assert_int_equal(
        tlog_shape(
            SLICE(
                "{\"RetailStoreID\":\"S014\",\"a1\" : [4111111111111111,\"John Smith\"],\"John Smith\":1}\n"),
            500, &out),
        ERR_OK);
    assert_string_equal(out.data, "{\"RetailStoreID\":\"x9\",\"a9\" : [9,\"x x\"],\"x x\":9}");
    buf_clear(&out);
    assert_int_equal(
        tlog_shape(SLICE("<acs:Line Entry=\"Keyed 4111-1111\"><Name>J. Smith</Name>\n 12.50</acs:Line>"), 500,
                   &out),
        ERR_OK);
    assert_string_equal(out.data, "<acs:Line Entry=\"x 9-9\"><Name>x. x</Name> 9.9</acs:Line>");
    buf_clear(&out);
    assert_int_equal(tlog_shape(SLICE("<acs:Line>"), 4, &out), ERR_OK);
    assert_string_equal(out.data, "<acs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_past_the_ceiling),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_nested_elements_are_counted),
        cmocka_unit_test(test_records_broken_off_end_where_another_begins),
        cmocka_unit_test(test_what_has_no_place_becomes_a_record),
        cmocka_unit_test(test_elements_past_the_ceiling),
        cmocka_unit_test(test_the_position_stands_before_the_end_of_the_root),
        cmocka_unit_test(test_the_encoding_is_kept_with_the_position),
        cmocka_unit_test(test_damaged_contexts_are_refused),
        cmocka_unit_test(test_endless_records),
        cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
