#include "tests/tillsim/fleet.h"
#include "tests/tillsim/options.h"
#include "tests/tillsim/verbs.h"

#include <string.h>

/* "repeat,malformed", "all", "none" */
static bool traps_parse(const char *text, unsigned *out)
{
    static const struct {
        const char *name;
        unsigned bits;
    } TRAPS[] = {{"repeat", SIM_TRAP_REPEAT},
                 {"malformed", SIM_TRAP_MALFORMED},
                 {"in-process", SIM_TRAP_IN_PROCESS},
                 {"all", SIM_TRAP_REPEAT | SIM_TRAP_MALFORMED | SIM_TRAP_IN_PROCESS},
                 {"none", 0}};
    for (*out = 0;;) {
        size_t length = strcspn(text, ","), i = 0, count = sizeof TRAPS / sizeof TRAPS[0];
        while (i < count && (strlen(TRAPS[i].name) != length || strncmp(TRAPS[i].name, text, length) != 0)) {
            i++;
        }
        if (i == count) {
            return false;
        }
        *out |= TRAPS[i].bits;
        if (!text[length]) {
            return true;
        }
        text += length + 1;
    }
}

static bool words_apply(struct sim_fleet_config *c, const char *format, const char *traps, struct sim_fail *f)
{
    if (!c->dir) {
        return sim_fail_set(f, "--out is missing: the folder to write to");
    }
    if (!sim_fleet_format_parse(format, &c->format)) {
        return sim_fail_set(f, "--format \"%s\": choose jsonl, ncr-acs or mixed", format);
    }
    if (!traps_parse(traps, &c->traps)) {
        return sim_fail_set(f, "--traps \"%s\": a list of repeat, malformed, in-process; or all, none",
                            traps);
    }
    return true;
}

static int generate_run(struct sim_fleet_config *c, const char *format, const char *traps)
{
    struct sim_fail f = {0};
    if (!words_apply(c, format, traps, &f)) {
        fprintf(stderr, "tillsim generate: %s\n", f.message);
        return SIM_EXIT_USAGE;
    }
    if (!sim_fleet_run(c, &f)) {
        fprintf(stderr, "tillsim generate: %s\n", f.message);
        return SIM_EXIT_FAILED;
    }
    return SIM_EXIT_DONE;
}

int sim_verb_generate(int argc, const char *const *argv)
{
    const char *format = "jsonl", *traps = "none";
    bool no_ledger = false, help = false;
    struct sim_fleet_config c = {
        .stores = 1, .transactions = 1000, .seed = 1, .registers = 4, .items = 200, .start_day = -1};
    const struct sim_option table[] = {
        {"out", SIM_OPTION_TEXT, &c.dir, "DIR", "folder to write to; its stores must have no log yet"},
        {"stores", SIM_OPTION_COUNT, &c.stores, "N", "stores S001, S002, … (1)"},
        {"transactions", SIM_OPTION_COUNT, &c.transactions, "T",
         "per store (1000); 0 = without end, at a rate"},
        {"seed", SIM_OPTION_COUNT, &c.seed, "S", "the same seed gives the same bytes (1)"},
        {"format", SIM_OPTION_TEXT, &format, "FORMAT", "jsonl, ncr-acs or mixed: every other store (jsonl)"},
        {"registers", SIM_OPTION_COUNT, &c.registers, "R", "per store (4)"},
        {"items", SIM_OPTION_COUNT, &c.items, "I", "in the catalogue (200)"},
        {"rate", SIM_OPTION_RATE, &c.rate, "R", "records a second, all stores; without it all at once"},
        {"start-day", SIM_OPTION_DAY, &c.start_day, "YYYY-MM-DD",
         "first business day (2024-01-02; at a rate: now)"},
        {"traps", SIM_OPTION_TEXT, &traps, "LIST", "repeat, malformed, in-process, all (none)"},
        {"gap", SIM_OPTION_COUNT, &c.gaps, "N", "leave about N numbers out per store (0)"},
        {"cards", SIM_OPTION_FLAG, &c.cards, "", "put synthetic card numbers into tender lines"},
        {"no-ledger", SIM_OPTION_FLAG, &no_ledger, "", "write no model/ledger.tsv"},
        {"append", SIM_OPTION_FLAG, &c.append, "",
         "go on with logs that are there; the model tells of this run alone"},
        {"quiet", SIM_OPTION_FLAG, &c.quiet, "", "no progress on stderr"},
    };
    const struct sim_options options = {"generate",
                                        "real TLOG files, and the stock that must come out of them", table,
                                        sizeof table / sizeof table[0]};
    struct sim_fail f = {0};
    if (!sim_options_parse(&options, argc, argv, &help, &f)) {
        fprintf(stderr, "tillsim generate: %s\n", f.message);
        return SIM_EXIT_USAGE;
    }
    if (help) {
        sim_options_help(&options, stdout);
        return SIM_EXIT_DONE;
    }
    c.ledger = !no_ledger;
    return generate_run(&c, format, traps);
}
