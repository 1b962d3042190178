/* GET /v1/items, GET /v1/items/{item} */
#include "cloud/api/route.h"
#include "cloud/api/stock_page.h"
#include "proto/qty.h"

#include <stdio.h>
#include <string.h>

struct item_list {
    struct json *j;
    size_t count, limit;
    char last[ITEM_ID_MAX + 1];
    bool more;
};

static bool write_item(void *ctx, struct slice item, struct slice description, struct slice gtin)
{
    struct item_list *list = ctx;
    if (list->count == list->limit) {
        list->more = true;
        return false;
    }
    json_object(list->j);
    json_key(list->j, "item");
    json_text(list->j, item);
    json_key(list->j, "description");
    description.size == 0 ? json_null(list->j) : json_text(list->j, description);
    json_key(list->j, "gtin");
    gtin.size == 0 ? json_null(list->j) : json_text(list->j, gtin);
    json_object_end(list->j);
    (void)slice_copy(item, list->last, sizeof list->last);
    list->count++;
    return true;
}

void handle_items(struct api_request *r, struct api_reply *reply)
{
    struct json j;
    struct err e = {0};
    struct slice after = {0};
    char store[CURSOR_TEXT_BYTES], next[CURSOR_TEXT_BYTES];
    const char *q = request_arg(r, "q"), *cursor = request_arg(r, "cursor");
    int64_t limit;
    if (!request_arg_int(r, reply, "limit", 1, 1000, 100, &limit)) {
        return;
    }
    if (cursor != NULL && !cursor_parse(cursor, &after, 1, store)) {
        reply_problem(reply, 400, "bad-parameter", "cursor is not one of this list's; begin without it");
        return;
    }
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "data");
    json_array(&j);
    struct item_list list = {.j = &j, .limit = (size_t)limit};
    enum err_class class = r->slot->reader.ops->item_each(r->slot->reader.ctx, slice_trim(slice_of(q)), after,
                                                          (unsigned)limit + 1, write_item, &list, &e);
    json_array_end(&j);
    struct slice last = slice_of(list.last);
    cursor_format(&last, 1, next);
    reply_next(r, reply, &j, list.more ? next : NULL);
    json_object_end(&j);
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    reply_json_end(reply, &j);
}

/* The cross-store total of one item. */
struct item_total {
    int64_t on_hand_e4, recorded_e4, available_e4;
    int64_t stores, counted_stores, fresh_stores;
    bool available_known;
};

static enum err_class write_stores(struct api_request *r, struct json *j, const struct stock_page *page,
                                   struct item_total *total, struct err *e)
{
    struct store_view view = {0};
    bool fits = true;
    for (size_t i = 0; i < page->count; i++) {
        const struct stock_figure *f = &page->figures[i];
        int64_t available = 0;
        if (!caller_sees(&r->caller, slice_of(f->store))) {
            continue;
        }
        enum err_class class = store_view_load(&view, r, f->store, e);
        if (class != ERR_OK) {
            return class;
        }
        json_figure(j, f, &view, r->api);
        total->stores++;
        total->fresh_stores += view.freshness.state == FRESH;
        fits = fits && qty_add(total->recorded_e4, f->recorded_e4, &total->recorded_e4);
        if (f->sellable_seen && f->basis != TILLWIRE__V1__BASIS__BASIS_NONE) {
            total->counted_stores++;
            fits = fits && qty_add(total->on_hand_e4, f->on_hand_e4, &total->on_hand_e4);
        }
        if (stock_available(f, view.row.stage, &available)) {
            total->available_known = true;
            fits = fits && qty_add(total->available_e4, available, &total->available_e4);
        }
    }
    return fits ? ERR_OK : err_set(e, ERR_FATAL, "the total over all stores exceeds 64 bits");
}

static void write_total(struct json *j, const struct item_total *t)
{
    json_key(j, "total");
    json_object(j);
    json_key(j, "on_hand");
    t->counted_stores > 0 ? json_qty(j, t->on_hand_e4) : json_null(j);
    json_key(j, "recorded");
    json_qty(j, t->recorded_e4);
    json_key(j, "available");
    t->available_known ? json_qty(j, t->available_e4) : json_null(j);
    json_key(j, "stores");
    json_int(j, t->stores);
    json_key(j, "counted_stores");
    json_int(j, t->counted_stores);
    json_key(j, "fresh_stores");
    json_int(j, t->fresh_stores);
    json_object_end(j);
}

static void answer_item(struct api_request *r, struct api_reply *reply, const struct stock_page *page)
{
    struct json j;
    struct err e = {0};
    struct item_total total = {0};
    const struct stock_figure *first = &page->figures[0];
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "item");
    json_string(&j, first->item);
    json_key(&j, "description");
    first->description[0] == '\0' ? json_null(&j) : json_string(&j, first->description);
    json_key(&j, "gtin");
    first->gtin[0] == '\0' ? json_null(&j) : json_string(&j, first->gtin);
    json_key(&j, "stores");
    json_array(&j);
    enum err_class class = write_stores(r, &j, page, &total, &e);
    json_array_end(&j);
    json_key(&j, "stores_not_shown");
    json_bool(&j, page->more);
    write_total(&j, &total);
    json_object_end(&j);
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    reply_json_end(reply, &j);
}

static bool sees_any(const struct api_request *r, const struct stock_page *page)
{
    size_t i = 0;
    while (i < page->count && !caller_sees(&r->caller, slice_of(page->figures[i].store))) {
        i++;
    }
    return i < page->count;
}

void handle_item(struct api_request *r, struct api_reply *reply)
{
    struct stock_page page;
    struct err e = {0};
    struct store_stock_query query = {.item = slice_of(r->params[0])};
    enum err_class class = stock_page_open(&page, FLEET_FIGURES_MAX, &e);
    class = class == ERR_OK ? stock_page_read(&page, &r->slot->reader, &query, &e) : class;
    if (class != ERR_OK) {
        reply_error(reply, &e);
    } else if (!sees_any(r, &page)) {
        reply_problem(reply, 404, "not-found", "no store has ever had the item \"%.64s\"", r->params[0]);
    } else {
        answer_item(r, reply, &page);
    }
    stock_page_close(&page);
}
