/* A folder of log files, and a consumer that takes whole lines. */
#ifndef TESTS_UNIT_TAIL_FIXTURE_H
#define TESTS_UNIT_TAIL_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "edge/tail/tail.h"

enum { POSITIONS_MAX = 64 };

struct fixture {
    char folder[64];
    char glob[128], glob_more[128];
    const char *globs[3];
    size_t window;
    struct tail *tail;
    struct buf text; /* all that was consumed */
    unsigned freshes, endings;
    struct tail_position positions[POSITIONS_MAX]; /* as committed, by file id */
    size_t position_count;
};

static inline const char *path_of(const struct fixture *f, const char *name)
{
    static _Thread_local char paths[2][512];
    static _Thread_local unsigned turn;
    char *path = paths[turn++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", f->folder, name);
    return path;
}

static inline void put(const struct fixture *f, const char *name, int flags, const char *data, size_t size)
{
    int fd = open(path_of(f, name), O_WRONLY | O_CREAT | flags, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    close(fd);
}

static inline void append(const struct fixture *f, const char *name, const char *text)
{
    put(f, name, O_APPEND, text, strlen(text));
}

static inline void rewrite(const struct fixture *f, const char *name, const char *text)
{
    put(f, name, O_TRUNC, text, strlen(text));
}

static inline void move(const struct fixture *f, const char *from, const char *to)
{
    assert_int_equal(rename(path_of(f, from), path_of(f, to)), 0);
}

static inline void start(struct fixture *f)
{
    struct err e = {0};
    struct tail_options options = {.name = "pos", .globs = f->globs, .window_bytes_max = f->window};
    if (tail_open(&f->tail, &options, clock_system(), &e) != ERR_OK) {
        fail_msg("open: %s", e.message);
    }
    for (size_t i = 0; i < f->position_count; i++) {
        assert_int_equal(tail_resume(f->tail, &f->positions[i], &e), ERR_OK);
    }
}

static inline struct fixture *fixture_open(const char *pattern)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/tail.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->glob, sizeof f->glob, "%s/%s", f->folder, pattern);
    f->globs[0] = f->glob;
    f->window = 1024 * 1024;
    f->text = BUF_INIT(64 * 1024 * 1024);
    start(f);
    return f;
}

static inline void fixture_close(struct fixture *f)
{
    tail_close(f->tail);
    buf_free(&f->text);
    DIR *dir = opendir(f->folder);
    for (struct dirent *d; (d = readdir(dir)) != NULL;) {
        unlink(path_of(f, d->d_name));
        rmdir(path_of(f, d->d_name));
    }
    closedir(dir);
    rmdir(f->folder);
    free(f);
}

static inline void scan(struct fixture *f)
{
    struct err e = {0};
    if (tail_scan(f->tail, &e) != ERR_OK) {
        fail_msg("scan: %s", e.message);
    }
}

/* Takes the whole lines of one chunk, all of it when ended. False when there was none. */
static inline bool take_chunk(struct fixture *f)
{
    struct tail_chunk c;
    struct err e = {0};
    enum err_class class = tail_next(f->tail, &c, &e);
    if (class == ERR_RETRY) {
        return false;
    }
    if (class != ERR_OK) {
        fail_msg("next: %s", e.message);
    }
    size_t size = c.ended ? c.data.size : 0, lines = 0;
    for (size_t i = 0; i < c.data.size; i++) {
        if (c.data.data[i] == '\n') {
            lines++;
            size = c.ended ? size : i + 1;
        }
    }
    f->freshes += c.fresh ? 1 : 0;
    f->endings += c.ended ? 1 : 0;
    assert_int_equal(buf_append(&f->text, c.data.data, size), ERR_OK);
    tail_consume(f->tail, c.file, size, lines);
    return true;
}

static inline void keep_positions(struct fixture *f)
{
    for (size_t i = 0; i < tail_files(f->tail); i++) {
        if (!tail_position_changed(f->tail, i)) {
            continue;
        }
        struct tail_position p;
        tail_position(f->tail, i, &p);
        size_t at = 0;
        while (at < f->position_count && f->positions[at].file_id != p.file_id) {
            at++;
        }
        f->position_count += at == f->position_count ? 1 : 0;
        assert_true(f->position_count <= POSITIONS_MAX);
        f->positions[at] = p;
    }
    tail_committed(f->tail);
}

static inline void take(struct fixture *f)
{
    while (take_chunk(f)) {
    }
    keep_positions(f);
}

static inline void scan_and_take(struct fixture *f)
{
    scan(f);
    take(f);
}

static inline void restart(struct fixture *f)
{
    tail_close(f->tail);
    start(f);
}

static inline const char *text(struct fixture *f)
{
    return f->text.data == NULL ? "" : f->text.data;
}

#define assert_text(f, expected) assert_string_equal(text(f), (expected))

#endif
