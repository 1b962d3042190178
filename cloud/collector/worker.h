/* The centre's one writing thread: MQTT messages and the API's orders meet here, in turn (embedded default).
 */
#ifndef CLOUD_COLLECTOR_WORKER_H
#define CLOUD_COLLECTOR_WORKER_H

#include "cloud/collector/collector.h"
#include "common/mqtt.h"

struct worker;

/* The collector (and its writer) must not be touched by anyone else from here on. Starts the thread. mqtt may
 * be NULL (tests). */
enum err_class worker_open(struct worker **out, struct collector *collector, const struct store_writer *store,
                           struct mqtt *mqtt, const struct clock *clock, struct log *log,
                           struct err *e) ERR_MUST_CHECK;
void worker_close(struct worker *w); /* finishes the batch, joins */

/* Runs `job` on the worker's thread and waits for it. At most 1,024 wait (ERR_FULL). The job may use
 * collector_* and the writer's ops (begin … commit). */
enum err_class worker_call(struct worker *w,
                           enum err_class (*job)(void *ctx, struct collector *c,
                                                 const struct store_writer *store, struct err *e),
                           void *ctx, struct err *e) ERR_MUST_CHECK;

/* The thread ended because of an error (database gone): the process should exit. Filled with why. */
bool worker_failed(struct worker *w, struct err *e);

#endif
