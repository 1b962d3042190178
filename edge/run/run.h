/* The store agent as a program: options, config, the loop, the way down. */
#ifndef EDGE_RUN_RUN_H
#define EDGE_RUN_RUN_H

#include <stdint.h>

/* Places where a test's main may look in (or kill the process); the product passes NULL. */
struct edge_taps {
    void *ctx;
    /* a batch of log records is durable up to event seq; nothing of it was published yet */
    void (*after_commit)(void *ctx, uint64_t seq);
    void (*after_publish)(void *ctx); /* a batch of events was given to the bus */
};

/* Returns the exit status: 0 after SIGTERM, 1 when the agent cannot go on, 2 for a wrong command line or
 * config. */
int edge_run(int argc, char **argv, const struct edge_taps *taps);

#endif
