/* A page of stock as people ask for it: one figure per (store, item), summed over the locations of the store,
 * with that store's freshness; and the one formula of availability (ARCHITECTURE 5). */
#ifndef CLOUD_API_STOCK_PAGE_H
#define CLOUD_API_STOCK_PAGE_H

#include "cloud/api/internal.h"
#include "cloud/api/request.h"
#include "cloud/store/freshness.h"

enum { STOCK_PAGE_MAX = 1000, FLEET_FIGURES_MAX = 5000, GTIN_BYTES = 15 };

struct stock_figure {
    char store[STORE_ID_MAX + 1], item[ITEM_ID_MAX + 1], gtin[GTIN_BYTES], uom[17],
        description[WIRE_TEXT_MAX + 1];
    int64_t on_hand_e4; /* sellable locations */
    int64_t unsellable_e4;
    int64_t held_e4;
    int64_t recorded_e4; /* all locations */
    int basis;           /* the weakest of the sellable locations */
    int64_t basis_ms;
    int64_t changed_ms;
    bool sellable_seen;
};

struct stock_page {
    struct stock_figure *figures; /* STOCK_PAGE_MAX + 1 */
    size_t count;
    size_t limit;
    bool more; /* there is at least one behind the last */
};

enum err_class stock_page_open(struct stock_page *page, size_t limit, struct err *e) ERR_MUST_CHECK;
void stock_page_close(struct stock_page *page);

/* Adds what the query finds, until the page is full. */
enum err_class stock_page_read(struct stock_page *page, const struct store_reader *reader,
                               const struct store_stock_query *query, struct err *e) ERR_MUST_CHECK;

/* "floor", "backroom" … are sellable; "damaged" and "returns" are not. */
bool location_is_sellable(struct slice location);

/* null (false) where the basis is none or the stage is not live; else max(0, on_hand − held). */
bool stock_available(const struct stock_figure *figure, enum store_stage stage, int64_t *available_e4);

/* A store's row with its freshness, kept for the figures that follow each other in one store. */
struct store_view {
    char store[STORE_ID_MAX + 1]; /* "" = none loaded */
    struct store_row row;
    struct freshness freshness;
};
enum err_class store_view_load(struct store_view *view, struct api_request *r, const char *store,
                               struct err *e) ERR_MUST_CHECK;

/* The stock row of the API, as an object. */
void json_figure(struct json *j, const struct stock_figure *figure, const struct store_view *view,
                 const struct api *api);
void json_freshness(struct json *j, const struct store_view *view, const struct api *api);

#endif
