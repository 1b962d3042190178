/* The control socket on the agent's loop (proto/control.h). */
#ifndef EDGE_RUN_CONTROL_PIPE_H
#define EDGE_RUN_CONTROL_PIPE_H

#include "common/log.h"
#include "edge/run/agent.h"

#include <uv.h>

struct control_pipe;

enum err_class control_pipe_open(struct control_pipe **out, uv_loop_t *loop, struct agent *agent,
                                 struct log *log, struct err *e) ERR_MUST_CHECK;
/* Hangs up on everyone. Its memory goes when the loop has run the closing callbacks. */
void control_pipe_close(struct control_pipe *p);

#endif
