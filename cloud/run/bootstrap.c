#include "cloud/run/bootstrap.h"

#include "cloud/api/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static enum err_class put_key(const struct store_writer *store, const char *id, const unsigned char *hash,
                              struct err *e)
{
    struct store_time now;
    enum err_class class = store->ops->begin(store->ctx, &now, e);
    if (class != ERR_OK) {
        return class;
    }
    const struct store_api_key key = {.id = slice_of(id),
                                      .hash = {(const char *)hash, API_KEY_HASH_BYTES},
                                      .scopes = SLICE("admin"),
                                      .label = SLICE("first key"),
                                      .created_ms = now.ms};
    class = store->ops->api_key_put(store->ctx, &key, e);
    if (class == ERR_OK) {
        class = store->ops->commit(store->ctx, e);
    }
    if (class != ERR_OK) {
        store->ops->rollback(store->ctx);
    }
    return class;
}

static enum err_class write_key(int fd, const char *path, const char *text, struct err *e)
{
    size_t size = strlen(text);
    bool written = write(fd, text, size) == (ssize_t)size && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    int error = errno;
    if (close(fd) != 0 || !written) {
        (void)unlink(path);
        return err_set(e, ERR_FATAL, "bootstrap_key_file: %s: %s", path, strerror(error));
    }
    return ERR_OK;
}

enum err_class bootstrap_key(const char *path, const struct store_writer *store, const struct clock *clock,
                             struct log *log, struct err *e)
{
    char text[API_KEY_TEXT_BYTES], id[API_KEY_ID_BYTES];
    unsigned char hash[API_KEY_HASH_BYTES];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        return ERR_OK;
    }
    if (fd < 0) {
        return err_set(e, ERR_FATAL, "bootstrap_key_file: %s: %s", path, strerror(errno));
    }
    api_key_make(clock, text, id, hash);
    enum err_class class = put_key(store, id, hash, e); /* a key without a file is worth nothing to anyone */
    if (class != ERR_OK) {
        (void)close(fd);
        (void)unlink(path);
        return class;
    }
    class = write_key(fd, path, text, e);
    explicit_bzero(text, sizeof text);
    if (class == ERR_OK) {
        log_info(log, "cloud", "a first API key (scope admin) lies in %s", path);
    }
    return class;
}
