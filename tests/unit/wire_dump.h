/* Any message as text, by its descriptor: a line for every field that is set, in the order of the numbers. */
#ifndef TESTS_UNIT_WIRE_DUMP_H
#define TESTS_UNIT_WIRE_DUMP_H

#include "proto/wire.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static inline void dump_line(struct buf *out, int depth, const char *name, const char *value)
{
    enum err_class class = buf_printf(out, "%*s%s: %s\n", depth * 2, "", name, value);
    assert(class == ERR_OK);
}

static inline void wire_dump(const ProtobufCMessage *message, int depth, struct buf *out);

static inline void dump_bytes(const ProtobufCBinaryData *bytes, int depth, const char *name, struct buf *out)
{
    char hex[1024] = "";
    for (size_t i = 0; i < bytes->len && 2 * i + 2 < sizeof hex; i++) {
        static const char digits[] = "0123456789abcdef";
        hex[2 * i] = digits[bytes->data[i] >> 4];
        hex[2 * i + 1] = digits[bytes->data[i] & 15];
        hex[2 * i + 2] = '\0';
    }
    dump_line(out, depth, name, hex);
}

/* One value; zero is not shown unless it stands in a list. */
static inline void dump_value(const ProtobufCFieldDescriptor *field, const void *value, int depth,
                              struct buf *out)
{
    bool listed = field->label == PROTOBUF_C_LABEL_REPEATED;
    char text[32] = "";
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *inner = *(const ProtobufCMessage *const *)value;
        if (inner != NULL) {
            dump_line(out, depth, field->name, inner->descriptor->short_name);
            wire_dump(inner, depth + 1, out);
        }
        return;
    }
    case PROTOBUF_C_TYPE_STRING: {
        const char *string = *(const char *const *)value;
        if (string[0] != '\0') {
            dump_line(out, depth, field->name, string);
        }
        return;
    }
    case PROTOBUF_C_TYPE_BYTES:
        dump_bytes(value, depth, field->name, out);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        (void)snprintf(text, sizeof text, "%d", *(const protobuf_c_boolean *)value);
        break;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        (void)snprintf(text, sizeof text, "%" PRId32, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        (void)snprintf(text, sizeof text, "%" PRIu32, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        (void)snprintf(text, sizeof text, "%" PRId64, *(const int64_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        (void)snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        assert(false); /* no floating point in the contract */
    }
    if (listed || strcmp(text, "0") != 0) {
        dump_line(out, depth, field->name, text);
    }
}

static inline size_t dump_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    }
    return 0;
}

static inline void wire_dump(const ProtobufCMessage *message, int depth, struct buf *out)
{
    assert(message != NULL);
    const char *base = (const char *)message;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const char *member = base + field->offset;
        bool of_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        if (of_oneof && *(const uint32_t *)(base + field->quantifier_offset) != field->id) {
            continue;
        }
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            dump_value(field, member, depth, out);
            continue;
        }
        size_t count = *(const size_t *)(base + field->quantifier_offset);
        for (size_t k = 0; k < count; k++) {
            dump_value(field, *(const char *const *)member + k * dump_size(field->type), depth, out);
        }
    }
}

/* Unpacks by the first word of a sample's name ("event.rows"). */
static inline enum err_class wire_unpack_named(const char *name, struct arena *arena, struct slice bytes,
                                               ProtobufCMessage **out, struct err *e)
{
    struct slice word = {name, strcspn(name, ".")};
    void *message = NULL;
    enum err_class class = ERR_INVALID;
    if (slice_equal_text(word, "event")) {
        class = wire_unpack_event(arena, bytes, (Tillwire__V1__Event **)&message, e);
    } else if (slice_equal_text(word, "batch")) {
        class = wire_unpack_batch(arena, bytes, (Tillwire__V1__EventBatch **)&message, e);
    } else if (slice_equal_text(word, "heartbeat")) {
        class = wire_unpack_heartbeat(arena, bytes, (Tillwire__V1__Heartbeat **)&message, e);
    } else if (slice_equal_text(word, "ack")) {
        class = wire_unpack_ack(arena, bytes, (Tillwire__V1__Ack **)&message, e);
    } else if (slice_equal_text(word, "command")) {
        class = wire_unpack_command(arena, bytes, (Tillwire__V1__Command **)&message, e);
    } else {
        err_set(e, ERR_INVALID, "%s: no such message", name);
    }
    *out = message;
    return class;
}

#endif
