#include "common/db.h"

#include "common/db_internal.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct db_stmt {
    sqlite3_stmt *handle;
    struct db *owner;
    int bind_code; /* the first failed binding since the last step */
    struct db_stmt *next;
    struct db_stmt **link; /* what points here */
};

enum err_class db_class_of(int code)
{
    switch (code & 0xff) { /* the primary code below the extended one */
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_RETRY;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
        return ERR_INVALID;
    default:
        return ERR_FATAL;
    }
}

/* SQLite's messages name tables and columns, never values. */
enum err_class db_fail(struct db *d, int code, const char *what, struct err *e)
{
    enum err_class class = db_class_of(code);
    const char *path = sqlite3_db_filename(d->handle, "main");
    const char *hint = class == ERR_FULL ? "; free space on its file system" : "";
    if (class == ERR_FATAL) {
        /* after a failed write nothing of this connection may reach the file; recovery reads the WAL anew */
        (void)sqlite3_db_config(d->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    return err_set(e, class, "database %s: %s: %s (SQLite code %d)%s", path == NULL ? "?" : path, what,
                   sqlite3_errmsg(d->handle), code, hint);
}

enum err_class db_exec(struct db *d, const char *sql, struct err *e)
{
    int code = sqlite3_exec(d->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_OK : db_fail(d, code, "cannot execute", e);
}

void db_rollback(struct db *d)
{
    if (!sqlite3_get_autocommit(d->handle)) {
        (void)sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

enum err_class db_prepare(struct db *d, struct db_stmt **out, const char *sql, struct err *e)
{
    *out = NULL;
    struct db_stmt *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for a statement");
    }
    const char *tail = NULL;
    int code = sqlite3_prepare_v3(d->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, &tail);
    if (code != SQLITE_OK || s->handle == NULL || tail[strspn(tail, " \t\r\n;")] != '\0') {
        enum err_class class = code != SQLITE_OK ? db_fail(d, code, "cannot prepare", e)
                                                 : err_set(e, ERR_FATAL, "one statement at a time");
        (void)err_prefix(e, "%.80s", sql);
        (void)sqlite3_finalize(s->handle);
        free(s);
        return class;
    }
    s->owner = d;
    s->next = d->statements;
    s->link = &d->statements;
    if (s->next != NULL) {
        s->next->link = &s->next;
    }
    d->statements = s;
    *out = s;
    return ERR_OK;
}

void db_finalise(struct db_stmt *s)
{
    if (s == NULL) {
        return;
    }
    *s->link = s->next;
    if (s->next != NULL) {
        s->next->link = s->link;
    }
    (void)sqlite3_finalize(s->handle);
    free(s);
}

void db_finalise_all(struct db *d)
{
    struct db_stmt *next;
    for (struct db_stmt *s = d->statements; s != NULL; s = next) {
        next = s->next;
        (void)sqlite3_finalize(s->handle);
        free(s);
    }
    d->statements = NULL;
}

static void note_binding(struct db_stmt *s, int code)
{
    if (code != SQLITE_OK && s->bind_code == SQLITE_OK) {
        s->bind_code = code;
    }
}

void db_bind_int(struct db_stmt *s, int parameter, int64_t value)
{
    note_binding(s, sqlite3_bind_int64(s->handle, parameter, value));
}

/* SQLite takes a null pointer for NULL: an empty slice is an empty text. */
void db_bind_text(struct db_stmt *s, int parameter, struct slice value)
{
    const char *data = value.size == 0 ? "" : value.data;
    note_binding(s, sqlite3_bind_text64(s->handle, parameter, data, value.size, SQLITE_STATIC, SQLITE_UTF8));
}

void db_bind_blob(struct db_stmt *s, int parameter, struct slice value)
{
    const char *data = value.size == 0 ? "" : value.data;
    note_binding(s, sqlite3_bind_blob64(s->handle, parameter, data, value.size, SQLITE_STATIC));
}

void db_bind_null(struct db_stmt *s, int parameter)
{
    note_binding(s, sqlite3_bind_null(s->handle, parameter));
}

static enum err_class step_failed(struct db_stmt *s, int code, struct err *e)
{
    enum err_class class = db_fail(s->owner, code, "cannot execute", e);
    (void)err_prefix(e, "%.80s", sqlite3_sql(s->handle));
    db_reset(s);
    return class;
}

enum err_class db_step(struct db_stmt *s, bool *row, struct err *e)
{
    *row = false;
    if (s->bind_code != SQLITE_OK) {
        int code = s->bind_code;
        s->bind_code = SQLITE_OK;
        return step_failed(s, code, e);
    }
    int code = sqlite3_step(s->handle);
    if (code == SQLITE_ROW) {
        *row = true;
        return ERR_OK;
    }
    if (code != SQLITE_DONE) {
        return step_failed(s, code, e);
    }
    (void)sqlite3_reset(s->handle);
    return ERR_OK;
}

enum err_class db_run(struct db_stmt *s, struct err *e)
{
    bool row = true;
    enum err_class class = ERR_OK;
    while (class == ERR_OK && row) {
        class = db_step(s, &row, e);
    }
    return class;
}

void db_reset(struct db_stmt *s)
{
    (void)sqlite3_reset(s->handle); /* repeats the code of the last step */
}

int64_t db_column_int(struct db_stmt *s, int column)
{
    return sqlite3_column_int64(s->handle, column);
}

struct slice db_column_text(struct db_stmt *s, int column)
{
    const void *data = sqlite3_column_text(s->handle, column);
    return (struct slice){.data = data, .size = (size_t)sqlite3_column_bytes(s->handle, column)};
}

struct slice db_column_blob(struct db_stmt *s, int column)
{
    const void *data = sqlite3_column_blob(s->handle, column);
    return (struct slice){.data = data, .size = (size_t)sqlite3_column_bytes(s->handle, column)};
}

bool db_column_is_null(struct db_stmt *s, int column)
{
    return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

int db_changes(const struct db *d)
{
    return sqlite3_changes(d->handle);
}

int64_t db_last_rowid(const struct db *d)
{
    return sqlite3_last_insert_rowid(d->handle);
}

enum err_class db_checkpoint(struct db *d, struct err *e)
{
    assert(d->mode != DB_READER);
    int code = sqlite3_wal_checkpoint_v2(d->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return code == SQLITE_OK ? ERR_OK : db_fail(d, code, "cannot checkpoint", e);
}
