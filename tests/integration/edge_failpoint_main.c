/* tillwire-edge that kills itself in a named gap: `edge_failpoint --failpoint after_commit:3 OPTIONS…` (or
 * TILLWIRE_FAILPOINT in the environment) dies of SIGKILL at the third commit of log records. */
#include "edge/run/run.h"

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

static void after_commit(void *ctx, uint64_t seq)
{
    (void)seq;
    pass(ctx, "after_commit");
}

static void after_publish(void *ctx)
{
    pass(ctx, "after_publish");
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
    int known = strcmp(f->name, "after_commit") == 0 || strcmp(f->name, "after_publish") == 0;
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
        fputs("edge_failpoint: --failpoint after_commit:N or after_publish:N\n", stderr);
        return 2;
    }
    const struct edge_taps taps = {.ctx = &f, .after_commit = after_commit, .after_publish = after_publish};
    return edge_run(argc, argv, &taps);
}
