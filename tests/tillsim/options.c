#include "tests/tillsim/options.h"

#include "tests/tillsim/civil.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool parse_count(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    if (*text < '0' || *text > '9') {
        return false;
    }
    *out = strtoull(text, &end, 10);
    return !*end && !errno;
}

static bool parse_rate(const char *text, double *out)
{
    char *end = NULL;
    *out = strtod(text, &end);
    return end != text && !*end && *out > 0 && *out <= 1e6;
}

static bool parse_value(const struct sim_option *o, const char *text)
{
    switch (o->type) {
    case SIM_OPTION_TEXT:
        *(const char **)o->out = text;
        return true;
    case SIM_OPTION_COUNT:
        return parse_count(text, o->out);
    case SIM_OPTION_RATE:
        return parse_rate(text, o->out);
    case SIM_OPTION_DAY:
        return sim_civil_parse(text, o->out);
    case SIM_OPTION_FLAG:
        return false;
    }
    return false;
}

/* The option that argument names, and its value behind a '=' (else NULL). */
static const struct sim_option *find(const struct sim_options *o, const char *argument, const char **value)
{
    if (strncmp(argument, "--", 2) != 0) {
        return NULL;
    }
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    *value = name[length] ? name + length + 1 : NULL;
    for (size_t i = 0; i < o->count; i++) {
        if (strlen(o->table[i].name) == length && strncmp(o->table[i].name, name, length) == 0) {
            return &o->table[i];
        }
    }
    return NULL;
}

bool sim_options_parse(const struct sim_options *o, int argc, const char *const *argv, bool *help,
                       struct sim_fail *f)
{
    *help = false;
    for (int i = 0; i < argc; i++) {
        const char *value = NULL;
        if (strcmp(argv[i], "--help") == 0) {
            *help = true;
            return true;
        }
        const struct sim_option *option = find(o, argv[i], &value);
        if (!option) {
            return sim_fail_set(f, "%s: no such option of %s; see --help", argv[i], o->verb);
        }
        if (option->type == SIM_OPTION_FLAG && !value) {
            *(bool *)option->out = true;
            continue;
        }
        if (!value && i + 1 < argc) {
            value = argv[++i];
        }
        if (!value || !parse_value(option, value)) {
            return sim_fail_set(f, "--%s: \"%s\" is not %s", option->name, value ? value : "", option->value);
        }
    }
    return true;
}

void sim_options_help(const struct sim_options *o, FILE *to)
{
    fprintf(to, "tillsim %s: %s\n\n", o->verb, o->about);
    for (size_t i = 0; i < o->count; i++) {
        char left[48];
        snprintf(left, sizeof left, "--%s %s", o->table[i].name, o->table[i].value);
        fprintf(to, "  %-30s %s\n", left, o->table[i].help);
    }
}
