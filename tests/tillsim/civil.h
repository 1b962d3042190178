/* Civil dates without the C library's zone rules: days and seconds since 1970-01-01 of the store's own clock.
 */
#ifndef TILLSIM_CIVIL_H
#define TILLSIM_CIVIL_H

#include "tests/tillsim/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { SIM_DAY_SECONDS = 86400 };

/* A moment on the store's wall clock. */
struct sim_moment {
    int64_t local_s;    /* seconds since 1970-01-01T00:00:00 of the local clock */
    int32_t offset_min; /* local = UTC + offset */
};

int32_t sim_civil_days(int year, int month, int day);
bool sim_civil_parse(const char *text, int32_t *out_days); /* "YYYY-MM-DD", a real date, years 1970…9999 */
struct sim_moment sim_civil_now(void);                     /* the machine's clock and zone */
int32_t sim_civil_day_of(struct sim_moment m);

void sim_civil_put_date(struct sim_text *t, int32_t days);          /* 2026-11-24 */
void sim_civil_put_local(struct sim_text *t, struct sim_moment m);  /* 2026-11-24T09:12:03 */
void sim_civil_put_offset(struct sim_text *t, struct sim_moment m); /* 2026-11-24T09:12:03+01:00 */

#endif
