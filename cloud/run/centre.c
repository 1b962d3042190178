#include "cloud/run/centre.h"

#include "cloud/api/api.h"
#include "cloud/api/watch.h"
#include "cloud/collector/worker.h"
#include "cloud/run/bootstrap.h"
#include "cloud/store/store_sqlite.h"
#include "common/mqtt.h"
#include "proto/topic.h"

#include <stdlib.h>

enum { OUT_BYTES_MAX = 16 << 20, IN_BYTES_MAX = 16 << 20 };

struct centre {
    const struct cloud_config *config;
    const struct clock *clock;
    struct log *log;
    struct store_writer store;
    struct hub *hub;
    struct watch *watch;
    struct mqtt *mqtt;
    struct collector *collector;
    struct worker *worker;
    struct api *api;
};

static struct store_sqlite_options store_options(const struct cloud_config *config)
{
    return (struct store_sqlite_options){
        .path = config->database,
        .cache_kib = config->cache_kib,
        .ledger_retention_days = config->ledger_retention_days,
        .dead_retention_days = config->dead_retention_days,
    };
}

static enum err_class open_reader(void *ctx, struct store_reader *out, struct err *e)
{
    const struct centre *c = ctx;
    struct store_sqlite_options options = store_options(c->config);
    options.cache_kib = 0;
    return store_sqlite_reader(out, &options, c->clock, e);
}

static enum err_class open_store(struct centre *c, struct err *e)
{
    struct store_sqlite_options options = store_options(c->config);
    enum err_class class = store_sqlite_writer(&c->store, &options, c->clock, e);
    if (class == ERR_OK && c->config->bootstrap_key_file != NULL) {
        class = bootstrap_key(c->config->bootstrap_key_file, &c->store, c->clock, c->log, e);
    }
    return class;
}

static enum err_class open_mqtt(struct centre *c, struct err *e)
{
    const struct mqtt_options options = {
        .host = c->config->broker_host,
        .port = c->config->broker_port,
        .ca_file = c->config->ca_file,
        .cert_file = c->config->cert_file,
        .key_file = c->config->key_file,
        .client_id = c->config->instance,
        .out_bytes_max = OUT_BYTES_MAX,
        .in_bytes_max = IN_BYTES_MAX,
        .subscriptions = {TOPIC_UP_FILTER},
        .threaded = true,
    };
    return mqtt_open(&c->mqtt, &options, c->clock, c->log, e);
}

static enum err_class open_collector(struct centre *c, const struct collector_taps *taps, struct err *e)
{
    const struct collector_options options = {.freshness = c->config->freshness, .taps = taps};
    const struct bus bus = mqtt_bus(c->mqtt);
    const struct collector_watch watch = watch_ops(c->watch);
    enum err_class class =
        collector_open(&c->collector, &options, &c->store, &bus, c->clock, &watch, c->log, e);
    if (class == ERR_OK) {
        class = worker_open(&c->worker, c->collector, &c->store, c->mqtt, c->clock, c->log, e);
    }
    return class;
}

static enum err_class open_api(struct centre *c, struct err *e)
{
    const struct api_options options = {
        .bind_address = c->config->api_address,
        .port = c->config->api_port,
        .cert_file = c->config->api_cert_file,
        .key_file = c->config->api_key_file,
        .web_root = c->config->web_root,
        .threads = c->config->api_threads,
        .freshness = c->config->freshness,
    };
    const struct api_readers readers = {.ctx = c, .open = open_reader};
    return api_open(&c->api, &options, &readers, c->worker, c->hub, c->clock, c->log, e);
}

enum err_class centre_open(struct centre **out, const struct cloud_config *config, const struct clock *clock,
                           struct log *log, const struct collector_taps *taps, struct err *e)
{
    struct centre *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return err_set(e, ERR_FATAL, "out of memory");
    }
    c->config = config;
    c->clock = clock;
    c->log = log;
    enum err_class class = open_store(c, e);
    class = class == ERR_OK ? hub_open(&c->hub, 0, e) : class;
    class = class == ERR_OK ? watch_open(&c->watch, c->hub, &config->freshness, e) : class;
    class = class == ERR_OK ? open_mqtt(c, e) : class;
    class = class == ERR_OK ? open_collector(c, taps, e) : class;
    class = class == ERR_OK ? open_api(c, e) : class;
    if (class != ERR_OK) {
        centre_close(c);
        return class;
    }
    *out = c;
    return ERR_OK;
}

void centre_close(struct centre *c)
{
    if (c == NULL) {
        return;
    }
    api_close(c->api);
    worker_close(c->worker);
    collector_close(c->collector);
    mqtt_close(c->mqtt);
    watch_close(c->watch);
    hub_close(c->hub);
    if (c->store.ops != NULL) {
        c->store.ops->close(c->store.ctx);
    }
    free(c);
}

int centre_api_port(const struct centre *c)
{
    return api_port(c->api);
}

static enum err_class nothing(void *ctx, struct collector *collector, const struct store_writer *store,
                              struct err *e)
{
    (void)ctx, (void)collector, (void)store, (void)e;
    return ERR_OK;
}

enum err_class centre_alive(struct centre *c, struct err *e)
{
    return worker_call(c->worker, nothing, NULL, e);
}

bool centre_failed(struct centre *c, struct err *e)
{
    return worker_failed(c->worker, e);
}

void centre_reload(struct centre *c)
{
    mqtt_reload(c->mqtt);
}
