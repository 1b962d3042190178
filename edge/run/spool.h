/* An answer on its way to a slow reader: short ones in memory, longer ones in a file without a name, so that
 * memory stays flat whatever is asked for. */
#ifndef EDGE_RUN_SPOOL_H
#define EDGE_RUN_SPOOL_H

#include "common/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { SPOOL_BYTES = 64 * 1024 };

struct spool {
    const char *folder; /* of the file */
    char *memory;       /* SPOOL_BYTES */
    size_t size;
    int fd; /* −1: all is in memory */
    uint64_t read_at, file_size;
    bool failed;
};

bool spool_open(struct spool *s, const char *folder);
void spool_close(struct spool *s);
void spool_begin(struct spool *s);                 /* empties it */
bool spool_write(void *spool, struct slice lines); /* false: no room */
struct slice spool_read(struct spool *s);          /* the next piece; empty at the end */

#endif
