#include "common/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DB_CACHE_KIB_DEFAULT = 2048,
    DB_AUTOCHECKPOINT_PAGES_DEFAULT = 1000,
    DB_BUSY_MS = 5000, /* beside other connections; the edge's own is alone and never waits */
};

struct db_stmt {
    sqlite3_stmt *handle;
    struct db *owner;
    int bind_code; /* the first failed binding since the last step */
    struct db_stmt *next;
    struct db_stmt **link; /* what points here */
};

struct db {
    sqlite3 *handle;
    enum db_mode mode;
    struct db_stmt *statements;
};

static enum err_class class_of(int code)
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
static enum err_class fail(struct db *d, int code, const char *what, struct err *e)
{
    enum err_class class = class_of(code);
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
    return code == SQLITE_OK ? ERR_OK : fail(d, code, "cannot execute", e);
}

void db_rollback(struct db *d)
{
    if (!sqlite3_get_autocommit(d->handle)) {
        (void)sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

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
        class = fail(d, code, sql, e);
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
    while (options->migrations != NULL && options->migrations[known] != NULL) {
        known++;
    }
    if (options->migrations != NULL && version > known) {
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
    enum err_class class = ERR_OK;
    if (d->mode == DB_EXCLUSIVE) {
        class = pragma(d, "locking_mode", "EXCLUSIVE", e);
    }
    if (class == ERR_OK) {
        class = read_user_version(d, &version, e);
    }
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
    enum err_class class = pragma_int(d, "cache_size", -cache_kib, e);
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
        class = err_set(e, class_of(code), "database %s: cannot open it: %s (SQLite code %d)", options->path,
                        sqlite3_errmsg(d->handle), code);
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
    while (d->statements != NULL) {
        db_finalise(d->statements);
    }
    int code = sqlite3_close(d->handle);
    assert(code == SQLITE_OK);
    (void)code;
    free(d);
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
        enum err_class class = code != SQLITE_OK ? fail(d, code, "cannot prepare", e)
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
    enum err_class class = fail(s->owner, code, "cannot execute", e);
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
    return code == SQLITE_OK ? ERR_OK : fail(d, code, "cannot checkpoint", e);
}

/* One self-contained file (no WAL beside it) with the pages of one moment. */
static enum err_class copy_pages(struct db *d, const char *path, struct err *e)
{
    sqlite3 *copy = NULL;
    int code = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) {
        sqlite3_backup *b = sqlite3_backup_init(copy, "main", d->handle, "main");
        (void)sqlite3_backup_step(b, -1);
        code = b == NULL ? sqlite3_errcode(copy) : sqlite3_backup_finish(b);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(copy, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    }
    enum err_class class = ERR_OK;
    if (code != SQLITE_OK) {
        class = err_set(e, class_of(code), "%s: %s (SQLite code %d)", path, sqlite3_errmsg(copy), code);
    }
    (void)sqlite3_close(copy);
    return class;
}

static enum err_class sync_path(const char *path, int flags, struct err *e)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    return synced ? ERR_OK : err_set(e, ERR_FATAL, "%s: cannot sync: %s", path, strerror(error));
}

static enum err_class sync_folder_of(const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return sync_path(".", O_RDONLY | O_DIRECTORY, e);
    }
    char *folder = strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL) {
        return err_set(e, ERR_FATAL, "%s: out of memory", path);
    }
    enum err_class class = sync_path(folder, O_RDONLY | O_DIRECTORY, e);
    free(folder);
    return class;
}

static enum err_class write_backup(struct db *d, const char *part, const char *path, struct err *e)
{
    int fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* SQLite itself would make it 0644 */
    if (fd < 0) {
        return err_set(e, ERR_FATAL, "%s: cannot create: %s", part, strerror(errno));
    }
    (void)close(fd);
    enum err_class class = copy_pages(d, part, e);
    if (class == ERR_OK) {
        class = sync_path(part, O_RDWR, e);
    }
    if (class == ERR_OK && rename(part, path) != 0) {
        class = err_set(e, ERR_FATAL, "%s: cannot rename to %s: %s", part, path, strerror(errno));
    }
    if (class != ERR_OK) {
        (void)unlink(part);
        return class;
    }
    return sync_folder_of(path, e);
}

enum err_class db_backup(struct db *d, const char *path, struct err *e)
{
    char *part = sqlite3_mprintf("%s.part", path);
    if (part == NULL) {
        return err_set(e, ERR_FATAL, "%s: out of memory", path);
    }
    enum err_class class = write_backup(d, part, path, e);
    sqlite3_free(part);
    return class == ERR_OK ? ERR_OK : err_prefix(e, "backup");
}
