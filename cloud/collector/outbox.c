#include "cloud/collector/outbox.h"

#include "common/buf.h"
#include "proto/wire.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 4096, BYTES_MAX = 8 << 20 };

struct entry {
    enum topic_kind kind;
    char store[STORE_ID_MAX + 1];
    size_t offset, size;
};

struct outbox {
    struct buf bytes;
    size_t count;
    struct entry entries[ENTRIES_MAX];
};

enum err_class outbox_open(struct outbox **out, struct err *e)
{
    struct outbox *o = calloc(1, sizeof *o);
    if (o == NULL) {
        return err_set(e, ERR_FATAL, "no memory for outgoing messages");
    }
    o->bytes = BUF_INIT(BYTES_MAX);
    *out = o;
    return ERR_OK;
}

void outbox_close(struct outbox *o)
{
    if (o != NULL) {
        buf_free(&o->bytes);
        free(o);
    }
}

enum err_class outbox_add(struct outbox *o, enum topic_kind kind, const char *store,
                          const ProtobufCMessage *message, struct err *e)
{
    if (o->count == ENTRIES_MAX) {
        return err_set(e, ERR_FULL, "more than %d messages to send at once", ENTRIES_MAX);
    }
    size_t offset = o->bytes.size;
    enum err_class class = wire_pack(message, &o->bytes, e);
    if (class != ERR_OK) {
        return class;
    }
    struct entry *entry = &o->entries[o->count++];
    *entry = (struct entry){.kind = kind, .offset = offset, .size = o->bytes.size - offset};
    (void)slice_copy(slice_of(store), entry->store, sizeof entry->store);
    return ERR_OK;
}

unsigned outbox_acks(const struct outbox *o)
{
    unsigned acks = 0;
    for (size_t i = 0; i < o->count; i++) {
        acks += o->entries[i].kind == TOPIC_ACK;
    }
    return acks;
}

unsigned outbox_publish(struct outbox *o, const struct bus *bus)
{
    unsigned acks = 0;
    for (size_t i = 0; i < o->count; i++) {
        const struct entry *entry = &o->entries[i];
        char topic[TOPIC_BYTES];
        struct bus_message message = {
            .topic = topic_format(entry->kind, entry->store, topic),
            .payload = {o->bytes.data + entry->offset, entry->size},
            .qos = entry->kind == TOPIC_COMMAND,
        };
        struct err unsent;
        if (bus->publish(bus->ctx, &message, &unsent) == ERR_OK && entry->kind == TOPIC_ACK) {
            acks++;
        }
    }
    outbox_clear(o);
    return acks;
}

void outbox_clear(struct outbox *o)
{
    o->count = 0;
    buf_clear(&o->bytes);
}
