/* Quantities: int64 in 1/10,000 units (`qty_e4`), never floating point (ARCHITECTURE 3). */
#ifndef PROTO_QTY_H
#define PROTO_QTY_H

#include "common/err.h"
#include "common/slice.h"

enum { QTY_SCALE = 10000, QTY_TEXT_BYTES = 24 };

/* Sanity bound for one parsed quantity: |q| <= 10^10 units. Sums are checked for int64 overflow besides. */
#define QTY_E4_MAX (INT64_C(10000000000) * QTY_SCALE)

/* "12", "-0.5", "+3.1400", ".5"; optional white space around. More than four decimals are accepted only if
 * the rest is zeros. No exponent, no inf/nan, no digits group. ERR_INVALID says what is wrong. */
enum err_class qty_parse(struct slice text, int64_t *out_e4, struct err *e) ERR_MUST_CHECK;

/* Shortest decimal: 12, -0.5, 3.14. Returns out. */
const char *qty_format(int64_t qty_e4, char out[QTY_TEXT_BYTES]);

/* *sum = a + b; false on overflow. */
bool qty_add(int64_t a, int64_t b, int64_t *sum);

#endif
