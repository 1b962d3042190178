/* Synthetic card numbers, valid by Luhn, 13 to 19 digits: bait that must appear in nothing the product
 * writes. */
#ifndef TILLSIM_CARD_H
#define TILLSIM_CARD_H

#include "tests/tillsim/rng.h"

enum { SIM_CARD_DIGITS_MAX = 19, SIM_CARD_BYTES = 96 };

struct sim_card {
    char digits[SIM_CARD_DIGITS_MAX + 1];
    char shown[SIM_CARD_BYTES]; /* as the till logs it: plain, in groups by blanks or hyphens, track 1 or
                                   track 2 */
};

void sim_card_make(struct sim_rng *r, struct sim_card *out);
bool sim_card_luhn(const char *digits);

#endif
