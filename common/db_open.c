#include "common/db_internal.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DB_CACHE_KIB_DEFAULT = 2048,
    DB_AUTOCHECKPOINT_PAGES_DEFAULT = 1000,
    DB_BUSY_MS = 5000, /* beside other connections; the edge's own is alone and never waits */
};

static enum err_class pragma(struct db *d, const char *name, const char *value, struct err *e)
{
    char sql[96];
    int size = snprintf(sql, sizeof sql, "PRAGMA %s=%s", name, value);
    assert(size > 0 && (size_t)size < sizeof sql);
    (void)size;
    enum err_class class = db_exec(d, sql, e);
    return class == ERR_OK ? ERR_OK : err_prefix(e, "%s", sql);
}

static enum err_class pragma_int(struct db *d, const char *name, int value, struct err *e)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", value);
    return pragma(d, name, text, e);
}

/* A pragma that answers with one row. */
static enum err_class ask(struct db *d, const char *sql, char *answer, size_t capacity, struct err *e)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(s);
    }
    enum err_class class = ERR_OK;
    if (code == SQLITE_ROW) {
        (void)snprintf(answer, capacity, "%s", (const char *)sqlite3_column_text(s, 0));
    } else {
        class = db_fail(d, code, sql, e);
    }
    (void)sqlite3_finalize(s);
    return class;
}

static enum err_class read_user_version(struct db *d, int *version, struct err *e)
{
    char answer[16] = "";
    enum err_class class = ask(d, "PRAGMA user_version", answer, sizeof answer, e);
    *version = (int)strtol(answer, NULL, 10);
    return class;
}

static enum err_class set_wal(struct db *d, struct err *e)
{
    char answer[16] = "";
    enum err_class class = ask(d, "PRAGMA journal_mode=WAL", answer, sizeof answer, e);
    if (class == ERR_OK && strcmp(answer, "wal") != 0) {
        return err_set(e, ERR_FATAL, "the database can only be kept with journal_mode=%s, not WAL", answer);
    }
    return class;
}

static enum err_class migrate_one(struct db *d, const char *sql, int version, struct err *e)
{
    enum err_class class = db_exec(d, "BEGIN IMMEDIATE", e);
    if (class != ERR_OK) {
        return class;
    }
    class = db_exec(d, sql, e);
    if (class == ERR_OK) {
        class = pragma_int(d, "user_version", version, e);
    }
    if (class == ERR_OK) {
        class = db_exec(d, "COMMIT", e);
    }
    if (class != ERR_OK) {
        (void)err_prefix(e, "migration to version %d", version);
        db_rollback(d);
    }
    return class;
}

static enum err_class migrate(struct db *d, const struct db_options *options, int version, struct err *e)
{
    int known = 0;
    if (options->migrations == NULL) {
        return ERR_OK;
    }
    while (options->migrations[known] != NULL) {
        known++;
    }
    if (version > known) {
        return err_set(e, ERR_INVALID,
                       "database %s: made by a newer version of this program (schema %d, this one knows %d): "
                       "install that version again or restore a backup",
                       options->path, version, known);
    }
    for (int i = version; i < known; i++) {
        enum err_class class = migrate_one(d, options->migrations[i], i + 1, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

static enum err_class set_up_reader(struct db *d, struct err *e)
{
    (void)sqlite3_db_config(d->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    int version; /* reads the header: not a database, or locked, comes out here */
    return read_user_version(d, &version, e);
}

static enum err_class set_up_writer(struct db *d, const struct db_options *options, struct err *e)
{
    int pages = options->autocheckpoint_pages;
    int version = 0;
    enum err_class class = read_user_version(d, &version, e);
    if (class ==
        ERR_OK) { /* EXTRA also syncs the folder: a database just made must not vanish with its entry */
        class = pragma(d, "synchronous", version == 0 ? "EXTRA" : "FULL", e);
    }
    if (class == ERR_OK) {
        class = set_wal(d, e);
    }
    if (class == ERR_OK) {
        class = pragma_int(d, "wal_autocheckpoint", pages > 0 ? pages : DB_AUTOCHECKPOINT_PAGES_DEFAULT, e);
    }
    if (class == ERR_OK) {
        class = migrate(d, options, version, e);
    }
    return class == ERR_OK ? pragma(d, "synchronous", "FULL", e) : class;
}

static enum err_class set_up(struct db *d, const struct db_options *options, struct err *e)
{
    (void)sqlite3_db_config(d->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(d->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_busy_timeout(d->handle, d->mode == DB_EXCLUSIVE ? 0 : DB_BUSY_MS);
    int cache_kib = options->cache_kib > 0 ? options->cache_kib : DB_CACHE_KIB_DEFAULT;
    enum err_class class = ERR_OK;
    if (d->mode == DB_EXCLUSIVE) { /* before the first read: then the WAL needs no shared memory */
        class = pragma(d, "locking_mode", "EXCLUSIVE", e);
    }
    if (class == ERR_OK) {
        class = pragma_int(d, "cache_size", -cache_kib, e);
    }
    if (class == ERR_OK) {
        class = pragma(d, "temp_store", "MEMORY", e);
    }
    if (class != ERR_OK) {
        return class;
    }
    return d->mode == DB_READER ? set_up_reader(d, e) : set_up_writer(d, options, e);
}

enum err_class db_open(struct db **out, const struct db_options *options, struct err *e)
{
    *out = NULL;
    struct db *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return err_set(e, ERR_FATAL, "database %s: out of memory", options->path);
    }
    d->mode = options->mode;
    int access = d->mode == DB_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(options->path, &d->handle, flags, options->vfs);
    enum err_class class = ERR_OK;
    if (code != SQLITE_OK) {
        class = err_set(e, db_class_of(code), "database %s: cannot open it: %s (SQLite code %d)",
                        options->path, sqlite3_errmsg(d->handle), code);
    } else {
        class = set_up(d, options, e);
    }
    if (class != ERR_OK) {
        db_close(d);
        return class;
    }
    *out = d;
    return ERR_OK;
}

void db_close(struct db *d)
{
    if (d == NULL) {
        return;
    }
    db_finalise_all(d);
    int code = sqlite3_close(d->handle);
    assert(code == SQLITE_OK);
    (void)code;
    free(d);
}
