#include "cloud/api/streams.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK_BYTES = 2 * HUB_FRAME_BYTES_MAX };

struct stream {
    struct streams *all;
    struct MHD_Connection *connection;
    struct api_caller caller;
    uint64_t id;
    bool used, asleep;
};

struct streams {
    struct hub *hub;
    const struct clock *clock;
    pthread_mutex_t mutex;
    pthread_cond_t stop_asked;
    pthread_t ticker;
    bool stopping;
    struct stream places[STREAMS_MAX];
};

static void wake_all(void *ctx)
{
    struct streams *s = ctx;
    pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        struct stream *one = &s->places[i];
        if (one->used && one->asleep) {
            one->asleep = false;
            MHD_resume_connection(one->connection);
        }
    }
    pthread_mutex_unlock(&s->mutex);
}

static void publish_clock(struct streams *s)
{
    char now[CLOCK_RFC3339_BYTES], data[64];
    clock_format_rfc3339(clock_wall_ms(s->clock), now);
    snprintf(data, sizeof data, "{\"now\":\"%s\"}", now);
    (void)hub_publish(s->hub, "clock", "", slice_of(data));
}

static void *tick(void *ctx)
{
    struct streams *s = ctx;
    pthread_mutex_lock(&s->mutex);
    while (!s->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += STREAM_CLOCK_MS / 1000;
        while (!s->stopping && pthread_cond_timedwait(&s->stop_asked, &s->mutex, &until) != ETIMEDOUT) {
        }
        if (!s->stopping) {
            pthread_mutex_unlock(&s->mutex);
            publish_clock(s);
            pthread_mutex_lock(&s->mutex);
        }
    }
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

enum err_class streams_open(struct streams **out, struct hub *hub, const struct clock *clock, struct err *e)
{
    struct streams *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_set(e, ERR_FATAL, "event streams: out of memory");
    }
    s->hub = hub;
    s->clock = clock;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->stop_asked, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&s->mutex, NULL);
    if (pthread_create(&s->ticker, NULL, tick, s) != 0) {
        free(s);
        return err_set(e, ERR_FATAL, "event streams: cannot start a thread");
    }
    hub_on_publish(hub, wake_all, s);
    *out = s;
    return ERR_OK;
}

void streams_stop(struct streams *s)
{
    hub_on_publish(s->hub, NULL, NULL);
    pthread_mutex_lock(&s->mutex);
    bool again = s->stopping;
    s->stopping = true;
    pthread_cond_signal(&s->stop_asked);
    pthread_mutex_unlock(&s->mutex);
    if (!again) {
        pthread_join(s->ticker, NULL);
    }
    wake_all(s);
}

void streams_close(struct streams *s)
{
    if (s != NULL) {
        pthread_cond_destroy(&s->stop_asked);
        pthread_mutex_destroy(&s->mutex);
        free(s);
    }
}

static bool stream_sees(void *ctx, const char *store)
{
    const struct stream *one = ctx;
    return store[0] == '\0' || caller_sees(&one->caller, slice_of(store));
}

/* Reading and falling asleep are one step under the mutex: nothing published in between is slept over. */
static ssize_t read_stream(void *ctx, uint64_t position, char *out, size_t capacity)
{
    static const char reset_frame[] = "event: reset\ndata: {}\n\n";
    struct stream *one = ctx;
    struct streams *s = one->all;
    (void)position;
    bool reset = false;
    pthread_mutex_lock(&s->mutex);
    if (s->stopping) {
        pthread_mutex_unlock(&s->mutex);
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    struct hub_filter filter = {one, stream_sees};
    size_t n = hub_read(s->hub, &one->id, &filter, out, capacity, &reset);
    if (reset) {
        n = sizeof reset_frame - 1;
        memcpy(out, reset_frame, n);
    }
    if (n == 0) {
        one->asleep = true;
        MHD_suspend_connection(one->connection);
    }
    pthread_mutex_unlock(&s->mutex);
    return (ssize_t)n;
}

static void free_stream(void *ctx)
{
    struct stream *one = ctx;
    struct streams *s = one->all;
    pthread_mutex_lock(&s->mutex);
    one->used = false;
    one->asleep = false;
    pthread_mutex_unlock(&s->mutex);
    hub_attach(s->hub, -1);
}

struct MHD_Response *streams_response(struct streams *s, struct MHD_Connection *connection,
                                      const struct api_caller *caller, uint64_t from)
{
    struct stream *one = NULL;
    hub_attach(s->hub, 1);
    uint64_t newest = hub_newest(s->hub);
    pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < STREAMS_MAX && one == NULL && !s->stopping; i++) {
        one = s->places[i].used ? NULL : &s->places[i];
    }
    if (one != NULL) {
        *one = (struct stream){s, connection, *caller, from == UINT64_MAX ? newest : from, true, false};
    }
    pthread_mutex_unlock(&s->mutex);
    if (one == NULL) {
        hub_attach(s->hub, -1);
        return NULL;
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, one, free_stream);
    if (response == NULL) {
        free_stream(one);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return response;
}

size_t streams_count(struct streams *s)
{
    size_t count = 0;
    pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        count += s->places[i].used;
    }
    pthread_mutex_unlock(&s->mutex);
    return count;
}
