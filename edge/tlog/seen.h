/* A set of keys that grows with what is put in: for tools over whole files, not for the edge. Keys are known
 * by their hash. */
#ifndef EDGE_TLOG_SEEN_H
#define EDGE_TLOG_SEEN_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

struct seen {
    uint64_t key;     /* 0 is free: callers never use it */
    uint64_t content; /* what was said under the key */
    uint64_t line;    /* where it was first */
    uint32_t file;
};

struct seen_set {
    struct seen *slots;
    size_t capacity; /* a power of two */
    size_t used;
};

/* Puts `entry` in if its key is new; *found is the entry that is there now, valid until the next call.
 * ERR_FATAL: out of memory. */
enum err_class seen_put(struct seen_set *set, struct seen entry, const struct seen **found,
                        struct err *e) ERR_MUST_CHECK;
void seen_free(struct seen_set *set);

#endif
