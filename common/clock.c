#include "common/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { MS_PER_S = 1000, NS_PER_MS = 1000000, BOOT_ID_CHARS = 36 };

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    int rc = clock_gettime(id, &now);
    assert(rc == 0);
    (void)rc;
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static int64_t system_wall_ms(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_boot_ms(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_BOOTTIME);
}

static void system_random(void *ctx, void *out, size_t size)
{
    (void)ctx;
    char *at = out;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        assert(got > 0 || (got < 0 && errno == EINTR));
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        }
    }
}

/* written once, below pthread_once; constant from then on */
static char boot_id_text[BOOT_ID_CHARS + 1];
static pthread_once_t boot_id_once = PTHREAD_ONCE_INIT;

static void boot_id_read(void)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, boot_id_text, BOOT_ID_CHARS);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (got == BOOT_ID_CHARS) {
        return;
    }
    /* no /proc: an id of this process claims less than it could, and never too much */
    unsigned char random[BOOT_ID_CHARS / 2];
    system_random(NULL, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        (void)snprintf(boot_id_text + 2 * i, 3, "%02x", random[i]);
    }
}

static const char *system_boot_id(void *ctx)
{
    (void)ctx;
    int rc = pthread_once(&boot_id_once, boot_id_read);
    assert(rc == 0);
    (void)rc;
    return boot_id_text;
}

const struct clock *clock_system(void)
{
    static const struct clock system = {
        .wall_ms = system_wall_ms,
        .boot_ms = system_boot_ms,
        .random = system_random,
        .boot_id = system_boot_id,
    };
    return &system;
}

void clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_BYTES])
{
    const int64_t year_0000_ms = INT64_C(-62167219200000);
    const int64_t year_9999_ms = INT64_C(253402300799999);
    if (wall_ms < year_0000_ms || wall_ms > year_9999_ms) {
        memcpy(out, "-", 2);
        return;
    }
    int64_t ms = (wall_ms % MS_PER_S + MS_PER_S) % MS_PER_S;
    time_t s = (time_t)((wall_ms - ms) / MS_PER_S);
    struct tm tm;
    (void)gmtime_r(&s, &tm);
    int size = snprintf(out, CLOCK_RFC3339_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                        tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
    assert(size > 0 && size < CLOCK_RFC3339_BYTES);
    (void)size;
}
