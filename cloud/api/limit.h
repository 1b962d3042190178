/* Rate limits: a token bucket a caller. Thread-safe; a bounded table, in which the longest idle bucket gives
 * way. */
#ifndef CLOUD_API_LIMIT_H
#define CLOUD_API_LIMIT_H

#include "common/clock.h"
#include "common/err.h"

#include <stdbool.h>

struct limiter;

struct limit_state {
    unsigned limit;     /* requests a second on average */
    unsigned remaining; /* now */
    unsigned reset_s;   /* until the bucket is full again */
    unsigned retry_s;   /* when refused: seconds to wait */
};

/* Bursts of up to twice the rate. */
enum err_class limiter_open(struct limiter **out, unsigned per_second, const struct clock *clock,
                            struct err *e) ERR_MUST_CHECK;
void limiter_close(struct limiter *l);
bool limiter_take(struct limiter *l, const char *caller, struct limit_state *state); /* false: refused */

#endif
