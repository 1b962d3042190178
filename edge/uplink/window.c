#include "edge/uplink/window.h"

#include <assert.h>
#include <string.h>

void window_clear(struct window *w)
{
    memset(w, 0, sizeof *w);
}

void window_add(struct window *w, uint64_t last_seq, size_t bytes)
{
    if (w->count < WINDOW_ENTRIES_MAX) {
        w->entries[(w->first + w->count) % WINDOW_ENTRIES_MAX] = (struct window_entry){0};
        w->count++;
    }
    struct window_entry *newest = &w->entries[(w->first + w->count - 1) % WINDOW_ENTRIES_MAX];
    assert(newest->last_seq < last_seq);
    newest->last_seq = last_seq;
    newest->bytes += bytes;
    w->bytes += bytes;
}

void window_applied(struct window *w, uint64_t seq)
{
    while (w->count > 0 && w->entries[w->first].last_seq <= seq) {
        w->bytes -= w->entries[w->first].bytes;
        w->first = (w->first + 1) % WINDOW_ENTRIES_MAX;
        w->count--;
    }
}
