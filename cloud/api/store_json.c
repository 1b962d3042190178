/* A store's summary as JSON. */
#include "cloud/api/fleet.h"

static const char *stage_name(enum store_stage stage)
{
    switch (stage) {
    case STAGE_ENROLLED:
        return "enrolled";
    case STAGE_SHADOW:
        return "shadow";
    case STAGE_LIVE:
        return "live";
    }
    return "enrolled";
}

static const char *edge_state_name(int state)
{
    static const char *const names[] = {"unknown",   "new",    "restoring", "live",
                                        "disk_full", "forked", "failed"};
    return state >= 0 && (size_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static void u64_or_null(struct json *j, const char *key, bool known, uint64_t value)
{
    json_key(j, key);
    known ? json_u64(j, value) : json_null(j);
}

static void int_or_null(struct json *j, const char *key, bool known, int64_t value)
{
    json_key(j, key);
    known ? json_int(j, value) : json_null(j);
}

static void text_or_null(struct json *j, const char *key, const char *value)
{
    json_key(j, key);
    value == NULL || value[0] == '\0' ? json_null(j) : json_string(j, value);
}

static void time_member(struct json *j, const char *key, int64_t wall_ms)
{
    json_key(j, key);
    json_time(j, wall_ms);
}

static void json_freshness_part(struct json *j, const struct store_summary *s,
                                const struct freshness_policy *policy)
{
    json_key(j, "freshness");
    json_object(j);
    json_key(j, "state");
    json_string(j, freshness_state_name(s->freshness.state));
    text_or_null(j, "reason", freshness_reason_name(s->freshness.reason));
    time_member(j, "as_of", s->freshness.as_of_ms);
    int_or_null(j, "age_ms", s->freshness.age_ms >= 0, s->freshness.age_ms);
    json_key(j, "sla_ms");
    json_int(j, policy->sla_ms);
    json_object_end(j);
}

static void json_position_part(struct json *j, const struct store_summary *s)
{
    const struct store_row *row = &s->row;
    u64_or_null(j, "generation", row->generation != 0, row->generation);
    u64_or_null(j, "applied_seq", row->generation != 0, row->seq);
    u64_or_null(j, "head_seq", s->heard, row->head_seq);
    time_member(j, "applied_at", row->applied_ms);
    json_key(j, "hole");
    if (row->hole_first == 0) {
        json_null(j);
    } else {
        json_object(j);
        u64_or_null(j, "first", true, row->hole_first);
        u64_or_null(j, "last", true, row->hole_last);
        time_member(j, "since", row->hole_since_ms);
        json_object_end(j);
    }
    u64_or_null(j, "transactions", row->generation != 0, row->transactions);
    time_member(j, "last_transaction_at", row->last_transaction_ms);
}

static void json_proof_part(struct json *j, const struct store_summary *s)
{
    const struct store_row *row = &s->row;
    u64_or_null(j, "verified_seq", row->verified_ms != 0, row->verified_seq);
    time_member(j, "verified_at", row->verified_ms);
    json_key(j, "verified");
    json_bool(j, row->verified_ms != 0 && !row->mismatch && row->verified_seq == row->seq);
    json_key(j, "mismatch");
    json_bool(j, row->mismatch);
    json_key(j, "repairing");
    json_bool(j, row->repair_id != 0);
}

void json_summary(struct json *j, const struct store_summary *s, const struct freshness_policy *policy)
{
    json_key(j, "store");
    json_string(j, s->row.store);
    text_or_null(j, "name", s->row.name);
    json_key(j, "stage");
    json_string(j, stage_name(s->row.stage));
    json_key(j, "status");
    json_string(j, summary_status(s));
    json_freshness_part(j, s, policy);
    json_position_part(j, s);
    json_proof_part(j, s);
    time_member(j, "heartbeat_at", s->row.heartbeat_ms);
    json_key(j, "edge_state");
    s->heard ? json_string(j, edge_state_name(s->state)) : json_null(j);
    u64_or_null(j, "outbox", s->heard, s->outbox);
    int_or_null(j, "oldest_unapplied_age_ms", s->heard, s->oldest_unapplied_age_ms);
    u64_or_null(j, "source_lag_bytes", s->heard, s->freshness.source_lag_bytes);
    text_or_null(j, "source_error", s->source_error);
    int_or_null(j, "clock_skew_ms", s->heard, s->clock_skew_ms);
    u64_or_null(j, "quarantined", s->heard, s->quarantined);
    u64_or_null(j, "negatives", s->heard, s->negatives);
    u64_or_null(j, "missing_numbers", s->heard, s->gap_count);
    u64_or_null(j, "disk_free_bytes", s->heard, s->disk_free_bytes);
    u64_or_null(j, "resident_bytes", s->heard, s->resident_bytes);
    text_or_null(j, "version", s->version);
}
