/* What decoding costs: framing and decoding one transaction into a `struct txn`, beside the parser alone
 * (yajl, expat, with handlers that do nothing) over the same bytes. Each figure is the median of five runs.
 */
#include "edge/tlog/decoder.h"
#include "edge/tlog/profile.h"

#include <expat.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yajl/yajl_parse.h>

enum { RUNS = 5, RECORDS = 20000, DATA_BYTES_MAX = 128 * 1024 * 1024, ITEMS = 3 };

struct bench {
    struct buf data; /* RECORDS records of one format */
    struct tlog_decoder *decoder;
    uint64_t lines; /* so that nothing is optimised away */
};

static void must(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "bench_tlog: %s\n", what);
        exit(1);
    }
}

static int64_t now_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void add(struct buf *b, const char *text)
{
    must(buf_append_slice(b, slice_of(text)) == ERR_OK, "out of memory");
}

static void write_jsonl(struct buf *b, int number)
{
    must(buf_printf(
             b,
             "{\"RetailStoreID\":\"S014\",\"WorkstationID\":\"3\",\"SequenceNumber\":%d,\"BusinessDayDate\":"
             "\"2026-11-24\",\"EndDateTime\":\"2026-11-24T09:12:03+01:00\",\"RetailTransaction\":{"
             "\"TransactionStatus\":\"Finished\",\"LineItem\":[",
             number) == ERR_OK,
         "out of memory");
    for (int i = 0; i < ITEMS; i++) {
        must(buf_printf(
                 b,
                 "%s{\"SequenceNumber\":%d,\"Sale\":{\"ItemID\":\"%08d\",\"Description\":\"APPLE HONEY\","
                 "\"Quantity\":\"%d\"}}",
                 i > 0 ? "," : "", i + 1, number * 7 + i, i + 1) == ERR_OK,
             "out of memory");
    }
    add(b, ",{\"SequenceNumber\":4,\"Tender\":{\"TenderType\":\"Cash\",\"Amount\":\"12.50\"}}]}}\n");
}

static void write_acs_line(struct buf *b, int number, int line)
{
    must(buf_printf(
             b,
             "<LineItem EntryMethod=\"Scanned\"><SequenceNumber>%d</SequenceNumber><Sale ItemType=\"Stock\">"
             "<POSIdentity "
             "POSIDType=\"GTIN\"><POSItemID>%08d</POSItemID><Qualifier>6</Qualifier></POSIdentity>"
             "<ItemID>%08d</ItemID><MerchandiseHierarchy Level=\"Department\" "
             "acs:DepartmentDescription=\"D6\">6"
             "</MerchandiseHierarchy><Description>APPLE HONEYCRISP "
             "ORG</Description><RegularSalesUnitPrice>2.99"
             "</RegularSalesUnitPrice><ExtendedAmount>1.26</ExtendedAmount><DiscountAmount>0.00</"
             "DiscountAmount>"
             "<ExtendedDiscountAmount>0.00</ExtendedDiscountAmount><Quantity>1</Quantity><acs:ReportCode>0"
             "</acs:ReportCode><acs:SaleableMediaID>0</acs:SaleableMediaID><acs:Itemizers "
             "FoodStampable=\"true\" "
             "Itemizer1=\"true\">112</acs:Itemizers></Sale></LineItem>",
             line, number * 7 + line, number * 7 + line) == ERR_OK,
         "out of memory");
}

static void write_poslog(struct buf *b, int number)
{
    must(
        buf_printf(
            b,
            "<Transaction><RetailStoreID>9</RetailStoreID><WorkstationID>34</WorkstationID><SequenceNumber>%d"
            "</SequenceNumber><BusinessDayDate>2026-11-24</BusinessDayDate><EndDateTime>2026-11-24T09:12:03"
            "</EndDateTime><OperatorID OperatorName=\"X\">94</OperatorID><CurrencyCode>USD</CurrencyCode>"
            "<RetailTransaction Version=\"2.1\"><ReceiptDateTime>2026-11-24T09:12:03</ReceiptDateTime>",
            number) == ERR_OK,
        "out of memory");
    for (int i = 0; i < ITEMS; i++) {
        write_acs_line(b, number, i + 1);
    }
    add(b,
        "<LineItem EntryMethod=\"MSR\"><SequenceNumber>4</SequenceNumber><Tender TenderType=\"CreditDebit\" "
        "TypeCode=\"Sale\"><TenderID>12</TenderID><Amount>1.07</Amount><Authorization "
        "HostAuthorized=\"true\">"
        "<RequestedAmount>1.07</RequestedAmount><ReferenceNumber>0</ReferenceNumber></Authorization></Tender>"
        "</LineItem><Total TotalType=\"TransactionGrandAmount\">1.07</Total><Total "
        "TotalType=\"TransactionTaxAmount\">"
        "0.00</Total><acs:ItemCount>3</acs:ItemCount></RetailTransaction></Transaction>\n");
}

static void prepare(struct bench *b, const char *format, const char *profile,
                    void (*write)(struct buf *, int))
{
    struct err e = {.message = ""};
    struct tlog_options options = {.profile = tlog_profile_find(profile)};
    b->data = BUF_INIT(DATA_BYTES_MAX);
    for (int i = 0; i < RECORDS; i++) {
        write(&b->data, i + 1);
    }
    must(tlog_open(&b->decoder, format, &options, &e) == ERR_OK, e.message);
}

static void finish(struct bench *b)
{
    tlog_close(b->decoder);
    buf_free(&b->data);
}

/* Frames and decodes all, as the edge does. */
static void decode(struct bench *b)
{
    struct slice rest = buf_slice(&b->data);
    struct err e;
    struct txn txn;
    bool none = false;
    int records = 0;
    while (rest.size > 0) {
        struct frame frame = tlog_frame(b->decoder, rest, false);
        if (frame.kind != FRAME_RECORD) {
            break;
        }
        struct slice record = {rest.data + frame.skip, frame.size};
        must(tlog_decode(b->decoder, record, &txn, &none, &e) == ERR_OK, "a record was refused");
        must(txn.line_count == ITEMS, "a line is missing");
        b->lines += txn.content_hash & 1;
        records++;
        rest = (struct slice){record.data + record.size, rest.size - frame.skip - frame.size};
    }
    must(records == RECORDS, "a record is missing");
}

/* Frames alone. */
static void frame(struct bench *b)
{
    struct slice rest = buf_slice(&b->data);
    while (rest.size > 0) {
        struct frame f = tlog_frame(b->decoder, rest, false);
        if (f.kind != FRAME_RECORD) {
            break;
        }
        b->lines += f.lines;
        rest = (struct slice){rest.data + f.skip + f.size, rest.size - f.skip - f.size};
    }
}

static int nothing(void *ctx)
{
    (void)ctx;
    return 1;
}

static int nothing_boolean(void *ctx, int value)
{
    (void)ctx;
    (void)value;
    return 1;
}

static int nothing_number(void *ctx, const char *text, size_t size)
{
    (void)ctx;
    (void)text;
    (void)size;
    return 1;
}

static int nothing_string(void *ctx, const unsigned char *text, size_t size)
{
    (void)ctx;
    (void)text;
    (void)size;
    return 1;
}

static void raw_yajl(struct bench *b)
{
    static const yajl_callbacks CALLBACKS = {
        nothing, nothing_boolean, NULL,    NULL,    nothing_number, nothing_string,
        nothing, nothing_string,  nothing, nothing, nothing,
    };
    yajl_handle yajl = yajl_alloc(&CALLBACKS, NULL, NULL);
    must(yajl != NULL, "out of memory");
    (void)yajl_config(yajl, yajl_allow_multiple_values, 1);
    must(yajl_parse(yajl, (const unsigned char *)b->data.data, b->data.size) == yajl_status_ok,
         "yajl refused");
    yajl_free(yajl);
}

static void no_start(void *ctx, const char *name, const char **attributes)
{
    (void)ctx;
    (void)name;
    (void)attributes;
}

static void no_end(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
}

static void no_text(void *ctx, const char *text, int size)
{
    (void)ctx;
    (void)text;
    (void)size;
}

static void raw_expat(struct bench *b)
{
    XML_Parser parser = XML_ParserCreate("UTF-8");
    must(parser != NULL, "out of memory");
    XML_SetElementHandler(parser, no_start, no_end);
    XML_SetCharacterDataHandler(parser, no_text);
    must(XML_Parse(parser, "<r>", 3, 0) == XML_STATUS_OK, "expat refused");
    must(XML_Parse(parser, b->data.data, (int)b->data.size, 0) == XML_STATUS_OK, "expat refused");
    XML_ParserFree(parser);
}

static int by_value(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int64_t timed(struct bench *b, void (*work)(struct bench *))
{
    int64_t start = now_ns();
    work(b);
    return now_ns() - start;
}

static double median(int64_t ns[RUNS])
{
    qsort(ns, RUNS, sizeof ns[0], by_value);
    int64_t middle = ns[RUNS / 2];
    return (double)middle / RECORDS;
}

/* Turn by turn, so that a noisy neighbour meets all alike. */
static void report(struct bench *b, const char *name, const char *parser, void (*raw)(struct bench *))
{
    int64_t raw_ns[RUNS];
    int64_t decode_ns[RUNS];
    int64_t frame_ns[RUNS];
    for (int i = 0; i < RUNS; i++) {
        raw_ns[i] = timed(b, raw);
        decode_ns[i] = timed(b, decode);
        frame_ns[i] = timed(b, frame);
    }
    double alone = median(raw_ns);
    double whole = median(decode_ns);
    (void)printf("%s: a transaction of %zu bytes, %d items: %.0f ns (of it framing %.0f ns); %s alone %.0f "
                 "ns; ratio %.2f\n",
                 name, b->data.size / RECORDS, ITEMS, whole, median(frame_ns), parser, alone, alone / whole);
}

int main(int argc, char **argv)
{
    struct bench b = {.lines = 0};
    if (argc < 2 || strcmp(argv[1], "jsonl") == 0) {
        prepare(&b, "jsonl", "standard", write_jsonl);
        report(&b, "JSON lines", "yajl", raw_yajl);
        finish(&b);
    }
    if (argc < 2 || strcmp(argv[1], "poslog") == 0) {
        prepare(&b, "poslog", "ncr-acs", write_poslog);
        report(&b, "POSLog", "expat", raw_expat);
        finish(&b);
    }
    return b.lines == 1 ? 1 : 0;
}
