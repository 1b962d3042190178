#include "common/mqtt_internal.h"

#include <mosquitto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Copies size bytes and a NUL to *at and moves it behind them. */
static char *lay_down(char **at, const char *data, size_t size)
{
    char *copy = *at;
    if (size > 0) {
        memcpy(copy, data, size);
    }
    copy[size] = '\0';
    *at += size + 1;
    return copy;
}

static size_t text_size(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

static struct mqtt_in *copy_event(const struct mqtt_event *event)
{
    size_t size = text_size(event->reason) + text_size(event->topic) + event->payload.size + 3;
    for (size_t i = 0; i < event->property_count; i++) {
        size += strlen(event->properties[i].name) + strlen(event->properties[i].value) + 2;
    }
    struct mqtt_in *in = malloc(sizeof *in + size);
    if (in == NULL) {
        return NULL;
    }
    *in = (struct mqtt_in){.event = *event, .cost = size + MQTT_OVERHEAD_BYTES};
    char *at = (char *)(in + 1);
    in->event.reason = lay_down(&at, event->reason, text_size(event->reason));
    in->event.topic = lay_down(&at, event->topic, text_size(event->topic));
    in->event.payload.data = lay_down(&at, event->payload.data, event->payload.size);
    for (size_t i = 0; i < event->property_count; i++) {
        const struct bus_property *p = &event->properties[i];
        in->event.properties[i] = (struct bus_property){.name = lay_down(&at, p->name, strlen(p->name)),
                                                        .value = lay_down(&at, p->value, strlen(p->value))};
    }
    return in;
}

void mqtt_push_message(struct mqtt *m, const struct mqtt_event *event)
{
    struct mqtt_in *in = copy_event(event);
    if (in == NULL) {
        mqtt_session_lost(m, "out of memory for a message of %zu bytes", event->payload.size);
        return;
    }
    (void)pthread_mutex_lock(&m->lock);
    bool was_empty = m->in_first == NULL;
    *m->in_end = in;
    m->in_end = &in->next;
    m->in_bytes += in->cost;
    if (was_empty) {
        (void)eventfd_write(m->event_fd, 1);
    }
    (void)pthread_mutex_unlock(&m->lock);
}

void mqtt_push_state(struct mqtt *m, enum mqtt_event_kind kind, const char *reason)
{
    const struct mqtt_event event = {.kind = kind, .reason = reason};
    mqtt_push_message(m, &event);
}

struct mqtt_in *mqtt_pop_event(struct mqtt *m)
{
    (void)pthread_mutex_lock(&m->lock);
    struct mqtt_in *in = m->in_first;
    bool room_returned = false;
    if (in != NULL) {
        bool was_full = m->in_bytes >= m->options.in_bytes_max;
        m->in_first = in->next;
        m->in_bytes -= in->cost;
        room_returned = was_full && m->in_bytes < m->options.in_bytes_max;
        if (m->in_first == NULL) {
            eventfd_t count;
            m->in_end = &m->in_first;
            (void)eventfd_read(m->event_fd, &count);
        }
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (room_returned) {
        mqtt_wake(m);
    }
    return in;
}

bool mqtt_has_room(struct mqtt *m)
{
    (void)pthread_mutex_lock(&m->lock);
    bool room = m->in_bytes < m->options.in_bytes_max;
    (void)pthread_mutex_unlock(&m->lock);
    return room;
}

struct mqtt_out *mqtt_pop_out(struct mqtt *m)
{
    (void)pthread_mutex_lock(&m->lock);
    struct mqtt_out *o = m->out_first;
    if (o != NULL) {
        m->out_first = o->next;
        if (m->out_first == NULL) {
            m->out_end = &m->out_first;
        }
        o->next = NULL;
    }
    (void)pthread_mutex_unlock(&m->lock);
    return o;
}

void mqtt_free_out(struct mqtt *m, struct mqtt_out *o)
{
    (void)atomic_fetch_sub(&m->out_bytes, o->cost);
    mosquitto_property_free_all(&o->properties);
    free(o->topic);
    free(o);
}

void mqtt_drop_out(struct mqtt *m)
{
    (void)pthread_mutex_lock(&m->lock);
    m->connected = false; /* nothing can be added from here on */
    (void)pthread_mutex_unlock(&m->lock);
    struct mqtt_out *o;
    while ((o = m->sent_first) != NULL) {
        m->sent_first = o->next;
        mqtt_free_out(m, o);
    }
    m->sent_end = &m->sent_first;
    m->sent_count = 0;
    while ((o = mqtt_pop_out(m)) != NULL) {
        mqtt_free_out(m, o);
    }
}

void mqtt_wake(const struct mqtt *m)
{
    if (m->wake_fd >= 0) {
        (void)eventfd_write(m->wake_fd, 1);
    }
}
