/* The message bus as orchestrators see it: an ops struct that MQTT fills, and that tests fill with a bus
 * that forgets, repeats and delays. Delivery is never relied upon. */
#ifndef COMMON_BUS_H
#define COMMON_BUS_H

#include "common/err.h"
#include "common/slice.h"

struct bus_property {
    const char *name;
    const char *value;
};

struct bus_message {
    const char *topic;
    struct slice payload;
    int qos;                               /* 0 or 1 */
    const struct bus_property *properties; /* MQTT 5 user properties; NULL when none */
    size_t property_count;
};

struct bus {
    void *ctx;
    /* Copies the message and returns. ERR_RETRY: not connected. ERR_FULL: the outgoing bound is reached; try
     * after the bus reports room. */
    enum err_class (*publish)(void *ctx, const struct bus_message *message, struct err *e);
};

#endif
