/* Net stock changes by store, item, location and unit, for tools over whole files. Grows with what is put in.
 */
#ifndef EDGE_TLOG_TOTALS_H
#define EDGE_TLOG_TOTALS_H

#include "common/err.h"
#include "common/slice.h"

#include <stddef.h>
#include <stdint.h>

struct total {
    char *text; /* store NUL item NUL location NUL uom NUL */
    struct slice store, item, location, uom;
    int64_t quantity_e4;
};

struct totals {
    struct total *rows;
    size_t count, capacity;
    uint32_t *index; /* open addressing; row + 1 */
    size_t index_size;
};

/* key's quantity is added to the row of the same four names. ERR_FULL: the sum does not fit. ERR_FATAL: out
 * of memory. */
enum err_class totals_add(struct totals *t, const struct total *key, struct err *e) ERR_MUST_CHECK;
void totals_sort(struct totals *t); /* by store, item, location, uom; then nothing may be added */
void totals_free(struct totals *t);

#endif
