/* Config files (libConfuse syntax: `key = value`, lists `{"a", "b"}`, sections) read against a table that
 * documents itself. The one owner of confuse.h. Unknown keys are errors that name file and line; errors are
 * ERR_INVALID. */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_type { CONFIG_TEXT, CONFIG_INT, CONFIG_BOOL, CONFIG_TEXT_LIST, CONFIG_SECTION };

struct config_key {
    const char *name;
    enum config_type type;
    const char
        *fallback; /* as written in a file, quotes may be left out; NULL: required (sections may be absent) */
    int64_t min, max;              /* CONFIG_INT; both 0: any */
    const char *help;              /* one line; ends up in the man page and the commented example */
    const struct config_key *keys; /* CONFIG_SECTION: titled sections `source "pos" { … }`, on the top level
                                      only; ended by a NULL name */
};

struct config;

enum err_class config_read(struct config **out, const struct config_key *keys, const char *path,
                           struct err *e) ERR_MUST_CHECK;
void config_free(struct config *c);

/* Values live as long as c. section "" is the top; otherwise the index-th section of that name. Asking for
 * what the table does not have, or by another type, is a bug and stops the program. */
const char *config_text(const struct config *c, const char *section, size_t index, const char *key);
int64_t config_int(const struct config *c, const char *section, size_t index, const char *key);
bool config_bool(const struct config *c, const char *section, size_t index, const char *key);
size_t config_list_size(const struct config *c, const char *section, size_t index, const char *key);
const char *config_list_at(const struct config *c, const char *section, size_t index, const char *key,
                           size_t at);
size_t config_sections(const struct config *c, const char *section);
const char *config_title(const struct config *c, const char *section, size_t index);

/* Writes the commented example of a table: every key with its help, range and default. What has a default,
 * and sections, are commented out by a `#` without a space after it. */
struct buf;
enum err_class config_example(const struct config_key *keys, struct buf *out) ERR_MUST_CHECK;

#endif
