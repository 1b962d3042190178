/* GET /metrics: Prometheus text format. */
#include "cloud/api/fleet.h"
#include "cloud/api/route.h"
#include "cloud/api/streams.h"

#include <string.h>

struct metrics {
    struct buf *out;
    bool full;
};

static void metric(struct metrics *m, const char *name, const char *type, const char *help, double value)
{
    m->full |= buf_printf(m->out, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name, type, name,
                          value) != ERR_OK;
}

static enum err_class read_counts(void *ctx, struct collector *c, const struct store_writer *store,
                                  struct err *e)
{
    (void)store;
    (void)e;
    collector_counts(c, ctx);
    return ERR_OK;
}

static void collector_metrics(struct metrics *m, const struct collector_counts *c)
{
    const struct {
        const char *name, *help;
        uint64_t value;
    } counters[] = {
        {"tillwire_collector_batches_total", "Event batches applied.", c->batches},
        {"tillwire_collector_events_total", "Events applied.", c->events},
        {"tillwire_collector_movements_total", "Stock movements applied.", c->movements},
        {"tillwire_collector_heartbeats_total", "Heartbeats taken in.", c->heartbeats},
        {"tillwire_collector_acks_total", "Acks published.", c->acks},
        {"tillwire_collector_duplicate_events_total", "Events that came again and changed nothing.",
         c->duplicates},
        {"tillwire_collector_early_batches_total", "Batches kept until a hole fills.", c->early},
        {"tillwire_collector_forks_total", "Batches refused because their chain does not fit.", c->forks},
        {"tillwire_collector_poison_total", "Batches moved to the dead table.", c->poison},
        {"tillwire_collector_refused_total", "Messages refused.", c->refused},
        {"tillwire_collector_corrections_total", "Ledger entries made by repairs.", c->corrections},
        {"tillwire_collector_commits_total", "Database transactions.", c->commits},
    };
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        metric(m, counters[i].name, "counter", counters[i].help, (double)counters[i].value);
    }
}

static void latency_histogram(struct metrics *m, const struct collector_counts *c)
{
    static const char name[] = "tillwire_till_to_centre_seconds";
    uint64_t total = 0;
    double bound_s = 0.001;
    m->full |=
        buf_printf(m->out,
                   "# HELP %s Own time of a movement to its commit at the centre.\n# TYPE %s histogram\n",
                   name, name) != ERR_OK;
    for (size_t i = 0; i < sizeof c->latency_buckets / sizeof c->latency_buckets[0]; i++) {
        total += c->latency_buckets[i];
        m->full |= buf_printf(m->out, "%s_bucket{le=\"%g\"} %llu\n", name, bound_s,
                              (unsigned long long)total) != ERR_OK;
        bound_s *= 2;
    }
    m->full |= buf_printf(m->out, "%s_bucket{le=\"+Inf\"} %llu\n%s_count %llu\n", name,
                          (unsigned long long)total, name, (unsigned long long)total) != ERR_OK;
}

static void fleet_metrics(struct metrics *m, const struct fleet *f)
{
    static const char *const statuses[] = {"fresh",      "stale",  "gap",       "down",
                                           "unverified", "closed", "never_seen"};
    uint64_t outbox = 0, quarantined = 0, missing = 0;
    m->full |=
        buf_printf(m->out, "# HELP tillwire_stores Stores by status.\n# TYPE tillwire_stores gauge\n") !=
        ERR_OK;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        size_t count = 0;
        for (size_t k = 0; k < f->count; k++) {
            count += strcmp(summary_status(&f->stores[k]), statuses[i]) == 0;
        }
        m->full |= buf_printf(m->out, "tillwire_stores{status=\"%s\"} %zu\n", statuses[i], count) != ERR_OK;
    }
    for (size_t k = 0; k < f->count; k++) {
        outbox += f->stores[k].outbox;
        quarantined += f->stores[k].quarantined;
        missing += f->stores[k].gap_count;
    }
    metric(m, "tillwire_outbox_events", "gauge", "Events not yet applied, all stores.", (double)outbox);
    metric(m, "tillwire_quarantined_records", "gauge", "TLOG records in quarantine, all stores.",
           (double)quarantined);
    metric(m, "tillwire_missing_sequence_numbers", "gauge",
           "Transaction numbers that no log held, all stores.", (double)missing);
}

static void api_metrics(struct metrics *m, struct api *a)
{
    m->full |= buf_printf(m->out, "# HELP tillwire_http_responses_total Responses by class.\n"
                                  "# TYPE tillwire_http_responses_total counter\n") != ERR_OK;
    for (size_t i = 2; i < 6; i++) {
        pthread_mutex_lock(&a->mutex);
        uint64_t count = a->requests_by_class[i];
        pthread_mutex_unlock(&a->mutex);
        m->full |= buf_printf(m->out, "tillwire_http_responses_total{class=\"%zuxx\"} %llu\n", i,
                              (unsigned long long)count) != ERR_OK;
    }
    metric(m, "tillwire_event_streams", "gauge", "Open event streams.", (double)streams_count(a->streams));
    metric(m, "tillwire_start_time_seconds", "gauge", "When the api started.",
           (double)a->started_ms / 1000.0);
}

void handle_metrics(struct api_request *r, struct api_reply *reply)
{
    struct metrics m = {&reply->body, false};
    struct fleet f;
    struct collector_counts counts = {0};
    struct err e = {0};
    enum err_class class = worker_call(r->api->worker, read_counts, &counts, &e);
    class = class == ERR_OK ? fleet_read(&f, r, &e) : class;
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    collector_metrics(&m, &counts);
    latency_histogram(&m, &counts);
    fleet_metrics(&m, &f);
    api_metrics(&m, r->api);
    fleet_free(&f);
    reply->status = 200;
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    if (m.full) {
        reply_problem(reply, 500, "too-large", "the metrics exceed %d bytes", REPLY_BYTES_MAX);
    }
}
