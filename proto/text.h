/* Text as the wire carries it: valid UTF-8 without control characters (C0, DEL, C1), so that it is safe to
 * store, log and show. Pure functions. */
#ifndef PROTO_TEXT_H
#define PROTO_TEXT_H

#include "common/slice.h"

bool text_valid(struct slice text);

/* Makes wire text of anything: each control character (line ends and tabs too) becomes a space, each
 * malformed byte '?', and what is longer than `max` bytes is cut between characters. out holds max + 1 bytes
 * and is NUL-terminated; may not overlap text. Returns the result's size. */
size_t text_clean(struct slice text, size_t max, char *out);

#endif
