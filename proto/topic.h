/* MQTT topic names of the contract. */
#ifndef PROTO_TOPIC_H
#define PROTO_TOPIC_H

#include "common/slice.h"

enum { STORE_ID_MAX = 32, TOPIC_BYTES = 80, ITEM_ID_MAX = 64, LOCATION_MAX = 32, WORKSTATION_MAX = 32 };

#define TOPIC_UP_FILTER "tillwire/v1/+/up/#"

enum topic_kind { TOPIC_EVENTS, TOPIC_HEARTBEAT, TOPIC_ACK, TOPIC_COMMAND };

/* [A-Za-z0-9_-]{1,32} */
bool store_id_valid(struct slice id);

/* "tillwire/v1/{store}/up/events" and so on; store must be valid. Returns out. */
const char *topic_format(enum topic_kind kind, const char *store, char out[TOPIC_BYTES]);

/* Splits a topic; store is NUL-terminated. False for any topic that is not exactly one of ours. */
bool topic_parse(const char *topic, enum topic_kind *kind, char store[STORE_ID_MAX + 1]);

#endif
