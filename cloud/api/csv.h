/* Reads CSV with a header line (RFC 4180: quoted fields, doubled quotes, CRLF or LF). Pure. */
#ifndef CLOUD_API_CSV_H
#define CLOUD_API_CSV_H

#include "common/err.h"
#include "common/slice.h"

enum { CSV_COLUMNS_MAX = 16, CSV_FIELD_BYTES = 128 };

struct csv {
    struct slice rest;
    size_t line; /* of the row read last, from 1 (the header) */
    size_t columns;
    char fields[CSV_COLUMNS_MAX][CSV_FIELD_BYTES];
    int order[CSV_COLUMNS_MAX]; /* wanted column → field; −1: the file has none */
};

/* Reads the header; wanted: NULL-terminated names, the first `required` of which must be there. Unknown
 * columns are refused. */
enum err_class csv_begin(struct csv *c, struct slice text, const char *const *wanted, size_t required,
                         struct err *e) ERR_MUST_CHECK;

/* *end: no more rows. Empty lines are passed over. ERR_INVALID names the line. */
enum err_class csv_next(struct csv *c, bool *end, struct err *e) ERR_MUST_CHECK;

/* A field of the current row by the wanted column's index; empty when the file has no such column. */
struct slice csv_field(const struct csv *c, size_t wanted);

#endif
