/* Stores without stores: real TLOG files from a seed, and an independent model of the stock that must come
 * out. */
#include "tests/tillsim/verbs.h"

#include <stdio.h>
#include <string.h>

static const char HELP[] =
    "tillsim: stores without stores\n"
    "\n"
    "  tillsim generate --out DIR [options]   TLOG files of many stores, and their model\n"
    "  tillsim scenario --out DIR [options]   five stores, nine records, known totals\n"
    "  tillsim ring --dir DIR --store S --item I [options]   one sale at a running store\n"
    "  tillsim opening [options]              what generate's stores begin with, as CSV\n"
    "\n"
    "tillsim VERB --help lists a verb's options.\n"
    "Exit: 0 done, 1 failed while reading or writing, 2 wrong use.\n";

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, const char *const *argv);
    } VERBS[] = {{"generate", sim_verb_generate},
                 {"scenario", sim_verb_scenario},
                 {"ring", sim_verb_ring},
                 {"opening", sim_verb_opening}};
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "help") == 0) {
        fputs(HELP, stdout);
        return SIM_EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++) {
        if (strcmp(VERBS[i].name, verb) == 0) {
            return VERBS[i].run(argc - 2, (const char *const *)(argv + 2));
        }
    }
    fputs(HELP, stderr);
    return SIM_EXIT_USAGE;
}
