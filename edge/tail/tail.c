#include "edge/tail/tail.h"
#include "edge/tail/tail_list.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err_class copy_globs(struct tail *t, const char *const *globs, struct err *e)
{
    size_t count = 0;
    while (globs[count] != NULL) {
        count++;
    }
    t->globs = calloc(count + 1, sizeof *t->globs);
    for (size_t i = 0; t->globs != NULL && i < count; i++) {
        t->globs[i] = strdup(globs[i]);
        if (t->globs[i] == NULL) {
            return err_set(e, ERR_FATAL, "tail: out of memory");
        }
    }
    return t->globs != NULL ? ERR_OK : err_set(e, ERR_FATAL, "tail: out of memory");
}

enum err_class tail_open(struct tail **out, const struct tail_options *options, const struct clock *clock,
                         struct err *e)
{
    *out = NULL;
    if (options->globs == NULL || options->globs[0] == NULL || options->window_bytes_max == 0) {
        return err_set(e, ERR_INVALID, "source %s: no globs", options->name);
    }
    struct tail *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return err_set(e, ERR_FATAL, "tail: out of memory");
    }
    t->clock = clock;
    t->window_bytes_max = options->window_bytes_max;
    t->read_bytes = t->window_bytes_max < TAIL_READ_BYTES ? t->window_bytes_max : TAIL_READ_BYTES;
    t->chunk_file = SIZE_MAX;
    t->last_read_ok_boot_ms = clock_boot_ms(clock);
    t->name = strdup(options->name);
    t->listing = calloc(1, sizeof *t->listing);
    enum err_class class = copy_globs(t, options->globs, e);
    if (class == ERR_OK && (t->name == NULL || t->listing == NULL)) {
        class = err_set(e, ERR_FATAL, "tail: out of memory");
    }
    if (class != ERR_OK) {
        tail_close(t);
        return class;
    }
    *out = t;
    return ERR_OK;
}

void tail_close(struct tail *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->file_count; i++) {
        if (t->files[i].path != NULL) {
            tail_file_free(t, &t->files[i]);
        }
    }
    for (size_t i = 0; t->globs != NULL && t->globs[i] != NULL; i++) {
        free(t->globs[i]);
    }
    tail_listing_free(t->listing);
    free(t->globs);
    free(t->files);
    free(t->name);
    free(t->window);
    free(t);
}

enum err_class tail_resume(struct tail *t, const struct tail_position *p, struct err *e)
{
    if (p->head_size > TAIL_HEAD_BYTES || p->back_size > TAIL_BACK_BYTES || p->back_size > p->offset ||
        p->head_size > p->offset) {
        return err_set(e, ERR_INVALID, "%s: a position that cannot be: it is read from 0", p->path);
    }
    size_t index = 0;
    enum err_class class = tail_file_add(t, p->path, &index, e);
    if (class != ERR_OK) {
        return class;
    }
    struct tail_file *f = &t->files[index];
    f->device = p->device;
    f->inode = p->inode;
    f->now = (struct tail_mark){
        .file_id = p->file_id,
        .offset = p->offset,
        .line = p->line,
        .head_size = p->head_size,
        .back_size = p->back_size,
        .head_hash = p->head_hash,
        .back_hash = p->back_hash,
    };
    f->committed = f->now;
    return ERR_OK;
}

void tail_position(struct tail *t, size_t file, struct tail_position *out)
{
    const struct tail_file *f = &t->files[file];
    *out = (struct tail_position){
        .file_id = f->now.file_id,
        .device = f->device,
        .inode = f->inode,
        .head_size = f->now.head_size,
        .head_hash = f->now.head_hash,
        .offset = f->now.offset,
        .back_size = f->now.back_size,
        .back_hash = f->now.back_hash,
        .line = f->now.line,
    };
    snprintf(out->path, sizeof out->path, "%s", f->path);
}

bool tail_position_changed(const struct tail *t, size_t file)
{
    const struct tail_file *f = &t->files[file];
    return f->path != NULL &&
           (f->now.file_id != f->committed.file_id || f->now.offset != f->committed.offset || f->moved);
}

void tail_committed(struct tail *t)
{
    for (size_t i = 0; i < t->file_count; i++) {
        struct tail_file *f = &t->files[i];
        if (f->path == NULL) {
            continue;
        }
        f->committed = f->now;
        f->moved = false;
        bool read_to_its_end = f->now.offset >= f->size || f->declined == f->size;
        if (f->detached && f->ending && read_to_its_end) {
            tail_file_free(t, f);
        }
    }
}

void tail_rolled_back(struct tail *t)
{
    for (size_t i = 0; i < t->file_count; i++) {
        struct tail_file *f = &t->files[i];
        if (f->path != NULL) {
            f->now = f->committed;
            f->fresh = true;
            f->declined = TAIL_NEVER_DECLINED;
        }
    }
    t->chunk_file = SIZE_MAX;
}

size_t tail_files(const struct tail *t)
{
    return t->file_count;
}

void tail_say_error(struct tail *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->error, sizeof t->error, format, args);
    va_end(args);
}

void tail_health(const struct tail *t, struct tail_health *out)
{
    *out = (struct tail_health){.last_read_ok_boot_ms = t->last_read_ok_boot_ms};
    for (size_t i = 0; i < t->file_count; i++) {
        const struct tail_file *f = &t->files[i];
        if (f->path != NULL && (f->listed || f->detached) && f->size > f->now.offset) {
            uint64_t rest = f->size - f->now.offset;
            *(f->declined == f->size ? &out->partial_bytes : &out->lag_bytes) += rest;
        }
    }
    memcpy(out->error, t->error, sizeof out->error);
    memcpy(out->file, t->file_read, sizeof out->file);
}

const char *const *tail_folders(const struct tail *t)
{
    return t->listing->folders;
}
