/* The store's side of the protocol as a state machine (docs/protocol.md, rules 1–6): strictly by seq from a
 * bounded window, re-sent until the centre says applied; heartbeats on the same path as the data. Reaches the
 * world through ops only: `bus`, `clock` and `log` (the ledger), so that it runs the same under a virtual
 * clock and in a load generator of a thousand stores.
 *
 * Acks answer heartbeats. So that the window moves at the speed of the network and not of the heartbeat
 * interval, a heartbeat also follows a burst of events directly, one unanswered at a time (see uplink.c). */
#ifndef EDGE_UPLINK_UPLINK_H
#define EDGE_UPLINK_UPLINK_H

#include "common/bus.h"
#include "common/clock.h"
#include "common/log.h"
#include "edge/stock/ledger.h"

/* The ledger as the uplink sees it. */
struct uplink_log {
    void *ctx;
    void (*head)(void *ctx, struct ledger_head *out);
    enum err_class (*read)(void *ctx, uint64_t from, bool (*each)(void *, const struct ledger_event *),
                           void *each_ctx, struct err *e);
    enum err_class (*chain_at)(void *ctx, uint64_t seq, uint64_t *chain, struct err *e);
    enum err_class (*applied)(void *ctx, uint64_t seq, int64_t centre_ms, struct err *e);
    enum err_class (*execute)(void *ctx, const Tillwire__V1__Command *command, struct err *e);
    /* Fills sources, gaps, disk, parts …: all of the heartbeat that is not the protocol's own. Memory lives
     * until the next call. */
    void (*describe)(void *ctx, Tillwire__V1__Heartbeat *heartbeat);
};

struct uplink_options {
    const char *store;
    size_t window_bytes_max;          /* unapplied event bytes in flight; 0 = 1 MiB */
    size_t batch_bytes_max;           /* 0 = 64 KiB; <= WIRE_BATCH_BYTES_MAX */
    int heartbeat_ms;                 /* 0 = 5000 */
    int resend_ms_min, resend_ms_max; /* backoff when applied stands still; 0 = 2000 and 60000 */
};

struct uplink;

enum err_class uplink_open(struct uplink **out, const struct uplink_options *options,
                           const struct uplink_log *log_ops, const struct bus *bus, const struct clock *clock,
                           struct log *log, struct err *e) ERR_MUST_CHECK;
void uplink_close(struct uplink *u);

void uplink_connected(struct uplink *u); /* and subscribed */
void uplink_disconnected(struct uplink *u);
/* A message of down/ack or down/command. ERR_INVALID: not for us, told in e; ERR_FATAL: from the ledger. */
enum err_class uplink_message(struct uplink *u, const char *topic, struct slice payload,
                              struct err *e) ERR_MUST_CHECK;

/* Sends what may be sent now; call after each commit, message, and when due. */
enum err_class uplink_turn(struct uplink *u, struct err *e) ERR_MUST_CHECK;
/* ms from now until uplink_turn should be called at the latest (0 = now). */
int64_t uplink_due_ms(const struct uplink *u);

struct uplink_status {
    bool connected;
    bool answered;      /* a heartbeat of this run has been answered */
    bool forked;        /* the centre's mark does not stand in our ledger (rule 8) */
    bool unknown_store; /* the centre does not know this store */
    bool closed;        /* the centre closed this generation */
    uint64_t sent_seq;  /* highest seq given to the bus since the last re-send */
    uint64_t applied_seq;
    uint64_t heartbeat_no;
    int64_t answered_age_ms; /* −1: never */
    uint64_t resends;
};
void uplink_status(const struct uplink *u, struct uplink_status *out);

#endif
