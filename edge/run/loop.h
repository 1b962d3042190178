/* The agent's event loop (libuv): one thread for everything but the MQTT client's network. */
#ifndef EDGE_RUN_LOOP_H
#define EDGE_RUN_LOOP_H

#include "common/log.h"
#include "edge/run/agent.h"

/* Runs until SIGTERM or SIGINT (ERR_OK) or until the agent cannot go on (ERR_FATAL). SIGHUP reads config_path
 * again. */
enum err_class loop_run(struct agent *agent, const char *config_path, struct log *log,
                        struct err *e) ERR_MUST_CHECK;

#endif
