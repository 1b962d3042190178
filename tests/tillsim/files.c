#include "tests/tillsim/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool sim_path_join(char out[SIM_PATH_BYTES], struct sim_fail *f, const char *dir, ...)
{
    size_t size = 0;
    va_list parts;
    va_start(parts, dir);
    for (const char *part = dir; part; part = va_arg(parts, const char *)) {
        int added = snprintf(out + size, SIM_PATH_BYTES - size, "%s%s", size ? "/" : "", part);
        size += added > 0 ? (size_t)added : 0;
        if (size >= SIM_PATH_BYTES) {
            break;
        }
    }
    va_end(parts);
    return size < SIM_PATH_BYTES ||
           sim_fail_set(f, "%s: the path is longer than %d bytes", dir, SIM_PATH_BYTES);
}

bool sim_files_make_dirs(const char *path, struct sim_fail *f)
{
    char at[SIM_PATH_BYTES];
    if (!sim_path_join(at, f, path, NULL)) {
        return false;
    }
    for (char *slash = at + 1; slash; *slash++ = '/') {
        slash = strchr(slash, '/');
        if (slash) {
            *slash = '\0';
        }
        if (mkdir(at, 0777) != 0 && errno != EEXIST) {
            return sim_fail_set(f, "%s: cannot make the folder: %s", at, strerror(errno));
        }
        if (!slash) {
            break;
        }
    }
    return true;
}

bool sim_files_write(int fd, const char *path, const void *data, size_t size, struct sim_fail *f)
{
    ssize_t written;
    do {
        written = write(fd, data, size);
    } while (written < 0 && errno == EINTR);
    if (written < 0) {
        return sim_fail_set(f, "%s: cannot write: %s", path, strerror(errno));
    }
    if ((size_t)written != size) {
        return sim_fail_set(f, "%s: wrote %zd of %zu bytes; is the disk full?", path, written, size);
    }
    return true;
}

bool sim_files_replace(const char *path, const struct sim_text *content, struct sim_fail *f)
{
    char fresh[SIM_PATH_BYTES + 8];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        return sim_fail_set(f, "%s: cannot create: %s", fresh, strerror(errno));
    }
    bool written = sim_files_write(fd, fresh, content->data, content->size, f);
    if (close(fd) != 0 && written) {
        written = sim_fail_set(f, "%s: cannot close: %s", fresh, strerror(errno));
    }
    if (written && rename(fresh, path) != 0) {
        written = sim_fail_set(f, "%s: cannot rename to %s: %s", fresh, path, strerror(errno));
    }
    return written;
}
