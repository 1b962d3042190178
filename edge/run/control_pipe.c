#include "edge/run/control_pipe.h"

#include "edge/control/control.h"
#include "edge/run/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct client {
    struct control_pipe *owner;
    struct client *next;
    uv_pipe_t handle;
    uv_write_t write;
    char line[CONTROL_LINE_BYTES_MAX];
    size_t size;
    struct spool spool;
    bool answering, closing;
};

struct control_pipe {
    uv_pipe_t handle;
    struct agent *agent;
    struct log *log;
    struct client *clients;
    unsigned client_count;
    char path[108];
    bool closing;
};

static void maybe_free(struct control_pipe *p)
{
    if (p->closing && p->client_count == 0 && uv_is_closing((uv_handle_t *)&p->handle) &&
        p->handle.data == NULL) {
        free(p);
    }
}

static void client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;
    struct control_pipe *p = c->owner;
    struct client **at = &p->clients;
    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    p->client_count--;
    spool_close(&c->spool);
    free(c);
    maybe_free(p);
}

static void hang_up(struct client *c)
{
    if (!c->closing) {
        c->closing = true;
        uv_close((uv_handle_t *)&c->handle, client_closed);
    }
}

static void take_lines(struct client *c);

static void send_more(struct client *c);

static void sent(uv_write_t *write, int status)
{
    struct client *c = write->data;
    if (status < 0) {
        hang_up(c);
    } else if (!c->closing) {
        send_more(c);
    }
}

static void send_more(struct client *c)
{
    struct slice piece = spool_read(&c->spool);
    if (c->spool.failed) {
        log_warn(c->owner->log, "control", "an answer was broken off: no room for it in the state folder");
        hang_up(c);
        return;
    }
    if (piece.size == 0) {
        c->answering = false;
        take_lines(c);
        return;
    }
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)piece.data, (unsigned)piece.size);
    c->write.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->handle, &buf, 1, sent) != 0) {
        hang_up(c);
    }
}

static void answer(struct client *c, struct slice line)
{
    struct control_view view;
    struct control_sink sink = {.ctx = &c->spool, .write = spool_write};
    agent_view(c->owner->agent, &view);
    spool_begin(&c->spool);
    control_answer(line, &view, &sink);
    c->answering = true;
    send_more(c);
}

/* The next whole line, if one is there: one request at a time. */
static void take_lines(struct client *c)
{
    char line[CONTROL_LINE_BYTES_MAX];
    const char *newline = c->answering || c->closing ? NULL : memchr(c->line, '\n', c->size);
    if (newline != NULL) {
        size_t size = (size_t)(newline - c->line);
        memcpy(line, c->line, size);
        c->size -= size + 1;
        memmove(c->line, newline + 1, c->size);
        answer(c, (struct slice){line, size});
    } else if (c->size == sizeof c->line && !c->answering) {
        hang_up(c); /* longer than any request */
    }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct client *c = handle->data;
    *buf = uv_buf_init(c->line + c->size, (unsigned)(sizeof c->line - c->size));
}

static void received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    (void)buf;
    struct client *c = stream->data;
    if (n < 0) {
        hang_up(c); /* also UV_ENOBUFS: more requests at once than one line's room holds */
    } else if (n > 0) {
        c->size += (size_t)n;
        take_lines(c);
    }
}

static struct client *client_new(struct control_pipe *p)
{
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL || !spool_open(&c->spool, agent_state_dir(p->agent)) ||
        uv_pipe_init(p->handle.loop, &c->handle, 0) != 0) {
        if (c != NULL) {
            spool_close(&c->spool);
        }
        free(c);
        return NULL;
    }
    c->owner = p;
    c->handle.data = c;
    c->next = p->clients;
    p->clients = c;
    p->client_count++;
    return c;
}

static void connected(uv_stream_t *server, int status)
{
    struct control_pipe *p = server->data;
    struct client *c = status == 0 ? client_new(p) : NULL;
    if (c == NULL) {
        return;
    }
    bool accepted = uv_accept(server, (uv_stream_t *)&c->handle) == 0;
    if (accepted && p->client_count > CONTROL_CLIENTS_MAX) {
        static const char busy[] = "{\"error\":\"busy: too many connections, try again\"}\n";
        uv_buf_t buf = uv_buf_init((char *)(uintptr_t)busy, sizeof busy - 1);
        (void)uv_try_write((uv_stream_t *)&c->handle, &buf, 1);
        accepted = false;
    }
    if (!accepted || uv_read_start((uv_stream_t *)&c->handle, give_room, received) != 0) {
        hang_up(c);
    }
}

static int bind_private(struct control_pipe *p)
{
    unlink(p->path); /* of a run before: the database's lock says that there is no other agent */
    mode_t before = umask(0177);
    int rc = uv_pipe_bind(&p->handle, p->path);
    umask(before);
    return rc == 0 ? uv_listen((uv_stream_t *)&p->handle, CONTROL_CLIENTS_MAX, connected) : rc;
}

enum err_class control_pipe_open(struct control_pipe **out, uv_loop_t *loop, struct agent *agent,
                                 struct log *log, struct err *e)
{
    *out = NULL;
    struct control_pipe *p = calloc(1, sizeof *p);
    if (p == NULL || uv_pipe_init(loop, &p->handle, 0) != 0) {
        free(p);
        return err_set(e, ERR_FATAL, "out of memory");
    }
    p->agent = agent;
    p->log = log;
    p->handle.data = p;
    int n = snprintf(p->path, sizeof p->path, "%s/%s", agent_state_dir(agent), CONTROL_SOCKET);
    int rc = n > 0 && (size_t)n < sizeof p->path ? bind_private(p) : UV_ENAMETOOLONG;
    if (rc != 0) {
        enum err_class class = err_set(e, ERR_FATAL, "%s/%s: the control socket cannot be made: %s",
                                       agent_state_dir(agent), CONTROL_SOCKET, uv_strerror(rc));
        p->path[0] = '\0';
        control_pipe_close(p);
        return class;
    }
    *out = p;
    return ERR_OK;
}

static void server_closed(uv_handle_t *handle)
{
    struct control_pipe *p = handle->data;
    handle->data = NULL;
    maybe_free(p);
}

void control_pipe_close(struct control_pipe *p)
{
    if (p == NULL) {
        return;
    }
    p->closing = true;
    for (struct client *c = p->clients; c != NULL; c = c->next) {
        hang_up(c);
    }
    uv_close((uv_handle_t *)&p->handle, server_closed);
    if (p->path[0] != '\0') {
        unlink(p->path);
    }
}
