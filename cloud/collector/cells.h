/* The stock rows that the open transaction touches: each read once, each written once (coalesced). Bounded;
 * flushed earlier when an event would not fit. For the collector's own files. */
#ifndef CLOUD_COLLECTOR_CELLS_H
#define CLOUD_COLLECTOR_CELLS_H

#include "cloud/store/store.h"

enum { CELLS_MAX = 1 << 16, CELLS_TEXT_BYTES_MAX = 8 << 20 };

struct cell {
    struct store_stock row; /* its texts live in the table's own memory */
    bool exists;            /* there is such a row: it is part of the digest */
    bool dirty;
    uint64_t hash;
};

struct cells;

enum err_class cells_open(struct cells **out, struct err *e) ERR_MUST_CHECK;
void cells_close(struct cells *cells);

/* Room for an event of any allowed size, and for how many more before a commit should come (soft). */
bool cells_fit_event(const struct cells *cells);
bool cells_half_full(const struct cells *cells);

/* The row, from here or from the store; a new one (exists = false, all zero) when there is none. */
enum err_class cells_get(struct cells *cells, const struct store_writer *store, struct slice store_id,
                         struct slice item, struct slice location, struct cell **out,
                         struct err *e) ERR_MUST_CHECK;
/* False: no room (cells_fit_event was not asked). */
bool cells_set_uom(struct cells *cells, struct cell *cell, struct slice uom);

/* Writes what is dirty, telling each row to `told` (may be NULL), and forgets all rows. */
enum err_class cells_flush(struct cells *cells, const struct store_writer *store,
                           void (*told)(void *ctx, const struct store_stock *row), void *told_ctx,
                           struct err *e) ERR_MUST_CHECK;
void cells_forget(struct cells *cells);

#endif
