/* A real mosquitto on a free loopback port, and up to four clients of it, for the tests of the MQTT client.
 */
#ifndef TESTS_UNIT_MQTT_FIXTURE_H
#define TESTS_UNIT_MQTT_FIXTURE_H

#include "common/mqtt.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 20000 };

struct broker {
    char folder[64];
    int port;
    pid_t pid; /* 0: not running */
};

/* cmocka's assertions leave by longjmp: what must be cleaned up lies here, not on the stack */
struct fixture {
    struct broker broker;
    struct mqtt *clients[4];
    bool threaded[4];
};

static inline int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

/* Runs a shell command in the folder; true if it succeeded. What it says goes to log.txt. */
static inline bool shell(const char *command, const char *folder)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        if (chdir(folder) == 0 && freopen("log.txt", "a", stdout) != NULL &&
            dup2(STDOUT_FILENO, STDERR_FILENO) >= 0) {
            (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        }
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static inline void write_config(const struct broker *b, const char *extra)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/mosquitto.conf", b->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "listener %d 127.0.0.1\nset_tcp_nodelay true\n%s%s", b->port, extra,
                  getuid() == 0 ? "user root\n" : "");
    assert_int_equal(fclose(file), 0);
}

static inline bool answers(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return connected;
}

static inline void broker_start(struct broker *b)
{
    b->pid = fork();
    assert_true(b->pid >= 0);
    if (b->pid == 0) {
        int log = open("/dev/null", O_WRONLY);
        if (chdir(b->folder) == 0 && dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0) {
            (void)execl("/usr/sbin/mosquitto", "mosquitto", "-c", "mosquitto.conf", (char *)NULL);
        }
        _exit(127);
    }
    for (int i = 0; i < WAIT_MS / 10 && !answers(b->port); i++) {
        (void)usleep(10000);
    }
    assert_true(answers(b->port));
}

static inline void broker_kill(struct broker *b)
{
    if (b->pid > 0) {
        (void)kill(b->pid, SIGKILL);
        (void)waitpid(b->pid, NULL, 0);
        b->pid = 0;
    }
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->broker.folder, sizeof f->broker.folder, "/tmp/test_common_mqtt.XXXXXX");
    assert_non_null(mkdtemp(f->broker.folder));
    f->broker.port = free_port();
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < 4; i++) {
        mqtt_close(f->clients[i]);
    }
    broker_kill(&f->broker);
    int rc = shell("rm -rf \"$PWD\"", f->broker.folder) ? 0 : -1;
    free(f);
    return rc;
}

static const struct mqtt_options plain = {.host = "127.0.0.1",
                                          .client_id = "S014",
                                          .subscriptions = {"t/S014/#", "t/all"},
                                          .reconnect_ms_min = 20,
                                          .reconnect_ms_max = 100};

static inline struct mqtt *open_client(struct fixture *f, size_t index, struct mqtt_options options)
{
    struct err e;
    options.port = f->broker.port;
    f->threaded[index] = options.threaded;
    if (mqtt_open(&f->clients[index], &options, clock_system(), NULL, &e) != ERR_OK) {
        fail_msg("%s", e.message);
    }
    return f->clients[index];
}

static inline void close_client(struct fixture *f, size_t index)
{
    mqtt_close(f->clients[index]);
    f->clients[index] = NULL;
}

/* One turn of the owner's loop: waits for events of the client, at most wait_ms. */
static inline void turn(struct fixture *f, size_t index, int wait_ms)
{
    struct mqtt *m = f->clients[index];
    struct pollfd fds[2] = {{.fd = mqtt_event_fd(m), .events = POLLIN}, {.fd = -1}};
    if (!f->threaded[index]) {
        fds[1].fd = mqtt_poll_fd(m);
        fds[1].events = mqtt_poll_events(m);
        int due_ms = mqtt_poll_timeout_ms(m);
        wait_ms = due_ms < wait_ms ? due_ms : wait_ms;
    }
    (void)poll(fds, 2, wait_ms);
    if (!f->threaded[index]) {
        mqtt_poll(m, fds[1].revents);
    }
}

/* The next event of this kind; others before it are dropped. */
static inline struct mqtt_event wait_for(struct fixture *f, size_t index, enum mqtt_event_kind kind)
{
    struct mqtt_event event;
    int64_t end_ms = clock_boot_ms(clock_system()) + WAIT_MS;
    while (clock_boot_ms(clock_system()) < end_ms) {
        while (mqtt_receive(f->clients[index], &event) == ERR_OK) {
            if (event.kind == kind) {
                return event;
            }
        }
        turn(f, index, 100);
    }
    fail_msg("event %d did not come", (int)kind);
    return event;
}

static inline void wait_until_sent(struct fixture *f, size_t index)
{
    int64_t end_ms = clock_boot_ms(clock_system()) + WAIT_MS;
    while (mqtt_out_bytes(f->clients[index]) > 0) {
        assert_true(clock_boot_ms(clock_system()) < end_ms);
        turn(f, index, 5);
    }
}

static inline enum err_class publish_to(struct mqtt *m, const char *topic, struct slice payload, int qos)
{
    struct bus bus = mqtt_bus(m);
    const struct bus_message message = {.topic = topic, .payload = payload, .qos = qos};
    return bus.publish(bus.ctx, &message, NULL);
}

#endif
