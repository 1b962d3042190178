/* Sequence numbers per workstation, and which are missing (TLOG "For every format" 3): a completeness signal,
 * nothing more.
 *
 * A series is a run of numbers; those between its first and last that no record has used are its gaps.
 * Numbers before the first one seen are not missing. A lower number on a later business day starts a new
 * series, and so does one far below the first on the same day (a counter that rolled over). Late numbers fill
 * gaps. */
#ifndef EDGE_STOCK_SERIES_H
#define EDGE_STOCK_SERIES_H

#include "edge/stock/ledger.h"
#include "edge/stock/meta.h"

enum {
    SERIES_WORKSTATIONS_MAX = 1024, /* kept in memory */
    SERIES_LATE_MAX = 1000,         /* how far below the first number of a series a late one may be */
};

struct series;

enum err_class series_open(struct series **out, struct db *db, struct err *e) ERR_MUST_CHECK;
void series_close(struct series *s);

/* The workstation's number in the database, made when it is new. ERR_INVALID: more than
 * SERIES_WORKSTATIONS_MAX. */
enum err_class series_workstation(struct series *s, struct slice name, int64_t *id,
                                  struct err *e) ERR_MUST_CHECK;

/* A record has used this number. */
enum err_class series_use(struct series *s, int64_t workstation, int32_t day, uint64_t number,
                          struct err *e) ERR_MUST_CHECK;

enum err_class series_flush(struct series *s, struct err *e) ERR_MUST_CHECK;
enum err_class series_reload(struct series *s, struct err *e) ERR_MUST_CHECK; /* after a rollback */

enum err_class series_each_gap(struct series *s, bool (*each)(void *ctx, const struct ledger_gap *gap),
                               void *ctx, uint64_t *total, struct err *e) ERR_MUST_CHECK;

/* Forgets gaps and ended series of days below. */
enum err_class series_trim(struct series *s, int64_t day, struct err *e) ERR_MUST_CHECK;

#endif
