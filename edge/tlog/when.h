/* Dates and times as POS logs write them (xs:date, xs:dateTime, most often local and without an offset). */
#ifndef EDGE_TLOG_WHEN_H
#define EDGE_TLOG_WHEN_H

#include "common/slice.h"

#include <stdint.h>

struct when {
    struct slice text;    /* as read; empty: none */
    int32_t day;          /* days since 1970-01-01, as the log's clock showed it */
    int64_t local_s;      /* civil seconds since 1970 */
    int32_t utc_offset_s; /* valid when has_offset */
    bool has_offset;
};

/* "2026-11-24", also with an offset ("+01:00", "Z") or a time behind it; false: no such date. */
bool when_parse_date(struct slice text, int32_t *day);

/* "2026-11-24T09:12:03.5+01:00"; seconds, fraction and offset may be missing, a space may stand for the T. */
bool when_parse(struct slice text, struct when *out);

/* By instant where both carry an offset, else by the clock's face. */
bool when_before(const struct when *a, const struct when *b);

#endif
