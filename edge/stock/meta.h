/* What holds for the whole database, kept in memory and written once a commit. */
#ifndef EDGE_STOCK_META_H
#define EDGE_STOCK_META_H

#include "common/db.h"

enum { META_NO_DAY = INT32_MIN };

struct meta {
    uint64_t birth;
    uint32_t generation;
    uint64_t run_counter, run_id;
    uint64_t seq, chain;
    uint64_t trimmed_seq, trimmed_chain; /* newest event that retention deleted; 0 and birth when none */
    uint64_t digest;
    uint64_t row_count;
    uint64_t negatives; /* rows with a basis below zero */
    uint64_t applied_seq;
    int64_t greatest_centre_ms;
    int64_t last_own_ms;
    int32_t newest_day; /* META_NO_DAY: none counted yet */
    uint64_t quarantined, quarantine_dropped;
};

/* *found is false in a new database. ERR_INVALID: it belongs to another store. */
enum err_class meta_read(struct db *db, const char *store, struct meta *out, bool *found,
                         struct err *e) ERR_MUST_CHECK;
enum err_class meta_create(struct db *db, const char *store, const struct meta *m,
                           struct err *e) ERR_MUST_CHECK;

enum err_class meta_prepare(struct db *db, struct db_stmt **write, struct err *e) ERR_MUST_CHECK;
enum err_class meta_write(struct db_stmt *write, const struct meta *m, struct err *e) ERR_MUST_CHECK;

#endif
