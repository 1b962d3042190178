/* Why something failed, in words: what, where, and what to do. tillsim links nothing of the product, so it
 * has its own small error value. Functions that can fail return false and fill it. */
#ifndef TILLSIM_FAIL_H
#define TILLSIM_FAIL_H

#include <stdbool.h>

enum { SIM_FAIL_BYTES = 320 };

struct sim_fail {
    char message[SIM_FAIL_BYTES];
};

/* Fills *f (may be NULL, cut when too long) and returns false, so that `return sim_fail_set(…)` is one step.
 */
bool sim_fail_set(struct sim_fail *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
