/* What is due by time (docs/protocol.md, rules 4, 5, 8): the clock is written, digests recomputed, alerts let
 * go, old rows trimmed. Holes and commands need no timer: they go with the answers to heartbeats. */
#include "cloud/collector/state.h"

#include <string.h>

enum { SURVEY_MS = 5000, TRIM_MAX = 2000, RECOMPUTE_BUDGET_MS = 50, DUE_MAX = 256 };

struct due {
    const struct collector *c;
    size_t count;
    char stores[DUE_MAX][STORE_ID_MAX + 1];
};

static bool recompute_due(const struct collector *c, const struct store_row *row)
{
    return row->recomputed_ms == 0 || c->now.ms - row->recomputed_ms >= c->options.recompute_ms;
}

static bool fork_is_over(const struct collector *c, const struct store_row *row)
{
    return row->forked_ms != 0 && (c->now.ms - row->forked_ms >= HELLO_SLAS * c->options.freshness.sla_ms);
}

static bool hello_is_over(const struct collector *c, const struct store_row *row)
{
    return row->hello_ms != 0 && (c->now.ms - row->hello_ms >= HELLO_SLAS * c->options.freshness.sla_ms);
}

/* A time that lies ahead was read before the clock stepped back: the silence is measured anew. */
static bool ahead(const struct collector *c, const struct store_row *row)
{
    return row->forked_ms > c->now.ms || row->hello_ms > c->now.ms || row->recomputed_ms > c->now.ms;
}

static bool find_due(void *ctx, const struct store_row *row)
{
    struct due *due = ctx;
    const struct collector *c = due->c;
    if (recompute_due(c, row) || fork_is_over(c, row) || hello_is_over(c, row) || ahead(c, row)) {
        memcpy(due->stores[due->count++], row->store, sizeof row->store);
    }
    return due->count < DUE_MAX;
}

static int64_t not_after(int64_t ms, int64_t now_ms)
{
    return ms > now_ms ? now_ms : ms;
}

static enum err_class attend(struct collector *c, struct site *site, bool *recomputed, struct err *e)
{
    struct store_row *row = &site->row;
    enum err_class class = ERR_OK;
    row->forked_ms = not_after(row->forked_ms, c->now.ms);
    row->hello_ms = not_after(row->hello_ms, c->now.ms);
    row->recomputed_ms = not_after(row->recomputed_ms, c->now.ms);
    site->dirty = true;
    if (fork_is_over(c, row)) {
        row->forked_ms = 0;
        class = collector_alert_over(c, site, "fork", e);
    }
    if (class == ERR_OK && hello_is_over(c, row)) {
        row->hello_ms = 0;
        class = collector_alert_over(c, site, "hello", e);
    }
    *recomputed = class == ERR_OK && recompute_due(c, row);
    return *recomputed ? verify_recompute(c, site, e) : class;
}

static enum err_class survey(struct collector *c, struct err *e)
{
    struct due due = {.c = c};
    int64_t start_ms = clock_boot_ms(c->clock);
    enum err_class class = STORE(c, store_each, find_due, &due, e);
    bool in_time = true;
    for (size_t i = 0; i < due.count && class == ERR_OK && in_time; i++) {
        struct site *site;
        bool recomputed = false;
        class = sites_get(c, due.stores[i], &site, e);
        class = class == ERR_OK ? attend(c, site, &recomputed, e) : class;
        in_time = clock_boot_ms(c->clock) - start_ms < RECOMPUTE_BUDGET_MS;
    }
    bool all = in_time && due.count < DUE_MAX;
    c->survey_due_ms = clock_boot_ms(c->clock) + (all ? SURVEY_MS : 0);
    return class;
}

enum err_class collector_turn(struct collector *c, struct err *e)
{
    enum err_class class = collector_commit(c, e);
    if (class == ERR_OK) {
        class = collector_begin(c, e);
    }
    unsigned deleted;
    if (class == ERR_OK && clock_boot_ms(c->clock) >= c->survey_due_ms) {
        class = survey(c, e);
    }
    if (class == ERR_OK) {
        class = STORE(c, trim, c->now.ms, TRIM_MAX, &deleted, e);
    }
    return collector_finish(c, class, e);
}
