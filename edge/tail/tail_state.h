/* What the parts of the tail share: opening and positions (tail.c), one file and its identity (tail_file.c),
 * looking at the folders (tail_scan.c, tail_list.c) and reading (tail_read.c). */
#ifndef EDGE_TAIL_TAIL_STATE_H
#define EDGE_TAIL_TAIL_STATE_H

#include "edge/tail/tail.h"

enum {
    TAIL_OPEN_MAX =
        64, /* files held open; the least recently read of those that are read to their end are closed */
    TAIL_DETACHED_MAX = 32, /* of them, files that no glob finds any more */
    TAIL_FOLDERS_MAX = 256,
    TAIL_READ_BYTES = 256 * 1024, /* of a first chunk; doubled up to the window while a record does not fit */
};

#define TAIL_NEVER_DECLINED UINT64_MAX

/* Where a file stands, and what it is known by. Head and back are hashed over consumed bytes only: some tills
 * overwrite what follows (a closing tag) when they append. */
struct tail_mark {
    uint64_t file_id;
    uint64_t offset, line;
    uint32_t head_size, back_size;
    uint64_t head_hash, back_hash;
};

struct tail_file {
    char *path; /* NULL: the slot is free */
    uint64_t device, inode;
    uint64_t size;
    int64_t mtime_ns; /* −1: not looked at yet (resumed) */
    int fd;           /* −1: closed */
    bool listed;      /* found by the scan that runs, or ran last */
    bool detached;    /* held open, and no glob finds it any more */
    char *former;     /* the path that it had first, when it was renamed; NULL */
    bool grown;       /* since the scan before the last */
    bool ending;      /* the writer went on to its successor: what is there is all */
    bool fresh;
    bool failed;       /* could not be read; tried again after the next scan */
    bool moved;        /* the path differs from the committed one */
    uint64_t declined; /* size at which the consumer wanted more than there was */
    uint64_t read_turn;
    struct tail_mark now, committed;
};

struct tail_listing; /* tail_list.h */

struct tail {
    char *name;
    char **globs;
    size_t window_bytes_max;
    const struct clock *clock;
    struct tail_file *files; /* slots; an index stays valid until its file is let go */
    size_t file_count, file_capacity;
    size_t open_count;
    uint64_t turn; /* counts reads, for closing the least recently read */
    struct tail_listing *listing;

    /* The window: [back bytes | data] of one file. */
    char *window;
    size_t window_size;   /* allocated */
    size_t read_bytes;    /* of the next chunk */
    size_t chunk_file;    /* SIZE_MAX: none */
    uint64_t chunk_start; /* offset in the file of window[0] */
    size_t chunk_back;    /* back bytes before the data */
    size_t chunk_bytes;   /* of data */

    int64_t last_read_ok_boot_ms;
    char error[160];
    char file_read[256];
};

/* One file. */
enum err_class tail_file_add(struct tail *t, const char *path, size_t *index, struct err *e) ERR_MUST_CHECK;
void tail_file_free(struct tail *t, struct tail_file *f);
void tail_file_close(struct tail *t, struct tail_file *f);
/* Opens it and checks that its content is what was read before; else it begins anew. */
enum err_class tail_file_open(struct tail *t, struct tail_file *f, struct err *e) ERR_MUST_CHECK;
/* Other content lies there: from 0, as a file never seen. */
void tail_file_restart(struct tail *t, struct tail_file *f);
enum err_class tail_file_rename(struct tail_file *f, const char *path, struct err *e) ERR_MUST_CHECK;
bool tail_mark_matches(const struct tail_mark *m, int fd, uint64_t size);
int tail_open_regular(const char *path, struct err *e); /* −1: e says why */

void tail_say_error(struct tail *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
