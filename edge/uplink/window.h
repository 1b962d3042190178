/* What is in flight: how many bytes of events were given to the bus and are not yet applied. Bounded memory:
 * when there are more batches than entries, the newest share one, which frees them a little later. */
#ifndef EDGE_UPLINK_WINDOW_H
#define EDGE_UPLINK_WINDOW_H

#include <stddef.h>
#include <stdint.h>

enum { WINDOW_ENTRIES_MAX = 64 };

struct window {
    struct window_entry {
        uint64_t last_seq;
        size_t bytes;
    } entries[WINDOW_ENTRIES_MAX]; /* a ring */
    size_t first, count;
    size_t bytes;
};

void window_clear(struct window *w);
void window_add(struct window *w, uint64_t last_seq, size_t bytes); /* last_seq rises */
void window_applied(struct window *w, uint64_t seq);

#endif
