/* The agent's event loop (libuv): one thread for everything but the MQTT client's network. */
#ifndef EDGE_RUN_LOOP_H
#define EDGE_RUN_LOOP_H

#include "common/log.h"
#include "edge/run/agent.h"

/* Holds back SIGTERM, SIGINT and SIGHUP, to be called before the first thread begins: they are let through
 * while loop_run runs, so that none of them ends the process while it opens or closes its parts. */
void loop_hold_signals(bool hold);

/* Runs until SIGTERM or SIGINT (ERR_OK) or until the agent cannot go on (ERR_FATAL). SIGHUP reads config_path
 * again. */
enum err_class loop_run(struct agent *agent, const char *config_path, struct log *log,
                        struct err *e) ERR_MUST_CHECK;

#endif
