#include "common/config.h"

#include "common/slice.h"

#include <assert.h>
#include <confuse.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config {
    cfg_t *root;
};

/* libConfuse hands its error function nothing of ours, and its lexer is one for the process: config_read is
 * not meant to run twice at once. Set only while it parses. */
static _Thread_local struct err *parse_error;

__attribute__((format(printf, 2, 0))) static void note_error(cfg_t *cfg, const char *format, va_list args)
{
    char text[ERR_MESSAGE_BYTES_MAX];
    if (parse_error == NULL || parse_error->class != ERR_OK) {
        return; /* the first says it; the rest follow from it */
    }
    (void)vsnprintf(text, sizeof text, format, args);
    (void)err_set(parse_error, ERR_INVALID, "%s:%d: %s", cfg->filename == NULL ? "?" : cfg->filename,
                  cfg->line, text);
}

/* --- the table as libConfuse wants it --- */

static size_t count_keys(const struct config_key *keys)
{
    size_t count = 0;
    while (keys[count].name != NULL) {
        count++;
    }
    return count;
}

static void free_options(cfg_opt_t *options)
{
    for (size_t i = 0; options != NULL && options[i].name != NULL; i++) {
        free(options[i].subopts);
    }
    free(options);
}

static cfg_opt_t make_option(const struct config_key *key)
{
    cfg_opt_t option = {.name = key->name, .flags = CFGF_NODEFAULT};
    switch (key->type) {
    case CONFIG_TEXT:
        option.type = CFGT_STR;
        break;
    case CONFIG_INT:
        option.type = CFGT_INT;
        break;
    case CONFIG_BOOL:
        option.type = CFGT_BOOL;
        break;
    case CONFIG_TEXT_LIST:
        option.type = CFGT_STR;
        option.flags |= CFGF_LIST;
        break;
    case CONFIG_SECTION:
        option.type = CFGT_SEC;
        option.flags = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
        break;
    }
    return option;
}

static cfg_opt_t *make_options(const struct config_key *keys)
{
    size_t count = count_keys(keys);
    cfg_opt_t *options = calloc(count + 1, sizeof *options);
    for (size_t i = 0; options != NULL && i < count; i++) {
        options[i] = make_option(&keys[i]);
        if (keys[i].type == CONFIG_SECTION) {
            options[i].subopts = make_options(keys[i].keys);
            if (options[i].subopts == NULL) {
                free_options(options);
                return NULL;
            }
        }
    }
    return options;
}

/* --- defaults, required keys and ranges, once a file is parsed --- */

static struct slice unquoted(struct slice s)
{
    s = slice_trim(s);
    if (s.size >= 2 && s.data[0] == '"' && s.data[s.size - 1] == '"') {
        return (struct slice){s.data + 1, s.size - 2};
    }
    return s;
}

static void set_text(cfg_opt_t *option, struct slice value, unsigned index)
{
    char *text = strndup(value.size == 0 ? "" : value.data, value.size);
    assert(text != NULL);
    int code = cfg_opt_setnstr(option, text, index);
    assert(code == CFG_SUCCESS);
    (void)code;
    free(text);
}

static void set_list(cfg_opt_t *option, struct slice list)
{
    list = slice_trim(list);
    if (list.size >= 2 && list.data[0] == '{') {
        list = slice_trim((struct slice){list.data + 1, list.size - 2});
    }
    for (unsigned index = 0; list.size > 0; index++) {
        const char *comma = memchr(list.data, ',', list.size);
        size_t size = comma == NULL ? list.size : (size_t)(comma - list.data);
        set_text(option, unquoted((struct slice){list.data, size}), index);
        size_t step = comma == NULL ? size : size + 1;
        list = (struct slice){list.data + step, list.size - step};
    }
}

static void set_fallback(cfg_opt_t *option, const struct config_key *key)
{
    switch (key->type) {
    case CONFIG_TEXT:
        set_text(option, unquoted(slice_of(key->fallback)), 0);
        break;
    case CONFIG_INT:
        (void)cfg_opt_setnint(option, strtol(key->fallback, NULL, 10), 0);
        break;
    case CONFIG_BOOL:
        (void)cfg_opt_setnbool(option, cfg_parse_boolean(key->fallback) == 1 ? cfg_true : cfg_false, 0);
        break;
    case CONFIG_TEXT_LIST:
        set_list(option, slice_of(key->fallback));
        break;
    case CONFIG_SECTION:
        break;
    }
}

/* "file: " or "file: section \"title\": " */
static enum err_class bad(const cfg_t *at, struct err *e)
{
    if (at->title != NULL) {
        (void)err_prefix(e, "%s \"%s\"", at->name, at->title);
    }
    return err_prefix(e, "%s", at->filename == NULL ? "?" : at->filename);
}

static enum err_class complete_key(cfg_t *at, const struct config_key *key, struct err *e)
{
    cfg_opt_t *option = cfg_getopt(at, key->name);
    bool written = cfg_opt_size(option) > 0 || (option->flags & CFGF_MODIFIED) != 0;
    if (!written && key->fallback == NULL) {
        (void)err_set(e, ERR_INVALID, "%s is missing (%s)", key->name, key->help);
        return bad(at, e);
    }
    if (!written) {
        set_fallback(option, key);
    }
    if (key->type == CONFIG_INT && (key->min != 0 || key->max != 0)) {
        int64_t value = cfg_opt_getnint(option, 0);
        if (value < key->min || value > key->max) {
            (void)err_set(e, ERR_INVALID, "%s = %" PRId64 ": %" PRId64 " to %" PRId64 " are possible",
                          key->name, value, key->min, key->max);
            return bad(at, e);
        }
    }
    return ERR_OK;
}

static enum err_class complete(cfg_t *at, const struct config_key *keys, struct err *e)
{
    enum err_class class = ERR_OK;
    for (const struct config_key *key = keys; key->name != NULL && class == ERR_OK; key++) {
        if (key->type != CONFIG_SECTION) {
            class = complete_key(at, key, e);
            continue;
        }
        for (unsigned i = 0; i < cfg_size(at, key->name) && class == ERR_OK; i++) {
            class = complete(cfg_getnsec(at, key->name, i), key->keys, e);
        }
    }
    return class;
}

static enum err_class parse(cfg_t *root, const char *path, struct err *e)
{
    struct err first = {.class = ERR_OK};
    (void)cfg_set_error_function(root, note_error);
    parse_error = &first;
    int code = cfg_parse(root, path);
    int error = errno;
    parse_error = NULL;
    if (code == CFG_FILE_ERROR) {
        return err_set(e, ERR_INVALID, "%s: cannot read it: %s", path, strerror(error));
    }
    if (code != CFG_SUCCESS || first.class != ERR_OK) {
        return err_set(e, ERR_INVALID, "%s", first.class == ERR_OK ? path : first.message);
    }
    return ERR_OK;
}

enum err_class config_read(struct config **out, const struct config_key *keys, const char *path,
                           struct err *e)
{
    *out = NULL;
    struct config *c = calloc(1, sizeof *c);
    cfg_opt_t *options = make_options(keys);
    if (c != NULL && options != NULL) {
        c->root = cfg_init(options, CFGF_NONE); /* copies the options */
    }
    free_options(options);
    if (c == NULL || c->root == NULL) {
        config_free(c);
        return err_set(e, ERR_FATAL, "%s: out of memory", path);
    }
    enum err_class class = parse(c->root, path, e);
    if (class == ERR_OK) {
        class = complete(c->root, keys, e);
    }
    if (class != ERR_OK) {
        config_free(c);
        return class;
    }
    *out = c;
    return ERR_OK;
}

void config_free(struct config *c)
{
    if (c != NULL) {
        (void)cfg_free(c->root);
        free(c);
    }
}

/* --- asking --- */

static cfg_opt_t *find(const struct config *c, const char *section, size_t index, const char *key,
                       cfg_type_t type)
{
    cfg_t *at = section[0] == '\0' ? c->root : cfg_getnsec(c->root, section, (unsigned)index);
    cfg_opt_t *option = at == NULL ? NULL : cfg_getopt(at, key);
    assert(option != NULL && option->type == type);
    return option;
}

const char *config_text(const struct config *c, const char *section, size_t index, const char *key)
{
    return cfg_opt_getnstr(find(c, section, index, key, CFGT_STR), 0);
}

int64_t config_int(const struct config *c, const char *section, size_t index, const char *key)
{
    return cfg_opt_getnint(find(c, section, index, key, CFGT_INT), 0);
}

bool config_bool(const struct config *c, const char *section, size_t index, const char *key)
{
    return cfg_opt_getnbool(find(c, section, index, key, CFGT_BOOL), 0) == cfg_true;
}

size_t config_list_size(const struct config *c, const char *section, size_t index, const char *key)
{
    return cfg_opt_size(find(c, section, index, key, CFGT_STR));
}

const char *config_list_at(const struct config *c, const char *section, size_t index, const char *key,
                           size_t at)
{
    return cfg_opt_getnstr(find(c, section, index, key, CFGT_STR), (unsigned)at);
}

size_t config_sections(const struct config *c, const char *section)
{
    return cfg_size(c->root, section);
}

const char *config_title(const struct config *c, const char *section, size_t index)
{
    return cfg_title(cfg_getnsec(c->root, section, (unsigned)index));
}
