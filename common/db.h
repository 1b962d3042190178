/* SQLite, held small: open with the house's pragmas, prepare once, step, run in a transaction.
 * The one owner of sqlite3.h. A handle belongs to one thread.
 *
 * Classes: ERR_RETRY busy; ERR_FULL disk full; ERR_INVALID constraint, value too big; ERR_FATAL the rest (I/O
 * error, corrupt, misuse): close the database, do not retry (after a failed fsync the page cache lies:
 * RELIABILITY); closing then leaves file and WAL as they are. A failed statement inside a transaction may
 * have rolled it back (disk full, I/O): answer every failure with ROLLBACK, and do not mind that one's
 * result. */
#ifndef COMMON_DB_H
#define COMMON_DB_H

#include "common/err.h"
#include "common/slice.h"

#include <stdint.h>

struct db;
struct db_stmt;

enum db_mode {
    DB_EXCLUSIVE, /* WAL, locking_mode=EXCLUSIVE: the edge's only connection */
    DB_WRITER,    /* WAL: the one connection that writes and checkpoints beside readers */
    DB_READER,    /* opened read-only; never checkpoints */
};

struct db_options {
    const char *path;
    enum db_mode mode;
    int cache_kib;                 /* 0 = 2048 */
    int autocheckpoint_pages;      /* 0 = 1000 */
    const char *vfs;               /* NULL = default; tests bring their own */
    const char *const *migrations; /* migrations[i] takes user_version i to i+1; NULL ends; readers: NULL */
};

/* synchronous=FULL always; a new database is created with EXTRA, so that its folder entry is durable. A
 * user_version newer than the migrations is ERR_INVALID ("made by a newer version"). */
enum err_class db_open(struct db **out, const struct db_options *options, struct err *e) ERR_MUST_CHECK;
void db_close(struct db *d); /* finalises its statements too */

enum err_class db_exec(struct db *d, const char *sql,
                       struct err *e) ERR_MUST_CHECK; /* no parameters, no rows */

/* Ends the transaction, if one is (still) open, without a trace. */
void db_rollback(struct db *d);

/* Prepared once, owned by the db. */
enum err_class db_prepare(struct db *d, struct db_stmt **out, const char *sql, struct err *e) ERR_MUST_CHECK;
void db_finalise(struct db_stmt *s); /* earlier than db_close, if ever */

/* Parameters count from 1. Slices are bound without copying: they must live until the step that uses them. */
void db_bind_int(struct db_stmt *s, int parameter, int64_t value);
void db_bind_text(struct db_stmt *s, int parameter, struct slice value);
void db_bind_blob(struct db_stmt *s, int parameter, struct slice value);
void db_bind_null(struct db_stmt *s, int parameter);

/* *row: true when a row is there. At the end of rows, or on an error, the statement resets itself; to leave
 * earlier, db_reset. Binding errors since the last step come out here. */
enum err_class db_step(struct db_stmt *s, bool *row, struct err *e) ERR_MUST_CHECK;
enum err_class db_run(struct db_stmt *s, struct err *e) ERR_MUST_CHECK; /* steps to the end, rows dropped */
void db_reset(struct db_stmt *s);

/* Columns count from 0; slices live until the next step or reset. */
int64_t db_column_int(struct db_stmt *s, int column);
struct slice db_column_text(struct db_stmt *s, int column);
struct slice db_column_blob(struct db_stmt *s, int column);
bool db_column_is_null(struct db_stmt *s, int column);

int db_changes(const struct db *d); /* rows changed by the last statement */
int64_t db_last_rowid(const struct db *d);
enum err_class db_checkpoint(struct db *d, struct err *e) ERR_MUST_CHECK; /* TRUNCATE; writers only */
/* A consistent copy of this moment, while in use (SQLite's online backup): one file without a WAL, mode 0600,
 * written to `path.part`, synced, then renamed over path. Failing (ERR_FULL, ERR_FATAL) harms only the copy.
 */
enum err_class db_backup(struct db *d, const char *path, struct err *e) ERR_MUST_CHECK;

#endif
