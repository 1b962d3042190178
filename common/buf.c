#include "common/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_CAPACITY_MIN = 64 };

enum err_class buf_reserve(struct buf *b, size_t extra)
{
    assert(b->ceiling < SIZE_MAX);
    if (extra > b->ceiling - b->size) {
        return ERR_FULL;
    }
    size_t needed = b->size + extra + 1; /* and the NUL */
    if (needed <= b->capacity) {
        return ERR_OK;
    }
    size_t doubled = b->capacity <= SIZE_MAX / 2 ? b->capacity * 2 : SIZE_MAX;
    size_t capacity = doubled > BUF_CAPACITY_MIN ? doubled : BUF_CAPACITY_MIN;
    if (capacity > b->ceiling + 1) {
        capacity = b->ceiling + 1;
    }
    if (capacity < needed) {
        capacity = needed;
    }
    char *data = realloc(b->data, capacity);
    if (data == NULL) {
        return ERR_FATAL;
    }
    data[b->size] = '\0';
    b->data = data;
    b->capacity = capacity;
    return ERR_OK;
}

enum err_class buf_append(struct buf *b, const void *data, size_t size)
{
    enum err_class class = buf_reserve(b, size);
    if (class != ERR_OK) {
        return class;
    }
    if (size > 0) {
        memcpy(b->data + b->size, data, size);
        b->size += size;
    }
    b->data[b->size] = '\0';
    return ERR_OK;
}

enum err_class buf_append_slice(struct buf *b, struct slice s)
{
    return buf_append(b, s.data, s.size);
}

enum err_class buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0) {
        return ERR_FATAL;
    }
    enum err_class class = buf_reserve(b, (size_t)size);
    if (class != ERR_OK) {
        return class;
    }
    va_start(args, format);
    (void)vsnprintf(b->data + b->size, (size_t)size + 1, format, args);
    va_end(args);
    b->size += (size_t)size;
    return ERR_OK;
}

void buf_consume(struct buf *b, size_t size)
{
    assert(size <= b->size);
    if (size > 0) {
        memmove(b->data, b->data + size, b->size - size + 1);
        b->size -= size;
    }
}

void buf_clear(struct buf *b)
{
    b->size = 0;
    if (b->data != NULL) {
        b->data[0] = '\0';
    }
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT(b->ceiling);
}

struct slice buf_slice(const struct buf *b)
{
    return (struct slice){.data = b->data, .size = b->size};
}
