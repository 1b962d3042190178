/* Server-sent events: a bounded ring that the writing thread fills and any number of streams read, each from
 * its own place. A stream that was overrun is told to reset. Thread-safe. */
#ifndef CLOUD_API_HUB_H
#define CLOUD_API_HUB_H

#include "common/err.h"
#include "common/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct hub;

enum err_class hub_open(struct hub **out, size_t bytes_max, struct err *e) ERR_MUST_CHECK; /* 0 = 4 MiB */
void hub_close(struct hub *h);

/* kind: "stock", "heartbeat", "alert" …; data: one line of JSON; store: "" when of none. Larger ones than
 * HUB_FRAME_BYTES_MAX are not sent; returns whether it was. */
bool hub_publish(struct hub *h, const char *kind, const char *store, struct slice data);

enum { HUB_FRAME_BYTES_MAX = 16 * 1024 };

/* What one reader may see; sees NULL: everything. Called with the event's store ("" when it is of none). */
struct hub_filter {
    void *ctx;
    bool (*sees)(void *ctx, const char *store);
};

/* Copies complete SSE frames after *id into out (capacity >= HUB_FRAME_BYTES_MAX), moves *id on; 0 when there
 * is nothing new. *reset: *id was overrun; it is now the newest. */
size_t hub_read(struct hub *h, uint64_t *id, const struct hub_filter *filter, char *out, size_t capacity,
                bool *reset);

/* True when an id that came from outside (Last-Event-ID) is one that can be read on from. */
bool hub_holds(struct hub *h, uint64_t id);
uint64_t hub_newest(struct hub *h);

/* Readers say that they are there; as long as nobody is, publishers may save the work: hub_skip then says
 * that something happened which the ring does not hold, so that whoever comes back with an old id is told to
 * reset. */
void hub_attach(struct hub *h, int change); /* +1 or −1 */
bool hub_wanted(struct hub *h);
void hub_skip(struct hub *h);

/* Called (on the publisher's thread) after something was published; for waking suspended streams. */
void hub_on_publish(struct hub *h, void (*wake)(void *ctx), void *ctx);

#endif
