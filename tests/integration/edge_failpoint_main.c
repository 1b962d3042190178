/* tillwire-edge that kills itself in a named gap: `edge_failpoint --failpoint after_commit:3 OPTIONS…` dies
 * of SIGKILL at the third commit of log records. */
#include "edge/run/run.h"
#include "tests/integration/failpoint.h"

static void after_commit(void *ctx, uint64_t seq)
{
    (void)seq;
    failpoint_pass(ctx, "after_commit");
}

static void after_publish(void *ctx)
{
    failpoint_pass(ctx, "after_publish");
}

int main(int argc, char **argv)
{
    static const char *const known[2] = {"after_commit", "after_publish"};
    struct failpoint f = {.name = ""};
    if (!failpoint_take(&f, &argc, &argv, known)) {
        return 2;
    }
    const struct edge_taps taps = {.ctx = &f, .after_commit = after_commit, .after_publish = after_publish};
    return edge_run(argc, argv, &taps);
}
