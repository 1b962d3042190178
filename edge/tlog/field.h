/* Puts the text of one listed element where it belongs, after it has been made safe to keep: valid UTF-8, no
 * control characters, no card numbers (invariant 8). */
#ifndef EDGE_TLOG_FIELD_H
#define EDGE_TLOG_FIELD_H

#include "edge/tlog/paths.h"

struct field_target {
    struct raw_txn raw;
    struct raw_line line; /* of the LineItem being read */
    size_t line_goods;    /* index of its first goods */
    size_t receipt_goods; /* of the ReceiveInventory's first */
};

/* An element of this path ends, and text is its own, trimmed; it may be overwritten. ERR_INVALID: the record
 * cannot be trusted. */
enum err_class field_store(struct field_target *t, const struct path *path, char *text, size_t size,
                           struct err *e) ERR_MUST_CHECK;

/* A container of this path ends. */
void field_end(struct field_target *t, const struct path *path);

#endif
