/* The fleet as operators see it: one summary a store, worst first. */
#ifndef CLOUD_API_FLEET_H
#define CLOUD_API_FLEET_H

#include "cloud/api/internal.h"
#include "cloud/api/request.h"
#include "cloud/store/freshness.h"

enum { FLEET_MAX = 10000 };

/* What a summary says of the newest heartbeat, copied out of it. */
struct store_summary {
    struct store_row row; /* row.heartbeat is not kept */
    struct freshness freshness;
    bool heard; /* a heartbeat is known: the fields below are its own */
    uint64_t outbox, quarantined, negatives, gap_count, disk_free_bytes, resident_bytes;
    int64_t oldest_unapplied_age_ms, last_transaction_ms, clock_skew_ms;
    int state; /* Tillwire__V1__Heartbeat__State */
    char version[33], source_error[161];
    int rank; /* 0 worst */
};

/* The verdict that status shows: "down", "gap", "stale", "unverified", "fresh", "closed", "never_seen". */
const char *summary_status(const struct store_summary *s);

struct fleet {
    struct store_summary *stores;
    size_t count, capacity;
    struct store_time now;
};

/* All stores that the caller sees, worst first. */
enum err_class fleet_read(struct fleet *f, struct api_request *r, struct err *e) ERR_MUST_CHECK;
void fleet_free(struct fleet *f);

/* heartbeat may be NULL. */
void summary_fill(struct store_summary *s, const struct store_row *row,
                  const Tillwire__V1__Heartbeat *heartbeat, const struct store_time *now,
                  const struct freshness_policy *policy);

/* The members of a summary, into an open object. */
void json_summary(struct json *j, const struct store_summary *s, const struct freshness_policy *policy);

#endif
