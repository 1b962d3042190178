/* What the programs share that kill themselves in a named gap: `--failpoint NAME:N` (or TILLWIRE_FAILPOINT in
 * the environment) dies of SIGKILL when NAME is passed for the N-th time. */
#ifndef TESTS_INTEGRATION_FAILPOINT_H
#define TESTS_INTEGRATION_FAILPOINT_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct failpoint {
    char name[32];
    unsigned long left;
};

static inline void failpoint_pass(struct failpoint *f, const char *name)
{
    if (strcmp(f->name, name) == 0 && --f->left == 0) {
        raise(SIGKILL);
    }
}

static inline bool failpoint_parse(struct failpoint *f, const char *text, const char *const known[2])
{
    const char *colon = text == NULL ? NULL : strchr(text, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - text);
    if (size == 0 || size >= sizeof f->name) {
        return false;
    }
    memcpy(f->name, text, size);
    f->left = strtoul(colon + 1, NULL, 10);
    return f->left > 0 && (strcmp(f->name, known[0]) == 0 || strcmp(f->name, known[1]) == 0);
}

/* Takes the option off the command line; false: it is missing or wrong, and stderr says so. */
static inline bool failpoint_take(struct failpoint *f, int *argc, char ***argv, const char *const known[2])
{
    const char *program = (*argv)[0];
    const char *text = getenv("TILLWIRE_FAILPOINT");
    if (*argc > 2 && strcmp((*argv)[1], "--failpoint") == 0) {
        text = (*argv)[2];
        (*argv)[2] = (*argv)[0];
        *argv += 2;
        *argc -= 2;
    }
    if (failpoint_parse(f, text, known)) {
        return true;
    }
    fprintf(stderr, "%s: --failpoint %s:N or %s:N\n", program, known[0], known[1]);
    return false;
}

#endif
