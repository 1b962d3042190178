#include "cloud/ctl/ctl.h"
#include "proto/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!slice_copy(slice_of(path), address.sun_path, sizeof address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static bool send_all(int fd, struct slice data)
{
    while (data.size > 0) {
        ssize_t n = send(fd, data.data, data.size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        data.data += n;
        data.size -= (size_t)n;
    }
    return true;
}

/* *done: the answer is whole. */
static enum ctl_exit take_line(struct slice line, void (*row)(void *, struct slice), void *ctx, bool *done)
{
    struct json_in *object;
    struct err e = {0};
    if (json_in_parse(&object, line, &e) != ERR_OK) {
        return ctl_fail(CTL_FAILED, "the agent's answer cannot be read: %s", e.message);
    }
    const char *error = json_in_text(object, "error");
    bool row_error = json_in_member(object, "store") != NULL || json_in_member(object, "source") != NULL ||
                     json_in_member(object, "id") != NULL;
    enum ctl_exit code = CTL_OK;
    if (error != NULL && !row_error) {
        code = ctl_fail(CTL_FAILED, "%s", error);
    } else if (json_in_member(object, "end") != NULL) {
        *done = true;
    } else {
        row(ctx, line);
    }
    json_in_free(object);
    return code;
}

static enum ctl_exit read_answer(int fd, void (*row)(void *, struct slice), void *ctx)
{
    BUF_AUTO struct buf in = BUF_INIT(2 * CONTROL_REPLY_BYTES_MAX);
    char block[16384];
    bool done = false;
    enum ctl_exit code = CTL_OK;
    while (code == CTL_OK && !done) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || buf_append(&in, block, (size_t)n) != ERR_OK) {
            return ctl_fail(CTL_UNREACHABLE, "the agent hung up in the middle of an answer");
        }
        const char *newline;
        while (code == CTL_OK && !done && (newline = memchr(in.data, '\n', in.size)) != NULL) {
            size_t size = (size_t)(newline - in.data);
            code = take_line((struct slice){in.data, size}, row, ctx, &done);
            buf_consume(&in, size + 1);
        }
    }
    return code;
}

enum ctl_exit ctl_socket(const struct ctl *ctl, struct slice request,
                         void (*row)(void *ctx, struct slice line), void *ctx)
{
    int fd = connect_socket(ctl->socket);
    if (fd < 0) {
        return ctl_fail(CTL_UNREACHABLE,
                        "cannot reach the agent at %s: %s (is tillwire-edge running? --socket names another)",
                        ctl->socket, strerror(errno));
    }
    enum ctl_exit code = send_all(fd, request)
                             ? read_answer(fd, row, ctx)
                             : ctl_fail(CTL_UNREACHABLE, "the agent hung up: %s", strerror(errno));
    close(fd);
    return code;
}
