#include "tests/tillsim/fleet.h"
#include "tests/tillsim/options.h"
#include "tests/tillsim/verbs.h"

#include <stdio.h>

struct wanted {
    uint64_t stores, items, quantity;
    enum sim_fleet_format format;
};

static void show_store(const struct wanted *w, uint64_t number, const struct sim_catalogue *c)
{
    char store[SIM_STORE_BYTES];
    sim_fleet_store(number, store);
    for (uint32_t i = 0; i < c->count; i++) {
        printf("%s,%s,%llu,floor,%s\n", store, c->items[i].id, (unsigned long long)w->quantity,
               c->items[i].uom);
    }
}

static bool show(const struct wanted *w, struct sim_fail *f)
{
    puts("store,item,quantity,location,uom");
    for (uint64_t number = 1; number <= w->stores; number++) {
        struct sim_catalogue catalogue;
        if (!sim_catalogue_open(&catalogue, sim_fleet_format_of(w->format, number), (uint32_t)w->items, f)) {
            return false;
        }
        show_store(w, number, &catalogue);
        sim_catalogue_close(&catalogue);
    }
    return true;
}

static bool words_apply(struct wanted *w, const char *format, struct sim_fail *f)
{
    if (!sim_fleet_format_parse(format, &w->format)) {
        return sim_fail_set(f, "--format \"%s\": choose jsonl, ncr-acs or mixed", format);
    }
    if (w->stores < 1 || w->stores > SIM_STORES_MAX) {
        return sim_fail_set(f, "--stores: choose between 1 and %d", SIM_STORES_MAX);
    }
    if (w->items < 1 || w->items > SIM_CATALOGUE_MAX) {
        return sim_fail_set(f, "--items: choose between 1 and %d", SIM_CATALOGUE_MAX);
    }
    return true;
}

int sim_verb_opening(int argc, const char *const *argv)
{
    struct wanted w = {.stores = 1, .items = 200, .quantity = 40};
    const char *format = "jsonl";
    bool help = false;
    const struct sim_option table[] = {
        {"stores", SIM_OPTION_COUNT, &w.stores, "N", "stores S001, S002, … (1)"},
        {"items", SIM_OPTION_COUNT, &w.items, "I", "the first I of the catalogue (200)"},
        {"format", SIM_OPTION_TEXT, &format, "FORMAT", "as generate was told (jsonl)"},
        {"quantity", SIM_OPTION_COUNT, &w.quantity, "Q", "of each item in each store (40)"},
    };
    const struct sim_options options = {"opening", "what generate's stores begin with, as CSV", table,
                                        sizeof table / sizeof table[0]};
    struct sim_fail f = {0};
    bool parsed = sim_options_parse(&options, argc, argv, &help, &f);
    if (parsed && help) {
        sim_options_help(&options, stdout);
        return SIM_EXIT_DONE;
    }
    if (!parsed || !words_apply(&w, format, &f)) {
        fprintf(stderr, "tillsim opening: %s\n", f.message);
        return SIM_EXIT_USAGE;
    }
    return show(&w, &f) ? SIM_EXIT_DONE : SIM_EXIT_FAILED;
}
