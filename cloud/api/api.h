/* The centre's HTTP API (docs/api.md, openapi.json), SSE, metrics and dashboard: libmicrohttpd over loopback
 * or TLS. Reads through store_reader handles of its own, writes through the worker. */
#ifndef CLOUD_API_API_H
#define CLOUD_API_API_H

#include "cloud/api/hub.h"
#include "cloud/collector/worker.h"
#include "cloud/store/freshness.h"
#include "cloud/store/store.h"
#include "common/clock.h"
#include "common/log.h"

struct api;

struct api_options {
    const char *bind_address;         /* "127.0.0.1"; anything but loopback needs TLS */
    int port;                         /* 0 = any free one */
    const char *cert_file, *key_file; /* NULL: plain */
    const char *web_root;             /* folder of the dashboard's files; NULL: none */
    unsigned threads;                 /* 0 = 2 */
    struct freshness_policy freshness;
};

/* How the api opens one more reader (one a thread). */
struct api_readers {
    void *ctx;
    enum err_class (*open)(void *ctx, struct store_reader *out, struct err *e);
};

enum err_class api_open(struct api **out, const struct api_options *options,
                        const struct api_readers *readers, struct worker *worker, struct hub *hub,
                        const struct clock *clock, struct log *log, struct err *e) ERR_MUST_CHECK;
void api_close(struct api *a);
int api_port(const struct api *a);

/* A code that signs one browser in, once, within ten minutes (printed by scripts/run). */
enum err_class api_login_code(struct api *a, const char *scopes, char out[33], struct err *e) ERR_MUST_CHECK;

#endif
