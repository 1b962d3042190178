#include "cloud/api/json_in.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

enum { DEPTH_MAX = 32 };

/* The tree is built and freed by recursion: its depth is bounded before it is built. */
static bool too_deep(struct slice text)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > DEPTH_MAX) {
                return true;
            }
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

static const struct yajl_val_s *value_of(const struct json_in *in)
{
    return (const struct yajl_val_s *)(const void *)in;
}

enum err_class json_in_parse(struct json_in **out, struct slice text, struct err *e)
{
    char why[200] = "";
    *out = NULL;
    if (text.size == 0) {
        return err_set(e, ERR_INVALID, "the body is empty; JSON is wanted");
    }
    if (too_deep(text) || memchr(text.data, '\0', text.size) != NULL) {
        return err_set(e, ERR_INVALID, "the JSON nests deeper than %d or holds a NUL", DEPTH_MAX);
    }
    char *copy = strndup(text.data, text.size);
    yajl_val root = copy == NULL ? NULL : yajl_tree_parse(copy, why, sizeof why);
    free(copy);
    if (root == NULL) {
        return err_set(e, ERR_INVALID, "the body is not JSON: %s", why);
    }
    *out = (struct json_in *)(void *)root;
    return ERR_OK;
}

void json_in_free(struct json_in *root)
{
    if (root != NULL) {
        yajl_tree_free((yajl_val)(void *)root);
    }
}

const struct json_in *json_in_member(const struct json_in *object, const char *name)
{
    const struct yajl_val_s *v = value_of(object);
    if (v == NULL || v->type != yajl_t_object) {
        return NULL;
    }
    for (size_t i = 0; i < v->u.object.len; i++) {
        if (strcmp(v->u.object.keys[i], name) == 0) {
            return (const struct json_in *)(const void *)v->u.object.values[i];
        }
    }
    return NULL;
}

const char *json_in_text(const struct json_in *object, const char *name)
{
    const struct yajl_val_s *v = value_of(json_in_member(object, name));
    return v != NULL && v->type == yajl_t_string ? v->u.string : NULL;
}

static bool is_one_of(const char *names, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = names; size > 0 && (at = strstr(at, name)) != NULL; at += size) {
        if ((at == names || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0')) {
            return true;
        }
    }
    return false;
}

bool json_in_is_form(const struct json_in *value, const char *names, size_t size_max)
{
    const struct yajl_val_s *v = value_of(value);
    if (v == NULL || v->type != yajl_t_object) {
        return false;
    }
    for (size_t i = 0; i < v->u.object.len; i++) {
        const struct yajl_val_s *member = v->u.object.values[i];
        bool text = member->type == yajl_t_string && strlen(member->u.string) <= size_max;
        if (!is_one_of(names, v->u.object.keys[i]) || !(text || member->type == yajl_t_null)) {
            return false;
        }
    }
    return true;
}

bool json_in_is_array(const struct json_in *value)
{
    return value != NULL && value_of(value)->type == yajl_t_array;
}

size_t json_in_size(const struct json_in *array)
{
    return json_in_is_array(array) ? value_of(array)->u.array.len : 0;
}

const struct json_in *json_in_at(const struct json_in *array, size_t index)
{
    return index < json_in_size(array)
               ? (const struct json_in *)(const void *)value_of(array)->u.array.values[index]
               : NULL;
}

const char *json_in_scalar(const struct json_in *value)
{
    const struct yajl_val_s *v = value_of(value);
    switch (v->type) {
    case yajl_t_string:
        return v->u.string;
    case yajl_t_number:
        return v->u.number.r;
    case yajl_t_true:
        return "true";
    case yajl_t_false:
        return "false";
    case yajl_t_object:
    case yajl_t_array:
    case yajl_t_null:
    case yajl_t_any:
        return NULL;
    }
    return NULL;
}

size_t json_in_members(const struct json_in *object)
{
    const struct yajl_val_s *v = value_of(object);
    return v != NULL && v->type == yajl_t_object ? v->u.object.len : 0;
}

const char *json_in_member_at(const struct json_in *object, size_t index, const struct json_in **value)
{
    const struct yajl_val_s *v = value_of(object);
    *value = (const struct json_in *)(const void *)v->u.object.values[index];
    return v->u.object.keys[index];
}
