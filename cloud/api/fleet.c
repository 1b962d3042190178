#include "cloud/api/fleet.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *status;
    int rank;
} ranks[] = {{"down", 0},       {"gap", 1},    {"stale", 2}, {"unverified", 3},
             {"never_seen", 4}, {"closed", 5}, {"fresh", 6}};

/* "down": nothing has been proven for twenty times the SLA. */
enum { DOWN_SLAS = 20 };

const char *summary_status(const struct store_summary *s)
{
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++) {
        if (ranks[i].rank == s->rank) {
            return ranks[i].status;
        }
    }
    return "stale";
}

static int rank_of(const struct store_summary *s, int64_t sla_ms)
{
    switch (s->freshness.state) {
    case NEVER_SEEN:
        return 4;
    case CLOSED:
        return 5;
    case STALE:
        if (s->freshness.reason == REASON_GAP) {
            return 1;
        }
        if (s->freshness.reason == REASON_MISMATCH) {
            return 3;
        }
        return s->freshness.age_ms < 0 || s->freshness.age_ms > DOWN_SLAS * sla_ms ? 0 : 2;
    case FRESH:
        return s->row.verified_ms == 0 || s->row.mismatch ? 3 : 6;
    }
    return 2;
}

static void fill_from_heartbeat(struct store_summary *s, const Tillwire__V1__Heartbeat *h)
{
    s->heard = true;
    s->outbox = h->outbox;
    s->quarantined = h->quarantined;
    s->negatives = h->negatives;
    s->gap_count = h->gap_count;
    s->disk_free_bytes = h->disk_free_bytes;
    s->resident_bytes = h->resident_bytes;
    s->oldest_unapplied_age_ms = h->oldest_unapplied_age_ms;
    s->last_transaction_ms = h->last_transaction_wall_ms;
    s->clock_skew_ms = h->wall_ms == 0 ? 0 : h->wall_ms - s->row.heartbeat_ms;
    s->state = (int)h->state;
    (void)slice_copy(slice_of(h->version), s->version, sizeof s->version);
    for (size_t i = 0; i < h->n_sources; i++) {
        if (h->sources[i]->error != NULL && h->sources[i]->error[0] != '\0' && s->source_error[0] == '\0') {
            (void)slice_copy(slice_of(h->sources[i]->error), s->source_error, sizeof s->source_error);
        }
    }
}

void summary_fill(struct store_summary *s, const struct store_row *row,
                  const Tillwire__V1__Heartbeat *heartbeat, const struct store_time *now,
                  const struct freshness_policy *policy)
{
    *s = (struct store_summary){.row = *row};
    s->row.heartbeat = (struct slice){0};
    freshness_of(row, heartbeat, now, policy, &s->freshness);
    if (heartbeat != NULL) {
        fill_from_heartbeat(s, heartbeat);
    }
    s->rank = rank_of(s, policy->sla_ms);
}

struct gathering {
    struct fleet *fleet;
    struct api_request *request;
    struct err *error;
    enum err_class class;
};

static bool gather(void *ctx, const struct store_row *row)
{
    struct gathering *g = ctx;
    struct fleet *f = g->fleet;
    if (!caller_sees(&g->request->caller, slice_of(row->store))) {
        return true;
    }
    if (f->count == f->capacity) {
        size_t capacity = f->capacity == 0 ? 64 : f->capacity * 2;
        struct store_summary *grown =
            capacity > FLEET_MAX * 2 ? NULL : realloc(f->stores, capacity * sizeof *grown);
        if (grown == NULL) {
            g->class = err_set(g->error, ERR_FULL, "more than %d stores: not served by one list", FLEET_MAX);
            return false;
        }
        f->stores = grown;
        f->capacity = capacity;
    }
    Tillwire__V1__Heartbeat *heartbeat = NULL;
    arena_reset(g->request->slot->arena);
    if (row->heartbeat.size > 0) {
        g->class = wire_unpack_heartbeat(g->request->slot->arena, row->heartbeat, &heartbeat, g->error);
    }
    if (g->class == ERR_OK) {
        summary_fill(&f->stores[f->count++], row, heartbeat, &f->now, &g->request->api->options.freshness);
    }
    return g->class == ERR_OK;
}

static int worse_first(const void *a, const void *b)
{
    const struct store_summary *x = a, *y = b;
    return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1) : strcmp(x->row.store, y->row.store);
}

enum err_class fleet_read(struct fleet *f, struct api_request *r, struct err *e)
{
    const struct store_reader *reader = &r->slot->reader;
    struct gathering g = {f, r, e, ERR_OK};
    *f = (struct fleet){0};
    enum err_class class = reader->ops->now(reader->ctx, &f->now, e);
    class = class == ERR_OK ? reader->ops->store_each(reader->ctx, gather, &g, e) : class;
    class = class == ERR_OK ? g.class : class;
    if (class != ERR_OK) {
        fleet_free(f);
        return class;
    }
    if (f->count > 1) {
        qsort(f->stores, f->count, sizeof *f->stores, worse_first);
    }
    return ERR_OK;
}

void fleet_free(struct fleet *f)
{
    free(f->stores);
    *f = (struct fleet){0};
}
