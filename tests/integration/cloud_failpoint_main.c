/* tillwire-cloud that kills itself in a named gap: `cloud_failpoint --failpoint after_commit:3 OPTIONS…` dies
 * of SIGKILL at the third commit of events. */
#include "cloud/run/run.h"
#include "tests/integration/failpoint.h"

static void after_commit(void *ctx)
{
    failpoint_pass(ctx, "after_commit");
}

static void before_ack(void *ctx)
{
    failpoint_pass(ctx, "before_ack");
}

int main(int argc, char **argv)
{
    static const char *const known[2] = {"after_commit", "before_ack"};
    struct failpoint f = {.name = ""};
    if (!failpoint_take(&f, &argc, &argv, known)) {
        return 2;
    }
    const struct collector_taps taps = {.ctx = &f, .after_commit = after_commit, .before_ack = before_ack};
    return cloud_run(argc, argv, &taps);
}
