/* Which listed file is which known one. In this order: the same device and inode; the same path with the same
 * content; any known file no longer found whose content it holds; else a new file. */
#include "edge/tail/tail_list.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool content_matches(const struct tail_listed *l, const struct tail_mark *m)
{
    struct err ignored;
    int fd = m->offset > 0 ? tail_open_regular(l->path, &ignored) : -1;
    if (fd < 0) {
        return false;
    }
    bool matches = tail_mark_matches(m, fd, l->size);
    close(fd);
    return matches;
}

/* Device and inode are hints: they settle it only for a file that we hold open, or that looks untouched. */
static bool same_inode(const struct tail_file *f, const struct tail_listed *l)
{
    if (f->path == NULL || f->listed || l->inode == 0 || f->inode != l->inode || f->device != l->device) {
        return false;
    }
    bool untouched = f->size == l->size && f->mtime_ns == l->mtime_ns;
    return f->fd >= 0 || untouched || f->now.offset == 0 || content_matches(l, &f->now);
}

static bool inode_is_taken(const struct tail *t, const struct tail_listed *l)
{
    for (size_t i = 0; i < t->file_count; i++) {
        const struct tail_file *f = &t->files[i];
        if (f->path != NULL && f->listed && l->inode != 0 && f->inode == l->inode && f->device == l->device) {
            return true;
        }
    }
    return false;
}

static enum err_class take(struct tail *t, struct tail_file *f, struct tail_listed *l, struct err *e)
{
    enum err_class class = tail_file_rename(f, l->path, e);
    bool touched = f->mtime_ns != l->mtime_ns;
    if (f->inode != l->inode || f->device != l->device) {
        tail_file_close(t, f); /* another file with the content of the one we held */
    }
    f->grown = f->size != l->size;
    f->device = l->device;
    f->inode = l->inode;
    f->size = l->size;
    f->mtime_ns = l->mtime_ns;
    f->listed = true;
    f->detached = false;
    l->taken = true;
    bool rewritten =
        touched && f->fd >= 0 && f->size == f->now.offset && !tail_mark_matches(&f->now, f->fd, f->size);
    if (f->size < f->now.offset || rewritten) {
        tail_file_restart(t, f);
    }
    return class;
}

/* Folders are mostly listed in the same order: the search goes on behind the file found last. */
static enum err_class match_inodes(struct tail *t, struct err *e)
{
    enum err_class class = ERR_OK;
    size_t next = 0;
    for (size_t i = 0; i < t->listing->count && class == ERR_OK; i++) {
        struct tail_listed *l = &t->listing->entries[i];
        for (size_t step = 0; step < t->file_count && !l->taken && class == ERR_OK; step++) {
            size_t k = (next + step) % t->file_count;
            if (same_inode(&t->files[k], l)) {
                class = take(t, &t->files[k], l, e);
                next = k + 1;
            }
        }
    }
    return class;
}

static enum err_class match_content(struct tail *t, bool same_path, struct err *e)
{
    enum err_class class = ERR_OK;
    for (size_t i = 0; i < t->listing->count && class == ERR_OK; i++) {
        struct tail_listed *l = &t->listing->entries[i];
        for (size_t k = 0; k < t->file_count && !l->taken && class == ERR_OK; k++) {
            struct tail_file *f = &t->files[k];
            bool candidate = f->path != NULL && !f->listed && (strcmp(f->path, l->path) == 0) == same_path &&
                             (same_path || f->fd < 0);
            if (candidate && content_matches(l, &f->now)) {
                class = take(t, f, l, e);
            }
        }
    }
    return class;
}

static enum err_class add_new(struct tail *t, struct err *e)
{
    for (size_t i = 0; i < t->listing->count; i++) {
        struct tail_listed *l = &t->listing->entries[i];
        if (l->taken || inode_is_taken(t, l)) {
            continue; /* a second name of a file that is read under its first */
        }
        size_t index = 0;
        enum err_class class = tail_file_add(t, l->path, &index, e);
        if (class == ERR_FULL) {
            tail_say_error(t, "%s", e->message);
            continue;
        }
        if (class == ERR_OK) {
            class = take(t, &t->files[index], l, e);
        }
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

/* The writer has begun another file under the path that this one had. */
static bool has_successor(const struct tail *t, const struct tail_file *f)
{
    const char *path = f->former != NULL ? f->former : f->path;
    for (size_t i = 0; i < t->file_count; i++) {
        const struct tail_file *other = &t->files[i];
        if (other != f && other->path != NULL && other->listed && other->size > 0 &&
            strcmp(other->path, path) == 0) {
            return true;
        }
    }
    return false;
}

static struct tail_file *oldest_detached(struct tail *t, size_t *count)
{
    struct tail_file *oldest = NULL;
    *count = 0;
    for (size_t i = 0; i < t->file_count; i++) {
        struct tail_file *f = &t->files[i];
        if (f->path != NULL && f->detached) {
            ++*count;
            oldest = oldest == NULL || f->mtime_ns < oldest->mtime_ns ? f : oldest;
        }
    }
    return oldest;
}

/* The end of a file that was renamed away is known when its successor has been begun and it has not grown
 * since the scan before: never by a timer. */
static void look_for_end(const struct tail *t, struct tail_file *f)
{
    bool ending = !f->grown && has_successor(t, f);
    if (ending && !f->ending) {
        f->declined = TAIL_NEVER_DECLINED; /* what is left is offered once more, as the last */
    }
    f->ending = ending;
}

static void look_at_detached(struct tail *t, struct tail_file *f)
{
    struct stat st;
    if (fstat(f->fd, &st) == 0) {
        f->grown = !f->detached || (uint64_t)st.st_size != f->size;
        f->size = (uint64_t)st.st_size;
    }
    f->detached = true;
    if (f->size < f->now.offset) {
        tail_file_restart(t, f);
    }
    look_for_end(t, f);
}

static void look_for_ends(struct tail *t)
{
    for (size_t i = 0; i < t->file_count; i++) {
        struct tail_file *f = &t->files[i];
        if (f->path == NULL) {
            continue;
        }
        /* after a scan that could not see everything, not being seen means nothing */
        if (!f->listed && f->fd >= 0 && (f->detached || t->listing->complete)) {
            look_at_detached(t, f);
        } else if (f->listed && f->former != NULL) {
            look_for_end(t, f);
        }
    }
    size_t count = 0;
    struct tail_file *oldest = oldest_detached(t, &count);
    if (count > TAIL_DETACHED_MAX) {
        oldest->ending = true;
    }
}

enum err_class tail_scan(struct tail *t, struct err *e)
{
    t->error[0] = '\0';
    bool all_read = true;
    for (size_t i = 0; i < t->file_count; i++) {
        all_read = all_read && !t->files[i].failed;
        t->files[i].listed = t->files[i].failed = false;
    }
    enum err_class class = tail_list(t, e);
    if (class == ERR_OK) {
        class = match_inodes(t, e);
    }
    if (class == ERR_OK) {
        class = match_content(t, true, e);
    }
    if (class == ERR_OK) {
        class = match_content(t, false, e);
    }
    if (class == ERR_OK) {
        class = add_new(t, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    look_for_ends(t);
    if (t->listing->complete && all_read) {
        t->last_read_ok_boot_ms = clock_boot_ms(t->clock);
    }
    return ERR_OK;
}
