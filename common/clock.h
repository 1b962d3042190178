/* Time and randomness, brought in from outside so that tests run on a virtual clock. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
    void *ctx;
    int64_t (*wall_ms)(
        void *ctx); /* UTC, ms since 1970; may jump both ways: report it, trust it for nothing */
    int64_t (*boot_ms)(
        void *ctx); /* CLOCK_BOOTTIME: ms since boot, never goes back, counts through suspend */
    void (*random)(void *ctx, void *out, size_t size);
    /* Random per boot of the machine, NUL-terminated, 36 characters (Linux: /proc/sys/kernel/random/boot_id).
     */
    const char *(*boot_id)(void *ctx);
};

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->ctx);
}

static inline int64_t clock_boot_ms(const struct clock *c)
{
    return c->boot_ms(c->ctx);
}

static inline uint64_t clock_random_u64(const struct clock *c)
{
    uint64_t value;
    c->random(c->ctx, &value, sizeof value);
    return value;
}

/* The machine's own clock. The returned struct is immutable and lives for ever. */
const struct clock *clock_system(void);

enum { CLOCK_RFC3339_BYTES = 32 };

/* "2026-11-24T15:02:03.123Z" into out (CLOCK_RFC3339_BYTES); years 0000–9999, else "-". */
void clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_BYTES]);

#endif
