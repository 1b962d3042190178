/* Turns what the collector committed into server-sent events: `stock`, `movement`, `heartbeat` (a store's
 * summary) and `alert`. */
#ifndef CLOUD_API_WATCH_H
#define CLOUD_API_WATCH_H

#include "cloud/api/hub.h"
#include "cloud/collector/collector.h"

struct watch;

enum err_class watch_open(struct watch **out, struct hub *hub, const struct freshness_policy *policy,
                          struct err *e) ERR_MUST_CHECK;
void watch_close(struct watch *w);
struct collector_watch watch_ops(struct watch *w); /* used on the collector's thread */

#endif
