/* Wakes the agent when something changes in a folder of its sources (inotify, through libuv). */
#ifndef EDGE_RUN_WATCH_H
#define EDGE_RUN_WATCH_H

#include <uv.h>

struct watch;

struct watches {
    uv_loop_t *loop;
    void (*changed)(void *ctx);
    void *ctx;
    struct watch *first;
};

/* Begins and ends watches so that they are those of folder(ctx, 0), folder(ctx, 1) … up to NULL. A folder
 * that cannot be watched is left to the slow poll. */
void watches_update(struct watches *w, const char *(*folder)(void *ctx, size_t index));
void watches_close(struct watches *w);

#endif
