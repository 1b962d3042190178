#include "tests/tillsim/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STREAM_BYTES_HELD = 1 << 20 };

static bool stream_open(struct sim_stream *s, const char *dir, const char *name, const char *head,
                        struct sim_fail *f)
{
    if (!sim_path_join(s->path, f, dir, name, NULL)) {
        return false;
    }
    s->fd = open(s->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (s->fd < 0) {
        return sim_fail_set(f, "%s: cannot create: %s", s->path, strerror(errno));
    }
    sim_text_put(&s->text, head);
    return true;
}

static bool stream_flush(struct sim_stream *s, size_t held_max, struct sim_fail *f)
{
    if (s->fd < 0 || s->text.size <= held_max) {
        return true;
    }
    bool written = sim_files_write(s->fd, s->path, s->text.data, s->text.size, f);
    sim_text_clear(&s->text);
    return written;
}

static void stream_close(struct sim_stream *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    s->fd = -1;
    sim_text_free(&s->text);
}

static void put_field(struct sim_text *out, const char *text, char end)
{
    sim_text_put(out, text);
    sim_text_put_char(out, end);
}

static void list_movement(void *arg, const struct sim_movement *v)
{
    struct sim_text *out = &((struct sim_report *)arg)->ledger.text;
    put_field(out, v->txn->store, '\t');
    put_field(out, v->txn->workstation, '\t');
    sim_civil_put_date(out, v->txn->day);
    sim_text_put_char(out, '\t');
    sim_text_put_u64(out, v->txn->sequence);
    sim_text_put_char(out, '\t');
    sim_text_put_u64(out, v->line);
    sim_text_put_char(out, '\t');
    put_field(out, v->item, '\t');
    put_field(out, v->location, '\t');
    put_field(out, v->kind, '\t');
    sim_text_put_e4(out, v->quantity_e4, 0);
    sim_text_put_char(out, '\t');
    put_field(out, v->uom, '\n');
}

bool sim_report_open(struct sim_report *r, const char *dir, bool ledger, bool cards, struct sim_fail *f)
{
    char folder[SIM_PATH_BYTES];
    *r = (struct sim_report){.ledger.fd = -1, .gaps.fd = -1, .cards.fd = -1};
    r->model = sim_model_open();
    if (!sim_path_join(r->dir, f, dir, NULL) || !sim_path_join(folder, f, dir, "model", NULL) ||
        !sim_files_make_dirs(folder, f)) {
        return false;
    }
    if (ledger) {
        sim_model_listen(r->model, list_movement, r);
        if (!stream_open(
                &r->ledger, folder, "ledger.tsv",
                "store\tworkstation\tbusiness_day\tsequence\tline\titem\tlocation\tkind\tquantity\tuom\n",
                f)) {
            return false;
        }
    }
    if (cards && !stream_open(&r->cards, dir, "cards.txt", "", f)) {
        return false;
    }
    return stream_open(&r->gaps, folder, "gaps.tsv", "store\tworkstation\tbusiness_day\tsequence\n", f);
}

/* Two lines where the till shows the number in groups: each is a pattern for grep -F. */
void sim_report_card(struct sim_report *r, const struct sim_card *card)
{
    if (r->cards.fd < 0) {
        return;
    }
    bool grouped = card->shown[4] == ' ' || card->shown[4] == '-';
    put_field(&r->cards.text, card->digits, '\n');
    if (grouped) {
        put_field(&r->cards.text, card->shown, '\n');
    }
    r->card_count++;
}

bool sim_report_add(struct sim_report *r, const struct sim_txn *t, struct sim_fail *f)
{
    sim_model_apply(r->model, t);
    if (t->card.digits[0]) {
        sim_report_card(r, &t->card);
    }
    return stream_flush(&r->ledger, STREAM_BYTES_HELD, f) && stream_flush(&r->cards, STREAM_BYTES_HELD, f);
}

bool sim_report_gap(struct sim_report *r, const char *store, const struct sim_gap *gap, struct sim_fail *f)
{
    struct sim_text *out = &r->gaps.text;
    put_field(out, store, '\t');
    put_field(out, gap->workstation, '\t');
    sim_civil_put_date(out, gap->day);
    sim_text_put_char(out, '\t');
    sim_text_put_u64(out, gap->sequence);
    sim_text_put_char(out, '\n');
    r->gap_count++;
    return stream_flush(&r->gaps, STREAM_BYTES_HELD, f);
}

static bool write_stock(struct sim_report *r, struct sim_fail *f)
{
    size_t count = 0;
    const struct sim_row *rows = sim_model_rows(r->model, &count);
    char path[SIM_PATH_BYTES];
    struct sim_text out = {0};
    sim_text_put(&out, "store\titem\tlocation\tuom\tquantity\n");
    for (size_t i = 0; i < count; i++) {
        put_field(&out, rows[i].store, '\t');
        put_field(&out, rows[i].item, '\t');
        put_field(&out, rows[i].location, '\t');
        put_field(&out, rows[i].uom, '\t');
        sim_text_put_e4(&out, rows[i].quantity_e4, 0);
        sim_text_put_char(&out, '\n');
    }
    bool written =
        sim_path_join(path, f, r->dir, "model", "stock.tsv", NULL) && sim_files_replace(path, &out, f);
    sim_text_free(&out);
    return written;
}

static void put_count(struct sim_text *out, const char *name, uint64_t value)
{
    sim_text_put(out, ",\"");
    sim_text_put(out, name);
    sim_text_put(out, "\":");
    sim_text_put_u64(out, value);
}

static void put_tally(struct sim_text *out, const struct sim_tally *t)
{
    uint64_t sum = 0;
    for (int v = 0; v < SIM_VERDICTS; v++) {
        sum += t->verdicts[v];
    }
    put_count(out, "transactions", sum);
    put_count(out, "counted", t->verdicts[SIM_COUNTED]);
    put_count(out, "ignored", t->verdicts[SIM_IGNORED]);
    put_count(out, "quarantined", t->verdicts[SIM_QUARANTINED]);
    put_count(out, "duplicates", t->verdicts[SIM_DUPLICATE]);
    put_count(out, "movements", t->movements);
}

struct sim_tally sim_report_total(const struct sim_report *r)
{
    size_t count = 0;
    const struct sim_tally *tallies = sim_model_tallies(r->model, &count);
    struct sim_tally total = {.store = ""};
    for (size_t i = 0; i < count; i++) {
        for (int v = 0; v < SIM_VERDICTS; v++) {
            total.verdicts[v] += tallies[i].verdicts[v];
        }
        total.movements += tallies[i].movements;
    }
    return total;
}

static bool write_summary(const struct sim_report *r, struct sim_fail *f)
{
    size_t count = 0;
    const struct sim_tally *tallies = sim_model_tallies(r->model, &count);
    struct sim_tally total = sim_report_total(r);
    char path[SIM_PATH_BYTES];
    struct sim_text out = {0};
    sim_text_put(&out, "{\"stores\":[");
    for (size_t i = 0; i < count; i++) {
        sim_text_put(&out, i ? ",\n{\"store\":" : "\n{\"store\":");
        sim_text_put_json(&out, tallies[i].store);
        put_tally(&out, &tallies[i]);
        sim_text_put_char(&out, '}');
    }
    sim_text_put(&out, "],\n\"total\":{\"stores\":");
    sim_text_put_u64(&out, count);
    put_tally(&out, &total);
    put_count(&out, "gaps", r->gap_count);
    put_count(&out, "cards", r->card_count);
    sim_text_put(&out, "}}\n");
    bool written =
        sim_path_join(path, f, r->dir, "model", "summary.json", NULL) && sim_files_replace(path, &out, f);
    sim_text_free(&out);
    return written;
}

static bool write_quarantined(const struct sim_report *r, const struct sim_tally *t, struct sim_fail *f)
{
    char path[SIM_PATH_BYTES];
    struct sim_text out = {0};
    sim_text_put_u64(&out, t->verdicts[SIM_QUARANTINED]);
    sim_text_put_char(&out, '\n');
    bool written = sim_path_join(path, f, r->dir, t->store, "expected_quarantined", NULL) &&
                   sim_files_replace(path, &out, f);
    sim_text_free(&out);
    return written;
}

bool sim_report_finish(struct sim_report *r, struct sim_fail *f)
{
    size_t count = 0;
    const struct sim_tally *tallies = sim_model_tallies(r->model, &count);
    for (size_t i = 0; i < count; i++) {
        if (!write_quarantined(r, &tallies[i], f)) {
            return false;
        }
    }
    return stream_flush(&r->ledger, 0, f) && stream_flush(&r->gaps, 0, f) && stream_flush(&r->cards, 0, f) &&
           write_stock(r, f) && write_summary(r, f);
}

void sim_report_close(struct sim_report *r)
{
    stream_close(&r->ledger);
    stream_close(&r->gaps);
    stream_close(&r->cards);
    sim_model_close(r->model);
    r->model = NULL;
}
