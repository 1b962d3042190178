#include "tests/tillsim/card.h"

#include <stdio.h>
#include <string.h>

static unsigned luhn_sum(const char *digits)
{
    unsigned sum = 0;
    size_t length = strlen(digits);
    for (size_t i = 0; i < length; i++) {
        unsigned d = (unsigned)(digits[length - 1 - i] - '0') * (i % 2 ? 2 : 1);
        sum += d > 9 ? d - 9 : d;
    }
    return sum;
}

bool sim_card_luhn(const char *digits)
{
    return luhn_sum(digits) % 10 == 0;
}

static void grouped(const char *digits, char separator, char *out)
{
    for (size_t i = 0; digits[i]; i++) {
        if (i && i % 4 == 0) {
            *out++ = separator;
        }
        *out++ = digits[i];
    }
    *out = '\0';
}

void sim_card_make(struct sim_rng *r, struct sim_card *out)
{
    size_t length = 13 + sim_rng_below(r, 7);
    out->digits[0] = "3456"[sim_rng_below(r, 4)];
    for (size_t i = 1; i < length - 1; i++) {
        out->digits[i] = (char)('0' + sim_rng_below(r, 10));
    }
    out->digits[length - 1] = '0';
    out->digits[length] = '\0';
    out->digits[length - 1] = (char)('0' + (10 - luhn_sum(out->digits) % 10) % 10);
    switch (sim_rng_below(r, 5)) {
    case 0:
        grouped(out->digits, ' ', out->shown);
        break;
    case 1:
        grouped(out->digits, '-', out->shown);
        break;
    case 2:
        snprintf(out->shown, sizeof out->shown, "%%B%s^HOLDER/SYNTHETIC^29121010000000000000?", out->digits);
        break;
    case 3:
        snprintf(out->shown, sizeof out->shown, ";%s=29121010000000000?", out->digits);
        break;
    default:
        snprintf(out->shown, sizeof out->shown, "%s", out->digits);
        break;
    }
}
