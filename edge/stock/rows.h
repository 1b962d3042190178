/* Stock rows, with a fixed number of them in memory: movements of one batch on the same row become one write.
 * The digest, the number of rows and of rows below zero in `struct meta` follow each change at once; the
 * table follows in rows_flush. */
#ifndef EDGE_STOCK_ROWS_H
#define EDGE_STOCK_ROWS_H

#include "edge/stock/meta.h"
#include "proto/topic.h"
#include "proto/wire.h"

struct rows;

struct row {
    int64_t on_hand_e4, held_e4;
    int64_t carried_e4, carried_held_e4;
    int64_t recorded_e4;
    int64_t basis_ms;
    Tillwire__V1__Basis basis;
    /* below: rows.c's own */
    uint64_t digest;           /* its share of the store's digest */
    uint64_t uom, description; /* hashes of the texts as stored */
    uint32_t used;             /* when, for eviction */
    bool dirty, listed;
    uint8_t item_size, location_size;
    char item[ITEM_ID_MAX], location[LOCATION_MAX];
};

enum err_class rows_open(struct rows **out, struct db *db, struct meta *meta, struct err *e) ERR_MUST_CHECK;
void rows_close(struct rows *r);

/* A row, valid until the next rows_ call that can bring another into memory; *out is NULL when there is none.
 */
enum err_class rows_find(struct rows *r, struct slice item, struct slice location, struct row **out,
                         struct err *e) ERR_MUST_CHECK;
/* The same, made when it is not there. */
enum err_class rows_get(struct rows *r, struct slice item, struct slice location, struct row **out,
                        struct err *e) ERR_MUST_CHECK;

/* Sets what the digest covers. The other numbers are set directly, then rows_touch. */
void rows_set(struct rows *r, struct row *row, int64_t on_hand_e4, int64_t held_e4,
              Tillwire__V1__Basis basis);
void rows_touch(struct rows *r, struct row *row);

/* Keeps unit and description as read last; *changed: the description is another than the one stored (never
 * with an empty one). */
enum err_class rows_describe(struct rows *r, struct row *row, struct slice uom, struct slice description,
                             bool *changed, struct err *e) ERR_MUST_CHECK;

enum err_class rows_flush(struct rows *r, struct err *e) ERR_MUST_CHECK;
void rows_forget(struct rows *r); /* after a rollback */

/* Digest, rows and rows below zero as the table has them; flushes first. */
struct rows_sum {
    uint64_t digest, rows, negatives;
};
enum err_class rows_recompute(struct rows *r, struct rows_sum *out, struct err *e) ERR_MUST_CHECK;

struct rows_text {
    struct slice item, location, uom, description; /* valid during the call */
};
/* item empty: all, in order. Flushes first. */
enum err_class rows_each(struct rows *r, struct slice item,
                         enum err_class (*each)(void *ctx, const struct row *row,
                                                const struct rows_text *text, bool *go_on, struct err *e),
                         void *ctx, struct err *e) ERR_MUST_CHECK;

#endif
