/* Answers of the control socket (proto/control.h): a request in, JSON lines out. Knows no socket: lines go to
 * a sink, what is shown comes in as a view. */
#ifndef EDGE_CONTROL_CONTROL_H
#define EDGE_CONTROL_CONTROL_H

#include "common/clock.h"
#include "edge/ingest/ingest.h"
#include "edge/stock/ledger.h"
#include "edge/uplink/uplink.h"
#include "proto/control.h"

struct control_sink {
    void *ctx;
    /* One or more whole lines. false: the rest is not wanted. */
    bool (*write)(void *ctx, struct slice lines);
};

struct control_view {
    const char *store;
    const char *state; /* "live", "new" … */
    struct ledger *ledger;
    struct ingest *ingest;
    struct uplink *uplink;
    const struct clock *clock;
    uint64_t disk_free_bytes, resident_bytes;
    const char *error; /* why reading stands still; empty when it does not */
};

/* Answers one request line (without its newline), the last line being {"end":true,…} or {"error":"…"}. */
void control_answer(struct slice line, const struct control_view *view, const struct control_sink *sink);

#endif
