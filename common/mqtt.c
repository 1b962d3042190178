#include "common/mqtt.h"

#include "common/mqtt_internal.h"

#include <assert.h>
#include <errno.h>
#include <mosquitto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    MQTT_KEEPALIVE_S_DEFAULT = 15,
    MQTT_RECONNECT_MS_MIN_DEFAULT = 500,
    MQTT_RECONNECT_MS_MAX_DEFAULT = 15000,
    MQTT_QUEUE_BYTES_DEFAULT = 1 << 20,
};

static enum err_class check_options(const struct mqtt_options *o, struct err *e)
{
    if (o->host == NULL || o->host[0] == '\0' || o->port < 1 || o->port > UINT16_MAX) {
        return err_set(e, ERR_INVALID, "mqtt: the broker's host or port is missing or bad");
    }
    if (o->client_id == NULL || o->client_id[0] == '\0') {
        return err_set(e, ERR_INVALID, "mqtt: a client id is needed");
    }
    bool tls = o->ca_file != NULL;
    if (tls != (o->cert_file != NULL) || tls != (o->key_file != NULL)) {
        return err_set(e, ERR_INVALID, "mqtt: CA, certificate and key go together: give all three files");
    }
    if (o->keepalive_s != 0 && (o->keepalive_s < 5 || o->keepalive_s > 600)) {
        return err_set(e, ERR_INVALID, "mqtt: keepalive of %d s: 5 to 600 are possible", o->keepalive_s);
    }
    return ERR_OK;
}

static void set_defaults(struct mqtt_options *o)
{
    o->keepalive_s = o->keepalive_s > 0 ? o->keepalive_s : MQTT_KEEPALIVE_S_DEFAULT;
    o->reconnect_ms_min = o->reconnect_ms_min > 0 ? o->reconnect_ms_min : MQTT_RECONNECT_MS_MIN_DEFAULT;
    o->reconnect_ms_max = o->reconnect_ms_max > 0 ? o->reconnect_ms_max : MQTT_RECONNECT_MS_MAX_DEFAULT;
    o->out_bytes_max = o->out_bytes_max > 0 ? o->out_bytes_max : MQTT_QUEUE_BYTES_DEFAULT;
    o->in_bytes_max = o->in_bytes_max > 0 ? o->in_bytes_max : MQTT_QUEUE_BYTES_DEFAULT;
    if (o->reconnect_ms_max < o->reconnect_ms_min) {
        o->reconnect_ms_max = o->reconnect_ms_min;
    }
}

static size_t kept_size(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

static const char *keep(char **at, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    char *copy = *at;
    size_t size = strlen(text) + 1;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

/* Copies the options' strings into one block, the subscriptions first. */
static enum err_class copy_options(struct mqtt *m, const struct mqtt_options *options, struct err *e)
{
    struct mqtt_options *o = &m->options;
    *o = *options;
    set_defaults(o);
    size_t size = strlen(o->host) + strlen(o->client_id) + 2 + kept_size(o->ca_file) +
                  kept_size(o->cert_file) + kept_size(o->key_file);
    while (m->subscription_count < MQTT_SUBSCRIPTIONS_MAX &&
           o->subscriptions[m->subscription_count] != NULL) {
        size += kept_size(o->subscriptions[m->subscription_count++]);
    }
    m->strings = malloc(size);
    if (m->strings == NULL) {
        return err_set(e, ERR_FATAL, "mqtt: out of memory");
    }
    char *at = m->strings;
    for (size_t i = 0; i < m->subscription_count; i++) {
        o->subscriptions[i] = keep(&at, options->subscriptions[i]);
    }
    o->host = keep(&at, options->host);
    o->client_id = keep(&at, options->client_id);
    o->ca_file = keep(&at, options->ca_file);
    o->cert_file = keep(&at, options->cert_file);
    o->key_file = keep(&at, options->key_file);
    return ERR_OK;
}

static void initialise_library(void)
{
    (void)mosquitto_lib_init(); /* for the whole process, and never undone: other clients may live on */
}

static enum err_class start(struct mqtt *m, const struct mqtt_options *options, struct err *e)
{
    enum err_class class = copy_options(m, options, e);
    if (class != ERR_OK) {
        return class;
    }
    m->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    m->wake_fd = options->threaded ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : -1;
    if (m->event_fd < 0 || (options->threaded && m->wake_fd < 0)) {
        return err_set(e, ERR_FATAL, "mqtt: cannot make an eventfd: %s", strerror(errno));
    }
    m->backoff_ms = m->options.reconnect_ms_min;
    m->attempt_boot_ms = clock_boot_ms(m->clock);
    return options->threaded ? mqtt_network_thread_start(m, e) : ERR_OK;
}

static void release(struct mqtt *m)
{
    mqtt_session_end(m);
    free(m->taken);
    while ((m->taken = mqtt_pop_event(m)) != NULL) {
        free(m->taken);
    }
    if (m->event_fd >= 0) {
        (void)close(m->event_fd);
    }
    if (m->wake_fd >= 0) {
        (void)close(m->wake_fd);
    }
    (void)pthread_mutex_destroy(&m->lock);
    free(m->strings);
    free(m);
}

enum err_class mqtt_open(struct mqtt **out, const struct mqtt_options *options, const struct clock *clock,
                         struct log *log, struct err *e)
{
    static pthread_once_t library = PTHREAD_ONCE_INIT;
    *out = NULL;
    enum err_class class = check_options(options, e);
    if (class != ERR_OK) {
        return class;
    }
    (void)pthread_once(&library, initialise_library);
    struct mqtt *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return err_set(e, ERR_FATAL, "mqtt: out of memory");
    }
    m->clock = clock;
    m->log = log;
    m->event_fd = m->wake_fd = -1;
    m->in_end = &m->in_first;
    m->out_end = &m->out_first;
    m->sent_end = &m->sent_first;
    (void)pthread_mutex_init(&m->lock, NULL);
    class = start(m, options, e);
    if (class != ERR_OK) {
        release(m);
        return class;
    }
    *out = m;
    return ERR_OK;
}

void mqtt_close(struct mqtt *m)
{
    if (m == NULL) {
        return;
    }
    if (m->options.threaded) {
        (void)pthread_mutex_lock(&m->lock);
        m->closing = true;
        (void)pthread_mutex_unlock(&m->lock);
        mqtt_wake(m);
        (void)pthread_join(m->thread, NULL);
    }
    release(m);
}

enum err_class mqtt_receive(struct mqtt *m, struct mqtt_event *event)
{
    free(m->taken);
    m->taken = mqtt_pop_event(m);
    if (m->taken == NULL) {
        return ERR_RETRY;
    }
    *event = m->taken->event;
    return ERR_OK;
}

int mqtt_event_fd(const struct mqtt *m)
{
    return m->event_fd;
}

/* Queues o unless the connection is down or the bound reached. */
static enum err_class queue_out(struct mqtt *m, struct mqtt_out *o, struct err *e)
{
    enum err_class class = ERR_OK;
    (void)pthread_mutex_lock(&m->lock);
    if (!m->connected) {
        class = err_set(e, ERR_RETRY, "mqtt: not connected to %s:%d", m->options.host, m->options.port);
    } else if (atomic_load(&m->out_bytes) + o->cost > m->options.out_bytes_max) {
        class = err_set(e, ERR_FULL, "mqtt: %zu bytes wait for the broker", atomic_load(&m->out_bytes));
    } else {
        *m->out_end = o;
        m->out_end = &o->next;
    }
    (void)atomic_fetch_add(&m->out_bytes, o->cost); /* either way: mqtt_free_out subtracts it */
    (void)pthread_mutex_unlock(&m->lock);
    return class;
}

static size_t message_cost(const struct bus_message *message)
{
    size_t cost = MQTT_OVERHEAD_BYTES + strlen(message->topic) + message->payload.size;
    for (size_t i = 0; i < message->property_count; i++) {
        cost += strlen(message->properties[i].name) + strlen(message->properties[i].value);
    }
    return cost;
}

static enum err_class publish(void *ctx, const struct bus_message *message, struct err *e)
{
    struct mqtt *m = ctx;
    size_t cost = message_cost(message);
    if (cost > m->options.out_bytes_max) {
        return err_set(e, ERR_INVALID, "mqtt: a message of %zu bytes is larger than the bound of %zu", cost,
                       m->options.out_bytes_max);
    }
    struct mqtt_out *o;
    enum err_class class = mqtt_make_out(&o, message, e);
    if (class != ERR_OK) {
        return class;
    }
    o->cost = cost;
    class = queue_out(m, o, e);
    if (class != ERR_OK) {
        mqtt_free_out(m, o);
    } else if (m->options.threaded) {
        mqtt_wake(m);
    } else {
        mqtt_session_send(m);
    }
    return class;
}

struct bus mqtt_bus(struct mqtt *m)
{
    return (struct bus){.ctx = m, .publish = publish};
}

size_t mqtt_out_bytes(const struct mqtt *m)
{
    return atomic_load(&m->out_bytes);
}

int mqtt_poll_fd(struct mqtt *m)
{
    short events;
    return mqtt_network_fd(m, &events);
}

short mqtt_poll_events(struct mqtt *m)
{
    short events;
    (void)mqtt_network_fd(m, &events);
    return events;
}

int mqtt_poll_timeout_ms(struct mqtt *m)
{
    return mqtt_network_timeout_ms(m);
}

void mqtt_poll(struct mqtt *m, short revents)
{
    assert(!m->options.threaded);
    mqtt_network_turn(m, revents);
}

void mqtt_reload(struct mqtt *m)
{
    (void)pthread_mutex_lock(&m->lock);
    m->reload = true;
    (void)pthread_mutex_unlock(&m->lock);
    mqtt_wake(m);
}
