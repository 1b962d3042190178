/* Follows appended log files by glob, and hands out their bytes in order, pull by pull.
 *
 * A file is known by its position: (hash of its head, offset, hash of the up to 1 KiB before the offset);
 * device and inode are hints only (SMB and NFS lie about them). A position that does not match any file's
 * content is not continued: the file is read from 0, which business keys make safe (ARCHITECTURE 4). A
 * renamed file is held open and read to its end, never by timer. inotify belongs to the caller: tail_scan is
 * what it wakes. No file is ever written. */
#ifndef EDGE_TAIL_TAIL_H
#define EDGE_TAIL_TAIL_H

#include "common/clock.h"
#include "common/err.h"
#include "common/slice.h"

#include <stdint.h>

enum { TAIL_FILES_MAX = 4096, TAIL_HEAD_BYTES = 1024, TAIL_BACK_BYTES = 1024, TAIL_PATH_MAX = 1024 };

struct tail_position {
    uint64_t file_id; /* random, given when the file is first seen; names it in events and quarantine */
    char path[TAIL_PATH_MAX];
    uint64_t device, inode;
    uint32_t head_size; /* bytes hashed: min(TAIL_HEAD_BYTES, size when it was last extended) */
    uint64_t head_hash;
    uint64_t offset; /* first byte not yet consumed */
    uint32_t back_size;
    uint64_t back_hash; /* of the back_size bytes before offset */
    uint64_t line;      /* newlines before offset */
};

struct tail_options {
    const char *name;         /* the source's title in the config */
    const char *const *globs; /* NULL-terminated */
    size_t window_bytes_max;  /* how much one chunk may hold: at least the record ceiling + 64 KiB */
};

struct tail;

enum err_class tail_open(struct tail **out, const struct tail_options *options, const struct clock *clock,
                         struct err *e) ERR_MUST_CHECK;
void tail_close(struct tail *t);

/* Before the first scan: a committed position. */
enum err_class tail_resume(struct tail *t, const struct tail_position *position,
                           struct err *e) ERR_MUST_CHECK;

/* Looks at the globs' folders again: new files, renames, truncation, growth. Cheap when nothing changed. */
enum err_class tail_scan(struct tail *t, struct err *e) ERR_MUST_CHECK;

struct tail_chunk {
    size_t file; /* index, for tail_consume and tail_position */
    uint64_t file_id;
    const char *path;
    uint64_t offset;   /* of data[0] in the file */
    uint64_t line;     /* newlines before data[0] */
    struct slice data; /* all unread bytes that fit into the window; valid until the next tail call */
    bool ended;        /* the file was renamed away or deleted, and this is its end: nothing more will come */
    bool fresh;        /* the first chunk since this file was opened, resumed or read anew from 0 */
};

/* The next file that has bytes the consumer has not yet declined; oldest files (by modification time) first,
 * then by path. ERR_RETRY: none now. ERR_INVALID: this file cannot be read (e says why); others go on. */
enum err_class tail_next(struct tail *t, struct tail_chunk *out, struct err *e) ERR_MUST_CHECK;

/* The consumer used `size` bytes (0: it wants more than there is; the file is offered again once it has
 * grown, ended or been truncated), with `lines` newlines. */
void tail_consume(struct tail *t, size_t file, size_t size, size_t lines);

/* The position to commit together with what was consumed. A file whose position has not changed since
 * tail_committed needs none. */
void tail_position(struct tail *t, size_t file, struct tail_position *out);
bool tail_position_changed(const struct tail *t, size_t file);
void tail_committed(struct tail *t);   /* all positions as they are now are durable; ended files are let go */
void tail_rolled_back(struct tail *t); /* back to the last committed positions */
size_t tail_files(const struct tail *t);

struct tail_health {
    uint64_t lag_bytes;           /* not yet looked at, over all files */
    uint64_t partial_bytes;       /* looked at and declined: no whole record (yet), such as a closing tag */
    int64_t last_read_ok_boot_ms; /* of the last scan whose folders and files could all be read */
    char error[160];              /* why the last scan failed; empty when it did not */
    char file[256];               /* base name of the file read last */
};
void tail_health(const struct tail *t, struct tail_health *out);

/* Folders to watch (inotify), NULL-terminated, valid until the next scan. */
const char *const *tail_folders(const struct tail *t);

#endif
