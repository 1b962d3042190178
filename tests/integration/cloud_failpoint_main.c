/* tillwire-cloud that kills itself in a named gap: `cloud_failpoint --failpoint after_commit:3 OPTIONS…` (or
 * TILLWIRE_FAILPOINT in the environment) dies of SIGKILL at the third commit of events. */
#include "cloud/run/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct failpoint {
    char name[32];
    unsigned long left;
};

static void pass(struct failpoint *f, const char *name)
{
    if (strcmp(f->name, name) == 0 && --f->left == 0) {
        raise(SIGKILL);
    }
}

static void after_commit(void *ctx)
{
    pass(ctx, "after_commit");
}

static void before_ack(void *ctx)
{
    pass(ctx, "before_ack");
}

static int parse(struct failpoint *f, const char *text)
{
    const char *colon = strchr(text, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - text);
    if (size == 0 || size >= sizeof f->name) {
        return -1;
    }
    memcpy(f->name, text, size);
    f->left = strtoul(colon + 1, NULL, 10);
    int known = strcmp(f->name, "after_commit") == 0 || strcmp(f->name, "before_ack") == 0;
    return known && f->left > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct failpoint f = {.name = ""};
    const char *text = getenv("TILLWIRE_FAILPOINT");
    if (argc > 2 && strcmp(argv[1], "--failpoint") == 0) {
        text = argv[2];
        argv[2] = argv[0];
        argv += 2;
        argc -= 2;
    }
    if (text == NULL || parse(&f, text) != 0) {
        fputs("cloud_failpoint: --failpoint after_commit:N or before_ack:N\n", stderr);
        return 2;
    }
    const struct collector_taps taps = {.ctx = &f, .after_commit = after_commit, .before_ack = before_ack};
    return cloud_run(argc, argv, &taps);
}
