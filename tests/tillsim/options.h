/* A verb's options as a table that parses and documents itself. Values are written through `out`. */
#ifndef TILLSIM_OPTIONS_H
#define TILLSIM_OPTIONS_H

#include "tests/tillsim/fail.h"

#include <stddef.h>
#include <stdio.h>

enum sim_option_type {
    SIM_OPTION_TEXT,  /* const char * */
    SIM_OPTION_COUNT, /* uint64_t */
    SIM_OPTION_RATE,  /* double > 0 */
    SIM_OPTION_DAY,   /* int32_t, days since 1970-01-01 */
    SIM_OPTION_FLAG,  /* bool, without a value */
};

struct sim_option {
    const char *name; /* without the dashes */
    enum sim_option_type type;
    void *out;
    const char *value, *help; /* what --help shows */
};

struct sim_options {
    const char *verb, *about;
    const struct sim_option *table;
    size_t count;
};

/* argv holds only options: "--name value" or "--name=value". *help is set by --help, which ends the parsing.
 */
bool sim_options_parse(const struct sim_options *o, int argc, const char *const *argv, bool *help,
                       struct sim_fail *f);
void sim_options_help(const struct sim_options *o, FILE *to);

#endif
