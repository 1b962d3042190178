#include "cloud/api/watch.h"
#include "cloud/api/fleet.h"

#include <stdlib.h>

/* While a backlog drains, a commit may hold thousands of movements: so many a second are told one by one. */
enum { MOVEMENTS_PER_S_MAX = 500, ARENA_BYTES_MAX = 1024 * 1024 };

struct watch {
    struct hub *hub;
    struct freshness_policy policy;
    struct arena *arena;
    struct buf text;
    int64_t second;      /* of the limit */
    unsigned told, held; /* in that second */
};

enum err_class watch_open(struct watch **out, struct hub *hub, const struct freshness_policy *policy,
                          struct err *e)
{
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return err_set(e, ERR_FATAL, "event watch: out of memory");
    }
    w->hub = hub;
    w->policy = *policy;
    w->text = BUF_INIT(HUB_FRAME_BYTES_MAX);
    enum err_class class = arena_open(&w->arena, ARENA_BYTES_MAX, e);
    if (class != ERR_OK) {
        watch_close(w);
        return class;
    }
    *out = w;
    return ERR_OK;
}

void watch_close(struct watch *w)
{
    if (w != NULL) {
        arena_close(w->arena);
        buf_free(&w->text);
        free(w);
    }
}

/* False: nobody listens, and the hub knows that something was left out. */
static bool begin(struct watch *w, struct json *j)
{
    if (!hub_wanted(w->hub)) {
        hub_skip(w->hub);
        return false;
    }
    buf_clear(&w->text);
    json_begin(j, &w->text);
    json_object(j);
    return true;
}

/* An event that cannot be told makes the streams begin anew. */
static void end(struct watch *w, struct json *j, const char *kind, const char *store)
{
    json_object_end(j);
    if (json_end(j) != ERR_OK || !hub_publish(w->hub, kind, store, buf_slice(&w->text))) {
        hub_skip(w->hub);
    }
}

static void stock_changed(void *ctx, const struct store_stock *row, const struct store_time *now)
{
    struct watch *w = ctx;
    struct json j;
    char store[STORE_ID_MAX + 1];
    if (!slice_copy(row->store, store, sizeof store) || !begin(w, &j)) {
        return;
    }
    json_key(&j, "store");
    json_text(&j, row->store);
    json_key(&j, "item");
    json_text(&j, row->item);
    json_key(&j, "location");
    json_text(&j, row->location);
    json_key(&j, "on_hand");
    row->basis == TILLWIRE__V1__BASIS__BASIS_NONE ? json_null(&j) : json_qty(&j, row->on_hand_e4);
    json_key(&j, "recorded");
    json_qty(&j, row->recorded_e4);
    json_key(&j, "seq");
    json_u64(&j, row->seq);
    json_key(&j, "changed_at");
    json_time(&j, row->changed_ms);
    json_key(&j, "now");
    json_time(&j, now->ms);
    end(w, &j, "stock", store);
}

static bool within_limit(struct watch *w, const struct store_time *now)
{
    if (now->ms / 1000 != w->second) {
        w->second = now->ms / 1000;
        w->told = 0;
        w->held = 0;
    }
    bool within = w->told < MOVEMENTS_PER_S_MAX;
    within ? w->told++ : w->held++;
    return within;
}

static void moved(void *ctx, const struct store_ledger_entry *entry, const struct store_time *now)
{
    struct watch *w = ctx;
    struct json j;
    char store[STORE_ID_MAX + 1];
    if (!within_limit(w, now) || !slice_copy(entry->store, store, sizeof store) || !begin(w, &j)) {
        return;
    }
    json_key(&j, "store");
    json_text(&j, entry->store);
    json_key(&j, "item");
    json_text(&j, entry->item);
    json_key(&j, "location");
    json_text(&j, entry->location);
    json_key(&j, "kind");
    json_string(&j, movement_kind_name((Tillwire__V1__MovementKind)entry->kind));
    json_key(&j, "quantity");
    json_qty(&j, entry->on_hand_delta_e4);
    json_key(&j, "uom");
    json_text(&j, entry->uom.size > 0 ? entry->uom : SLICE("EA"));
    json_key(&j, "generation");
    json_int(&j, entry->generation);
    json_key(&j, "seq");
    json_u64(&j, entry->seq);
    json_key(&j, "own_time");
    json_time(&j, entry->own_ms);
    json_key(&j, "applied_at");
    json_time(&j, entry->applied_ms);
    end(w, &j, "movement", store);
}

static void store_changed(void *ctx, const struct store_row *row, const struct store_time *now)
{
    struct watch *w = ctx;
    struct json j;
    struct err e = {0};
    struct store_summary summary;
    Tillwire__V1__Heartbeat *heartbeat = NULL;
    if (!begin(w, &j)) {
        return;
    }
    arena_reset(w->arena);
    if (row->heartbeat.size > 0 &&
        wire_unpack_heartbeat(w->arena, row->heartbeat, &heartbeat, &e) != ERR_OK) {
        heartbeat = NULL; /* told without what it said; it was valid when it was stored */
    }
    summary_fill(&summary, row, heartbeat, now, &w->policy);
    json_summary(&j, &summary, &w->policy);
    json_key(&j, "now");
    json_time(&j, now->ms);
    end(w, &j, "heartbeat", row->store);
}

static void alerted(void *ctx, const char *store, const char *kind, const char *text, bool open,
                    const struct store_time *now)
{
    struct watch *w = ctx;
    struct json j;
    if (!begin(w, &j)) {
        return;
    }
    json_key(&j, "store");
    json_string(&j, store);
    json_key(&j, "kind");
    json_string(&j, kind);
    json_key(&j, "text");
    json_string(&j, text);
    json_key(&j, "open");
    json_bool(&j, open);
    json_key(&j, "now");
    json_time(&j, now->ms);
    end(w, &j, "alert", store);
}

struct collector_watch watch_ops(struct watch *w)
{
    return (struct collector_watch){
        .ctx = w, .stock = stock_changed, .movement = moved, .store = store_changed, .alert = alerted};
}
