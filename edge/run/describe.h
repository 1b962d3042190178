/* What a heartbeat says of the store beside the protocol's own fields. Heartbeats can follow each other
 * within a millisecond: what costs system calls or a query is looked up at most once in a while. */
#ifndef EDGE_RUN_DESCRIBE_H
#define EDGE_RUN_DESCRIBE_H

#include "common/clock.h"
#include "edge/ingest/ingest.h"
#include "edge/stock/ledger.h"
#include "edge/uplink/uplink.h"

struct description;

struct describe_view {
    struct ledger *ledger;
    struct ingest *ingest;
    struct uplink *uplink; /* NULL before it is open */
    const struct clock *clock;
    const char *state_dir;
    uint64_t run_first_seq; /* head when this run began: later events have this boot's times */
    bool disk_full;
};

enum err_class describe_open(struct description **out, struct err *e) ERR_MUST_CHECK;
void describe_close(struct description *d);

/* Fills heartbeat; its memory is d's, until the next call. */
void describe_heartbeat(struct description *d, const struct describe_view *view,
                        Tillwire__V1__Heartbeat *heartbeat);

uint64_t describe_disk_free(const char *folder);
uint64_t describe_resident(void);
Tillwire__V1__Heartbeat__State describe_state(const struct describe_view *view);
const char *describe_state_name(Tillwire__V1__Heartbeat__State state);

#endif
