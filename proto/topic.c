#include "proto/topic.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TOPIC_PREFIX "tillwire/v1/"

/* By enum topic_kind. */
static const char *const topic_suffixes[] = {
    [TOPIC_EVENTS] = "/up/events",
    [TOPIC_HEARTBEAT] = "/up/heartbeat",
    [TOPIC_ACK] = "/down/ack",
    [TOPIC_COMMAND] = "/down/command",
};
enum { TOPIC_KINDS = sizeof topic_suffixes / sizeof topic_suffixes[0] };

static bool store_id_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool store_id_valid(struct slice id)
{
    for (size_t i = 0; i < id.size; i++) {
        if (!store_id_character(id.data[i])) {
            return false;
        }
    }
    return id.size > 0 && id.size <= STORE_ID_MAX;
}

const char *topic_format(enum topic_kind kind, const char *store, char out[TOPIC_BYTES])
{
    assert(store_id_valid(slice_of(store)));
    (void)snprintf(out, TOPIC_BYTES, TOPIC_PREFIX "%s%s", store, topic_suffixes[kind]);
    return out;
}

bool topic_parse(const char *topic, enum topic_kind *kind, char store[STORE_ID_MAX + 1])
{
    if (strncmp(topic, TOPIC_PREFIX, sizeof TOPIC_PREFIX - 1) != 0) {
        return false;
    }
    const char *begin = topic + sizeof TOPIC_PREFIX - 1;
    const char *end = strchr(begin, '/');
    if (end == NULL || !store_id_valid((struct slice){begin, (size_t)(end - begin)})) {
        return false;
    }
    for (int i = 0; i < TOPIC_KINDS; i++) {
        if (strcmp(end, topic_suffixes[i]) == 0) {
            *kind = (enum topic_kind)i;
            return slice_copy((struct slice){begin, (size_t)(end - begin)}, store, STORE_ID_MAX + 1);
        }
    }
    return false;
}
