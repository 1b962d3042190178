/* Invariant 8: card numbers are never kept. Pure functions over text, quick enough for every description:
 * text without digits costs one pass. */
#ifndef PROTO_CARD_H
#define PROTO_CARD_H

#include "common/slice.h"

#include <stdbool.h>

/* Overwrites with '*', size unchanged, valid UTF-8 left valid:
 *
 * - the digits, not the separators, of every run of at least 13 digits (a single space, dot, dash or slash
 * may stand between two of them) in which any 13–19 digits in a row pass the Luhn test. The whole run goes,
 * since a longer one may be a number with something before or behind it;
 * - magnetic track data whole, up to its '?', else to the line's end: %B and a number and '^', or ';' and a
 * number and
 *   '=', whatever the Luhn test says of the number; without the sentinel before it, when the number passes.
 *
 * One number in ten of 13 digits that is no card passes too, and is masked as well: item ids must be asked
 * for by card_exempt_item first. Returns true if anything was masked. */
bool card_mask(char *text, size_t size);

/* True when card_mask would change it. */
bool card_found(struct slice text);

/* An item or alias field that is exempt: all digits, at most 14, valid GTIN check digit (weights 3,1 from the
 * right). */
bool card_exempt_item(struct slice id);

#endif
