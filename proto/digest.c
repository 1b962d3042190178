#include "proto/digest.h"

#include "common/hash.h"
#include "proto/topic.h"

#include <assert.h>
#include <string.h>

enum { DIGEST_ROW_BYTES_MAX = ITEM_ID_MAX + 1 + LOCATION_MAX + 1 + 8 + 8 + 1 };

static char *put_text(char *at, struct slice text)
{
    memcpy(at, text.data, text.size);
    at[text.size] = '\0';
    return at + text.size + 1;
}

static char *put_i64_le(char *at, int64_t value)
{
    uint64_t bits = (uint64_t)value;
    for (int i = 0; i < 8; i++) {
        at[i] = (char)(bits >> (8 * i) & 0xff);
    }
    return at + 8;
}

uint64_t digest_row_hash(const struct digest_row *row)
{
    assert(row->item.size > 0 && row->item.size <= ITEM_ID_MAX);
    assert(row->location.size > 0 && row->location.size <= LOCATION_MAX);
    char bytes[DIGEST_ROW_BYTES_MAX];
    char *end = put_text(bytes, row->item);
    end = put_text(end, row->location);
    end = put_i64_le(end, row->on_hand_e4);
    end = put_i64_le(end, row->held_e4);
    *end++ = (char)row->basis;
    return hash64((struct slice){bytes, (size_t)(end - bytes)});
}

uint64_t chain_next(uint64_t previous, struct slice event)
{
    return hash64_seeded(event, previous);
}
