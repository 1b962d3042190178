/* The browsers' and consumers' event streams: each reads the hub from its own place, sleeps while there is
 * nothing, and hears a `clock` event every five seconds, so that a dead connection is noticed and ages can
 * tick. */
#ifndef CLOUD_API_STREAMS_H
#define CLOUD_API_STREAMS_H

#include "cloud/api/auth.h"
#include "cloud/api/hub.h"
#include "common/clock.h"

enum { STREAMS_MAX = 256, STREAM_CLOCK_MS = 5000 };

struct MHD_Connection;
struct MHD_Response;
struct streams;

enum err_class streams_open(struct streams **out, struct hub *hub, const struct clock *clock,
                            struct err *e) ERR_MUST_CHECK;
void streams_stop(struct streams *s);  /* ends all streams; before the HTTP daemon stops */
void streams_close(struct streams *s); /* after it has stopped */

/* A response that never ends. from: the id to go on after (Last-Event-ID), UINT64_MAX: from now on. NULL: too
 * many streams. */
struct MHD_Response *streams_response(struct streams *s, struct MHD_Connection *connection,
                                      const struct api_caller *caller, uint64_t from);
size_t streams_count(struct streams *s);

#endif
