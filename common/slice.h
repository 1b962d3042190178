/* Borrowed bytes: a view that owns nothing and ends when its owner changes. Not NUL-terminated. */
#ifndef COMMON_SLICE_H
#define COMMON_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *data; /* may be NULL when size is 0 */
    size_t size;      /* bytes */
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

struct slice slice_of(const char *text); /* of a NUL-terminated string; NULL gives an empty slice */
bool slice_equal(struct slice a, struct slice b);
bool slice_equal_text(struct slice a, const char *text);
bool slice_equal_nocase(struct slice a, const char *text); /* ASCII case only */
int slice_compare(struct slice a, struct slice b);         /* by bytes, like memcmp, shorter first */
struct slice slice_trim(struct slice s);                   /* without ASCII white space at both ends */
bool slice_starts_with(struct slice s, const char *prefix);

/* Copies into out (capacity bytes, NUL included); false and out = "" when it does not fit. */
bool slice_copy(struct slice s, char *out, size_t capacity);

/* An unsigned decimal number of digits only, up to UINT64_MAX; false on anything else (*out is then
 * undefined). */
bool slice_to_u64(struct slice s, uint64_t *out);

#endif
