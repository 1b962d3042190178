#include "cloud/api/stock_page.h"
#include "proto/qty.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum err_class stock_page_open(struct stock_page *page, size_t limit, struct err *e)
{
    *page = (struct stock_page){.limit = limit};
    page->figures = malloc((limit + 1) * sizeof *page->figures); /* each is cleared when it begins */
    return page->figures != NULL ? ERR_OK
                                 : err_set(e, ERR_FULL, "out of memory for a page of %zu rows", limit);
}

void stock_page_close(struct stock_page *page)
{
    free(page->figures);
    page->figures = NULL;
}

bool location_is_sellable(struct slice location)
{
    return !slice_equal_text(location, "damaged") && !slice_equal_text(location, "returns");
}

static void begin_figure(struct stock_figure *f, const struct store_stock *row)
{
    *f = (struct stock_figure){.basis = TILLWIRE__V1__BASIS__BASIS_NONE};
    (void)slice_copy(row->store, f->store, sizeof f->store);
    (void)slice_copy(row->item, f->item, sizeof f->item);
    (void)slice_copy(row->gtin, f->gtin, sizeof f->gtin);
    (void)slice_copy(row->uom, f->uom, sizeof f->uom);
    (void)slice_copy(row->description, f->description, sizeof f->description);
}

static bool add(int64_t *sum, int64_t value)
{
    return qty_add(*sum, value, sum);
}

/* False when a sum overflows. */
static bool add_location(struct stock_figure *f, const struct store_stock *row)
{
    bool sellable = location_is_sellable(row->location);
    bool fits = add(sellable ? &f->on_hand_e4 : &f->unsellable_e4, row->on_hand_e4) &&
                add(&f->held_e4, row->held_e4) && add(&f->recorded_e4, row->recorded_e4);
    if (sellable) {
        bool weaker = row->basis == TILLWIRE__V1__BASIS__BASIS_NONE || !f->sellable_seen ||
                      (f->basis != TILLWIRE__V1__BASIS__BASIS_NONE && row->basis_ms < f->basis_ms);
        f->basis = weaker ? row->basis : f->basis;
        f->basis_ms = weaker ? row->basis_ms : f->basis_ms;
        f->sellable_seen = true;
    }
    f->changed_ms = row->changed_ms > f->changed_ms ? row->changed_ms : f->changed_ms;
    return fits;
}

struct reading {
    struct stock_page *page;
    bool overflow;
};

static bool take_row(void *ctx, const struct store_stock *row)
{
    struct reading *reading = ctx;
    struct stock_page *page = reading->page;
    assert(page->figures != NULL); /* by stock_page_open */
    struct stock_figure *last = page->count > 0 ? &page->figures[page->count - 1] : NULL;
    if (last == NULL || !slice_equal_text(row->store, last->store) ||
        !slice_equal_text(row->item, last->item)) {
        if (page->count == page->limit) {
            page->more = true;
            return false;
        }
        last = &page->figures[page->count++];
        begin_figure(last, row);
    }
    reading->overflow = !add_location(last, row);
    return !reading->overflow;
}

enum err_class stock_page_read(struct stock_page *page, const struct store_reader *reader,
                               const struct store_stock_query *query, struct err *e)
{
    struct reading reading = {page, false};
    enum err_class class = reader->ops->stock_each(reader->ctx, query, take_row, &reading, e);
    if (class == ERR_OK && reading.overflow) {
        const struct stock_figure *f = &page->figures[page->count - 1];
        return err_set(e, ERR_FATAL, "the quantities of item %s in store %s exceed 64 bits", f->item,
                       f->store);
    }
    return class;
}

bool stock_available(const struct stock_figure *figure, enum store_stage stage, int64_t *available_e4)
{
    if (stage != STAGE_LIVE || !figure->sellable_seen || figure->basis == TILLWIRE__V1__BASIS__BASIS_NONE) {
        return false;
    }
    int64_t free_e4 = figure->on_hand_e4 - figure->held_e4;
    *available_e4 = free_e4 > 0 ? free_e4 : 0;
    return true;
}

enum err_class store_view_load(struct store_view *view, struct api_request *r, const char *store,
                               struct err *e)
{
    if (strcmp(view->store, store) == 0) {
        return ERR_OK;
    }
    const struct store_reader *reader = &r->slot->reader;
    struct store_time now;
    enum err_class class = reader->ops->now(reader->ctx, &now, e);
    class = class == ERR_OK ? reader->ops->store_get(reader->ctx, store, &view->row, e) : class;
    if (class != ERR_OK) {
        view->store[0] = '\0';
        return class;
    }
    Tillwire__V1__Heartbeat *heartbeat = NULL;
    arena_reset(r->slot->arena);
    if (view->row.heartbeat.size > 0) {
        class = wire_unpack_heartbeat(r->slot->arena, view->row.heartbeat, &heartbeat, e);
    }
    if (class == ERR_OK) {
        freshness_of(&view->row, heartbeat, &now, &r->api->options.freshness, &view->freshness);
        (void)slice_copy(slice_of(store), view->store, sizeof view->store);
    }
    return class;
}

void json_freshness(struct json *j, const struct store_view *view, const struct api *api)
{
    const struct freshness *f = &view->freshness;
    const struct store_row *row = &view->row;
    const char *reason = freshness_reason_name(f->reason);
    json_object(j);
    json_key(j, "state");
    json_string(j, freshness_state_name(f->state));
    json_key(j, "reason");
    reason == NULL ? json_null(j) : json_string(j, reason);
    json_key(j, "as_of");
    json_time(j, f->as_of_ms);
    json_key(j, "age_ms");
    f->age_ms < 0 ? json_null(j) : json_int(j, f->age_ms);
    json_key(j, "sla_ms");
    json_int(j, api->options.freshness.sla_ms);
    json_key(j, "generation");
    json_int(j, row->generation);
    json_key(j, "applied_seq");
    json_u64(j, row->seq);
    json_key(j, "head_seq");
    json_u64(j, row->head_seq);
    json_key(j, "source_lag_bytes");
    json_u64(j, f->source_lag_bytes);
    json_key(j, "verified_seq");
    row->verified_ms == 0 ? json_null(j) : json_u64(j, row->verified_seq);
    json_key(j, "verified_at");
    json_time(j, row->verified_ms);
    json_object_end(j);
}

static void json_qty_or_null(struct json *j, bool known, int64_t qty_e4)
{
    known ? json_qty(j, qty_e4) : json_null(j);
}

void json_figure(struct json *j, const struct stock_figure *figure, const struct store_view *view,
                 const struct api *api)
{
    int64_t available = 0;
    bool based = figure->sellable_seen && figure->basis != TILLWIRE__V1__BASIS__BASIS_NONE;
    bool sells = stock_available(figure, view->row.stage, &available);
    json_object(j);
    json_key(j, "item");
    json_string(j, figure->item);
    json_key(j, "description");
    figure->description[0] == '\0' ? json_null(j) : json_string(j, figure->description);
    json_key(j, "gtin");
    figure->gtin[0] == '\0' ? json_null(j) : json_string(j, figure->gtin);
    json_key(j, "store");
    json_string(j, figure->store);
    json_key(j, "uom");
    json_string(j, figure->uom[0] == '\0' ? "EA" : figure->uom);
    json_key(j, "on_hand");
    json_qty_or_null(j, based, figure->on_hand_e4);
    json_key(j, "recorded");
    json_qty(j, figure->recorded_e4);
    json_key(j, "basis");
    json_string(j, basis_name(figure->basis));
    json_key(j, "basis_at");
    json_time(j, based ? figure->basis_ms : 0);
    json_key(j, "unsellable");
    json_qty(j, figure->unsellable_e4);
    json_key(j, "held");
    json_qty(j, figure->held_e4);
    json_key(j, "pending");
    json_int(j, 0);
    json_key(j, "margin");
    json_object(j);
    json_key(j, "quantity");
    json_int(j, 0);
    json_key(j, "rule");
    json_string(j, "none");
    json_object_end(j);
    json_key(j, "available");
    json_qty_or_null(j, sells, available);
    json_key(j, "changed_at");
    json_time(j, figure->changed_ms);
    json_key(j, "freshness");
    json_freshness(j, view, api);
    json_object_end(j);
}
