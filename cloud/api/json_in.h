/* A request's JSON body as a tree (yajl). Nesting at most 32, duplicate members refused by whoever cares;
 * read-only. */
#ifndef CLOUD_API_JSON_IN_H
#define CLOUD_API_JSON_IN_H

#include "common/err.h"
#include "common/slice.h"

struct json_in; /* a value */

enum err_class json_in_parse(struct json_in **out, struct slice text, struct err *e) ERR_MUST_CHECK;
void json_in_free(struct json_in *root);

/* NULL in, NULL (0, false) out, so that reads can be chained. */
const struct json_in *json_in_member(const struct json_in *object, const char *name);
/* True when the value is an object with these members only (space-separated), each a string of at most
 * size_max bytes or null. */
bool json_in_is_form(const struct json_in *value, const char *names, size_t size_max);

const char *json_in_text(const struct json_in *object, const char *name); /* NULL: absent or not a string */
bool json_in_is_array(const struct json_in *value);
size_t json_in_size(const struct json_in *array);
const struct json_in *json_in_at(const struct json_in *array, size_t index);

/* Strings and numbers as they stand, "true", "false"; NULL for null, objects and arrays. */
const char *json_in_scalar(const struct json_in *value);
size_t json_in_members(const struct json_in *object);
const char *json_in_member_at(const struct json_in *object, size_t index, const struct json_in **value);

#endif
