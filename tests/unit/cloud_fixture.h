/* For the centre's tests: a clock that stands still until it is moved, and a folder that goes away. */
#ifndef TESTS_UNIT_CLOUD_FIXTURE_H
#define TESTS_UNIT_CLOUD_FIXTURE_H

#include "cloud/store/store_sqlite.h"
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Every call that must succeed; the message is shown when it does not. */
#define OK(call)                                   \
    do {                                           \
        struct err *ok_e_ = &((struct err){0});    \
        struct err *e = ok_e_;                     \
        enum err_class ok_class_ = (call);         \
        if (ok_class_ != ERR_OK) {                 \
            fail_msg("%s: %s", #call, e->message); \
        }                                          \
    } while (0)

struct fake_clock {
    int64_t wall_ms, boot_ms;
    uint64_t random;
};

static int64_t fake_wall(void *ctx)
{
    return ((struct fake_clock *)ctx)->wall_ms;
}

static int64_t fake_boot(void *ctx)
{
    return ((struct fake_clock *)ctx)->boot_ms;
}

/* Bytes of a splitmix64 sequence. */
static void fake_random(void *ctx, void *out, size_t size)
{
    struct fake_clock *f = ctx;
    unsigned char *at = out;
    for (size_t i = 0; i < size; i++) {
        uint64_t z = f->random += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        at[i] = (unsigned char)(z >> 56);
    }
}

static const char *fake_boot_id(void *ctx)
{
    (void)ctx;
    return "00000000-0000-4000-8000-000000000000";
}

static inline struct clock fake_clock_ops(struct fake_clock *f)
{
    return (struct clock){
        .ctx = f, .wall_ms = fake_wall, .boot_ms = fake_boot, .random = fake_random, .boot_id = fake_boot_id};
}

static inline void fake_clock_pass(struct fake_clock *f, int64_t ms)
{
    f->wall_ms += ms;
    f->boot_ms += ms;
}

struct folder {
    char path[64];
    char file[96];
};

static inline void folder_make(struct folder *f)
{
    (void)snprintf(f->path, sizeof f->path, "/tmp/tillwire-cloud-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    (void)snprintf(f->file, sizeof f->file, "%s/cloud.db", f->path);
}

static inline void folder_remove(struct folder *f)
{
    char path[128];
    static const char *const names[] = {"cloud.db",    "cloud.db-wal", "cloud.db-shm", "copy.db",
                                        "copy.db-wal", "copy.db-shm",  "key",          "cloud.conf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", f->path, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->path), 0);
}

#endif
