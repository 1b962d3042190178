/* Writes JSON into a buffer; commas and escaping are its business. Each byte that is not valid UTF-8 becomes
 * U+FFFD. Errors stick: write all, then ask json_end. Nesting at most 32. One value on the top level. */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include "common/buf.h"

enum { JSON_DEPTH_MAX = 32 };

struct json {
    struct buf *out;
    enum err_class error;
    int depth;
    char closer[JSON_DEPTH_MAX]; /* of each open level: '}' or ']' */
    bool empty;                  /* nothing written yet on this level */
    bool after_key;
};

void json_begin(struct json *j, struct buf *out);
enum err_class json_end(struct json *j)
    ERR_MUST_CHECK; /* ERR_FULL at the buffer's ceiling; ERR_FATAL if misused */

void json_object(struct json *j);
void json_object_end(struct json *j);
void json_array(struct json *j);
void json_array_end(struct json *j);
void json_key(struct json *j, const char *key);
void json_text(struct json *j, struct slice value);
void json_int(struct json *j, int64_t value);
void json_u64(struct json *j, uint64_t value);
void json_bool(struct json *j, bool value);
void json_null(struct json *j);
void json_raw(struct json *j, struct slice value); /* already JSON (numbers in decimal, say) */

#endif
