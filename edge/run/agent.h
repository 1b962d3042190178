/* The store agent without its loop: opens and wires tail, decoder, ledger, uplink and the MQTT client, and
 * does one bounded piece of work at a time. Whoever owns the loop calls it when a folder changed, when the
 * bus has something, and when it is due. */
#ifndef EDGE_RUN_AGENT_H
#define EDGE_RUN_AGENT_H

#include "common/clock.h"
#include "common/log.h"
#include "edge/config.h"
#include "edge/run/run.h"

struct agent;

/* Takes over the config, also on failure. */
enum err_class agent_open(struct agent **out, struct edge_config *config, const struct clock *clock,
                          struct log *log, const struct edge_taps *taps, struct err *e) ERR_MUST_CHECK;
void agent_close(struct agent *a);

/* One piece of each: folders if asked for, one batch of records, events and heartbeats out. *more: call again
 * soon. ERR_FATAL: the agent must end (it is started again by whoever supervises it). */
enum err_class agent_work(struct agent *a, bool *more, struct err *e) ERR_MUST_CHECK;
void agent_want_scan(struct agent *a); /* a folder changed */

/* Takes what the bus has, up to a bound. *more: there is more. */
enum err_class agent_receive(struct agent *a, bool *more, struct err *e) ERR_MUST_CHECK;
int agent_bus_fd(const struct agent *a); /* readable when agent_receive has something */

int64_t agent_due_ms(const struct agent *a); /* until agent_work at the latest, the folders left out */
/* Now and then (each poll_ms): the slow look at the folders, retention, the daily check of the table. */
enum err_class agent_tick(struct agent *a, struct err *e) ERR_MUST_CHECK;
int agent_poll_ms(const struct agent *a);

/* Settings that can change while running: sources, log level, certificates. Takes over the config, also on
 * failure. What else differs is told and left as it was. ERR_INVALID: the sources cannot be opened as they
 * are now; the old ones go on. */
enum err_class agent_reload(struct agent *a, struct edge_config *config, struct err *e) ERR_MUST_CHECK;

/* Folders to watch, those of all sources in turn; NULL ends. Valid until the next agent_work. */
const char *agent_folder(const struct agent *a, size_t index);

/* One line for the supervisor and for people: "live, 12 events waiting". */
const char *agent_status_line(struct agent *a);

/* For the control socket. */
struct control_view;
void agent_view(struct agent *a, struct control_view *out);
const char *agent_state_dir(const struct agent *a);

#endif
