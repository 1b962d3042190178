/* The protocol of sd_notify(3) spoken directly: one datagram. libsystemd would bring five more libraries, and
 * a megabyte, into a process whose memory is counted. */
#include "common/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void tell(const char *text)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t size = path == NULL ? 0 : strlen(path);
    if (size < 2 || size >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* a name in the abstract space */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        socklen_t address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
        /* nobody listening is the supervisor's affair */
        ssize_t n = sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address,
                           address_size);
        (void)n;
        close(fd);
    }
}

void notify_ready(void)
{
    tell("READY=1");
}

void notify_reloading(void)
{
    char text[64];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)now.tv_sec * 1000000ULL + (unsigned long long)now.tv_nsec / 1000ULL);
    tell(text);
}

void notify_stopping(void)
{
    tell("STOPPING=1");
}

void notify_status(const char *status)
{
    char text[512];
    snprintf(text, sizeof text, "STATUS=%s", status);
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '\n' ? ' ' : *c; /* a line would be another assignment */
    }
    tell(text);
}

void notify_watchdog(void)
{
    tell("WATCHDOG=1");
}

uint64_t notify_watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    bool ours = pid == NULL || strtol(pid, NULL, 10) == (long)getpid();
    return usec != NULL && ours ? strtoull(usec, NULL, 10) / 2000 : 0;
}

bool notify_journal(void)
{
    return getenv("JOURNAL_STREAM") != NULL;
}
