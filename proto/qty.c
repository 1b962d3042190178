#include "proto/qty.h"

#include <inttypes.h>
#include <stdio.h>

enum { QTY_DECIMALS = 4 };

/* Messages name the place, never the text: what stands there by mistake may be a card number. */
static enum err_class refuse(struct err *e, size_t at, const char *what)
{
    return err_set(e, ERR_INVALID, "quantity: %s at character %zu; want a decimal such as -12.5", what,
                   at + 1);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool push_digit(int64_t *value, int digit)
{
    *value = *value * 10 + digit;
    return *value <= QTY_E4_MAX;
}

/* Digits from *at on; both ends and the value move along. */
static enum err_class read_digits(struct slice s, size_t *at, size_t *digits, int64_t *value, struct err *e)
{
    for (; *at < s.size && is_digit(s.data[*at]); (*at)++, (*digits)++) {
        if (!push_digit(value, s.data[*at] - '0')) {
            return refuse(e, *at, "more than 10,000,000,000 units");
        }
    }
    return ERR_OK;
}

static enum err_class read_decimals(struct slice s, size_t *at, size_t *digits, int64_t *value, struct err *e)
{
    struct slice kept = s;
    if (kept.size > *at + QTY_DECIMALS) {
        kept.size = *at + QTY_DECIMALS;
    }
    size_t begin = *at;
    enum err_class class = read_digits(kept, at, digits, value, e);
    for (size_t i = *at - begin; class == ERR_OK && i < QTY_DECIMALS; i++) {
        if (!push_digit(value, 0)) {
            class = refuse(e, *at, "more than 10,000,000,000 units");
        }
    }
    while (class == ERR_OK && *at < s.size && *at - begin >= QTY_DECIMALS && is_digit(s.data[*at])) {
        if (s.data[*at] != '0') {
            return refuse(e, *at, "more than four decimals");
        }
        (*at)++;
    }
    return class;
}

enum err_class qty_parse(struct slice text, int64_t *out_e4, struct err *e)
{
    struct slice s = slice_trim(text);
    if (s.size == 0) {
        return err_set(e, ERR_INVALID, "quantity: empty; want a decimal such as -12.5");
    }
    bool negative = s.data[0] == '-';
    size_t at = negative || s.data[0] == '+' ? 1 : 0;
    size_t digits = 0;
    int64_t value = 0;
    enum err_class class = read_digits(s, &at, &digits, &value, e);
    if (class != ERR_OK) {
        return class;
    }
    if (at < s.size && s.data[at] == '.') {
        at++;
    }
    class = read_decimals(s, &at, &digits, &value, e);
    if (class != ERR_OK) {
        return class;
    }
    if (at < s.size) {
        return refuse(e, at, "not a digit");
    }
    if (digits == 0) {
        return refuse(e, at, "no digits");
    }
    *out_e4 = negative ? -value : value;
    return ERR_OK;
}

const char *qty_format(int64_t qty_e4, char out[QTY_TEXT_BYTES])
{
    uint64_t magnitude = qty_e4 < 0 ? 0 - (uint64_t)qty_e4 : (uint64_t)qty_e4;
    uint64_t units = magnitude / QTY_SCALE;
    unsigned fraction = (unsigned)(magnitude % QTY_SCALE);
    int width = QTY_DECIMALS;
    for (; fraction != 0 && fraction % 10 == 0; width--) {
        fraction /= 10;
    }
    const char *sign = qty_e4 < 0 ? "-" : "";
    if (fraction == 0) {
        (void)snprintf(out, QTY_TEXT_BYTES, "%s%" PRIu64, sign, units);
    } else {
        (void)snprintf(out, QTY_TEXT_BYTES, "%s%" PRIu64 ".%0*u", sign, units, width, fraction);
    }
    return out;
}

bool qty_add(int64_t a, int64_t b, int64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}
