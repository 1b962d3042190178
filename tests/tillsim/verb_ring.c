#include "tests/tillsim/options.h"
#include "tests/tillsim/ring.h"
#include "tests/tillsim/verbs.h"

#include <string.h>

struct words {
    const char *item, *quantity, *uom, *description, *format;
};

static bool is_id(const char *text, size_t bytes_max)
{
    static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strlen(text);
    return length >= 1 && length <= bytes_max && strspn(text, ALLOWED) == length;
}

static bool item_apply(struct sim_ring *r, const struct words *w, struct sim_fail *f)
{
    if (!w->item || !w->item[0] || strlen(w->item) >= SIM_ITEM_BYTES) {
        return sim_fail_set(f, "--item: an id of 1 to %d bytes", SIM_ITEM_BYTES - 1);
    }
    if (strlen(w->description) >= SIM_DESCRIPTION_BYTES) {
        return sim_fail_set(f, "--description: at most %d bytes", SIM_DESCRIPTION_BYTES - 1);
    }
    if (!is_id(w->uom, SIM_UOM_BYTES - 1)) {
        return sim_fail_set(f, "--uom \"%s\": a unit such as EA or KGM", w->uom);
    }
    snprintf(r->item.id, sizeof r->item.id, "%s", w->item);
    snprintf(r->item.description, sizeof r->item.description, "%s", w->description);
    snprintf(r->item.uom, sizeof r->item.uom, "%s", w->uom);
    r->item.weighed = strcmp(w->uom, "EA") != 0;
    return true;
}

static bool words_apply(struct sim_ring *r, const struct words *w, struct sim_fail *f)
{
    if (!r->dir || !r->store || !is_id(r->store, SIM_STORE_BYTES - 1)) {
        return sim_fail_set(f,
                            "--dir and --store are needed; a store id has up to 32 letters, digits, _ and -");
    }
    if (r->workstation && !is_id(r->workstation, SIM_WORKSTATION_BYTES - 1)) {
        return sim_fail_set(f, "--workstation \"%s\": up to 16 letters, digits, _ and -", r->workstation);
    }
    if (sim_text_parse_e4(w->quantity, &r->quantity_e4) != 0 || r->quantity_e4 <= 0) {
        return sim_fail_set(
            f, "--quantity \"%s\": more than 0, at most four decimals; --return takes goods back",
            w->quantity);
    }
    bool acs = strcmp(w->format, "ncr-acs") == 0;
    if (!acs && strcmp(w->format, "jsonl") != 0) {
        return sim_fail_set(f, "--format \"%s\": choose jsonl or ncr-acs", w->format);
    }
    r->format = acs ? SIM_FORMAT_NCR_ACS : SIM_FORMAT_JSONL;
    return item_apply(r, w, f);
}

static void show(const struct sim_ring *r, const struct sim_rung *rung)
{
    struct sim_text line = {0};
    sim_text_put(&line, "business_day=");
    sim_civil_put_date(&line, rung->txn.day);
    sim_text_put(&line, r->is_return ? " kind=return quantity=" : " kind=sale quantity=");
    sim_text_put_e4(&line, r->is_return ? r->quantity_e4 : -r->quantity_e4, 0);
    printf("store=%s workstation=%s sequence=%u %.*s item=%s uom=%s\n", rung->txn.store,
           rung->txn.workstation, rung->txn.sequence, (int)line.size, line.data, r->item.id, r->item.uom);
    printf("file=%s offset=%lld length=%zu\n", rung->path, rung->offset, rung->record.size);
    bool ended = rung->record.data[rung->record.size - 1] == '\n';
    printf("%.*s%s", (int)rung->record.size, rung->record.data, ended ? "" : "\n");
    sim_text_free(&line);
}

static int ring_run(const struct sim_ring *r)
{
    struct sim_fail f = {0};
    struct sim_rung rung;
    if (!sim_ring(r, &rung, &f)) {
        fprintf(stderr, "tillsim ring: %s\n", f.message);
        return SIM_EXIT_FAILED;
    }
    show(r, &rung);
    sim_text_free(&rung.record);
    return SIM_EXIT_DONE;
}

int sim_verb_ring(int argc, const char *const *argv)
{
    struct sim_ring r = {0};
    struct words w = {.quantity = "1", .uom = "EA", .description = "", .format = "jsonl"};
    bool help = false;
    const struct sim_option table[] = {
        {"dir", SIM_OPTION_TEXT, &r.dir, "DIR", "folder of generate or scenario, or a new one"},
        {"store", SIM_OPTION_TEXT, &r.store, "S", "the store, such as S001"},
        {"item", SIM_OPTION_TEXT, &w.item, "I", "item id"},
        {"quantity", SIM_OPTION_TEXT, &w.quantity, "Q", "up to four decimals (1)"},
        {"return", SIM_OPTION_FLAG, &r.is_return, "", "goods come back"},
        {"workstation", SIM_OPTION_TEXT, &r.workstation, "W", "register (the store's first)"},
        {"uom", SIM_OPTION_TEXT, &w.uom, "UNIT", "unit of measure (EA)"},
        {"description", SIM_OPTION_TEXT, &w.description, "TEXT", "the item's words (none)"},
        {"format", SIM_OPTION_TEXT, &w.format, "FORMAT",
         "of a log that is not there yet: jsonl, ncr-acs (jsonl)"},
    };
    const struct sim_options options = {"ring", "one sale into a store's running log", table,
                                        sizeof table / sizeof table[0]};
    struct sim_fail f = {0};
    bool parsed = sim_options_parse(&options, argc, argv, &help, &f);
    if (parsed && help) {
        sim_options_help(&options, stdout);
        return SIM_EXIT_DONE;
    }
    if (!parsed || !words_apply(&r, &w, &f)) {
        fprintf(stderr, "tillsim ring: %s\n", f.message);
        return SIM_EXIT_USAGE;
    }
    return ring_run(&r);
}
