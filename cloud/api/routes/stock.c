/* GET /v1/stock, POST /v1/stock/query */
#include "cloud/api/json_in.h"
#include "cloud/api/route.h"
#include "cloud/api/stock_page.h"

#include "proto/qty.h"

#include <stdio.h>
#include <string.h>

/* The (item or gtin) × store combinations that a query's repeated parameters name, one after another. */
struct combinations {
    const char *items[REQUEST_VALUES_MAX], *gtins[REQUEST_VALUES_MAX], *stores[REQUEST_VALUES_MAX];
    size_t item_count, gtin_count, store_count;
};

static size_t combination_count(const struct combinations *c)
{
    size_t subjects = c->item_count + c->gtin_count, places = c->store_count > 0 ? c->store_count : 1;
    return (subjects > 0 ? subjects : 1) * places;
}

static struct store_stock_query combination(const struct combinations *c, size_t index)
{
    size_t places = c->store_count > 0 ? c->store_count : 1, subject = index / places;
    struct store_stock_query query = {0};
    if (c->store_count > 0) {
        query.store = slice_of(c->stores[index % places]);
    }
    if (subject < c->item_count) {
        query.item = slice_of(c->items[subject]);
    } else if (subject - c->item_count < c->gtin_count) {
        query.gtin = slice_of(c->gtins[subject - c->item_count]);
    }
    return query;
}

static bool read_combinations(struct api_request *r, struct api_reply *reply, struct combinations *c)
{
    c->item_count = request_args(r, "item", c->items);
    c->gtin_count = request_args(r, "gtin", c->gtins);
    c->store_count = request_args(r, "store", c->stores);
    for (size_t i = 0; i < c->store_count; i++) {
        if (!request_may_see(r, reply, c->stores[i])) {
            return false;
        }
    }
    if (c->store_count == 0 && r->caller.stores[0] != '\0') {
        reply_problem(reply, 400, "bad-parameter", "this key is limited to stores: name them with store=");
        return false;
    }
    return true;
}

/* Where the cursor says to go on: a combination and the last (store, item) shown. */
static bool read_cursor(const struct api_request *r, struct api_reply *reply, size_t *index,
                        struct store_stock_query *after, char store[CURSOR_TEXT_BYTES])
{
    const char *text = request_arg(r, "cursor");
    struct slice parts[3];
    uint64_t at = 0;
    if (text == NULL) {
        return true;
    }
    if (!cursor_parse(text, parts, 3, store) || !slice_to_u64(parts[0], &at)) {
        reply_problem(reply, 400, "bad-parameter", "cursor is not one of this list's; begin without it");
        return false;
    }
    *index = (size_t)at;
    if (parts[1].size == 0) {
        return true; /* the combination from its beginning */
    }
    after->after_store = parts[1];
    after->after_item = parts[2];
    after->after_location = SLICE("\xff"); /* behind every location of that item */
    return true;
}

struct stock_filter {
    int64_t min_available_e4; /* INT64_MIN: no such wish */
    bool fresh_only;
};

static bool read_filter(const struct api_request *r, struct api_reply *reply, struct stock_filter *f)
{
    const char *min = request_arg(r, "min_available"), *fresh = request_arg(r, "fresh");
    struct err e = {0};
    *f = (struct stock_filter){INT64_MIN, fresh != NULL && strcmp(fresh, "only") == 0};
    if (fresh != NULL && !f->fresh_only && strcmp(fresh, "any") != 0) {
        reply_problem(reply, 400, "bad-parameter", "fresh=%.32s: only or any is wanted", fresh);
        return false;
    }
    if (min != NULL && qty_parse(slice_of(min), &f->min_available_e4, &e) != ERR_OK) {
        reply_problem(reply, 400, "bad-parameter", "min_available: %s", e.message);
        return false;
    }
    return true;
}

static bool passes(const struct stock_filter *f, const struct stock_figure *figure,
                   const struct store_view *view)
{
    int64_t available;
    if (f->fresh_only && view->freshness.state != FRESH) {
        return false;
    }
    return f->min_available_e4 == INT64_MIN ||
           (stock_available(figure, view->row.stage, &available) && available >= f->min_available_e4);
}

/* A field by RFC 4180. */
static bool csv_text(struct buf *out, const char *text)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL, fits = !quoted || buf_append(out, "\"", 1) == ERR_OK;
    for (; fits && *text != '\0'; text++) {
        fits = buf_append(out, "\"\"", *text == '"' ? 2 : 0) == ERR_OK &&
               (*text == '"' || buf_append(out, text, 1) == ERR_OK);
    }
    return fits && (!quoted || buf_append(out, "\"", 1) == ERR_OK);
}

static void csv_figure(struct buf *out, const struct stock_figure *f, const struct store_view *view,
                       bool *full)
{
    char on_hand[QTY_TEXT_BYTES] = "", recorded[QTY_TEXT_BYTES], available_text[QTY_TEXT_BYTES] = "";
    char as_of[CLOCK_RFC3339_BYTES] = "";
    int64_t available;
    if (f->sellable_seen && f->basis != TILLWIRE__V1__BASIS__BASIS_NONE) {
        qty_format(f->on_hand_e4, on_hand);
    }
    if (stock_available(f, view->row.stage, &available)) {
        qty_format(available, available_text);
    }
    if (view->freshness.as_of_ms != 0) {
        clock_format_rfc3339(view->freshness.as_of_ms, as_of);
    }
    bool fits = buf_printf(out, "%s,", f->store) == ERR_OK && csv_text(out, f->item) &&
                buf_append(out, ",", 1) == ERR_OK && csv_text(out, f->uom[0] == '\0' ? "EA" : f->uom) &&
                buf_printf(out, ",%s,%s,%s,%s,%s,%s\r\n", on_hand, qty_format(f->recorded_e4, recorded),
                           available_text, basis_name(f->basis), freshness_state_name(view->freshness.state),
                           as_of) == ERR_OK;
    *full = *full || !fits;
}

static enum err_class write_page(struct api_request *r, struct api_reply *reply,
                                 const struct stock_page *page, const struct stock_filter *filter,
                                 struct json *j, struct err *e)
{
    struct store_view view = {0};
    bool csv = request_wants_csv(r), full = false;
    for (size_t i = 0; i < page->count; i++) {
        const struct stock_figure *f = &page->figures[i];
        enum err_class class = store_view_load(&view, r, f->store, e);
        if (class != ERR_OK) {
            return class;
        }
        if (passes(filter, f, &view)) {
            csv ? csv_figure(&reply->body, f, &view, &full) : json_figure(j, f, &view, r->api);
        }
    }
    return full ? err_set(e, ERR_FULL, "the list is too long for one answer; use limit and cursor") : ERR_OK;
}

/* begun: the page already shows figures of the combination that the cursor names. */
static void format_cursor(const struct stock_page *page, size_t index, bool begun,
                          char out[CURSOR_TEXT_BYTES])
{
    char number[24];
    const struct stock_figure *last = &page->figures[page->count - 1];
    snprintf(number, sizeof number, "%zu", index);
    struct slice parts[3] = {slice_of(number), slice_of(begun ? last->store : ""),
                             slice_of(begun ? last->item : "")};
    cursor_format(parts, 3, out);
}

static void answer(struct api_request *r, struct api_reply *reply, const struct stock_page *page,
                   const char *cursor, const struct stock_filter *filter)
{
    struct json j;
    struct err e = {0};
    reply_json(reply, &j);
    bool csv = request_wants_csv(r), full = false;
    if (csv) {
        reply->content_type = "text/csv; charset=utf-8; header=present";
        full = buf_printf(&reply->body,
                          "store,item,uom,on_hand,recorded,available,basis,freshness,as_of\r\n") != ERR_OK;
    } else {
        json_object(&j);
        json_key(&j, "data");
        json_array(&j);
    }
    if (write_page(r, reply, page, filter, &j, &e) != ERR_OK || full) {
        reply_error(reply, &e);
        return;
    }
    if (csv) {
        reply_link_next(r, reply, cursor);
        return;
    }
    json_array_end(&j);
    reply_next(r, reply, &j, cursor);
    json_object_end(&j);
    reply_json_end(reply, &j);
}

void handle_stock(struct api_request *r, struct api_reply *reply)
{
    struct combinations c;
    struct stock_filter filter;
    struct store_stock_query after = {0};
    char cursor_store[CURSOR_TEXT_BYTES], next[CURSOR_TEXT_BYTES];
    size_t index = 0;
    int64_t limit;
    if (!read_combinations(r, reply, &c) || !read_filter(r, reply, &filter) ||
        !request_arg_int(r, reply, "limit", 1, STOCK_PAGE_MAX, 100, &limit) ||
        !read_cursor(r, reply, &index, &after, cursor_store)) {
        return;
    }
    struct stock_page page;
    struct err e = {0};
    enum err_class class = stock_page_open(&page, (size_t)limit, &e);
    for (; class == ERR_OK && index < combination_count(&c) && !page.more; index++) {
        struct store_stock_query query = combination(&c, index);
        size_t before = page.count;
        query.after_store = after.after_store;
        query.after_item = after.after_item;
        query.after_location = after.after_location;
        after = (struct store_stock_query){0};
        class = stock_page_read(&page, &r->slot->reader, &query, &e);
        if (page.more) {
            format_cursor(&page, index, page.count > before, next);
        }
    }
    if (class != ERR_OK) {
        reply_error(reply, &e);
    } else {
        answer(r, reply, &page, page.more ? next : NULL, &filter);
    }
    stock_page_close(&page);
}

/* One (item, store) pair of a query: the row, or a problem of its own. */
static enum err_class write_pair(struct api_request *r, struct json *j, struct stock_page *page,
                                 struct store_view *view, const char *item, const char *store, struct err *e)
{
    struct store_stock_query query = {.store = slice_of(store), .item = slice_of(item)};
    const char *problem = NULL;
    enum err_class class = ERR_OK;
    page->count = 0;
    page->more = false;
    if (!store_id_valid(query.store) || !caller_sees(&r->caller, query.store)) {
        problem = "this key may not see that store, or it is not a store id";
    } else if (store_view_load(view, r, store, e) != ERR_OK) {
        class = e->class == ERR_INVALID ? ERR_OK : e->class;
        problem = "the store is not enrolled";
    } else {
        class = stock_page_read(page, &r->slot->reader, &query, e);
        problem = page->count == 0 ? "the store has never had this item" : NULL;
    }
    json_object(j);
    json_key(j, "item");
    json_string(j, item);
    json_key(j, "store");
    json_string(j, store);
    json_key(j, "stock");
    problem == NULL &&class == ERR_OK ? json_figure(j, &page->figures[0], view, r->api) : json_null(j);
    json_key(j, "error");
    problem == NULL ? json_null(j) : json_string(j, problem);
    json_object_end(j);
    return class;
}

static void write_pairs(struct api_request *r, struct api_reply *reply, const struct json_in *pairs)
{
    struct stock_page page;
    struct store_view view = {0};
    struct err e = {0};
    struct json j;
    enum err_class class = stock_page_open(&page, 1, &e);
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "results");
    json_array(&j);
    for (size_t i = 0; class == ERR_OK && i < json_in_size(pairs); i++) {
        const struct json_in *pair = json_in_at(pairs, i);
        const char *item = json_in_text(pair, "item"), *store = json_in_text(pair, "store");
        class = item != NULL && store != NULL
                    ? write_pair(r, &j, &page, &view, item, store, &e)
                    : err_set(&e, ERR_INVALID, "pairs[%zu]: wants {\"item\": \"…\", \"store\": \"…\"}", i);
    }
    json_array_end(&j);
    json_object_end(&j);
    stock_page_close(&page);
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    reply_json_end(reply, &j);
}

void handle_stock_query(struct api_request *r, struct api_reply *reply)
{
    struct err e = {0};
    struct json_in *body;
    if (json_in_parse(&body, buf_slice(&r->body), &e) != ERR_OK) {
        reply_problem(reply, 400, "bad-json", "%s", e.message);
        return;
    }
    const struct json_in *pairs = json_in_member(body, "pairs");
    if (!json_in_is_array(pairs) || json_in_size(pairs) > STOCK_PAGE_MAX) {
        reply_problem(reply, 400, "bad-json",
                      "wants {\"pairs\": [{\"item\", \"store\"}, …]} with at most %d pairs", STOCK_PAGE_MAX);
    } else {
        write_pairs(r, reply, pairs);
    }
    json_in_free(body);
}
