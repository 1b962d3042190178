#include "proto/wire.h"

#include "proto/wire_check.h"

/* Text that holds a NUL, a field given twice, a number wider than its field: each would be read as something
 * else than it was written. All of them pack to another size than they came in. Fields of a newer version do
 * not: they are kept until the limits have been checked. */
static bool one_meaning(const ProtobufCMessage *message, struct slice bytes)
{
    return protobuf_c_message_get_packed_size(message) == bytes.size;
}

/* NULL with c->e set when the bytes are no such message. */
static void *unpack(struct check *c, const ProtobufCMessageDescriptor *descriptor, size_t size_max,
                    struct slice bytes)
{
    if (bytes.size > size_max) {
        err_set(c->e, ERR_INVALID, "%zu bytes, more than the %zu allowed", bytes.size, size_max);
        return NULL;
    }
    static const uint8_t nothing[1];
    const uint8_t *data = bytes.size == 0 ? nothing : (const uint8_t *)bytes.data;
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, arena_allocator(c->arena), bytes.size, data);
    if (message != NULL && one_meaning(message, bytes)) {
        return message;
    }
    if (arena_refused(c->arena) == ERR_FATAL) {
        err_set(c->e, ERR_FATAL, "out of memory");
    } else if (arena_refused(c->arena) == ERR_INVALID) {
        err_set(c->e, ERR_INVALID, "needs more memory than any valid message");
    } else {
        err_set(c->e, ERR_INVALID, "malformed protobuf");
    }
    return NULL;
}

static enum err_class refused(struct check *c, const char *message)
{
    err_prefix(c->e, "%s", message);
    return c->e->class;
}

enum err_class wire_unpack_batch(struct arena *a, struct slice bytes, Tillwire__V1__EventBatch **out,
                                 struct err *e)
{
    struct err unread;
    struct check c = {.arena = a, .e = e == NULL ? &unread : e};
    *out = unpack(&c, &tillwire__v1__event_batch__descriptor, WIRE_BATCH_BYTES_MAX, bytes);
    return *out != NULL && check_batch(&c, *out) ? ERR_OK : refused(&c, "batch");
}

enum err_class wire_unpack_event(struct arena *a, struct slice bytes, Tillwire__V1__Event **out,
                                 struct err *e)
{
    struct err unread;
    struct check c = {.arena = a, .e = e == NULL ? &unread : e};
    *out = unpack(&c, &tillwire__v1__event__descriptor, WIRE_EVENT_BYTES_MAX, bytes);
    return *out != NULL && check_event(&c, *out) ? ERR_OK : refused(&c, "event");
}

enum err_class wire_unpack_heartbeat(struct arena *a, struct slice bytes, Tillwire__V1__Heartbeat **out,
                                     struct err *e)
{
    struct err unread;
    struct check c = {.arena = a, .e = e == NULL ? &unread : e};
    *out = unpack(&c, &tillwire__v1__heartbeat__descriptor, WIRE_BATCH_BYTES_MAX, bytes);
    return *out != NULL && check_heartbeat(&c, *out) ? ERR_OK : refused(&c, "heartbeat");
}

enum err_class wire_unpack_ack(struct arena *a, struct slice bytes, Tillwire__V1__Ack **out, struct err *e)
{
    struct err unread;
    struct check c = {.arena = a, .e = e == NULL ? &unread : e};
    *out = unpack(&c, &tillwire__v1__ack__descriptor, WIRE_BATCH_BYTES_MAX, bytes);
    return *out != NULL && check_ack(&c, *out) ? ERR_OK : refused(&c, "ack");
}

enum err_class wire_unpack_command(struct arena *a, struct slice bytes, Tillwire__V1__Command **out,
                                   struct err *e)
{
    struct err unread;
    struct check c = {.arena = a, .e = e == NULL ? &unread : e};
    *out = unpack(&c, &tillwire__v1__command__descriptor, WIRE_BATCH_BYTES_MAX, bytes);
    return *out != NULL && check_command(&c, *out) ? ERR_OK : refused(&c, "command");
}

enum err_class wire_pack(const ProtobufCMessage *message, struct buf *out, struct err *e)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    enum err_class class = buf_reserve(out, size);
    if (class != ERR_OK) {
        return err_set(e, class, "%s: %zu bytes packed do not fit beside %zu of at most %zu",
                       message->descriptor->short_name, size, out->size, out->ceiling);
    }
    out->size += protobuf_c_message_pack(message, (uint8_t *)out->data + out->size);
    out->data[out->size] = '\0';
    return ERR_OK;
}
