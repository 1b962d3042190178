/* The files that a tail's globs match now. */
#ifndef EDGE_TAIL_TAIL_LIST_H
#define EDGE_TAIL_TAIL_LIST_H

#include "edge/tail/tail_state.h"

struct tail_listed {
    char *path;
    uint64_t device, inode; /* inode 0: unknown */
    uint64_t size;
    int64_t mtime_ns;
    bool taken; /* by a known file */
};

struct tail_listing {
    struct tail_listed *entries;
    size_t count, capacity;
    const char *folders[TAIL_FOLDERS_MAX + 1]; /* those that exist or should, NULL-terminated */
    size_t folder_count;
    bool complete; /* every folder could be read, and every file fitted in */
};

/* Lists anew; what could not be read is told by tail_say_error. */
enum err_class tail_list(struct tail *t, struct err *e) ERR_MUST_CHECK;
void tail_listing_free(struct tail_listing *listing);

#endif
