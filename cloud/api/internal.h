/* What the api's own files share. */
#ifndef CLOUD_API_INTERNAL_H
#define CLOUD_API_INTERNAL_H

#include "cloud/api/api.h"
#include "proto/wire.h"

#include <pthread.h>

enum { API_READERS_MAX = 16, API_BODY_BYTES_MAX = 16 * 1024 * 1024 };

struct MHD_Daemon;
struct auth;
struct limiter;
struct streams;

/* A reader, lent to one request at a time. */
struct reader_slot {
    struct store_reader reader;
    struct arena *arena; /* for unpacking heartbeats */
    bool busy;
};

struct api {
    struct api_options options;
    struct worker *worker;
    struct hub *hub;
    const struct clock *clock;
    struct log *log;
    struct MHD_Daemon *daemon;
    struct auth *auth;
    struct limiter *limiter;
    struct streams *streams;
    int64_t started_ms;
    pthread_mutex_t mutex; /* slots and counts */
    pthread_cond_t slot_free;
    struct reader_slot slots[API_READERS_MAX];
    size_t slot_count;
    uint64_t requests_by_class[6]; /* 1xx … 5xx at their hundreds */
};

#endif
