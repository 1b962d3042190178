#include "common/buf.h"
#include "common/config.h"

#include <inttypes.h>

/* What stands in the example for a key that has no default. */
static const char *placeholder(const struct config_key *key)
{
    switch (key->type) {
    case CONFIG_TEXT:
        return "change-me";
    case CONFIG_INT:
        return "0";
    case CONFIG_BOOL:
        return "false";
    case CONFIG_TEXT_LIST:
        return "{\"change-me\"}";
    case CONFIG_SECTION:
        break;
    }
    return "";
}

static enum err_class write_value(const struct config_key *key, struct buf *out)
{
    const char *value = key->fallback != NULL ? key->fallback : placeholder(key);
    bool bare_text = key->type == CONFIG_TEXT && value[0] != '"';
    bool bare_list = key->type == CONFIG_TEXT_LIST && value[0] != '{';
    if (key->type == CONFIG_INT && key->fallback == NULL) {
        return buf_printf(out, "%" PRId64 "\n", key->min);
    }
    return buf_printf(out, "%s%s%s\n",
                      bare_text   ? "\""
                      : bare_list ? "{"
                                  : "",
                      value,
                      bare_text   ? "\""
                      : bare_list ? "}"
                                  : "");
}

static enum err_class write_key(const struct config_key *key, bool commented, struct buf *out)
{
    bool ranged = key->type == CONFIG_INT && (key->min != 0 || key->max != 0);
    enum err_class class =
        buf_printf(out, "\n# %s%s\n", key->help, key->fallback == NULL ? " Required." : "");
    if (class == ERR_OK && ranged) {
        class = buf_printf(out, "# %" PRId64 " to %" PRId64 ".\n", key->min, key->max);
    }
    if (class == ERR_OK) {
        class = buf_printf(out, "%s%s = ", commented || key->fallback != NULL ? "#" : "", key->name);
    }
    return class == ERR_OK ? write_value(key, out) : class;
}

static enum err_class write_section(const struct config_key *section, struct buf *out)
{
    enum err_class class = buf_printf(out, "\n# %s\n#%s \"name\" {\n", section->help, section->name);
    for (const struct config_key *key = section->keys; key->name != NULL && class == ERR_OK; key++) {
        class = write_key(key, true, out);
    }
    return class == ERR_OK ? buf_printf(out, "#}\n") : class;
}

enum err_class config_example(const struct config_key *keys, struct buf *out)
{
    enum err_class class = ERR_OK;
    for (const struct config_key *key = keys; key->name != NULL && class == ERR_OK; key++) {
        class = key->type == CONFIG_SECTION ? write_section(key, out) : write_key(key, false, out);
    }
    return class;
}
