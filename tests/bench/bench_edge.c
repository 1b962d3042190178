/* tillwire-edge that notes when its commits were durable: a line `ns - seq` in the file that TILLWIRE_TRACE
 * names, written out when it ends. */
#include "edge/run/run.h"
#include "tests/bench/trace.h"

static void after_commit(void *ctx, uint64_t seq)
{
    trace_put(ctx, "-", seq);
}

int main(int argc, char **argv)
{
    FILE *trace = trace_open();
    const struct edge_taps taps = {.ctx = trace, .after_commit = after_commit};
    int status = edge_run(argc, argv, &taps);
    return fclose(trace) == 0 ? status : 1;
}
