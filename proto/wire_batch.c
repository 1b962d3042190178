/* EventBatch by hand, byte for byte as protobuf-c packs it: fields in the order of their numbers, zero left
 * out. */
#include "proto/wire.h"

#include <assert.h>
#include <string.h>

enum {
    TAG_STORE = 1 << 3 | 2,
    TAG_GENERATION = 2 << 3 | 0,
    TAG_RUN = 3 << 3 | 2,
    TAG_FIRST_SEQ = 4 << 3 | 0,
    TAG_PREV_CHAIN = 5 << 3 | 1,
    TAG_EVENT = 6 << 3 | 2,
    TAG_DIGEST_AFTER = 7 << 3 | 1,
    TAG_DIGEST_VALID = 8 << 3 | 0,
    TAG_RUN_COUNTER = 1 << 3 | 0,
    TAG_RUN_ID = 2 << 3 | 1,

    VARINT_BYTES_MAX = 10,
    FIXED64_BYTES = 1 + 8,
    RUN_BYTES_MAX = 1 + VARINT_BYTES_MAX + FIXED64_BYTES,
    END_BYTES = FIXED64_BYTES + 2,
    HEADER_BYTES_MAX = 2 + STORE_ID_MAX + 1 + 5 + 2 + RUN_BYTES_MAX + 1 + VARINT_BYTES_MAX + FIXED64_BYTES,
};

static char *put_varint(char *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        *at++ = (char)(value | 0x80);
    }
    *at++ = (char)value;
    return at;
}

static char *put_number(char *at, char tag, uint64_t value)
{
    if (value == 0) {
        return at;
    }
    *at++ = tag;
    return put_varint(at, value);
}

static char *put_fixed64(char *at, char tag, uint64_t value)
{
    if (value == 0) {
        return at;
    }
    *at++ = tag;
    for (int i = 0; i < 8; i++) {
        *at++ = (char)(value >> (8 * i) & 0xff);
    }
    return at;
}

static char *put_bytes(char *at, char tag, const char *data, size_t size)
{
    *at++ = tag;
    at = put_varint(at, size);
    memcpy(at, data, size);
    return at + size;
}

enum err_class wire_batch_begin(struct buf *out, const struct batch_header *header)
{
    assert(store_id_valid(slice_of(header->store)));
    char run[RUN_BYTES_MAX];
    char *run_end = put_number(run, TAG_RUN_COUNTER, header->run_counter);
    run_end = put_fixed64(run_end, TAG_RUN_ID, header->run_id);
    char bytes[HEADER_BYTES_MAX];
    char *end = put_bytes(bytes, TAG_STORE, header->store, strlen(header->store));
    end = put_number(end, TAG_GENERATION, header->generation);
    end = put_bytes(end, TAG_RUN, run, (size_t)(run_end - run));
    end = put_number(end, TAG_FIRST_SEQ, header->first_seq);
    end = put_fixed64(end, TAG_PREV_CHAIN, header->prev_chain);
    buf_clear(out);
    return buf_append(out, bytes, (size_t)(end - bytes));
}

enum err_class wire_batch_add(struct buf *out, struct slice event)
{
    char head[1 + VARINT_BYTES_MAX];
    head[0] = TAG_EVENT;
    size_t head_size = (size_t)(put_varint(head + 1, event.size) - head);
    size_t used = out->size + head_size + END_BYTES;
    if (used > WIRE_BATCH_BYTES_MAX || event.size > WIRE_BATCH_BYTES_MAX - used) {
        return ERR_FULL;
    }
    /* room for all first, so that a batch at its ceiling stays whole and can be ended */
    enum err_class class = buf_reserve(out, head_size + event.size + END_BYTES);
    if (class == ERR_OK) {
        class = buf_append(out, head, head_size);
    }
    if (class == ERR_OK) {
        class = buf_append_slice(out, event);
    }
    return class;
}

enum err_class wire_batch_end(struct buf *out, bool digest_valid, uint64_t digest_after)
{
    if (!digest_valid) {
        return ERR_OK;
    }
    char bytes[END_BYTES];
    char *end = put_fixed64(bytes, TAG_DIGEST_AFTER, digest_after);
    end = put_number(end, TAG_DIGEST_VALID, 1);
    return buf_append(out, bytes, (size_t)(end - bytes));
}
