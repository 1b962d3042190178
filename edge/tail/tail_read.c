#include "edge/tail/tail_state.h"

#include "common/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_more(const struct tail_file *f)
{
    return f->path != NULL && !f->failed && (f->listed || f->detached) && f->size > f->now.offset &&
           (f->declined == TAIL_NEVER_DECLINED || f->size != f->declined);
}

/* A renamed file comes before a successor that was begun within the same tick of the file system's clock. */
static bool is_older(const struct tail_file *a, const struct tail_file *b)
{
    if (a->mtime_ns != b->mtime_ns) {
        return a->mtime_ns < b->mtime_ns;
    }
    if ((a->former == NULL) != (b->former == NULL)) {
        return a->former != NULL;
    }
    return strcmp(a->path, b->path) < 0;
}

static struct tail_file *oldest_with_more(struct tail *t)
{
    struct tail_file *oldest = NULL;
    for (size_t i = 0; i < t->file_count; i++) {
        struct tail_file *f = &t->files[i];
        if (has_more(f) && (oldest == NULL || is_older(f, oldest))) {
            oldest = f;
        }
    }
    return oldest;
}

static enum err_class size_window(struct tail *t, size_t size, struct err *e)
{
    if (t->window_size == size) {
        return ERR_OK;
    }
    free(t->window); /* its content is not needed: no copying */
    t->window = malloc(size);
    t->window_size = t->window == NULL ? 0 : size;
    return t->window != NULL ? ERR_OK : err_set(e, ERR_FATAL, "tail: out of memory");
}

static enum err_class fail(struct tail *t, struct tail_file *f, struct err *e)
{
    f->failed = true;
    tail_say_error(t, "%s", e->message);
    return err_prefix(e, "source %s", t->name);
}

/* Reads [back | data] into the window. *ok false: other content lies there now, begin anew. */
static enum err_class fill_window(struct tail *t, struct tail_file *f, bool *ok, struct err *e)
{
    size_t back = f->now.back_size;
    size_t want = back + t->read_bytes;
    enum err_class class = size_window(t, TAIL_BACK_BYTES + t->read_bytes, e);
    if (class != ERR_OK) {
        return class;
    }
    t->chunk_start = f->now.offset - back;
    ssize_t got = pread(f->fd, t->window, want, (off_t)t->chunk_start);
    if (got < 0) {
        return err_set(e, ERR_INVALID, "%s: cannot be read at byte %llu: %s", f->path,
                       (unsigned long long)t->chunk_start, strerror(errno));
    }
    *ok = (size_t)got >= back && (back == 0 || hash64((struct slice){t->window, back}) == f->now.back_hash);
    t->chunk_back = back;
    t->chunk_bytes = *ok ? (size_t)got - back : 0;
    uint64_t end = t->chunk_start + (size_t)got;
    if ((size_t)got < want || f->size < end) {
        f->size = end;
    }
    return ERR_OK;
}

static void hand_out(struct tail *t, struct tail_file *f, struct tail_chunk *out)
{
    *out = (struct tail_chunk){
        .file = (size_t)(f - t->files),
        .file_id = f->now.file_id,
        .path = f->path,
        .offset = f->now.offset,
        .line = f->now.line,
        .data = {t->window + t->chunk_back, t->chunk_bytes},
        .ended = f->ending && f->now.offset + t->chunk_bytes == f->size,
        .fresh = f->fresh,
    };
    f->fresh = false;
    f->read_turn = ++t->turn;
    t->chunk_file = out->file;
    const char *slash = strrchr(f->path, '/');
    snprintf(t->file_read, sizeof t->file_read, "%s", slash == NULL ? f->path : slash + 1);
}

enum err_class tail_next(struct tail *t, struct tail_chunk *out, struct err *e)
{
    struct tail_file *f;
    while ((f = oldest_with_more(t)) != NULL) {
        enum err_class class = tail_file_open(t, f, e);
        bool ok = true;
        if (class == ERR_OK && f->size > f->now.offset) {
            class = fill_window(t, f, &ok, e);
        }
        if (class != ERR_OK) {
            return class == ERR_INVALID ? fail(t, f, e) : class;
        }
        if (!ok) {
            tail_file_restart(t, f);
        } else if (f->size > f->now.offset) {
            hand_out(t, f, out);
            return ERR_OK;
        }
    }
    return ERR_RETRY;
}

static void move_mark(struct tail *t, struct tail_mark *m, size_t size, size_t lines)
{
    m->offset += size;
    m->line += lines;
    size_t end = t->chunk_back + size; /* in the window */
    m->back_size = (uint32_t)(m->offset < TAIL_BACK_BYTES ? m->offset : TAIL_BACK_BYTES);
    assert(m->back_size <= end);
    m->back_hash = hash64((struct slice){t->window + end - m->back_size, m->back_size});
    if (t->chunk_start == 0 && m->head_size < TAIL_HEAD_BYTES) {
        m->head_size = (uint32_t)(m->offset < TAIL_HEAD_BYTES ? m->offset : TAIL_HEAD_BYTES);
        m->head_hash = hash64((struct slice){t->window, m->head_size});
    }
}

void tail_consume(struct tail *t, size_t file, size_t size, size_t lines)
{
    assert(file == t->chunk_file && size <= t->chunk_bytes);
    struct tail_file *f = &t->files[file];
    size_t small = t->window_bytes_max < TAIL_READ_BYTES ? t->window_bytes_max : TAIL_READ_BYTES;
    bool cut = f->now.offset + t->chunk_bytes < f->size;
    t->chunk_file = SIZE_MAX;
    if (size > 0) {
        move_mark(t, &f->now, size, lines);
        f->declined = TAIL_NEVER_DECLINED;
        t->read_bytes = small;
    } else if (cut && t->read_bytes < t->window_bytes_max) {
        /* the record may fit into a larger window */
        t->read_bytes = 2 * t->read_bytes < t->window_bytes_max ? 2 * t->read_bytes : t->window_bytes_max;
    } else {
        f->declined = f->size;
        t->read_bytes = small;
    }
}
