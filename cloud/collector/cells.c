#include "cloud/collector/cells.h"

#include "common/hash.h"
#include "proto/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 2 * CELLS_MAX,
    EMPTY = 0,
    /* of one event: its own texts, and for each row what the event need not say: store, location, the unit so
     * far
     */
    EVENT_TEXT_BYTES_MAX =
        WIRE_EVENT_BYTES_MAX + WIRE_MOVEMENTS_MAX * (STORE_ID_MAX + LOCATION_MAX + WIRE_TEXT_MAX)
};

struct cells {
    uint32_t *slots;    /* index into cells + 1; linear probing */
    struct cell *cells; /* in order of their first touch */
    uint32_t count;
    char *text;
    size_t text_used;
};

enum err_class cells_open(struct cells **out, struct err *e)
{
    struct cells *c = calloc(1, sizeof *c);
    if (c != NULL) {
        c->slots = calloc(SLOTS, sizeof *c->slots);
        c->cells = malloc(CELLS_MAX * sizeof *c->cells); /* pages come with use */
        c->text = malloc(CELLS_TEXT_BYTES_MAX);
    }
    if (c == NULL || c->slots == NULL || c->cells == NULL || c->text == NULL) {
        cells_close(c);
        return err_set(e, ERR_FATAL, "no memory for the table of stock rows");
    }
    *out = c;
    return ERR_OK;
}

void cells_close(struct cells *cells)
{
    if (cells == NULL) {
        return;
    }
    free(cells->slots);
    free(cells->cells);
    free(cells->text);
    free(cells);
}

bool cells_fit_event(const struct cells *cells)
{
    return cells->count + WIRE_MOVEMENTS_MAX < CELLS_MAX &&
           cells->text_used + EVENT_TEXT_BYTES_MAX < CELLS_TEXT_BYTES_MAX;
}

bool cells_half_full(const struct cells *cells)
{
    return cells->count > CELLS_MAX / 2 || cells->text_used > CELLS_TEXT_BYTES_MAX / 2;
}

static struct slice keep(struct cells *cells, struct slice text)
{
    assert(text.size <= CELLS_TEXT_BYTES_MAX - cells->text_used);
    char *at = cells->text + cells->text_used;
    memcpy(at, text.data, text.size);
    cells->text_used += text.size;
    return (struct slice){at, text.size};
}

bool cells_set_uom(struct cells *cells, struct cell *cell, struct slice uom)
{
    if (slice_equal(cell->row.uom, uom)) {
        return true;
    }
    if (uom.size > CELLS_TEXT_BYTES_MAX - cells->text_used) {
        return false;
    }
    cell->row.uom = keep(cells, uom);
    return true;
}

static bool is(const struct cell *cell, uint64_t hash, struct slice store, struct slice item,
               struct slice location)
{
    return cell->hash == hash && slice_equal(cell->row.item, item) && slice_equal(cell->row.store, store) &&
           slice_equal(cell->row.location, location);
}

static enum err_class load(struct cells *cells, const struct store_writer *store, struct slice store_id,
                           struct slice item, struct slice location, struct cell *cell, struct err *e)
{
    struct store_stock row;
    bool found;
    enum err_class class = store->ops->stock_get(store->ctx, store_id, item, location, &row, &found, e);
    if (class != ERR_OK) {
        return class;
    }
    if (!found) {
        row = (struct store_stock){.uom = SLICE("EA")};
    }
    row.store = keep(cells, store_id);
    row.item = keep(cells, item);
    row.location = keep(cells, location);
    row.uom = keep(cells, row.uom);
    *cell = (struct cell){.row = row, .exists = found, .hash = cell->hash};
    return ERR_OK;
}

enum err_class cells_get(struct cells *cells, const struct store_writer *store, struct slice store_id,
                         struct slice item, struct slice location, struct cell **out, struct err *e)
{
    uint64_t hash = hash64_seeded(item, hash64_seeded(location, hash64(store_id)));
    uint32_t at = (uint32_t)(hash % SLOTS);
    for (; cells->slots[at] != EMPTY; at = (at + 1) % SLOTS) {
        struct cell *cell = &cells->cells[cells->slots[at] - 1];
        if (is(cell, hash, store_id, item, location)) {
            *out = cell;
            return ERR_OK;
        }
    }
    assert(cells->count < CELLS_MAX);
    struct cell *cell = &cells->cells[cells->count];
    cell->hash = hash;
    enum err_class class = load(cells, store, store_id, item, location, cell, e);
    if (class == ERR_OK) {
        cells->slots[at] = ++cells->count;
        *out = cell;
    }
    return class;
}

void cells_forget(struct cells *cells)
{
    for (uint32_t i = 0; i < cells->count; i++) {
        uint32_t at = (uint32_t)(cells->cells[i].hash % SLOTS);
        for (; cells->slots[at] != EMPTY; at = (at + 1) % SLOTS) {
            cells->slots[at] = EMPTY; /* clears whole clusters: all of them go */
        }
    }
    cells->count = 0;
    cells->text_used = 0;
}

enum err_class cells_flush(struct cells *cells, const struct store_writer *store,
                           void (*told)(void *ctx, const struct store_stock *row), void *told_ctx,
                           struct err *e)
{
    for (uint32_t i = 0; i < cells->count; i++) {
        struct cell *cell = &cells->cells[i];
        if (!cell->dirty) {
            continue;
        }
        enum err_class class = store->ops->stock_put(store->ctx, &cell->row, e);
        if (class != ERR_OK) {
            return class;
        }
        if (told != NULL) {
            told(told_ctx, &cell->row);
        }
    }
    cells_forget(cells);
    return ERR_OK;
}
