#include "edge/run/spool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool spool_open(struct spool *s, const char *folder)
{
    *s = (struct spool){.folder = folder, .fd = -1, .memory = malloc(SPOOL_BYTES)};
    return s->memory != NULL;
}

void spool_close(struct spool *s)
{
    spool_begin(s);
    free(s->memory);
    s->memory = NULL;
}

void spool_begin(struct spool *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    s->fd = -1;
    s->size = 0;
    s->read_at = s->file_size = 0;
    s->failed = false;
}

static bool flush(struct spool *s)
{
    if (s->fd < 0) {
        s->fd = open(s->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    }
    for (size_t done = 0; s->fd >= 0 && done < s->size;) {
        ssize_t n = write(s->fd, s->memory + done, s->size - done);
        if (n <= 0) {
            return false;
        }
        done += (size_t)n;
    }
    s->file_size += s->size;
    s->size = 0;
    return s->fd >= 0;
}

bool spool_write(void *spool, struct slice lines)
{
    struct spool *s = spool;
    while (lines.size > 0 && !s->failed) {
        size_t room = SPOOL_BYTES - s->size;
        size_t n = lines.size < room ? lines.size : room;
        memcpy(s->memory + s->size, lines.data, n);
        s->size += n;
        lines = (struct slice){lines.data + n, lines.size - n};
        s->failed = s->size == SPOOL_BYTES && !flush(s);
    }
    return !s->failed;
}

struct slice spool_read(struct spool *s)
{
    if (s->fd >= 0 && s->read_at == 0 && s->size > 0 && !flush(s)) {
        s->failed = true;
    }
    if (s->failed) {
        return (struct slice){0};
    }
    if (s->fd < 0) { /* all at once */
        size_t size = s->size;
        s->size = 0;
        return (struct slice){s->memory, size};
    }
    ssize_t n = pread(s->fd, s->memory, SPOOL_BYTES, (off_t)s->read_at);
    s->failed = n < 0;
    s->read_at += n > 0 ? (uint64_t)n : 0;
    return (struct slice){s->memory, n > 0 ? (size_t)n : 0};
}
