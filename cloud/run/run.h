/* The centre as a program: options, config, the way up and the way down. */
#ifndef CLOUD_RUN_RUN_H
#define CLOUD_RUN_RUN_H

#include "cloud/collector/collector.h"

/* taps: where a test's main may kill the process; the product passes NULL. Returns the exit status: 0 after
 * SIGTERM, 1 when the centre cannot go on, 2 for a wrong command line or config. */
int cloud_run(int argc, char **argv, const struct collector_taps *taps);

#endif
