#include "cloud/api/limit.h"
#include "common/hash.h"

#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS_MAX = 256 };

struct bucket {
    uint64_t caller; /* hash of its id; 0 = free */
    int64_t tokens_e3;
    int64_t at_ms;
};

struct limiter {
    unsigned per_second;
    const struct clock *clock;
    pthread_mutex_t mutex;
    struct bucket buckets[BUCKETS_MAX];
};

enum err_class limiter_open(struct limiter **out, unsigned per_second, const struct clock *clock,
                            struct err *e)
{
    struct limiter *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return err_set(e, ERR_FATAL, "rate limits: out of memory");
    }
    l->per_second = per_second;
    l->clock = clock;
    pthread_mutex_init(&l->mutex, NULL);
    *out = l;
    return ERR_OK;
}

void limiter_close(struct limiter *l)
{
    if (l != NULL) {
        pthread_mutex_destroy(&l->mutex);
        free(l);
    }
}

static struct bucket *find(struct limiter *l, uint64_t caller, int64_t now, int64_t full)
{
    struct bucket *oldest = &l->buckets[0];
    for (size_t i = 0; i < BUCKETS_MAX; i++) {
        struct bucket *b = &l->buckets[i];
        if (b->caller == caller) {
            return b;
        }
        if (b->at_ms < oldest->at_ms) {
            oldest = b;
        }
    }
    *oldest = (struct bucket){caller, full, now};
    return oldest;
}

bool limiter_take(struct limiter *l, const char *caller, struct limit_state *state)
{
    const int64_t rate = l->per_second, full = 2 * rate * 1000;
    int64_t now = clock_boot_ms(l->clock);
    pthread_mutex_lock(&l->mutex);
    struct bucket *b = find(l, hash64(slice_of(caller)) | 1, now, full);
    int64_t passed = now - b->at_ms;
    b->tokens_e3 = passed > full / rate ? full : b->tokens_e3 + passed * rate;
    b->tokens_e3 = b->tokens_e3 > full ? full : b->tokens_e3;
    b->at_ms = now;
    bool taken = b->tokens_e3 >= 1000;
    b->tokens_e3 -= taken ? 1000 : 0;
    *state = (struct limit_state){
        .limit = l->per_second,
        .remaining = (unsigned)(b->tokens_e3 / 1000),
        .reset_s = (unsigned)((full - b->tokens_e3) / (rate * 1000) + 1),
        .retry_s = taken ? 0 : (unsigned)((1000 - b->tokens_e3) / (rate * 1000) + 1),
    };
    pthread_mutex_unlock(&l->mutex);
    return taken;
}
