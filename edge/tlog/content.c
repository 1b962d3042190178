/* The hash over all that decides what a transaction means; times, descriptions and aliases do not. */
#include "common/hash.h"
#include "edge/tlog/raw.h"

#include <assert.h>
#include <string.h>

enum { LINE_BYTES_MAX = 512 }; /* four texts of at most 64 bytes, the location, and what is fixed */

struct line_bytes {
    size_t size;
    char bytes[LINE_BYTES_MAX];
};

static void put(struct line_bytes *l, const void *data, size_t size)
{
    assert(l->size + size <= sizeof l->bytes);
    memcpy(l->bytes + l->size, data, size);
    l->size += size;
}

static void put_text(struct line_bytes *l, struct slice text)
{
    uint32_t size = (uint32_t)text.size;
    put(l, &size, sizeof size);
    if (text.size > 0) {
        put(l, text.data, text.size);
    }
}

static uint64_t hash_line(const struct txn_line *line, uint64_t seed)
{
    struct line_bytes l = {.size = 0};
    uint32_t kind = (uint32_t)line->kind;
    put(&l, &line->quantity_e4, sizeof line->quantity_e4);
    put(&l, &kind, sizeof kind);
    put(&l, &line->line, sizeof line->line);
    put_text(&l, line->item);
    put_text(&l, line->location);
    put_text(&l, line->uom);
    put_text(&l, line->document);
    put_text(&l, line->document_line);
    return hash64_seeded((struct slice){l.bytes, l.size}, seed);
}

uint64_t raw_content_hash(const struct txn *txn)
{
    const uint64_t head[] = {(uint64_t)txn->action, txn->flags, txn->line_count};
    uint64_t hash = hash64_seeded(txn->status, hash64((struct slice){(const char *)head, sizeof head}));
    for (size_t i = 0; i < txn->line_count; i++) {
        hash = hash_line(&txn->lines[i], hash);
    }
    return hash;
}
