/* Whatever comes over the wire: the first byte says how the rest is read. What unpacks must pack again to no
 * more bytes than came in (fields of newer versions are dropped) and unpack once more. */
#include "proto/digest.h"
#include "proto/wire.h"
#include "tests/fuzz/fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { KIND_BATCH, KIND_EVENT, KIND_HEARTBEAT, KIND_ACK, KIND_COMMAND, KIND_PLACE, KIND_TOPIC, KINDS };

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static ProtobufCMessage *unpack(unsigned kind, struct arena *arena, struct slice bytes)
{
    struct err e = {0};
    enum err_class class = ERR_INVALID;
    void *message = NULL;
    if (kind == KIND_BATCH) {
        class = wire_unpack_batch(arena, bytes, (Tillwire__V1__EventBatch **)&message, &e);
    } else if (kind == KIND_EVENT) {
        class = wire_unpack_event(arena, bytes, (Tillwire__V1__Event **)&message, &e);
    } else if (kind == KIND_HEARTBEAT) {
        class = wire_unpack_heartbeat(arena, bytes, (Tillwire__V1__Heartbeat **)&message, &e);
    } else if (kind == KIND_ACK) {
        class = wire_unpack_ack(arena, bytes, (Tillwire__V1__Ack **)&message, &e);
    } else {
        class = wire_unpack_command(arena, bytes, (Tillwire__V1__Command **)&message, &e);
    }
    must(class == ERR_OK || (class == ERR_INVALID && e.message[0] != '\0'));
    return class == ERR_OK ? message : NULL;
}

static void check_message(unsigned kind, struct arena *arena, struct slice bytes)
{
    ProtobufCMessage *message = unpack(kind, arena, bytes);
    if (message == NULL) {
        return;
    }
    BUF_AUTO struct buf again =
        BUF_INIT(WIRE_BATCH_BYTES_MAX + 64); /* room for the marks that were filled in */
    must(wire_pack(message, &again, NULL) == ERR_OK);
    must(again.size > WIRE_EVENT_BYTES_MAX || unpack(kind, arena, buf_slice(&again)) != NULL);
    if (kind == KIND_BATCH) {
        const Tillwire__V1__EventBatch *batch = (const Tillwire__V1__EventBatch *)message;
        uint64_t chain = batch->prev_chain;
        for (size_t i = 0; i < batch->n_events; i++) {
            struct slice event = {(const char *)batch->events[i].data, batch->events[i].len};
            chain = chain_next(chain, event);
            check_message(KIND_EVENT, arena, event);
        }
    }
}

/* "name\nvalue\n…" as user properties. */
static void check_place(char *text)
{
    struct bus_property properties[16];
    size_t count = 0;
    for (char *name; count < 16 && (name = strsep(&text, "\n")) != NULL; count++) {
        char *value = strsep(&text, "\n");
        properties[count] = (struct bus_property){name, value == NULL ? "" : value};
    }
    struct batch_place place;
    struct batch_place again;
    struct place_text out;
    if (wire_place_parse(properties, count, &place, NULL) == ERR_OK) {
        wire_place_format(&place, &out, properties);
        must(wire_place_parse(properties, WIRE_PLACE_PROPERTIES, &again, NULL) == ERR_OK);
        must(strcmp(again.store, place.store) == 0 && again.chain == place.chain);
    }
}

static void check_topic(const char *text)
{
    enum topic_kind kind;
    char store[STORE_ID_MAX + 1];
    char topic[TOPIC_BYTES];
    if (topic_parse(text, &kind, store)) {
        must(strcmp(topic_format(kind, store, topic), text) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    unsigned kind = data[0] % KINDS;
    char *bytes = malloc(size); /* the rest and a NUL */
    must(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    bytes[size - 1] = '\0';
    if (kind == KIND_PLACE) {
        check_place(bytes);
    } else if (kind == KIND_TOPIC) {
        check_topic(bytes);
    } else {
        struct arena *arena = NULL;
        must(arena_open(&arena, WIRE_ARENA_BYTES_MAX, NULL) == ERR_OK);
        check_message(kind, arena, (struct slice){bytes, size - 1});
        arena_close(arena);
    }
    free(bytes);
    return 0;
}
