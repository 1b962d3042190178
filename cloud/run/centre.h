/* All roles of the centre in one process: MQTT, collector, SQLite, API, wired and started. */
#ifndef CLOUD_RUN_CENTRE_H
#define CLOUD_RUN_CENTRE_H

#include "cloud/collector/collector.h"
#include "cloud/config.h"

struct centre;

/* config must live as long as the centre. */
enum err_class centre_open(struct centre **out, const struct cloud_config *config, const struct clock *clock,
                           struct log *log, const struct collector_taps *taps, struct err *e) ERR_MUST_CHECK;
void centre_close(struct centre *c); /* finishes the batch at hand */

int centre_api_port(const struct centre *c);
/* The writing thread answers within its next batch; ERR_FATAL: it ended, and why. */
enum err_class centre_alive(struct centre *c, struct err *e) ERR_MUST_CHECK;
bool centre_failed(struct centre *c, struct err *e); /* without waiting */
void centre_reload(struct centre *c);                /* certificates are read again */

#endif
