/* What the files of the SQLite layer share: db.c (statements), db_open.c (open, pragmas, migrations),
 * db_backup.c. */
#ifndef COMMON_DB_INTERNAL_H
#define COMMON_DB_INTERNAL_H

#include "common/db.h"

struct sqlite3;

struct db {
    struct sqlite3 *handle;
    enum db_mode mode;
    struct db_stmt *statements;
};

enum err_class db_class_of(int code); /* of one of SQLite's result codes, extended or not */
/* "database PATH: WHAT: SQLite's words". After a fatal one, closing leaves file and WAL as they are. */
enum err_class db_fail(struct db *d, int code, const char *what, struct err *e);
void db_finalise_all(struct db *d);

#endif
