/* Invariant 8: card numbers are never kept. Pure functions over text. */
#ifndef PROTO_CARD_H
#define PROTO_CARD_H

#include "common/slice.h"

#include <stdbool.h>

/* Overwrites every run that looks like a card number with '*' (the digits, not the separators): 13–19 digits, single spaces, dots, dashes or
 * slashes between them allowed, that pass the Luhn test, wherever they stand; and magnetic track data (%B…?, ;…?) whole. Returns true if anything was masked. */
bool card_mask(char *text, size_t size);

/* True when card_mask would change it. */
bool card_found(struct slice text);

/* An item or alias field that is exempt: all digits, at most 14, valid GTIN check digit (weights 3,1 from the right). */
bool card_exempt_item(struct slice id);

#endif
