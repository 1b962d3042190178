/* Growable bytes with a ceiling. Owned by whoever declared it; buf_free when done.
 * A failed append leaves the content as it was: ERR_FULL at the ceiling, ERR_FATAL out of memory. */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include "common/err.h"
#include "common/slice.h"

#include <stdarg.h>

struct buf {
    char *data; /* always NUL-terminated once anything was appended; the NUL is not counted */
    size_t size;
    size_t capacity;
    size_t ceiling; /* bytes; growing past it is ERR_FULL */
};

#define BUF_INIT(ceiling_bytes) ((struct buf){.ceiling = (ceiling_bytes)})
#define BUF_AUTO __attribute__((cleanup(buf_free)))

enum err_class buf_reserve(struct buf *b, size_t extra) ERR_MUST_CHECK; /* room for extra more bytes */
enum err_class buf_append(struct buf *b, const void *data, size_t size) ERR_MUST_CHECK;
enum err_class buf_append_slice(struct buf *b, struct slice s) ERR_MUST_CHECK;
enum err_class buf_printf(struct buf *b, const char *format, ...) ERR_MUST_CHECK
    __attribute__((format(printf, 2, 3)));
void buf_consume(struct buf *b, size_t size); /* drops size bytes at the front; size <= b->size */
void buf_clear(struct buf *b);                /* keeps the memory */
void buf_free(struct buf *b);
struct slice buf_slice(const struct buf *b);

#endif
