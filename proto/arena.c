#include "proto/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { ARENA_BLOCK_BYTES_MIN = 16 * 1024 };

struct block {
    struct block *older;
    size_t size; /* of bytes */
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    ProtobufCAllocator allocator;
    struct block *newest; /* and largest */
    size_t used;          /* of the newest */
    size_t total;         /* bytes of all blocks */
    size_t ceiling;
    enum err_class refused;
};

static void *allocator_alloc(void *ctx, size_t size)
{
    return arena_alloc(ctx, size);
}

static void allocator_free(void *ctx, void *pointer)
{
    (void)ctx;
    (void)pointer; /* freed with the whole arena */
}

enum err_class arena_open(struct arena **out, size_t ceiling, struct err *e)
{
    assert(ceiling > 0);
    struct arena *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return err_set(e, ERR_FATAL, "arena: out of memory");
    }
    a->allocator =
        (ProtobufCAllocator){.alloc = allocator_alloc, .free = allocator_free, .allocator_data = a};
    a->ceiling = ceiling;
    *out = a;
    return ERR_OK;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *older = block->older;
        free(block);
        block = older;
    }
}

void arena_close(struct arena *a)
{
    if (a != NULL) {
        free_blocks(a->newest);
        free(a);
    }
}

void arena_reset(struct arena *a)
{
    if (a->newest != NULL) {
        free_blocks(a->newest->older);
        a->newest->older = NULL;
        a->total = a->newest->size;
    }
    a->used = 0;
    a->refused = ERR_OK;
}

/* A block of at least `size` bytes: twice the newest, as far as the ceiling leaves room. */
static bool grow(struct arena *a, size_t size)
{
    size_t room = a->ceiling - a->total;
    if (size > room) {
        a->refused = ERR_INVALID;
        return false;
    }
    size_t wanted = a->newest == NULL ? ARENA_BLOCK_BYTES_MIN : 2 * a->newest->size;
    if (wanted < size) {
        wanted = size;
    }
    if (wanted > room) {
        wanted = room;
    }
    struct block *block = malloc(sizeof *block + wanted);
    if (block == NULL) {
        a->refused = ERR_FATAL;
        return false;
    }
    block->older = a->newest;
    block->size = wanted;
    a->newest = block;
    a->used = 0;
    a->total += wanted;
    return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
    /* what the rounding overflows is refused by grow */
    size_t padding = (0 - size) & (alignof(max_align_t) - 1);
    size_t aligned = size <= SIZE_MAX - padding ? size + padding : SIZE_MAX;
    bool fits = a->newest != NULL && aligned <= a->newest->size - a->used;
    if (!fits && !grow(a, aligned)) {
        return NULL;
    }
    void *pointer = a->newest->bytes + a->used;
    a->used += aligned;
    return pointer;
}

enum err_class arena_refused(const struct arena *a)
{
    return a->refused;
}

ProtobufCAllocator *arena_allocator(struct arena *a)
{
    return &a->allocator;
}
