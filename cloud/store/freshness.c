#include "cloud/store/freshness.h"

#include <stddef.h>

enum { HELLO_SLAS = 3 }; /* nothing is fresh for so long after a Hello of an unknown birth (rule 4) */

static bool restoring(const struct store_row *row, const Tillwire__V1__Heartbeat *heartbeat,
                      const struct store_time *now, const struct freshness_policy *policy)
{
    if (row->generation == 0 || row->offered_generation != 0) {
        return true;
    }
    if (row->hello_ms != 0 && now->ms - row->hello_ms < HELLO_SLAS * policy->sla_ms) {
        return true;
    }
    return heartbeat->state == TILLWIRE__V1__HEARTBEAT__STATE__NEW ||
           heartbeat->state == TILLWIRE__V1__HEARTBEAT__STATE__RESTORING;
}

/* What is wrong with the data, whenever the store was last heard. */
static enum freshness_reason standing(const struct store_row *row, const Tillwire__V1__Heartbeat *heartbeat,
                                      const struct store_time *now, const struct freshness_policy *policy)
{
    if (restoring(row, heartbeat, now, policy)) {
        return REASON_REBUILDING;
    }
    if (row->forked_ms != 0 || heartbeat->state == TILLWIRE__V1__HEARTBEAT__STATE__FORKED) {
        return REASON_QUARANTINED;
    }
    if (row->mismatch) {
        return REASON_MISMATCH;
    }
    return row->repair_id != 0 ? REASON_GAP : REASON_NONE;
}

/* Why nothing newer is proven. */
static enum freshness_reason lateness(const struct store_row *row, const struct store_time *now,
                                      const struct freshness_policy *policy)
{
    if (row->hole_first != 0) {
        return REASON_GAP;
    }
    bool heard = row->heartbeat_ms != 0 && now->ms - row->heartbeat_ms <= policy->sla_ms;
    return heard && row->head_seq > row->seq ? REASON_BACKLOG : REASON_LATE;
}

/* What the proving heartbeat itself said about the store's input. */
static enum freshness_reason input(const struct store_row *row, const Tillwire__V1__Heartbeat *heartbeat,
                                   const struct freshness_policy *policy)
{
    if (heartbeat->state != TILLWIRE__V1__HEARTBEAT__STATE__LIVE || row->fresh_read_age_ms < 0 ||
        row->fresh_read_age_ms > policy->source_read_ms_max) {
        return REASON_SOURCE;
    }
    bool behind = row->fresh_lag_bytes > policy->lag_bytes_max || row->fresh_outbox > policy->outbox_max;
    return behind ? REASON_BACKLOG : REASON_NONE;
}

static uint64_t lag_bytes(const Tillwire__V1__Heartbeat *heartbeat)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < heartbeat->n_sources; i++) {
        uint64_t lag = heartbeat->sources[i]->lag_bytes;
        sum = lag > UINT64_MAX - sum ? UINT64_MAX : sum + lag;
    }
    return sum;
}

void freshness_of(const struct store_row *row, const Tillwire__V1__Heartbeat *heartbeat,
                  const struct store_time *now, const struct freshness_policy *policy, struct freshness *out)
{
    *out = (struct freshness){.state = NEVER_SEEN, .age_ms = -1};
    if (heartbeat == NULL) {
        return;
    }
    out->source_lag_bytes = lag_bytes(heartbeat);
    bool proven = row->fresh_as_of_ms != 0 && row->fresh_epoch == now->epoch;
    if (proven) {
        out->as_of_ms = row->fresh_as_of_ms;
        out->age_ms = now->ms > row->fresh_as_of_ms ? now->ms - row->fresh_as_of_ms : 0;
    }
    bool late = !proven || out->age_ms > policy->sla_ms;
    out->reason = standing(row, heartbeat, now, policy);
    if (out->reason == REASON_NONE) {
        out->reason = late ? lateness(row, now, policy) : input(row, heartbeat, policy);
    }
    out->state = out->reason == REASON_NONE ? FRESH : STALE;
    /* in its closed hours a store may be switched off, or its registers may be */
    if (heartbeat->closed && (out->reason == REASON_LATE || out->reason == REASON_SOURCE)) {
        out->state = CLOSED;
    }
}

const char *freshness_state_name(enum freshness_state state)
{
    switch (state) {
    case FRESH:
        return "fresh";
    case STALE:
        return "stale";
    case NEVER_SEEN:
        return "never_seen";
    case CLOSED:
        return "closed";
    }
    return "stale";
}

const char *freshness_reason_name(enum freshness_reason reason)
{
    switch (reason) {
    case REASON_NONE:
        return NULL;
    case REASON_LATE:
        return "late";
    case REASON_GAP:
        return "gap";
    case REASON_BACKLOG:
        return "backlog";
    case REASON_SOURCE:
        return "source";
    case REASON_REBUILDING:
        return "rebuilding";
    case REASON_MISMATCH:
        return "mismatch";
    case REASON_QUARANTINED:
        return "quarantined";
    }
    return NULL;
}
