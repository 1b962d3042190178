#include "common/db_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
        class = err_set(e, db_class_of(code), "%s: %s (SQLite code %d)", path, sqlite3_errmsg(copy), code);
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
