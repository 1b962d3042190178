/* Digest and chain (PROTOCOL "Words"): pure functions over values. */
#ifndef PROTO_DIGEST_H
#define PROTO_DIGEST_H

#include "common/slice.h"

#include <stdint.h>

/* One stock row as the digest sees it. basis: 0 none, 1 opening, 2 counted; its time is left out. */
struct digest_row {
    struct slice item;     /* no NUL inside */
    struct slice location; /* never empty: "floor" is written out */
    int64_t on_hand_e4;
    int64_t held_e4;
    uint8_t basis;
};

/* XXH3-64 of: item, NUL, location, NUL, on_hand (8 bytes little-endian), held (8), basis (1). The digest of a
 * store is the sum, modulo 2^64, over all its rows; it is kept as digest − hash(before) + hash(after). */
uint64_t digest_row_hash(const struct digest_row *row);

/* chain(seq) = XXH3-64 of the event's bytes with seed chain(seq − 1); chain(0) = birth. */
uint64_t chain_next(uint64_t previous, struct slice event);

#endif
