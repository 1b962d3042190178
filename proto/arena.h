/* Memory of unpacked messages: blocks that grow to a ceiling, freed all at once and reused for the next. */
#ifndef PROTO_ARENA_H
#define PROTO_ARENA_H

#include "common/err.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct arena;

/* ceiling: bytes of all blocks together. Nothing is allocated before the first message. */
enum err_class arena_open(struct arena **out, size_t ceiling, struct err *e) ERR_MUST_CHECK;
void arena_close(struct arena *a);
void arena_reset(struct arena *a); /* frees all messages unpacked into it; keeps the largest block */

/* Zeroed or not as malloc is (not), aligned for anything; NULL at the ceiling or out of memory. */
void *arena_alloc(struct arena *a, size_t size);

/* What the last refused arena_alloc since the reset means for the caller: ERR_INVALID at the ceiling (the
 * message is too large to be honest), ERR_FATAL out of memory, ERR_OK when none was refused. */
enum err_class arena_refused(const struct arena *a);

/* For protobuf-c; lives as long as the arena. */
ProtobufCAllocator *arena_allocator(struct arena *a);

#endif
