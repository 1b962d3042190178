#include "common/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void expect(int fd, const char *text)
{
    char got[600] = "";
    ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_true(n >= 0);
    assert_string_equal(got, text);
}

static void hear(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", path, 1);
    notify_ready();
    expect(fd, "READY=1");
    notify_status("full\nREADY=1");
    expect(fd, "STATUS=full READY=1");
    notify_watchdog();
    expect(fd, "WATCHDOG=1");
    notify_stopping();
    expect(fd, "STOPPING=1");
    close(fd);
    notify_ready(); /* nobody listens: nothing happens */
    unsetenv("NOTIFY_SOCKET");
    notify_ready();
}

static void test_what_systemd_hears(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/notify.%ld", (long)getpid());
    hear(path);
    unlink(path);
    path[0] = '@';
    hear(path);
}

static void test_the_watchdogs_interval(void **state)
{
    (void)state;
    char pid[16];
    unsetenv("WATCHDOG_USEC");
    assert_int_equal(notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(notify_watchdog_ms(), 15000);
    setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
    assert_int_equal(notify_watchdog_ms(), 0);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_ms(), 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_systemd_hears),
        cmocka_unit_test(test_the_watchdogs_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
