#include "edge/stock/encode.h"

#include "edge/tlog/decoder.h"
#include "proto/text.h"
#include "proto/wire.h"

#include <assert.h>
#include <string.h>

enum {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    VARINT_BYTES = 10,
    NUMBERS_BYTES = 192, /* all numbers and field heads of a Transaction or a Movement, at their longest */
    LENGTH_BYTES = 3,    /* of a submessage: up to 2 MiB, kept at this width */
    TIMES_BYTES = 2 * (1 + VARINT_BYTES),
    EVENT_TRANSACTION = 3,
    EVENT_MOVEMENTS = 15,
};

static char *put_varint(char *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (char)(value | 0x80);
        value >>= 7;
    }
    *at++ = (char)value;
    return at;
}

static char *put_head(char *at, uint32_t field, uint32_t type)
{
    return put_varint(at, field << 3 | type);
}

/* Like protobuf, proto3: a value of zero is left out. */
static char *put_u64(char *at, uint32_t field, uint64_t value)
{
    return value == 0 ? at : put_varint(put_head(at, field, WIRE_VARINT), value);
}

static char *put_s64(char *at, uint32_t field, int64_t value)
{
    return put_u64(at, field, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static char *put_fixed64(char *at, uint32_t field, uint64_t value)
{
    if (value == 0) {
        return at;
    }
    at = put_head(at, field, WIRE_FIXED64);
    for (int i = 0; i < 8; i++) {
        *at++ = (char)(value >> (8 * i));
    }
    return at;
}

static char *put_text(char *at, uint32_t field, struct slice s, size_t max)
{
    if (s.size == 0) {
        return at;
    }
    at = put_head(at, field, WIRE_BYTES);
    if (s.size <= max && text_valid(s)) {
        at = put_varint(at, s.size);
        memcpy(at, s.data, s.size);
        return at + s.size;
    }
    char mended[WIRE_TEXT_MAX + 1];
    size_t size = text_clean(s, max, mended);
    at = put_varint(at, size);
    memcpy(at, mended, size);
    return at + size;
}

static size_t text_bytes(struct slice s)
{
    return s.size < WIRE_TEXT_MAX ? s.size : WIRE_TEXT_MAX;
}

/* A submessage whose size is known only when it is written: [body, at) moves down to its shortest head. */
static char *close_message(char *head, char *body, char *at, uint32_t field)
{
    size_t size = (size_t)(at - body);
    char *shortest = put_varint(put_head(head, field, WIRE_BYTES), size);
    assert(shortest <= body);
    memmove(shortest, body, size);
    return shortest + size;
}

static char *begin_message(char *head)
{
    return head + 1 + LENGTH_BYTES;
}

static void take(struct buf *out, const char *end)
{
    out->size = (size_t)(end - out->data);
    assert(out->size < out->capacity);
    out->data[out->size] = '\0';
}

enum err_class encode_times(struct buf *out, int64_t wall_ms, int64_t boot_ms)
{
    enum err_class class = buf_reserve(out, TIMES_BYTES);
    if (class == ERR_OK) {
        char *at = put_u64(out->data + out->size, 1, (uint64_t)wall_ms);
        take(out, put_u64(at, 2, (uint64_t)boot_ms));
    }
    return class;
}

static char *put_key(char *head, const struct txn *txn)
{
    char *body = begin_message(head);
    char *at = put_text(body, 1, txn->workstation, WORKSTATION_MAX);
    at = put_s64(at, 2, txn->business_day);
    at = put_u64(at, 3, txn->sequence);
    return close_message(head, body, at, 1);
}

enum err_class encode_transaction(struct buf *out, const struct txn *txn,
                                  const struct transaction_place *place)
{
    struct slice status = place->verdict == TILLWIRE__V1__VERDICT__IGNORED ? txn->reason : txn->status;
    struct slice zone = slice_of(place->zone);
    size_t room = NUMBERS_BYTES + text_bytes(txn->workstation) + text_bytes(status) + text_bytes(txn->begin) +
                  text_bytes(txn->end) + text_bytes(zone);
    enum err_class class = buf_reserve(out, room);
    if (class != ERR_OK) {
        return class;
    }
    char *head = out->data + out->size;
    char *body = begin_message(head);
    char *at = put_key(body, txn);
    at = put_u64(at, 2, txn->version);
    at = put_fixed64(at, 3, txn->content_hash);
    at = put_u64(at, 4, TLOG_DECODER_VERSION);
    at = put_u64(at, 5, place->verdict);
    at = put_text(at, 6, status, WIRE_TEXT_MAX);
    at = put_text(at, 7, txn->begin, WIRE_TEXT_MAX);
    at = put_text(at, 8, txn->end, WIRE_TEXT_MAX);
    at = put_text(at, 9, zone, WIRE_TEXT_MAX);
    at = put_u64(at, 10, (uint64_t)place->own_ms);
    at = put_fixed64(at, 11, place->source_file);
    at = put_u64(at, 12, place->source_offset);
    at = put_u64(at, 13, txn->flags);
    take(out, close_message(head, body, at, EVENT_TRANSACTION));
    return ERR_OK;
}

size_t encode_movement_bytes_max(const struct txn_line *line)
{
    return NUMBERS_BYTES + text_bytes(line->item) + text_bytes(line->alias) + text_bytes(line->location) +
           text_bytes(line->uom) + text_bytes(line->document) + text_bytes(line->description);
}

enum err_class encode_movement(struct buf *out, const struct movement *m)
{
    size_t room = NUMBERS_BYTES + text_bytes(m->item) + text_bytes(m->alias) + text_bytes(m->location) +
                  text_bytes(m->uom) + text_bytes(m->reason) + text_bytes(m->document) +
                  text_bytes(m->description);
    enum err_class class = buf_reserve(out, room);
    if (class != ERR_OK) {
        return class;
    }
    char *head = out->data + out->size;
    char *body = begin_message(head);
    char *at = put_text(body, 1, m->item, ITEM_ID_MAX);
    at = put_text(at, 2, m->alias, ITEM_ID_MAX);
    at = put_text(at, 3, slice_equal_text(m->location, "floor") ? SLICE("") : m->location, LOCATION_MAX);
    at = put_u64(at, 4, m->kind);
    at = put_s64(at, 5, m->on_hand_delta_e4);
    at = put_s64(at, 6, m->held_delta_e4);
    at = put_s64(at, 7, m->on_hand_e4);
    at = put_s64(at, 8, m->held_e4);
    at = put_text(at, 9, slice_equal_text(m->uom, "EA") ? SLICE("") : m->uom, WIRE_TEXT_MAX);
    at = put_text(at, 10, m->reason, WIRE_TEXT_MAX);
    at = put_text(at, 11, m->document, WIRE_TEXT_MAX);
    at = put_text(at, 13, m->description, WIRE_TEXT_MAX);
    at = put_u64(at, 14, m->line);
    at = put_u64(at, 15, m->basis);
    if (m->basis_ms != 0) {
        at = put_u64(at, 16, (uint64_t)m->basis_ms);
    }
    take(out, close_message(head, body, at, EVENT_MOVEMENTS));
    return ERR_OK;
}

enum err_class encode_body(struct buf *out, uint32_t field, const ProtobufCMessage *body, struct slice rest)
{
    size_t size = protobuf_c_message_get_packed_size(body);
    enum err_class class = buf_reserve(out, size + rest.size + 2 * VARINT_BYTES);
    if (class != ERR_OK) {
        return class;
    }
    char *at = put_varint(put_head(out->data + out->size, field, WIRE_BYTES), size + rest.size);
    take(out, at + protobuf_c_message_pack(body, (uint8_t *)at));
    return buf_append_slice(out, rest);
}
