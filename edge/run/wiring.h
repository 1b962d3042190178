/* The ledger behind the ops structs of its users. */
#ifndef EDGE_RUN_WIRING_H
#define EDGE_RUN_WIRING_H

#include "common/bus.h"
#include "edge/ingest/ingest.h"
#include "edge/run/run.h"
#include "edge/uplink/uplink.h"

struct wiring {
    struct ledger *ledger;
    struct bus bus;
    const struct edge_taps *taps; /* NULL: none */
    void (*describe)(void *ctx, Tillwire__V1__Heartbeat *heartbeat);
    void *describe_ctx;
};

/* w must outlive what is made from it. */
struct ingest_ledger wiring_ingest_ledger(struct wiring *w);
struct uplink_log wiring_uplink_log(struct wiring *w);
struct bus wiring_bus(struct wiring *w);

#endif
