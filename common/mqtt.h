/* An MQTT 5 client over TLS 1.3 (libmosquitto; the one owner of mosquitto.h), on a thread of its own or on
 * the caller's poll loop, with one interface: what happens comes out of mqtt_receive, whichever runs it.
 *
 * Clean start, session expiry 0: durability is never the broker's (PROTOCOL "MQTT 5"), so what was published
 * and not acknowledged when a connection ends is forgotten. Reconnects by itself with backoff and jitter;
 * subscriptions are renewed at each connect, MQTT_CONNECTED is reported after the broker granted them.
 * TCP_NODELAY is on. Name resolution can block for 10 s and more, which is why the product uses the thread;
 * in poll mode hosts should be addresses. The process ignores SIGPIPE. */
#ifndef COMMON_MQTT_H
#define COMMON_MQTT_H

#include "common/bus.h"
#include "common/clock.h"
#include "common/log.h"

enum { MQTT_SUBSCRIPTIONS_MAX = 8, MQTT_PROPERTIES_MAX = 16, MQTT_IN_FLIGHT_MAX = 20 };

struct mqtt_options {
    const char *host;
    int port;
    const char *ca_file, *cert_file, *key_file; /* all NULL: no TLS (tests on loopback only) */
    const char *client_id;                      /* equals the certificate's CN */
    int keepalive_s;                            /* 5–600; 0 = 15 */
    size_t out_bytes_max; /* unsent and unacknowledged bytes; publish is ERR_FULL beyond; 0 = 1 MiB */
    /* Received, not yet taken; beyond it the socket is not read, and TCP pushes back; 0 = 1 MiB. What arrived
     * at once may exceed it by up to MQTT_IN_FLIGHT_MAX messages. A stop of 1.5 keepalives costs the
     * connection. */
    size_t in_bytes_max;
    const char *subscriptions[MQTT_SUBSCRIPTIONS_MAX]; /* filters, QoS 1; NULL ends the list */
    int reconnect_ms_min, reconnect_ms_max;            /* 0 = 500 and 15000 */
    bool threaded;
};

enum mqtt_event_kind { MQTT_CONNECTED, MQTT_DISCONNECTED, MQTT_MESSAGE };

struct mqtt_event {
    enum mqtt_event_kind kind;
    const char *reason; /* MQTT_DISCONNECTED: why, for a person */
    /* MQTT_MESSAGE; valid until the next mqtt_receive */
    const char *topic;
    struct slice payload;
    int qos;
    struct bus_property properties[MQTT_PROPERTIES_MAX];
    size_t property_count;
};

struct mqtt;

/* Copies the options' strings. Connects in the background: failures are events and log lines, not errors
 * here. */
enum err_class mqtt_open(struct mqtt **out, const struct mqtt_options *options, const struct clock *clock,
                         struct log *log, struct err *e) ERR_MUST_CHECK;
/* Sends DISCONNECT when connected; joins the thread (at once, but for a resolver that does not answer). */
void mqtt_close(struct mqtt *m);

/* The next event, oldest first. ERR_RETRY: none now. */
enum err_class mqtt_receive(struct mqtt *m, struct mqtt_event *event) ERR_MUST_CHECK;

/* Readable (poll) when mqtt_receive has something: an eventfd in both modes. */
int mqtt_event_fd(const struct mqtt *m);

/* The bus over this client. publish: ERR_RETRY when not connected, ERR_FULL at out_bytes_max, ERR_INVALID for
 * what can never be sent (topic with a wildcard, bad UTF-8, larger than the bound). What the broker refuses
 * is logged. */
struct bus mqtt_bus(struct mqtt *m);
size_t mqtt_out_bytes(const struct mqtt *m); /* unsent and unacknowledged now */

/* Poll mode only: the socket (−1: none now), the events to wait for, when to call at the latest, and the turn
 * itself. */
int mqtt_poll_fd(struct mqtt *m);
short mqtt_poll_events(struct mqtt *m);
int mqtt_poll_timeout_ms(struct mqtt *m);
void mqtt_poll(struct mqtt *m, short revents);

/* Rereads certificates: reconnects with the files as they are now. */
void mqtt_reload(struct mqtt *m);

#endif
