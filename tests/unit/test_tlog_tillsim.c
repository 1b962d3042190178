/* The product's decoders against the independent model: every record that tillsim writes must mean the same
 * to both. */
#include "tests/tillsim/gen.h"
#include "tests/tillsim/model.h"
#include "tests/unit/tlog_help.h"

enum { TRANSACTIONS = 4000, ALL_TRAPS = SIM_TRAP_REPEAT | SIM_TRAP_MALFORMED | SIM_TRAP_IN_PROCESS };
enum { MOVEMENTS_MAX = SIM_LINES_MAX };

/* What the model makes of one record. */
struct expected {
    struct sim_movement movements[MOVEMENTS_MAX];
    size_t count;
};

struct fixture {
    struct sim_catalogue catalogue;
    struct sim_gen *gen;
    struct sim_model *model;
    struct expected expected;
    struct reading reading;
    struct sim_card gift_card;
    uint64_t verdicts[SIM_VERDICTS], cards;
};

static void collect(void *arg, const struct sim_movement *v)
{
    struct expected *x = arg;
    assert_true(x->count < MOVEMENTS_MAX);
    x->movements[x->count++] = *v;
}

static void open_fixture(struct fixture *x, enum sim_format format)
{
    struct sim_fail f = {0};
    struct sim_rng rng = sim_rng_of(1, 0);
    *x = (struct fixture){.gen = calloc(1, sizeof *x->gen), .model = sim_model_open()};
    sim_card_make(&rng, &x->gift_card);
    assert_true(sim_catalogue_open(&x->catalogue, format, 80, &f));
    sim_catalogue_add_card(&x->catalogue, x->gift_card.digits);
    struct sim_gen_config config = {.seed = 20,
                                    .store_number = 1,
                                    .store = "S001",
                                    .format = format,
                                    .catalogue = &x->catalogue,
                                    .registers = 4,
                                    .start_day = 20000,
                                    .transactions = TRANSACTIONS,
                                    .traps = ALL_TRAPS,
                                    .cards = true};
    assert_true(sim_gen_open(x->gen, &config, &f));
    sim_model_listen(x->model, collect, &x->expected);
    bool acs = format == SIM_FORMAT_NCR_ACS;
    x->reading.decoder = open_decoder(acs ? "poslog" : "jsonl", acs ? "ncr-acs" : "standard", 0);
}

static void close_fixture(struct fixture *x)
{
    tlog_close(x->reading.decoder);
    sim_model_close(x->model);
    sim_catalogue_close(&x->catalogue);
    free(x->gen);
}

static const char *kind_name(Tillwire__V1__MovementKind kind)
{
    return kind == TILLWIRE__V1__MOVEMENT_KIND__SALE      ? "sale"
           : kind == TILLWIRE__V1__MOVEMENT_KIND__RETURN  ? "return"
           : kind == TILLWIRE__V1__MOVEMENT_KIND__VOID    ? "void"
           : kind == TILLWIRE__V1__MOVEMENT_KIND__RECEIPT ? "receipt"
                                                          : "other";
}

static void compare_lines(const struct fixture *x)
{
    const struct txn *t = &x->reading.txn;
    assert_int_equal(t->line_count, x->expected.count);
    for (size_t i = 0; i < t->line_count; i++) {
        const struct txn_line *line = &t->lines[i];
        const struct sim_movement *v = &x->expected.movements[i];
        assert_slice(line->item, v->item);
        assert_slice(line->location, v->location);
        assert_slice(line->uom, v->uom);
        assert_string_equal(kind_name(line->kind), v->kind);
        assert_int_equal(line->quantity_e4, v->quantity_e4);
        assert_int_equal(line->line, v->line);
    }
}

static void compare_key(const struct txn *t, const struct sim_txn *meant)
{
    assert_slice(t->store, meant->store);
    assert_slice(t->workstation, meant->workstation);
    assert_int_equal(t->business_day, meant->day);
    assert_int_equal(t->sequence, meant->sequence);
    assert_int_equal(t->local_s, meant->end.local_s);
}

/* Card numbers stand in tender lines and in one item's description: no value that was decoded may hold one.
 */
static void look_for_cards(struct fixture *x, const struct sim_txn *meant)
{
    const struct txn *t = &x->reading.txn;
    for (size_t i = 0; i < t->line_count; i++) {
        char description[256];
        assert_true(slice_copy(t->lines[i].description, description, sizeof description));
        assert_null(strstr(description, x->gift_card.digits));
        x->cards += strstr(description, "GIFT CARD") != NULL;
        assert_true(meant->card.digits[0] == '\0' || strstr(description, meant->card.shown) == NULL);
    }
}

static void compare_record(struct fixture *x, const struct sim_txn *meant, struct slice record)
{
    x->expected.count = 0;
    enum sim_verdict verdict = sim_model_apply(x->model, meant);
    struct reading *r = &x->reading;
    enum err_class class = tlog_decode(r->decoder, record, &r->txn, &r->none, &r->e);
    x->verdicts[verdict]++;
    if (verdict == SIM_QUARANTINED) {
        assert_int_equal(class, ERR_INVALID);
        return;
    }
    if (class != ERR_OK) {
        fail_msg("refused: %s: %.*s", r->e.message, (int)record.size, record.data);
    }
    assert_false(r->none);
    compare_key(&r->txn, meant);
    switch (verdict) {
    case SIM_COUNTED:
        assert_int_equal(r->txn.action, TXN_COUNT);
        compare_lines(x);
        look_for_cards(x, meant);
        break;
    case SIM_IGNORED:
        assert_int_not_equal(r->txn.action, TXN_COUNT);
        assert_int_equal(r->txn.action == TXN_NOT_FINAL,
                         meant->status == SIM_STATUS_SUSPENDED || meant->status == SIM_STATUS_IN_PROCESS);
        break;
    case SIM_DUPLICATE:
        assert_int_equal(r->txn.action, TXN_COUNT);
        break;
    case SIM_QUARANTINED:
        break;
    }
}

/* Half a record is none yet; the whole one is framed exactly. */
static struct slice frame_record(struct tlog_decoder *d, const struct sim_text *text, size_t start)
{
    struct slice all = {text->data, text->size};
    struct frame half = tlog_frame(d, (struct slice){all.data, start + (all.size - start) / 2}, false);
    assert_int_equal(half.kind, FRAME_MORE);
    all.data += half.skip;
    all.size -= half.skip;
    struct frame whole = tlog_frame(d, all, false);
    assert_int_equal(whole.kind, FRAME_RECORD);
    assert_int_equal(whole.skip + whole.size, all.size);
    return (struct slice){all.data + whole.skip, whole.size};
}

static void decode_everything(enum sim_format format)
{
    struct fixture x;
    struct sim_txn t;
    struct sim_text text = {0};
    open_fixture(&x, format);
    sim_text_put(&text, sim_txn_file_head(format));
    while (sim_gen_next(x.gen, &t)) {
        size_t start = text.size;
        sim_txn_write(&t, format, &text);
        compare_record(&x, &t, frame_record(x.reading.decoder, &text, start));
        sim_text_clear(&text);
    }
    for (int verdict = 0; verdict < SIM_VERDICTS; verdict++) {
        assert_true(x.verdicts[verdict] > 0);
    }
    assert_true(x.cards > 0);
    sim_text_free(&text);
    close_fixture(&x);
}

static void test_json_lines(void **state)
{
    (void)state;
    decode_everything(SIM_FORMAT_JSONL);
}

static void test_ncr_acs(void **state)
{
    (void)state;
    decode_everything(SIM_FORMAT_NCR_ACS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_lines),
        cmocka_unit_test(test_ncr_acs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
