/* Invariant 8: card numbers are never kept. Pure functions over text, quick enough for every description:
 * text without digits costs one pass. */
#ifndef PROTO_CARD_H
#define PROTO_CARD_H

#include "common/slice.h"

#include <stdbool.h>

/* Overwrites with '*', size unchanged, valid UTF-8 left valid:
 *
 * - The digits, not the separators, of every run of at least 13 digits (a single space, dot, dash or slash
 * may stand between two) in which any 13–19 digits in a row pass the Luhn test. The whole run goes, since it
 * may be a card number with something before or behind it.
 *
 * - Magnetic track data whole, up to its '?', else to the line's end: %B, a number and '^', or ';', a number
 *   and '=', whatever the Luhn test says of the number; without %B or ';' when it passes.
 *
 * One run of 13 digits in ten passes by chance and is masked too: ask card_exempt_item first for ids. Returns
 * true if anything was masked. */
bool card_mask(char *text, size_t size);

/* True when card_mask would change it. */
bool card_found(struct slice text);

/* An item or alias field that is exempt: all digits, at most 14, valid GTIN check digit (weights 3,1 from the
 * right). */
bool card_exempt_item(struct slice id);

#endif
