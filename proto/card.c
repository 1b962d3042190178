#include "proto/card.h"

#include <string.h>

enum {
    CARD_DIGITS_MIN = 13,
    CARD_DIGITS_MAX = 19,
    TRACK_DIGITS_MIN = 8, /* the shortest account number of ISO/IEC 7812 */
    GTIN_DIGITS_MAX = 14,
    LUHN_RING = 32, /* a power of two above CARD_DIGITS_MAX */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
    return c == ' ' || c == '.' || c == '-' || c == '/';
}

/* The Luhn sum of any stretch as the difference of two running sums, each modulo 10. In sums[p] the digits at
 * places of parity p count double; sums[p][n] is over the first n digits. */
struct luhn {
    size_t digits;
    unsigned char sums[2][LUHN_RING];
    bool passed; /* some stretch of 13–19 digits has */
};

static void luhn_add(struct luhn *l, unsigned digit)
{
    unsigned doubled = digit < 5 ? digit * 2 : digit * 2 - 9;
    size_t place = l->digits++;
    for (unsigned p = 0; p < 2; p++) {
        unsigned sum = l->sums[p][place % LUHN_RING] + (place % 2 == p ? doubled : digit);
        l->sums[p][l->digits % LUHN_RING] = (unsigned char)(sum % 10);
    }
    /* of a stretch that ends here its last digit counts once, so that the other parity is doubled */
    const unsigned char *sums = l->sums[(place + 1) % 2];
    for (size_t length = CARD_DIGITS_MIN; length <= CARD_DIGITS_MAX && length <= l->digits; length++) {
        if (sums[l->digits % LUHN_RING] == sums[(l->digits - length) % LUHN_RING]) {
            l->passed = true;
        }
    }
}

/* Digits with single separators between them, as many as there are. */
struct run {
    size_t begin, end;
    size_t digits;
    bool card;
};

static struct run run_at(struct slice text, size_t begin)
{
    struct luhn luhn = {0};
    size_t at = begin;
    while (at < text.size) {
        if (is_digit(text.data[at])) {
            luhn_add(&luhn, (unsigned)(text.data[at] - '0'));
            at++;
        } else if (is_separator(text.data[at]) && at + 1 < text.size && is_digit(text.data[at + 1])) {
            at++;
        } else {
            break;
        }
    }
    return (struct run){.begin = begin, .end = at, .digits = luhn.digits, .card = luhn.passed};
}

/* Moves the run's begin back over a track's start sentinel; false when there is none. */
static bool take_sentinel(struct slice text, struct run *run)
{
    const char *before = text.data + run->begin;
    if (run->begin >= 1 && before[-1] == ';') {
        run->begin -= 1;
        return true;
    }
    if (run->begin >= 2 && before[-2] == '%' && (before[-1] == 'B' || before[-1] == 'b')) {
        run->begin -= 2;
        return true;
    }
    return false;
}

/* When the run is a track's account number: stretches it over the whole track. */
static bool take_track(struct slice text, struct run *run)
{
    bool separated = run->end < text.size && (text.data[run->end] == '^' || text.data[run->end] == '=');
    if (!separated || run->digits < TRACK_DIGITS_MIN || !(take_sentinel(text, run) || run->card)) {
        return false;
    }
    while (run->end < text.size && text.data[run->end] != '\n') {
        if (text.data[run->end++] == '?') {
            break;
        }
    }
    return true;
}

/* Masks in out, which is the text itself, or only looks when it is NULL. */
static bool scan(struct slice text, char *out)
{
    bool found = false;
    for (size_t at = 0; at < text.size;) {
        if (!is_digit(text.data[at])) {
            at++;
            continue;
        }
        struct run run = run_at(text, at);
        bool track = take_track(text, &run);
        at = run.end;
        if (!track && !run.card) {
            continue;
        }
        found = true;
        for (size_t i = run.begin; out != NULL && i < run.end; i++) {
            if (track || is_digit(out[i])) {
                out[i] = '*';
            }
        }
    }
    return found;
}

bool card_mask(char *text, size_t size)
{
    return scan((struct slice){text, size}, text);
}

bool card_found(struct slice text)
{
    return scan(text, NULL);
}

bool card_exempt_item(struct slice id)
{
    if (id.size == 0 || id.size > GTIN_DIGITS_MAX) {
        return false;
    }
    unsigned sum = 0;
    for (size_t i = 0; i < id.size; i++) {
        if (!is_digit(id.data[i])) {
            return false;
        }
        unsigned digit = (unsigned)(id.data[i] - '0');
        sum += (id.size - i) % 2 == 0 ? digit * 3 : digit;
    }
    return sum % 10 == 0;
}
