/* What the files of the MQTT client share; nobody else includes it.
 *
 *   mqtt.c          the interface, called by the owner of the client
 *   mqtt_queue.c    what waits between the owner and the network side
 *   mqtt_session.c  one connection in libmosquitto: callbacks, sending, receiving
 *   mqtt_network.c  the turn that keeps a connection alive, and the thread that may run it
 *
 * libmosquitto's handle belongs to the network side alone: the client's thread, or in poll mode the caller.
 * It lives for one connection, so that nothing of an old one (messages, certificates) reaches the next. */
#ifndef COMMON_MQTT_INTERNAL_H
#define COMMON_MQTT_INTERNAL_H

#include "common/mqtt.h"

#include <pthread.h>
#include <stdatomic.h>

struct mosquitto;
struct mqtt5__property;

enum { MQTT_REASON_BYTES = 256, MQTT_OVERHEAD_BYTES = 64 /* counted with each message */ };

/* An event on its way to the owner; its texts lie behind it in the same block. */
struct mqtt_in {
    struct mqtt_in *next;
    struct mqtt_event event;
    size_t cost; /* bytes counted against in_bytes_max */
};

/* A message on its way to the broker. */
struct mqtt_out {
    struct mqtt_out *next;
    char *topic; /* the body's block: topic, NUL, payload; NULL once libmosquitto has its copy */
    size_t payload_size;
    int qos;
    int mid; /* libmosquitto's number, once it has the message */
    struct mqtt5__property *properties;
    size_t cost; /* bytes counted against out_bytes_max */
};

enum mqtt_phase {
    MQTT_IDLE,        /* no session; the next attempt is due at attempt_boot_ms */
    MQTT_REACHING,    /* TCP, TLS, and waiting for CONNACK */
    MQTT_SUBSCRIBING, /* waiting for SUBACK */
    MQTT_UP,
};

struct mqtt {
    const struct clock *clock;
    struct log *log;
    struct mqtt_options options; /* its strings lie in `strings` */
    char *strings;
    size_t subscription_count;
    int event_fd;
    int wake_fd; /* wakes the thread; −1 in poll mode */
    pthread_t thread;
    struct mqtt_in *taken; /* what mqtt_receive gave last */

    pthread_mutex_t lock; /* over the six below */
    struct mqtt_in *in_first, **in_end;
    size_t in_bytes;
    struct mqtt_out *out_first, **out_end; /* accepted, libmosquitto does not have them yet */
    bool connected;                        /* publish is possible */
    bool closing, reload;

    atomic_size_t out_bytes; /* of out_first and sent_first */

    /* the network side's own */
    struct mosquitto *session;
    enum mqtt_phase phase;
    bool reached;    /* TCP stands */
    bool readable;   /* there may be bytes that poll does not tell of (TLS), or that had no room */
    bool progressed; /* a callback came during the last read */
    bool lost;
    char reason[MQTT_REASON_BYTES]; /* why it was lost: the first thing noted */
    char detail[MQTT_REASON_BYTES]; /* libmosquitto's last error line, TLS's words among them */
    struct mqtt_out *sent_first, **sent_end;
    size_t sent_count;
    int64_t attempt_boot_ms; /* of the session's start, or when the next is due */
    int backoff_ms;
};

/* mqtt_queue.c */
void mqtt_push_message(struct mqtt *m, const struct mqtt_event *event); /* copies */
void mqtt_push_state(struct mqtt *m, enum mqtt_event_kind kind, const char *reason);
struct mqtt_in *mqtt_pop_event(struct mqtt *m); /* NULL: none */
bool mqtt_has_room(struct mqtt *m);             /* for what arrives */
struct mqtt_out *mqtt_pop_out(struct mqtt *m);  /* NULL: none */
void mqtt_free_out(struct mqtt *m, struct mqtt_out *o);
void mqtt_drop_out(struct mqtt *m); /* all, when a connection ends */
void mqtt_wake(const struct mqtt *m);

/* mqtt_session.c */
enum err_class mqtt_make_out(struct mqtt_out **out, const struct bus_message *message,
                             struct err *e) ERR_MUST_CHECK;
void mqtt_session_start(struct mqtt *m);
void mqtt_session_read(struct mqtt *m);
void mqtt_session_write(struct mqtt *m);
void mqtt_session_send(struct mqtt *m); /* what waits, as far as the window allows */
void mqtt_session_end(struct mqtt *m);  /* with DISCONNECT if it is up */
int mqtt_session_socket(const struct mqtt *m);
bool mqtt_session_wants_write(const struct mqtt *m);
__attribute__((format(printf, 2, 3))) void mqtt_session_lost(struct mqtt *m, const char *format, ...);

/* mqtt_network.c */
int mqtt_network_timeout_ms(struct mqtt *m);
int mqtt_network_fd(struct mqtt *m, short *events); /* −1: no socket, or nothing to wait for on it */
void mqtt_network_turn(struct mqtt *m, short revents);
enum err_class mqtt_network_thread_start(struct mqtt *m, struct err *e) ERR_MUST_CHECK;

#endif
