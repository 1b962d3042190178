/* What the parts of the uplink share: turn and timers (uplink.c), events out (uplink_events.c), heartbeats
 * out (uplink_heartbeat.c), acks and commands in (uplink_receive.c). Times are by the boot clock. */
#ifndef EDGE_UPLINK_UPLINK_STATE_H
#define EDGE_UPLINK_UPLINK_STATE_H

#include "edge/uplink/uplink.h"
#include "edge/uplink/window.h"

#define UPLINK_NEVER INT64_MAX

enum {
    UPLINK_SOLICIT_MS =
        1000, /* an unanswered heartbeat is followed by another after this, then 2, 4 … times it */
    UPLINK_PATIENCE_MS =
        3000, /* unanswered for longer than this and the heartbeat's interval: the centre is away */
    UPLINK_FULL_MS = 20, /* the bus is asked again after this, if nothing wakes us sooner */
};

struct uplink {
    struct uplink_options options; /* defaults filled in; store points to the field below */
    char store[STORE_ID_MAX + 1];
    struct uplink_log ops;
    struct bus bus;
    const struct clock *clock;
    struct log *log;
    char topic_events[TOPIC_BYTES], topic_heartbeat[TOPIC_BYTES];
    struct arena *arena;
    struct buf batch;  /* the one batch being built */
    struct buf packed; /* the one heartbeat being built */

    bool connected;
    uint32_t generation; /* of the ledger, when last looked at */

    /* What the newest answer said. */
    bool answered;
    bool fits; /* on this connection and for this generation: its mark stands in our ledger, events may go */
    bool forked, unknown_store, closed;
    uint64_t answered_no;
    int64_t answered_at;
    int64_t centre_ms;
    uint64_t clock_epoch;
    uint64_t applied_seq, applied_chain;

    /* What went out. */
    uint64_t sent_seq;
    struct window window;
    size_t bytes_since_heartbeat; /* of events */
    uint64_t heartbeat_no;
    int64_t heartbeat_at;
    bool heartbeat_wanted;    /* at once, whatever the timer says */
    unsigned unanswered;      /* heartbeats since the last answer or connect */
    int64_t unanswered_since; /* when the first of them went */
    bool bus_full;
    int64_t bus_full_at;

    /* Re-sending (rule 3). */
    int64_t still_since;  /* applied_seq stands still since */
    uint64_t still_no;    /* the newest heartbeat then: only answers to later ones tell anything */
    uint64_t covering_no; /* an answer to this heartbeat, or a later one, speaks of all that is in flight */
    uint64_t rewound_no;  /* the newest heartbeat when sending last began anew */
    int64_t resend_ms;    /* the backoff now, jitter included */
    uint64_t resends;
};

int64_t uplink_now(const struct uplink *u);

/* The centre has not answered for so long that nothing should be sent to it but heartbeats (rule 3, "hold
 * still"). */
bool uplink_centre_away(const struct uplink *u, int64_t now);
bool uplink_may_send_events(const struct uplink *u, int64_t now);

/* Forgets what is in flight: the next event sent is applied_seq + 1. */
void uplink_rewind(struct uplink *u);
/* applied_seq moved, or a re-send began: standing still is measured anew. */
void uplink_still_anew(struct uplink *u, int64_t now);

/* Sends one batch. *sent false: nothing more to send now (head reached, window or bus full, not allowed). */
enum err_class uplink_send_batch(struct uplink *u, const struct ledger_head *head, bool *sent,
                                 struct err *e) ERR_MUST_CHECK;
enum err_class uplink_send_heartbeat(struct uplink *u, const struct ledger_head *head,
                                     struct err *e) ERR_MUST_CHECK;

/* Gives a message to the bus. *accepted false: not now (ERR_FULL, ERR_RETRY of the bus); a later turn tries
 * again. */
enum err_class uplink_publish(struct uplink *u, const struct bus_message *message, bool *accepted,
                              struct err *e) ERR_MUST_CHECK;

#endif
