#include "edge/tail/tail_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void clear(struct tail_listing *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->entries[i].path);
    }
    for (size_t i = 0; i < l->folder_count; i++) {
        free((char *)(uintptr_t)l->folders[i]);
    }
    l->count = l->folder_count = 0;
    l->folders[0] = NULL;
    l->complete = true;
}

void tail_listing_free(struct tail_listing *l)
{
    if (l != NULL) {
        clear(l);
        free(l->entries);
        free(l);
    }
}

/* A rotated file that was packed holds what has been read already. */
static bool is_packed(const char *name)
{
    static const char *const suffixes[] = {".gz", ".xz", ".bz2", ".zst", ".zip"};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t n = strlen(suffixes[i]);
        if (size > n && strcmp(name + size - n, suffixes[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_listed(const struct tail_listing *l, const char *path)
{
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->entries[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static enum err_class grow(struct tail_listing *l, struct err *e)
{
    if (l->count < l->capacity) {
        return ERR_OK;
    }
    size_t capacity = l->capacity == 0 ? 16 : 2 * l->capacity;
    struct tail_listed *entries = realloc(l->entries, capacity * sizeof *entries);
    if (entries == NULL) {
        return err_set(e, ERR_FATAL, "tail: out of memory");
    }
    l->entries = entries;
    l->capacity = capacity;
    return ERR_OK;
}

static enum err_class add_file(struct tail *t, const char *path, bool repeated_globs, struct err *e)
{
    struct tail_listing *l = t->listing;
    struct stat st;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT) { /* one that has just gone is no error */
            tail_say_error(t, "%s: %s", path, strerror(errno));
            l->complete = false;
        }
        return ERR_OK;
    }
    if (!S_ISREG(st.st_mode) || (repeated_globs && is_listed(l, path))) {
        return ERR_OK;
    }
    if (l->count == TAIL_FILES_MAX) {
        tail_say_error(t, "more than %d files match: %s is not read", TAIL_FILES_MAX, path);
        l->complete = false;
        return ERR_OK;
    }
    enum err_class class = grow(l, e);
    char *copy = class == ERR_OK ? strdup(path) : NULL;
    if (copy == NULL) {
        return err_set(e, ERR_FATAL, "tail: out of memory");
    }
    l->entries[l->count++] = (struct tail_listed){
        .path = copy,
        .device = (uint64_t)st.st_dev,
        .inode = (uint64_t)st.st_ino,
        .size = (uint64_t)st.st_size,
        .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
    };
    return ERR_OK;
}

static enum err_class add_folder(struct tail *t, const char *folder, const char *pattern, bool repeated_globs,
                                 struct err *e)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        tail_say_error(t, "%s: the folder cannot be read: %s", folder, strerror(errno));
        t->listing->complete = false;
        return ERR_OK;
    }
    enum err_class class = ERR_OK;
    struct dirent *entry;
    errno = 0;
    while (class == ERR_OK && (entry = readdir(dir)) != NULL) {
        char path[TAIL_PATH_MAX];
        int n = snprintf(path, sizeof path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, entry->d_name);
        bool wanted = fnmatch(pattern, entry->d_name, FNM_PERIOD) == 0 && !is_packed(entry->d_name);
        if (wanted && n > 0 && (size_t)n < sizeof path) {
            class = add_file(t, path, repeated_globs, e);
        }
        errno = 0;
    }
    if (errno != 0 && class == ERR_OK) {
        tail_say_error(t, "%s: the folder cannot be read to its end: %s", folder, strerror(errno));
        t->listing->complete = false;
    }
    closedir(dir);
    return class;
}

static enum err_class note_folder(struct tail *t, const char *folder, struct err *e)
{
    struct tail_listing *l = t->listing;
    for (size_t i = 0; i < l->folder_count; i++) {
        if (strcmp(l->folders[i], folder) == 0) {
            return ERR_OK;
        }
    }
    if (l->folder_count == TAIL_FOLDERS_MAX) {
        tail_say_error(t, "more than %d folders match: %s is read by polling only", TAIL_FOLDERS_MAX, folder);
        return ERR_OK;
    }
    char *copy = strdup(folder);
    if (copy == NULL) {
        return err_set(e, ERR_FATAL, "tail: out of memory");
    }
    l->folders[l->folder_count++] = copy;
    l->folders[l->folder_count] = NULL;
    return ERR_OK;
}

/* The folder part may hold wildcards too: the folders that match now are read. */
static enum err_class add_folders(struct tail *t, const char *folders, const char *pattern,
                                  bool repeated_globs, struct err *e)
{
    glob_t found = {0};
    int rc = glob(folders, GLOB_ONLYDIR, NULL, &found);
    enum err_class class = ERR_OK;
    if (rc != 0) {
        tail_say_error(t, "%s: no such folder", folders);
        t->listing->complete = false;
    }
    for (size_t i = 0; rc == 0 && class == ERR_OK && i < found.gl_pathc; i++) {
        class = note_folder(t, found.gl_pathv[i], e);
        if (class == ERR_OK) {
            class = add_folder(t, found.gl_pathv[i], pattern, repeated_globs, e);
        }
    }
    globfree(&found);
    return class;
}

static enum err_class add_glob(struct tail *t, const char *pattern, bool repeated_globs, struct err *e)
{
    char folder[TAIL_PATH_MAX];
    const char *slash = strrchr(pattern, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - pattern);
    bool fits = slice_copy(slash == NULL ? SLICE(".") : (struct slice){pattern, size}, folder, sizeof folder);
    if (!fits) {
        return err_set(e, ERR_INVALID, "source %s: a glob longer than %d bytes", t->name, TAIL_PATH_MAX);
    }
    if (slash == pattern) {
        memcpy(folder, "/", 2);
    }
    const char *name = slash == NULL ? pattern : slash + 1;
    if (strpbrk(folder, "*?[") != NULL) {
        return add_folders(t, folder, name, repeated_globs, e);
    }
    enum err_class class = note_folder(t, folder, e);
    return class == ERR_OK ? add_folder(t, folder, name, repeated_globs, e) : class;
}

enum err_class tail_list(struct tail *t, struct err *e)
{
    clear(t->listing);
    for (size_t i = 0; t->globs[i] != NULL; i++) {
        enum err_class class = add_glob(t, t->globs[i], i > 0, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}
