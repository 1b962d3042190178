#include "cloud/api/hub.h"
#include "proto/topic.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HUB_BYTES_DEFAULT = 4 * 1024 * 1024 };

struct frame_head {
    uint32_t size; /* of the SSE frame behind it */
    char store[STORE_ID_MAX + 1];
};

/* The ring holds whole SSE frames, each behind its head; `first` and `end` are byte counts since the start,
 * so that an id never comes twice and an overrun is a comparison. An event's id is the count at its end:
 * where to go on. */
struct hub {
    pthread_mutex_t mutex;
    char *ring;
    size_t capacity;
    uint64_t first, end;
    int attached;
    void (*wake)(void *ctx);
    void *wake_ctx;
};

enum err_class hub_open(struct hub **out, size_t bytes_max, struct err *e)
{
    struct hub *h = calloc(1, sizeof *h);
    size_t capacity = bytes_max == 0 ? HUB_BYTES_DEFAULT : bytes_max;
    char *ring = malloc(capacity);
    if (h == NULL || ring == NULL) {
        free(h);
        free(ring);
        return err_set(e, ERR_FATAL, "event hub: out of memory for %zu bytes", capacity);
    }
    h->ring = ring;
    h->capacity = capacity;
    pthread_mutex_init(&h->mutex, NULL);
    *out = h;
    return ERR_OK;
}

void hub_close(struct hub *h)
{
    if (h != NULL) {
        pthread_mutex_destroy(&h->mutex);
        free(h->ring);
        free(h);
    }
}

static void ring_copy_in(struct hub *h, uint64_t at, const void *data, size_t size)
{
    size_t place = (size_t)(at % h->capacity), tail = h->capacity - place;
    size_t head = size < tail ? size : tail;
    memcpy(h->ring + place, data, head);
    memcpy(h->ring, (const char *)data + head, size - head);
}

static void ring_copy_out(const struct hub *h, uint64_t at, void *data, size_t size)
{
    size_t place = (size_t)(at % h->capacity), tail = h->capacity - place;
    size_t head = size < tail ? size : tail;
    memcpy(data, h->ring + place, head);
    memcpy((char *)data + head, h->ring, size - head);
}

static struct frame_head head_at(const struct hub *h, uint64_t at)
{
    struct frame_head head;
    ring_copy_out(h, at, &head, sizeof head);
    return head;
}

/* Writes "id: …" with a fixed width, so that the frame's size is known before its end is. 0: too large. */
static size_t frame_format(char frame[HUB_FRAME_BYTES_MAX], const char *kind, struct slice data)
{
    int n = snprintf(frame, HUB_FRAME_BYTES_MAX, "id: %020d\nevent: %s\ndata: %.*s\n\n", 0, kind,
                     (int)data.size, data.data);
    return n > 0 && n < HUB_FRAME_BYTES_MAX ? (size_t)n : 0;
}

bool hub_publish(struct hub *h, const char *kind, const char *store, struct slice data)
{
    char frame[HUB_FRAME_BYTES_MAX], id[21];
    size_t size = data.size < HUB_FRAME_BYTES_MAX ? frame_format(frame, kind, data) : 0;
    struct frame_head head = {.size = (uint32_t)size};
    if (size == 0 || sizeof head + size > h->capacity ||
        !slice_copy(slice_of(store), head.store, sizeof head.store)) {
        return false;
    }
    pthread_mutex_lock(&h->mutex);
    uint64_t next = h->end + sizeof head + size;
    snprintf(id, sizeof id, "%020llu", (unsigned long long)next);
    memcpy(frame + strlen("id: "), id, sizeof id - 1);
    while (next - h->first > h->capacity) {
        h->first += sizeof head + head_at(h, h->first).size;
    }
    ring_copy_in(h, h->end, &head, sizeof head);
    ring_copy_in(h, h->end + sizeof head, frame, size);
    h->end = next;
    void (*wake)(void *) = h->wake;
    void *ctx = h->wake_ctx;
    pthread_mutex_unlock(&h->mutex);
    if (wake != NULL) {
        wake(ctx);
    }
    return true;
}

size_t hub_read(struct hub *h, uint64_t *id, const struct hub_filter *filter, char *out, size_t capacity,
                bool *reset)
{
    size_t used = 0;
    pthread_mutex_lock(&h->mutex);
    *reset = *id < h->first || *id > h->end;
    if (*reset) {
        *id = h->end;
    }
    while (*id < h->end) {
        struct frame_head head = head_at(h, *id);
        bool seen = filter == NULL || filter->sees == NULL || filter->sees(filter->ctx, head.store);
        if (seen && used + head.size > capacity) {
            break;
        }
        if (seen) {
            ring_copy_out(h, *id + sizeof head, out + used, head.size);
            used += head.size;
        }
        *id += sizeof head + head.size;
    }
    pthread_mutex_unlock(&h->mutex);
    return used;
}

bool hub_holds(struct hub *h, uint64_t id)
{
    pthread_mutex_lock(&h->mutex);
    uint64_t at = h->first;
    while (at < id && at < h->end) {
        at += sizeof(struct frame_head) + head_at(h, at).size;
    }
    bool holds = at == id;
    pthread_mutex_unlock(&h->mutex);
    return holds;
}

uint64_t hub_newest(struct hub *h)
{
    pthread_mutex_lock(&h->mutex);
    uint64_t newest = h->end;
    pthread_mutex_unlock(&h->mutex);
    return newest;
}

void hub_attach(struct hub *h, int change)
{
    pthread_mutex_lock(&h->mutex);
    h->attached += change;
    pthread_mutex_unlock(&h->mutex);
}

bool hub_wanted(struct hub *h)
{
    pthread_mutex_lock(&h->mutex);
    bool wanted = h->attached > 0;
    pthread_mutex_unlock(&h->mutex);
    return wanted;
}

void hub_skip(struct hub *h)
{
    pthread_mutex_lock(&h->mutex);
    h->first = ++h->end;
    pthread_mutex_unlock(&h->mutex);
}

void hub_on_publish(struct hub *h, void (*wake)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&h->mutex);
    h->wake = wake;
    h->wake_ctx = ctx;
    pthread_mutex_unlock(&h->mutex);
}
