#include "common/mqtt_internal.h"

#include <errno.h>
#include <limits.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MQTT_REASON_CODE_ERROR = 0x80 }; /* MQTT 5, 2.4: codes from here on are failures */

void mqtt_session_lost(struct mqtt *m, const char *format, ...)
{
    m->lost = true;
    if (m->reason[0] == '\0') {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(m->reason, sizeof m->reason, format, args);
        va_end(args);
    }
}

/* What a function of libmosquitto returned, in words; errno belongs to MOSQ_ERR_ERRNO. */
static const char *code_text(int code)
{
    if (code == MOSQ_ERR_ERRNO) {
        return strerror(errno);
    }
    if (code == MOSQ_ERR_KEEPALIVE) { /* libmosquitto has no words for it */
        return "the broker did not answer within the keepalive time";
    }
    return code >= MQTT_REASON_CODE_ERROR ? mosquitto_reason_string(code) : mosquitto_strerror(code);
}

static void note_code(struct mqtt *m, int code)
{
    if (code == MOSQ_ERR_SUCCESS) {
        return;
    }
    const char *text = code_text(code);
    if (m->detail[0] != '\0') {
        mqtt_session_lost(m, "%s (%s)", text, m->detail);
    } else {
        mqtt_session_lost(m, "%s", text);
    }
}

static void set_up(struct mqtt *m)
{
    m->phase = MQTT_UP;
    (void)pthread_mutex_lock(&m->lock);
    m->connected = true;
    (void)pthread_mutex_unlock(&m->lock);
    log_info(m->log, "mqtt", "connected to %s:%d as %s", m->options.host, m->options.port,
             m->options.client_id);
    mqtt_push_state(m, MQTT_CONNECTED, NULL);
}

static void on_connect(struct mosquitto *session, void *ctx, int code, int flags,
                       const mosquitto_property *properties)
{
    struct mqtt *m = ctx;
    (void)flags;
    (void)properties;
    m->progressed = true;
    if (code != 0) {
        mqtt_session_lost(m, "the broker refused the connection: %s", mosquitto_reason_string(code));
        return;
    }
    if (m->subscription_count == 0) {
        set_up(m);
        return;
    }
    char *filters[MQTT_SUBSCRIPTIONS_MAX];
    char *at = m->strings; /* the filters were laid down first (mqtt.c) */
    for (size_t i = 0; i < m->subscription_count; i++) {
        filters[i] = at;
        at += strlen(at) + 1;
    }
    int count = (int)m->subscription_count;
    m->phase = MQTT_SUBSCRIBING;
    note_code(m, mosquitto_subscribe_multiple(session, NULL, count, filters, 1, 0, NULL));
}

static void on_subscribe(struct mosquitto *session, void *ctx, int mid, int count, const int *granted,
                         const mosquitto_property *properties)
{
    struct mqtt *m = ctx;
    (void)session;
    (void)mid;
    (void)properties;
    m->progressed = true;
    for (int i = 0; i < count && i < (int)m->subscription_count; i++) {
        if (granted[i] >= MQTT_REASON_CODE_ERROR) {
            mqtt_session_lost(m, "the broker refused the subscription to %s: %s", m->options.subscriptions[i],
                              mosquitto_reason_string(granted[i]));
        }
    }
    if (!m->lost) {
        set_up(m);
    }
}

static void on_disconnect(struct mosquitto *session, void *ctx, int code,
                          const mosquitto_property *properties)
{
    struct mqtt *m = ctx;
    (void)session;
    (void)properties;
    m->lost = true;
    note_code(m, code);
}

static void on_publish(struct mosquitto *session, void *ctx, int mid, int code,
                       const mosquitto_property *properties)
{
    struct mqtt *m = ctx;
    (void)session;
    (void)properties;
    m->progressed = true;
    if (code >= MQTT_REASON_CODE_ERROR) {
        log_warn(m->log, "mqtt", "the broker refused a message: %s", mosquitto_reason_string(code));
    }
    struct mqtt_out **link = &m->sent_first;
    while (*link != NULL && (*link)->mid != mid) { /* nearly always the first */
        link = &(*link)->next;
    }
    struct mqtt_out *o = *link;
    if (o != NULL) {
        *link = o->next;
        if (o->next == NULL) {
            m->sent_end = link;
        }
        m->sent_count--;
        mqtt_free_out(m, o);
    }
}

/* Fills the event's user properties; returns how many texts `owned` must free. */
static size_t read_properties(struct mqtt *m, struct mqtt_event *event, const mosquitto_property *list,
                              char *owned[2 * MQTT_PROPERTIES_MAX + 2])
{
    size_t count = 0;
    while ((list = mosquitto_property_read_string_pair(list, MQTT_PROP_USER_PROPERTY, &owned[count],
                                                       &owned[count + 1], count > 0)) != NULL) {
        count += 2;
        if (event->property_count == MQTT_PROPERTIES_MAX) {
            log_warn(m->log, "mqtt", "a message on %s carries more than %d user properties", event->topic,
                     MQTT_PROPERTIES_MAX);
            break;
        }
        event->properties[event->property_count++] =
            (struct bus_property){.name = owned[count - 2], .value = owned[count - 1]};
    }
    return count;
}

static void on_message(struct mosquitto *session, void *ctx, const struct mosquitto_message *message,
                       const mosquitto_property *properties)
{
    struct mqtt *m = ctx;
    char *owned[2 * MQTT_PROPERTIES_MAX + 2];
    (void)session;
    m->progressed = true;
    struct mqtt_event event = {.kind = MQTT_MESSAGE,
                               .topic = message->topic,
                               .payload = {message->payload, (size_t)message->payloadlen},
                               .qos = message->qos};
    size_t count = read_properties(m, &event, properties, owned);
    mqtt_push_message(m, &event);
    for (size_t i = 0; i < count; i++) {
        free(owned[i]);
    }
}

static void on_log(struct mosquitto *session, void *ctx, int level, const char *text)
{
    struct mqtt *m = ctx;
    (void)session;
    if (level == MOSQ_LOG_ERR || level == MOSQ_LOG_WARNING) {
        (void)snprintf(m->detail, sizeof m->detail, "%s", text);
    }
}

static int configure_tls(struct mqtt *m)
{
    const struct mqtt_options *o = &m->options;
    if (o->ca_file == NULL) {
        return MOSQ_ERR_SUCCESS;
    }
    const int verify_peer = 1; /* SSL_VERIFY_PEER; the host's name is checked too */
    int code = mosquitto_tls_set(m->session, o->ca_file, NULL, o->cert_file, o->key_file, NULL);
    if (code != MOSQ_ERR_SUCCESS) {
        (void)snprintf(m->detail, sizeof m->detail, "cannot read %s, %s or %s", o->ca_file, o->cert_file,
                       o->key_file);
        return code;
    }
    return mosquitto_tls_opts_set(m->session, verify_peer, "tlsv1.3", NULL);
}

static int configure(struct mqtt *m)
{
    int code = mosquitto_int_option(m->session, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    if (code == MOSQ_ERR_SUCCESS) {
        code = mosquitto_int_option(m->session, MOSQ_OPT_TCP_NODELAY, 1);
    }
    if (code == MOSQ_ERR_SUCCESS) {
        code = mosquitto_int_option(m->session, MOSQ_OPT_SEND_MAXIMUM, MQTT_IN_FLIGHT_MAX);
    }
    if (code == MOSQ_ERR_SUCCESS) {
        code = mosquitto_int_option(m->session, MOSQ_OPT_RECEIVE_MAXIMUM, MQTT_IN_FLIGHT_MAX);
    }
    mosquitto_connect_v5_callback_set(m->session, on_connect);
    mosquitto_disconnect_v5_callback_set(m->session, on_disconnect);
    mosquitto_publish_v5_callback_set(m->session, on_publish);
    mosquitto_subscribe_v5_callback_set(m->session, on_subscribe);
    mosquitto_message_v5_callback_set(m->session, on_message);
    mosquitto_log_callback_set(m->session, on_log);
    return code == MOSQ_ERR_SUCCESS ? configure_tls(m) : code;
}

void mqtt_session_start(struct mqtt *m)
{
    m->phase = MQTT_REACHING;
    m->attempt_boot_ms = clock_boot_ms(m->clock);
    m->reached = m->readable = m->lost = false;
    m->reason[0] = m->detail[0] = '\0';
    m->session = mosquitto_new(m->options.client_id, true, m); /* clean start; session expiry 0 by default */
    if (m->session == NULL) {
        mqtt_session_lost(m, "cannot make a session: %s", strerror(errno));
        return;
    }
    int code = configure(m);
    if (code == MOSQ_ERR_SUCCESS) {
        /* the asynchronous one: only name resolution may block */
        code = mosquitto_connect_bind_async(m->session, m->options.host, m->options.port,
                                            m->options.keepalive_s, NULL);
    }
    note_code(m, code);
}

void mqtt_session_read(struct mqtt *m)
{
    do {
        m->progressed = false;
        errno = 0; /* libmosquitto takes an old EAGAIN for its own */
        note_code(m, mosquitto_loop_read(m->session, 1));
    } while (m->progressed && !m->lost && mqtt_has_room(m));
    m->readable = m->progressed;
}

void mqtt_session_write(struct mqtt *m)
{
    errno = 0;
    note_code(m, mosquitto_loop_write(m->session, 1));
    if (!m->lost) {
        note_code(m, mosquitto_loop_misc(m->session));
    }
}

/* Gives o to libmosquitto, which copies it. o may be gone afterwards: on_publish comes at once for QoS 0. */
static void give(struct mqtt *m, struct mqtt_out *o)
{
    char *topic = o->topic;
    mosquitto_property *properties = o->properties;
    o->topic = NULL;
    o->properties = NULL;
    *m->sent_end = o;
    m->sent_end = &o->next;
    m->sent_count++;
    int code = mosquitto_publish_v5(m->session, &o->mid, topic, (int)o->payload_size,
                                    topic + strlen(topic) + 1, o->qos, false, properties);
    if (code == MOSQ_ERR_OVERSIZE_PACKET) {
        log_error(m->log, "mqtt", "a message on %s is larger than the broker accepts (max_packet_size)",
                  topic);
        on_publish(m->session, m, o->mid, 0, NULL);
    } else {
        note_code(m, code);
    }
    mosquitto_property_free_all(&properties);
    free(topic);
}

void mqtt_session_send(struct mqtt *m)
{
    struct mqtt_out *o;
    while (m->phase == MQTT_UP && !m->lost && m->sent_count < MQTT_IN_FLIGHT_MAX &&
           (o = mqtt_pop_out(m)) != NULL) {
        give(m, o);
    }
}

void mqtt_session_end(struct mqtt *m)
{
    if (m->session != NULL && m->phase == MQTT_UP && !m->lost) {
        (void)mosquitto_disconnect_v5(m->session, 0, NULL);
    }
    mosquitto_destroy(m->session);
    m->session = NULL;
    m->phase = MQTT_IDLE;
    mqtt_drop_out(m);
}

int mqtt_session_socket(const struct mqtt *m)
{
    return m->session == NULL ? -1 : mosquitto_socket(m->session);
}

bool mqtt_session_wants_write(const struct mqtt *m)
{
    return mosquitto_want_write(m->session);
}

static bool text_is_valid(const char *text)
{
    size_t size = strlen(text);
    return size <= UINT16_MAX && mosquitto_validate_utf8(text, (int)size) == MOSQ_ERR_SUCCESS;
}

static int add_properties(mosquitto_property **list, const struct bus_message *message)
{
    int code = MOSQ_ERR_SUCCESS;
    for (size_t i = 0; i < message->property_count && code == MOSQ_ERR_SUCCESS; i++) {
        const struct bus_property *p = &message->properties[i];
        if (!text_is_valid(p->name) || !text_is_valid(p->value)) {
            return MOSQ_ERR_MALFORMED_UTF8;
        }
        code = mosquitto_property_add_string_pair(list, MQTT_PROP_USER_PROPERTY, p->name, p->value);
    }
    return code;
}

enum err_class mqtt_make_out(struct mqtt_out **out, const struct bus_message *message, struct err *e)
{
    if (mosquitto_pub_topic_check(message->topic) != MOSQ_ERR_SUCCESS || message->topic[0] == '\0' ||
        !text_is_valid(message->topic) || message->payload.size > INT_MAX || message->qos < 0 ||
        message->qos > 1 || message->property_count > MQTT_PROPERTIES_MAX) {
        return err_set(e, ERR_INVALID, "mqtt: topic %s cannot be published to like this", message->topic);
    }
    size_t topic_size = strlen(message->topic) + 1;
    struct mqtt_out *o = calloc(1, sizeof *o);
    char *body = malloc(topic_size + message->payload.size);
    mosquitto_property *properties = NULL;
    int code = add_properties(&properties, message);
    if (o == NULL || body == NULL || code != MOSQ_ERR_SUCCESS) {
        free(o);
        free(body);
        mosquitto_property_free_all(&properties);
        return code == MOSQ_ERR_MALFORMED_UTF8
                   ? err_set(e, ERR_INVALID, "mqtt: bad user property on %s", message->topic)
                   : err_set(e, ERR_FATAL, "mqtt: out of memory for a message on %s", message->topic);
    }
    memcpy(body, message->topic, topic_size);
    if (message->payload.size > 0) {
        memcpy(body + topic_size, message->payload.data, message->payload.size);
    }
    o->topic = body;
    o->payload_size = message->payload.size;
    o->qos = message->qos;
    o->properties = properties;
    *out = o;
    return ERR_OK;
}
