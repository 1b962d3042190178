#include "tests/tillsim/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool log_path(char out[SIM_PATH_BYTES], const char *dir, const char *store, enum sim_format format,
                     struct sim_fail *f)
{
    return sim_path_join(out, f, dir, store, "tlog", format == SIM_FORMAT_JSONL ? "tlog.jsonl" : "tlog.xml",
                         NULL);
}

static bool log_open_file(struct sim_log *l, bool fresh, struct sim_fail *f)
{
    struct stat status;
    l->fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (fresh ? O_EXCL : 0), 0666);
    if (l->fd < 0 && errno == EEXIST) {
        return sim_fail_set(f, "%s holds a log already: choose another folder", l->path);
    }
    if (l->fd < 0 || fstat(l->fd, &status) != 0) {
        return sim_fail_set(f, "%s: cannot open: %s", l->path, strerror(errno));
    }
    if (status.st_size == 0) {
        sim_text_put(&l->text, sim_txn_file_head(l->format));
    }
    return true;
}

bool sim_log_open(struct sim_log *l, const char *dir, const char *store, enum sim_format format, bool fresh,
                  struct sim_fail *f)
{
    char folder[SIM_PATH_BYTES];
    *l = (struct sim_log){.fd = -1, .format = format};
    return sim_path_join(folder, f, dir, store, "tlog", NULL) && sim_files_make_dirs(folder, f) &&
           log_path(l->path, dir, store, format, f) && log_open_file(l, fresh, f);
}

void sim_log_add(struct sim_log *l, const struct sim_txn *t)
{
    sim_txn_write(t, l->format, &l->text);
}

bool sim_log_flush(struct sim_log *l, struct sim_fail *f)
{
    bool written = sim_files_write(l->fd, l->path, l->text.data, l->text.size, f);
    sim_text_clear(&l->text);
    return written;
}

void sim_log_close(struct sim_log *l)
{
    if (l->fd >= 0) {
        close(l->fd);
    }
    l->fd = -1;
    sim_text_free(&l->text);
}

bool sim_log_find(const char *dir, const char *store, enum sim_format *out)
{
    char path[SIM_PATH_BYTES];
    for (enum sim_format format = SIM_FORMAT_JSONL; format <= SIM_FORMAT_NCR_ACS; format++) {
        if (log_path(path, dir, store, format, NULL) && access(path, F_OK) == 0) {
            *out = format;
            return true;
        }
    }
    return false;
}
