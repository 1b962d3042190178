/* XXH3, 64 bits (the one owner of xxhash.h). Not for secrets. */
#ifndef COMMON_HASH_H
#define COMMON_HASH_H

#include "common/slice.h"

#include <stdint.h>

uint64_t hash64(struct slice bytes);
uint64_t hash64_seeded(struct slice bytes, uint64_t seed);

#endif
