#include "cloud/api/api.h"
#include "cloud/api/auth.h"
#include "cloud/api/internal.h"
#include "cloud/api/limit.h"
#include "cloud/api/serve.h"
#include "cloud/api/streams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    THREADS_DEFAULT = 2,
    CONNECTIONS_MAX = 512,
    IDLE_S = 60,
    ARENA_BYTES_MAX = 1024 * 1024,
    REQUESTS_PER_S = 200
};

static enum err_class open_readers(struct api *a, const struct api_readers *readers, size_t count,
                                   struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        enum err_class class = readers->open(readers->ctx, &a->slots[i].reader, e);
        if (class != ERR_OK) {
            return class;
        }
        a->slot_count = i + 1;
        class = arena_open(&a->slots[i].arena, ARENA_BYTES_MAX, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

static enum err_class read_pem(const char *path, struct buf *out, struct err *e)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return err_set(e, ERR_INVALID, "api: cannot read %s: %s", path, strerror(errno));
    }
    char block[4096];
    size_t n;
    enum err_class class = ERR_OK;
    while (class == ERR_OK && (n = fread(block, 1, sizeof block, f)) > 0) {
        class = buf_append(out, block, n);
    }
    fclose(f);
    return class == ERR_OK ? ERR_OK
                           : err_set(e, ERR_INVALID, "api: %s is not a PEM file of ordinary size", path);
}

static bool is_loopback(const struct in_addr *address)
{
    return (ntohl(address->s_addr) >> 24) == 127;
}

static enum err_class start_daemon(struct api *a, struct err *e)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)a->options.port)};
    if (inet_pton(AF_INET, a->options.bind_address, &address.sin_addr) != 1) {
        return err_set(e, ERR_INVALID, "api: \"%s\" is not an IPv4 address to listen on",
                       a->options.bind_address);
    }
    bool tls = a->options.cert_file != NULL && a->options.cert_file[0] != '\0';
    if (!tls && !is_loopback(&address.sin_addr)) {
        return err_set(e, ERR_INVALID,
                       "api: listening on %s needs TLS: set api_cert_file and api_key_file, or use 127.0.0.1",
                       a->options.bind_address);
    }
    BUF_AUTO struct buf cert = BUF_INIT(1 << 18), key = BUF_INIT(1 << 18);
    if (tls) {
        enum err_class class = read_pem(a->options.cert_file, &cert, e);
        class = class == ERR_OK ? read_pem(a->options.key_file, &key, e) : class;
        if (class != ERR_OK) {
            return class;
        }
    }
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0U);
    struct MHD_OptionItem tls_items[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, cert.data},
                                         {MHD_OPTION_HTTPS_MEM_KEY, 0, key.data},
                                         {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    a->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, serve_request, a, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_THREAD_POOL_SIZE, a->options.threads, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
        MHD_OPTION_NOTIFY_COMPLETED, serve_completed, a, MHD_OPTION_URI_LOG_CALLBACK, serve_begin, a,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_ARRAY, tls ? tls_items : none, MHD_OPTION_END);
    if (a->daemon == NULL) {
        return err_set(e, ERR_FATAL, "api: cannot listen on %s:%d: %s", a->options.bind_address,
                       a->options.port, strerror(errno));
    }
    return ERR_OK;
}

enum err_class api_open(struct api **out, const struct api_options *options,
                        const struct api_readers *readers, struct worker *worker, struct hub *hub,
                        const struct clock *clock, struct log *log, struct err *e)
{
    struct api *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return err_set(e, ERR_FATAL, "api: out of memory");
    }
    a->options = *options;
    a->options.threads = options->threads == 0 ? THREADS_DEFAULT : options->threads;
    a->worker = worker;
    a->hub = hub;
    a->clock = clock;
    a->log = log;
    a->started_ms = clock_wall_ms(clock);
    pthread_mutex_init(&a->mutex, NULL);
    pthread_cond_init(&a->slot_free, NULL);
    if (a->options.threads > API_READERS_MAX) {
        a->options.threads = API_READERS_MAX;
    }
    enum err_class class = auth_open(&a->auth, clock, e);
    class = class == ERR_OK ? limiter_open(&a->limiter, REQUESTS_PER_S, clock, e) : class;
    class = class == ERR_OK ? open_readers(a, readers, a->options.threads, e) : class;
    class = class == ERR_OK ? streams_open(&a->streams, hub, clock, e) : class;
    class = class == ERR_OK ? start_daemon(a, e) : class;
    if (class != ERR_OK) {
        api_close(a);
        return class;
    }
    *out = a;
    return ERR_OK;
}

void api_close(struct api *a)
{
    if (a == NULL) {
        return;
    }
    if (a->streams != NULL) {
        streams_stop(a->streams);
    }
    if (a->daemon != NULL) {
        MHD_stop_daemon(a->daemon);
    }
    streams_close(a->streams);
    for (size_t i = 0; i < a->slot_count; i++) {
        arena_close(a->slots[i].arena);
        a->slots[i].reader.ops->close(a->slots[i].reader.ctx);
    }
    limiter_close(a->limiter);
    auth_close(a->auth);
    pthread_cond_destroy(&a->slot_free);
    pthread_mutex_destroy(&a->mutex);
    free(a);
}

int api_port(const struct api *a)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(a->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info == NULL ? 0 : info->port;
}

enum err_class api_login_code(struct api *a, const char *scopes, char out[33], struct err *e)
{
    return auth_code_make(a->auth, scopes, out, e);
}
