#include "edge/tail/tail_state.h"

#include "common/hash.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t read_at(int fd, uint64_t offset, char *out, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t n = pread(fd, out + got, size - got, (off_t)(offset + got));
        if (n <= 0) {
            break;
        }
        got += (size_t)n;
    }
    return got;
}

static bool hash_matches(int fd, uint64_t offset, uint32_t size, uint64_t hash)
{
    static_assert(TAIL_HEAD_BYTES == TAIL_BACK_BYTES, "one buffer serves both");
    char bytes[TAIL_HEAD_BYTES];
    return size <= sizeof bytes && read_at(fd, offset, bytes, size) == size &&
           hash64((struct slice){bytes, size}) == hash;
}

bool tail_mark_matches(const struct tail_mark *m, int fd, uint64_t size)
{
    return size >= m->offset && m->back_size <= m->offset &&
           (m->head_size == 0 || hash_matches(fd, 0, m->head_size, m->head_hash)) &&
           (m->back_size == 0 || hash_matches(fd, m->offset - m->back_size, m->back_size, m->back_hash));
}

int tail_open_regular(const char *path, struct err *e)
{
    /* a pipe of that name must not hold us up */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        err_set(e, ERR_INVALID, "%s: cannot be opened: %s", path, strerror(errno));
        return -1;
    }
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        err_set(e, ERR_INVALID, "%s: not a regular file", path);
        return -1;
    }
    return fd;
}

static struct tail_file *free_slot(struct tail *t)
{
    for (size_t i = 0; i < t->file_count; i++) {
        if (t->files[i].path == NULL) {
            return &t->files[i];
        }
    }
    if (t->file_count < t->file_capacity) {
        return &t->files[t->file_count++];
    }
    if (t->file_capacity < TAIL_FILES_MAX) {
        size_t capacity = t->file_capacity == 0 ? 16 : 2 * t->file_capacity;
        struct tail_file *files = realloc(t->files, capacity * sizeof *files);
        if (files == NULL) {
            return NULL;
        }
        t->files = files;
        t->file_capacity = capacity;
        return &t->files[t->file_count++];
    }
    /* the table is full: a file that is no longer there makes room, if need be it is read from 0 again */
    for (size_t i = 0; i < t->file_count; i++) {
        if (!t->files[i].listed && t->files[i].fd < 0) {
            tail_file_free(t, &t->files[i]);
            return &t->files[i];
        }
    }
    return NULL;
}

enum err_class tail_file_add(struct tail *t, const char *path, size_t *index, struct err *e)
{
    struct tail_file *f = free_slot(t);
    char *copy = f == NULL ? NULL : strdup(path);
    if (copy == NULL) {
        return err_set(e, ERR_FULL, "%s: not read, more than %d files match the globs of source %s", path,
                       TAIL_FILES_MAX, t->name);
    }
    *f = (struct tail_file){
        .path = copy,
        .mtime_ns = -1,
        .fd = -1,
        .fresh = true,
        .declined = TAIL_NEVER_DECLINED,
        .now.file_id = clock_random_u64(t->clock),
    };
    f->committed = f->now;
    *index = (size_t)(f - t->files);
    return ERR_OK;
}

void tail_file_close(struct tail *t, struct tail_file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
        f->fd = -1;
        t->open_count--;
    }
}

void tail_file_free(struct tail *t, struct tail_file *f)
{
    tail_file_close(t, f);
    free(f->path);
    free(f->former);
    *f = (struct tail_file){.fd = -1};
}

void tail_file_restart(struct tail *t, struct tail_file *f)
{
    f->now = (struct tail_mark){.file_id = clock_random_u64(t->clock)};
    f->fresh = true;
    f->ending = false;
    f->declined = TAIL_NEVER_DECLINED;
}

enum err_class tail_file_rename(struct tail_file *f, const char *path, struct err *e)
{
    if (strcmp(f->path, path) == 0) {
        return ERR_OK;
    }
    char *copy = strdup(path);
    if (copy == NULL) {
        return err_set(e, ERR_FATAL, "tail: out of memory");
    }
    if (f->former == NULL) {
        f->former = f->path;
    } else {
        free(f->path);
    }
    f->path = copy;
    f->moved = true;
    return ERR_OK;
}

/* Makes room for one more open file. */
static void close_one(struct tail *t)
{
    struct tail_file *oldest = NULL;
    for (size_t i = 0; i < t->file_count; i++) {
        struct tail_file *f = &t->files[i];
        bool idle = f->path != NULL && f->fd >= 0 && !f->detached;
        if (idle && (oldest == NULL || f->read_turn < oldest->read_turn)) {
            oldest = f;
        }
    }
    if (oldest != NULL) {
        tail_file_close(t, oldest);
    }
}

enum err_class tail_file_open(struct tail *t, struct tail_file *f, struct err *e)
{
    if (f->fd >= 0) {
        return ERR_OK;
    }
    if (t->open_count >= TAIL_OPEN_MAX) {
        close_one(t);
    }
    int fd = tail_open_regular(f->path, e);
    if (fd < 0) {
        return ERR_INVALID;
    }
    struct stat st;
    if (fstat(fd, &st) != 0) {
        close(fd);
        return err_set(e, ERR_INVALID, "%s: %s", f->path, strerror(errno));
    }
    f->fd = fd;
    t->open_count++;
    f->device = (uint64_t)st.st_dev;
    f->inode = (uint64_t)st.st_ino;
    f->size = (uint64_t)st.st_size;
    if (!tail_mark_matches(&f->now, fd, f->size)) {
        tail_file_restart(t, f);
    }
    return ERR_OK;
}
