/* The embedded store: one SQLite file in WAL; one connection writes and checkpoints, readers are read-only.
 */
#ifndef CLOUD_STORE_STORE_SQLITE_H
#define CLOUD_STORE_STORE_SQLITE_H

#include "cloud/store/store.h"
#include "common/clock.h"

struct store_sqlite_options {
    const char *path;
    int cache_kib;             /* 0 = 65536 */
    int ledger_retention_days; /* 0 = 400 */
    int dead_retention_days;   /* 0 = 90 */
    const char *vfs;
};

/* A new clock epoch begins here. */
enum err_class store_sqlite_writer(struct store_writer *out, const struct store_sqlite_options *options,
                                   const struct clock *clock, struct err *e) ERR_MUST_CHECK;
/* The database must have been opened by a writer before. */
enum err_class store_sqlite_reader(struct store_reader *out, const struct store_sqlite_options *options,
                                   const struct clock *clock, struct err *e) ERR_MUST_CHECK;

#endif
