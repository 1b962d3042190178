/* Is a store's figure fresh, and if not, why? Pure: computed from the store's row, at reading (PROTOCOL rule
 * 4). */
#ifndef CLOUD_STORE_FRESHNESS_H
#define CLOUD_STORE_FRESHNESS_H

#include "cloud/store/store.h"

enum freshness_state { FRESH, STALE, NEVER_SEEN, CLOSED };
enum freshness_reason {
    REASON_NONE,
    REASON_LATE,
    REASON_GAP,
    REASON_BACKLOG,
    REASON_SOURCE,
    REASON_REBUILDING,
    REASON_MISMATCH,
    REASON_QUARANTINED
};

struct freshness_policy {
    int64_t sla_ms;             /* 15000 */
    int64_t source_read_ms_max; /* 60000: every source read successfully within this */
    uint64_t lag_bytes_max;     /* 1 MiB of TLOG not yet read */
    uint64_t outbox_max;        /* 1000 events not yet applied */
};

struct freshness {
    enum freshness_state state;
    enum freshness_reason reason;
    int64_t as_of_ms; /* 0 = nothing proven */
    int64_t age_ms;   /* now − as_of, −1 when nothing is proven */
    uint64_t source_lag_bytes;
};

/* heartbeat: the row's own, unpacked; NULL when there is none. */
void freshness_of(const struct store_row *row, const Tillwire__V1__Heartbeat *heartbeat,
                  const struct store_time *now, const struct freshness_policy *policy, struct freshness *out);

const char *freshness_state_name(enum freshness_state state);
const char *freshness_reason_name(enum freshness_reason reason); /* NULL for REASON_NONE */

#endif
