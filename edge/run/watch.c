#include "edge/run/watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct watch {
    uv_fs_event_t handle;
    struct watches *owner;
    struct watch *next;
    char *folder;
    dev_t device;
    ino_t inode; /* a folder made anew under its old path needs a new watch */
    bool wanted;
};

static void happened(uv_fs_event_t *handle, const char *file, int events, int status)
{
    (void)file;
    (void)events;
    (void)status;
    struct watch *watch = handle->data;
    watch->owner->changed(watch->owner->ctx);
}

static void closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    free(watch->folder);
    free(watch);
}

static struct watch *find(const struct watches *w, const char *folder, const struct stat *st)
{
    for (struct watch *at = w->first; at != NULL; at = at->next) {
        if (strcmp(at->folder, folder) == 0 && at->device == st->st_dev && at->inode == st->st_ino) {
            return at;
        }
    }
    return NULL;
}

static void begin(struct watches *w, const char *folder, const struct stat *st)
{
    struct watch *watch = calloc(1, sizeof *watch);
    char *copy = strdup(folder);
    if (watch == NULL || copy == NULL || uv_fs_event_init(w->loop, &watch->handle) != 0) {
        free(watch);
        free(copy);
        return;
    }
    watch->handle.data = watch;
    watch->owner = w;
    watch->folder = copy;
    watch->device = st->st_dev;
    watch->inode = st->st_ino;
    if (uv_fs_event_start(&watch->handle, happened, folder, 0) != 0) {
        uv_close((uv_handle_t *)&watch->handle, closed);
        return;
    }
    watch->wanted = true;
    watch->next = w->first;
    w->first = watch;
}

static void end_unwanted(struct watches *w)
{
    for (struct watch **at = &w->first; *at != NULL;) {
        struct watch *watch = *at;
        if (watch->wanted) {
            at = &watch->next;
        } else {
            *at = watch->next;
            uv_close((uv_handle_t *)&watch->handle, closed);
        }
    }
}

void watches_update(struct watches *w, const char *(*folder)(void *ctx, size_t index))
{
    for (struct watch *at = w->first; at != NULL; at = at->next) {
        at->wanted = false;
    }
    const char *name;
    for (size_t i = 0; (name = folder(w->ctx, i)) != NULL; i++) {
        struct stat st;
        if (stat(name, &st) != 0) {
            continue;
        }
        struct watch *known = find(w, name, &st);
        if (known != NULL) {
            known->wanted = true;
        } else {
            begin(w, name, &st);
        }
    }
    end_unwanted(w);
}

void watches_close(struct watches *w)
{
    for (struct watch *at = w->first; at != NULL; at = at->next) {
        at->wanted = false;
    }
    end_unwanted(w);
}
