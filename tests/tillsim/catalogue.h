/* The goods a simulated chain sells: the same items in every store of one format, about one in six weighed.
 * Ids differ between the formats, as they do between tills: short ids in JSON lines, GTIN-14 in ncr-acs. */
#ifndef TILLSIM_CATALOGUE_H
#define TILLSIM_CATALOGUE_H

#include "tests/tillsim/fail.h"
#include "tests/tillsim/txn.h"

enum { SIM_CATALOGUE_MAX = 99999 };

struct sim_catalogue {
    struct sim_item *items; /* owned */
    uint32_t count;
    struct sim_item deposit, fee, service, bottle_refund; /* rung up beside goods, never stock */
};

/* count 1…SIM_CATALOGUE_MAX items. */
bool sim_catalogue_open(struct sim_catalogue *c, enum sim_format format, uint32_t count, struct sim_fail *f);
/* Lets a popular item carry a card number in its description, as gift cards do. */
void sim_catalogue_add_card(struct sim_catalogue *c, const char *digits);

void sim_catalogue_close(struct sim_catalogue *c);

#endif
