/* Real logs must give exactly the totals that were worked out without us, however their bytes arrive. */
#include "tests/unit/tlog_frames.h"
#include "tests/unit/tlog_help.h"

enum { FILE_BYTES_MAX = 1 << 21, ITEMS_MAX = 2000 };

struct total {
    char item[65];
    int64_t quantity_e4;
};

struct totals {
    struct reading reading;
    struct total items[ITEMS_MAX];
    size_t item_count;
    unsigned retail, other, pounds, voids;
    unsigned seed; /* 0: all at once */
};

static void read_file(const char *name, struct buf *out)
{
    char path[200];
    (void)snprintf(path, sizeof path, "tests/data/poslog-ncr-acs/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s: cannot be opened: run the tests in the source tree", path);
    }
    assert_int_equal(buf_reserve(out, FILE_BYTES_MAX), ERR_OK);
    out->size = fread(out->data, 1, FILE_BYTES_MAX, file);
    out->data[out->size] = '\0';
    (void)fclose(file);
}

static void add(struct totals *t, struct slice item, int64_t quantity_e4)
{
    size_t i = 0;
    while (i < t->item_count && !slice_equal_text(item, t->items[i].item)) {
        i++;
    }
    if (i == t->item_count) {
        assert_true(t->item_count++ < ITEMS_MAX);
        assert_true(slice_copy(item, t->items[i].item, sizeof t->items[i].item));
        t->items[i].quantity_e4 = 0;
    }
    t->items[i].quantity_e4 += quantity_e4;
}

static void take(void *ctx, enum frame_kind kind, size_t start, struct slice record)
{
    struct totals *t = ctx;
    struct reading *r = &t->reading;
    assert_int_equal(kind, FRAME_RECORD);
    if (tlog_decode(r->decoder, record, &r->txn, &r->none, &r->e) != ERR_OK) {
        fail_msg("byte %zu: %s", start, r->e.message);
    }
    assert_slice(r->txn.store, "9");
    t->retail += r->txn.action == TXN_COUNT ? 1 : 0;
    t->other += r->txn.action == TXN_IGNORE ? 1 : 0;
    for (size_t i = 0; i < r->txn.line_count; i++) {
        const struct txn_line *line = &r->txn.lines[i];
        add(t, line->item, line->quantity_e4);
        t->pounds += slice_equal_text(line->uom, "LB") ? 1 : 0;
        t->voids += line->kind == TILLWIRE__V1__MOVEMENT_KIND__VOID ? 1 : 0;
    }
}

static size_t next_piece(void *ctx)
{
    struct totals *t = ctx;
    if (t->seed == 0) {
        return FILE_BYTES_MAX;
    }
    t->seed = t->seed * 1664525U + 1013904223U;
    return 1 + (t->seed >> 12) % 20000;
}

static void expect_totals(const struct totals *t, char *expected)
{
    size_t lines = 0;
    for (char *line = strtok(expected, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char *tab = strchr(line, '\t');
        int64_t quantity_e4 = 0;
        if (line[0] == '#') {
            continue;
        }
        assert_non_null(tab);
        assert_int_equal(qty_parse(slice_of(tab + 1), &quantity_e4, NULL), ERR_OK);
        *tab = '\0';
        size_t i = 0;
        while (i < t->item_count && strcmp(t->items[i].item, line) != 0) {
            i++;
        }
        if (i == t->item_count || t->items[i].quantity_e4 != quantity_e4) {
            fail_msg("item %s: %s expected", line, tab + 1);
        }
        lines++;
    }
    assert_int_equal(lines, t->item_count);
}

static void run(const char *log, const char *expected, unsigned seed, struct totals *t)
{
    BUF_AUTO struct buf data = BUF_INIT(FILE_BYTES_MAX);
    BUF_AUTO struct buf totals = BUF_INIT(FILE_BYTES_MAX);
    struct frames frames = {.ctx = t, .each = take, .piece = next_piece, .reload = true};
    read_file(log, &data);
    read_file(expected, &totals);
    *t = (struct totals){.reading = {.decoder = open_decoder("poslog", "ncr-acs", 0)}, .seed = seed};
    assert_int_equal(frames_run(t->reading.decoder, buf_slice(&data), &frames), data.size);
    expect_totals(t, totals.data);
    tlog_close(t->reading.decoder);
}

static void test_poslog(void **state)
{
    (void)state;
    static struct totals t;
    for (unsigned seed = 0; seed < 20; seed++) {
        run("POSLog.xml", "POSLog.tsv", seed, &t);
        assert_int_equal(t.retail, 42);
        assert_int_equal(t.other, 9);
        assert_int_equal(t.voids, 4);
        assert_int_equal(t.pounds, 168);
    }
}

static void test_small(void **state)
{
    (void)state;
    static struct totals t;
    run("SMALL.xml", "SMALL.tsv", 0, &t);
    assert_int_equal(t.retail, 1);
    assert_int_equal(t.other, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_poslog),
        cmocka_unit_test(test_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
