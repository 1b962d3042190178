#include "common/mqtt_internal.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
    MQTT_TURN_MS_MAX = 1000, /* keepalive is looked at this often */
    MQTT_REACH_MS_MAX = 30000,
};

/* Half of the delay is fixed, half is chance, so that a fleet does not come back in step. */
static int next_delay_ms(struct mqtt *m)
{
    int delay_ms = m->backoff_ms;
    m->backoff_ms = delay_ms < m->options.reconnect_ms_max / 2 ? delay_ms * 2 : m->options.reconnect_ms_max;
    int half_ms = delay_ms / 2;
    return half_ms + (int)(clock_random_u64(m->clock) % (uint64_t)(delay_ms - half_ms + 1));
}

static void end_and_retry(struct mqtt *m, int delay_ms)
{
    const struct mqtt_options *o = &m->options;
    int64_t now_ms = clock_boot_ms(m->clock);
    const char *state = m->phase == MQTT_UP ? "lost the connection to" : "cannot connect to";
    const char *reason = m->reason[0] != '\0' ? m->reason : "closed";
    log_warn(m->log, "mqtt", "%s %s:%d: %s; next attempt in %d ms", state, o->host, o->port, reason,
             delay_ms);
    mqtt_session_end(m);
    m->attempt_boot_ms = now_ms + delay_ms;
    mqtt_push_state(m, MQTT_DISCONNECTED, reason);
}

static bool take_reload(struct mqtt *m)
{
    (void)pthread_mutex_lock(&m->lock);
    bool reload = m->reload;
    m->reload = false;
    (void)pthread_mutex_unlock(&m->lock);
    return reload;
}

static void serve_session(struct mqtt *m, short revents)
{
    m->reached = m->reached || revents != 0;
    m->readable = m->readable || (revents & (POLLIN | POLLHUP | POLLERR)) != 0;
    if (!m->lost && m->readable && mqtt_has_room(m)) {
        mqtt_session_read(m);
    }
    if (!m->lost && m->reached) {
        mqtt_session_write(m);
    }
    if (!m->lost) {
        mqtt_session_send(m);
    }
    int64_t age_ms = clock_boot_ms(m->clock) - m->attempt_boot_ms;
    if (m->phase != MQTT_UP && age_ms > MQTT_REACH_MS_MAX) {
        mqtt_session_lost(m, "no answer within %d s", MQTT_REACH_MS_MAX / 1000);
    }
    if (m->phase == MQTT_UP && age_ms > m->options.reconnect_ms_max) {
        m->backoff_ms =
            m->options.reconnect_ms_min; /* not sooner: two clients of one name throw each other off */
    }
}

void mqtt_network_turn(struct mqtt *m, short revents)
{
    if (take_reload(m)) {
        if (m->phase != MQTT_IDLE) {
            (void)snprintf(m->reason, sizeof m->reason, "reading the certificates anew");
            end_and_retry(m, 0);
        }
        m->attempt_boot_ms = clock_boot_ms(m->clock);
        m->backoff_ms = m->options.reconnect_ms_min;
    }
    if (m->phase != MQTT_IDLE) {
        serve_session(m, revents);
    } else if (clock_boot_ms(m->clock) >= m->attempt_boot_ms && mqtt_has_room(m)) {
        mqtt_session_start(m);
    }
    if (m->phase != MQTT_IDLE && m->lost) {
        end_and_retry(m, next_delay_ms(m));
    }
}

static bool work_waits(struct mqtt *m)
{
    (void)pthread_mutex_lock(&m->lock);
    bool sendable = m->phase == MQTT_UP && m->out_first != NULL && m->sent_count < MQTT_IN_FLIGHT_MAX;
    bool waits = m->reload || sendable;
    (void)pthread_mutex_unlock(&m->lock);
    return waits || (m->phase != MQTT_IDLE && (m->lost || (m->readable && mqtt_has_room(m))));
}

int mqtt_network_timeout_ms(struct mqtt *m)
{
    if (work_waits(m)) {
        return 0;
    }
    if (m->phase != MQTT_IDLE || !mqtt_has_room(m)) {
        return MQTT_TURN_MS_MAX;
    }
    int64_t due_ms = m->attempt_boot_ms - clock_boot_ms(m->clock);
    return due_ms < 0 ? 0 : due_ms > MQTT_TURN_MS_MAX ? MQTT_TURN_MS_MAX : (int)due_ms;
}

int mqtt_network_fd(struct mqtt *m, short *events)
{
    *events = 0;
    if (m->phase == MQTT_IDLE) {
        return -1;
    }
    if (mqtt_has_room(m)) {
        *events |= POLLIN;
    }
    /* While TLS shakes hands, packets wait but the socket is writable: waiting for that would spin. */
    bool shaking = m->reached && m->phase == MQTT_REACHING && m->options.ca_file != NULL;
    if (!m->reached || (!shaking && mqtt_session_wants_write(m))) {
        *events |= POLLOUT;
    }
    return *events == 0 ? -1 : mqtt_session_socket(m);
}

static bool is_closing(struct mqtt *m)
{
    (void)pthread_mutex_lock(&m->lock);
    bool closing = m->closing;
    (void)pthread_mutex_unlock(&m->lock);
    return closing;
}

static void *run(void *ctx)
{
    struct mqtt *m = ctx;
    while (!is_closing(m)) {
        short events;
        int fd = mqtt_network_fd(m, &events);
        struct pollfd fds[2] = {{.fd = m->wake_fd, .events = POLLIN}, {.fd = fd, .events = events}};
        (void)poll(fds, 2, mqtt_network_timeout_ms(m));
        if (fds[0].revents != 0) {
            eventfd_t count;
            (void)eventfd_read(m->wake_fd, &count);
        }
        mqtt_network_turn(m, fds[1].revents);
    }
    return NULL;
}

enum err_class mqtt_network_thread_start(struct mqtt *m, struct err *e)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the main loop */
    int code = pthread_create(&m->thread, NULL, run, m);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        return err_set(e, ERR_FATAL, "mqtt: cannot start the network thread: %s", strerror(code));
    }
    (void)pthread_setname_np(m->thread, "mqtt");
    return ERR_OK;
}
