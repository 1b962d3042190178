/* GET /v1/stock?item=&store= over keep-alive connections: a key checked, a rate limit counted, one row with
 * its freshness; beside libmicrohttpd and SQLite alone. */
#include "cloud/api/api.h"
#include "cloud/api/auth.h"
#include "cloud/store/store_sqlite.h"
#include "tests/bench/raw_http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    STORES = 20,
    ITEMS = 1000,
    CLIENTS = 16,
    KEYS_EACH = 15,
    THREADS = 2,
    RUNS = 5,
    RUN_MS = 1000,
    LATENCIES_MAX = 200000
};

struct bench {
    char folder[64], file[96];
    char keys[CLIENTS * KEYS_EACH][API_KEY_TEXT_BYTES]; /* many, so that no rate limit is met */
    const char *path;                                   /* "/v1/stock" or "/" */
    int port;
    int64_t until_ns;
};

struct client {
    const struct bench *bench;
    size_t number;
    pthread_t thread;
    uint64_t done;
    int64_t *latencies_ns;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench_api: %s\n", what);
        exit(1);
    }
}

static void write_stock(const struct store_writer *store)
{
    struct err e = {0};
    char item[16];
    for (unsigned s = 0; s < STORES; s++) {
        struct store_row row = {.stage = STAGE_LIVE};
        snprintf(row.store, sizeof row.store, "S%03u", s);
        must(store->ops->store_put(store->ctx, &row, &e) == ERR_OK, e.message);
        for (unsigned i = 0; i < ITEMS; i++) {
            snprintf(item, sizeof item, "I%05u", i);
            struct store_stock stock = {.store = slice_of(row.store),
                                        .item = slice_of(item),
                                        .location = SLICE("floor"),
                                        .uom = SLICE("EA"),
                                        .on_hand_e4 = 120000,
                                        .basis = TILLWIRE__V1__BASIS__BASIS_COUNTED,
                                        .basis_ms = 1,
                                        .changed_ms = 1};
            must(store->ops->stock_put(store->ctx, &stock, &e) == ERR_OK, e.message);
        }
    }
}

static void write_keys(struct bench *b, const struct store_writer *store)
{
    struct err e = {0};
    for (size_t i = 0; i < sizeof b->keys / sizeof b->keys[0]; i++) {
        char id[API_KEY_ID_BYTES];
        unsigned char hash[API_KEY_HASH_BYTES];
        api_key_make(clock_system(), b->keys[i], id, hash);
        struct store_api_key key = {.id = slice_of(id),
                                    .hash = {(const char *)hash, sizeof hash},
                                    .scopes = SLICE("stock:read"),
                                    .created_ms = 1};
        must(store->ops->api_key_put(store->ctx, &key, &e) == ERR_OK, e.message);
    }
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "cannot connect");
    return fd;
}

/* Reads one answer whole. */
static void read_answer(int fd)
{
    char in[8192];
    size_t have = 0, want = SIZE_MAX;
    while (have < want) {
        ssize_t n = read(fd, in + have, sizeof in - 1 - have);
        must(n > 0, "the server hung up");
        have += (size_t)n;
        in[have] = '\0';
        const char *body = strstr(in, "\r\n\r\n"), *length = strstr(in, "Content-Length: ");
        if (want == SIZE_MAX && body != NULL) {
            must(strncmp(in, "HTTP/1.1 200", 12) == 0 && length != NULL, in);
            want = (size_t)(body + 4 - in) + (size_t)strtoull(length + 16, NULL, 10);
        }
    }
}

static void *ask(void *ctx)
{
    struct client *c = ctx;
    const struct bench *b = c->bench;
    int fd = connect_to(b->port);
    char out[512];
    for (int64_t begin = now_ns(); begin < b->until_ns; begin = now_ns()) {
        int n =
            snprintf(out, sizeof out,
                     "GET %s?item=I%05u&store=S%03u HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
                     b->path, (unsigned)(c->done * 7919 % ITEMS), (unsigned)(c->done % STORES),
                     b->keys[c->number * KEYS_EACH + c->done % KEYS_EACH]);
        must(send(fd, out, (size_t)n, MSG_NOSIGNAL) == n, "cannot send");
        read_answer(fd);
        if (c->done < LATENCIES_MAX) {
            c->latencies_ns[c->done] = now_ns() - begin;
        }
        c->done++;
    }
    close(fd);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Requests a second of one run; *p99_ns of its slowest client. */
static int64_t run(struct bench *b, int64_t *p99_ns)
{
    static struct client clients[CLIENTS];
    uint64_t total = 0;
    *p99_ns = 0;
    b->until_ns = now_ns() + (int64_t)RUN_MS * 1000000;
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] =
            (struct client){.bench = b, .number = i, .latencies_ns = calloc(LATENCIES_MAX, sizeof(int64_t))};
        must(clients[i].latencies_ns != NULL, "out of memory");
        must(pthread_create(&clients[i].thread, NULL, ask, &clients[i]) == 0, "no thread");
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *c = &clients[i];
        pthread_join(c->thread, NULL);
        total += c->done;
        size_t count = c->done < LATENCIES_MAX ? (size_t)c->done : LATENCIES_MAX;
        qsort(c->latencies_ns, count, sizeof(int64_t), by_value);
        int64_t p99 = count > 0 ? c->latencies_ns[count * 99 / 100] : 0;
        *p99_ns = p99 > *p99_ns ? p99 : *p99_ns;
        free(c->latencies_ns);
    }
    return (int64_t)total * 1000 / RUN_MS;
}

static int64_t measure(struct bench *b, const char *name, const char *path, int port)
{
    int64_t rates[RUNS], p99s[RUNS];
    b->path = path;
    b->port = port;
    for (int i = 0; i < RUNS; i++) {
        rates[i] = run(b, &p99s[i]);
    }
    qsort(rates, RUNS, sizeof rates[0], by_value);
    qsort(p99s, RUNS, sizeof p99s[0], by_value);
    int64_t p99_ns = p99s[RUNS / 2];
    printf("%-44s %8lld requests/s, p99 %.2f ms\n", name, (long long)rates[RUNS / 2], (double)p99_ns / 1e6);
    return rates[RUNS / 2];
}

static enum err_class open_reader(void *ctx, struct store_reader *out, struct err *e)
{
    return store_sqlite_reader(out, ctx, clock_system(), e);
}

static void prepare(struct bench *b, struct store_writer *store, struct store_sqlite_options *options)
{
    struct err e = {0};
    struct store_time now;
    snprintf(b->folder, sizeof b->folder, "/tmp/tillwire-bench-XXXXXX");
    must(mkdtemp(b->folder) != NULL, "cannot make a folder");
    snprintf(b->file, sizeof b->file, "%s/centre.db", b->folder);
    options->path = b->file;
    must(store_sqlite_writer(store, options, clock_system(), &e) == ERR_OK, e.message);
    must(store->ops->begin(store->ctx, &now, &e) == ERR_OK, e.message);
    write_stock(store);
    write_keys(b, store);
    must(store->ops->commit(store->ctx, &e) == ERR_OK, e.message);
}

static void clean(const struct bench *b)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char path[128];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", b->file, endings[i]);
        (void)unlink(path);
    }
    (void)rmdir(b->folder);
}

int main(void)
{
    static struct bench b;
    struct store_writer store;
    struct store_sqlite_options options = {0};
    struct hub *hub;
    struct api *api;
    struct err e = {0};
    prepare(&b, &store, &options);
    struct api_options api_options = {
        .bind_address = "127.0.0.1", .threads = THREADS, .freshness = {.sla_ms = 15000}};
    struct api_readers readers = {&options, open_reader};
    must(hub_open(&hub, 0, &e) == ERR_OK, e.message);
    must(api_open(&api, &api_options, &readers, NULL, hub, clock_system(), NULL, &e) == ERR_OK, e.message);
    struct raw_http *raw = raw_http_open(b.file, THREADS);
    printf(
        "one stock row of %d; %d connections, %d server threads, clients on the same machine; median of %d\n",
        STORES * ITEMS, CLIENTS, THREADS, RUNS);
    int64_t ours = measure(&b, "GET /v1/stock?item=&store=", "/v1/stock", api_port(api));
    int64_t bare = measure(&b, "  raw: libmicrohttpd, one SQLite statement", "/", raw_http_port(raw));
    printf("%-44s %8.2f\n", "ratio", (double)ours / (double)bare);
    raw_http_close(raw);
    api_close(api);
    hub_close(hub);
    store.ops->close(store.ctx);
    clean(&b);
    return 0;
}
