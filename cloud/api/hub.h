/* Server-sent events: a bounded ring that the writing thread fills and any number of streams read, each from its own place.
 * A stream that was overrun is told to reset. Thread-safe. */
#ifndef CLOUD_API_HUB_H
#define CLOUD_API_HUB_H

#include "common/err.h"
#include "common/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct hub;

enum err_class hub_open(struct hub **out, size_t bytes_max, struct err *e) ERR_MUST_CHECK; /* 0 = 4 MiB */
void hub_close(struct hub *h);

/* kind: "stock", "heartbeat", "alert" …; data: one line of JSON; store: for streams limited to stores. */
void hub_publish(struct hub *h, const char *kind, const char *store, struct slice data);

/* Copies complete SSE frames after *id into out (capacity bytes), moves *id on; 0 when there is nothing new. *reset: *id was overrun. */
size_t hub_read(struct hub *h, uint64_t *id, char *out, size_t capacity, bool *reset);
uint64_t hub_newest(struct hub *h);

/* Called (on the publisher's thread) after something was published; for waking suspended streams. */
void hub_on_publish(struct hub *h, void (*wake)(void *ctx), void *ctx);

#endif
