/* Bytes being written: what a record writer appends to. Owned by the caller; sim_text_free when done.
 * Out of memory, or past 256 MiB, ends the program: a generator has nothing better to do then. */
#ifndef TILLSIM_TEXT_H
#define TILLSIM_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct sim_text {
    char *data; /* not NUL-terminated */
    size_t size;
    size_t capacity;
};

void sim_text_put(struct sim_text *t, const char *text);
void sim_text_put_bytes(struct sim_text *t, const void *data, size_t size);
void sim_text_put_char(struct sim_text *t, char c);
void sim_text_put_u64(struct sim_text *t, uint64_t value);
void sim_text_put_json(struct sim_text *t, const char *text); /* in quotes, escaped */
void sim_text_put_xml(struct sim_text *t, const char *text);  /* escaped for element content and attributes */

/* A quantity in 1/10,000 as a decimal, with at least decimals_min places and no needless zero after them:
 * (-1270, 0) is "-0.127", (10000, 2) is "1.00". decimals_min 0…4. */
void sim_text_put_e4(struct sim_text *t, int64_t value_e4, unsigned decimals_min);

/* An amount in cents: "3.20", "-0.19". */
void sim_text_put_cents(struct sim_text *t, int64_t cents);

void sim_text_clear(struct sim_text *t); /* keeps the memory */
void sim_text_free(struct sim_text *t);

/* Reads "12", "-0.127": at most four decimals and nine digits before them. Returns 0 when well formed, else
 * −1. */
int sim_text_parse_e4(const char *text, int64_t *out_e4);

#endif
