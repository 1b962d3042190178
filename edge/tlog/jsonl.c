/* JSON lines (docs/formats/jsonl.md): one object a line, members named after POSLog elements. The one owner
 * of yajl. */
#include "edge/tlog/format.h"

#include <stdlib.h>
#include <yajl/yajl_parse.h>

/* One level of the document: an object, or an array whose elements all stand for one repeated element. */
struct level {
    bool array;
    const struct path *path; /* of the value that comes next */
};

struct jsonl {
    yajl_handle yajl;
    struct builder *builder;
    struct level levels[BUILDER_DEPTH_MAX + 2];
    size_t depth;
    size_t end; /* byte behind the object's last brace; 0: not met yet */
};

static struct level *top(struct jsonl *j)
{
    return &j->levels[j->depth];
}

/* A value that is neither object nor array. */
static int scalar(struct jsonl *j, struct slice text, bool flag)
{
    const struct path *path = top(j)->path;
    if (j->depth == 0) {
        builder_fail(j->builder, "the line is not a JSON object");
        return 0;
    }
    if (path == NULL) {
        return 1;
    }
    if (!path_takes_text(path) || (flag && path->value != VALUE_FLAG)) {
        builder_fail(j->builder, "%s is not of the type it should be", path->name.data);
        return 1;
    }
    builder_value(j->builder, path, text);
    return 1;
}

static int on_null(void *ctx)
{
    struct jsonl *j = ctx;
    if (j->depth == 0) {
        return scalar(j, (struct slice){NULL, 0}, false);
    }
    builder_nothing(j->builder, top(j)->path);
    return 1;
}

static int on_boolean(void *ctx, int value)
{
    return scalar(ctx, value != 0 ? SLICE("true") : SLICE("false"), true);
}

static int on_number(void *ctx, const char *text, size_t size)
{
    return scalar(ctx, (struct slice){text, size}, false);
}

static int on_string(void *ctx, const unsigned char *text, size_t size)
{
    return scalar(ctx, (struct slice){(const char *)text, size}, false);
}

static int deeper(struct jsonl *j, bool array, const struct path *path)
{
    if (j->depth > BUILDER_DEPTH_MAX) {
        builder_fail(j->builder, "nested deeper than %d", BUILDER_DEPTH_MAX);
        return 0;
    }
    j->levels[++j->depth] = (struct level){.array = array, .path = path};
    return 1;
}

static int on_start_map(void *ctx)
{
    struct jsonl *j = ctx;
    const struct path *path = j->depth == 0 ? builder_root(j->builder) : top(j)->path;
    if (path != NULL && path->place == PLACE_TEXT) {
        builder_fail(j->builder, "%s is an object and should be a text", path->name.data);
    }
    return builder_enter(j->builder, path) ? deeper(j, false, NULL) : 0;
}

static int on_map_key(void *ctx, const unsigned char *key, size_t size)
{
    struct jsonl *j = ctx;
    top(j)->path = builder_find(j->builder, (struct slice){(const char *)key, size});
    builder_member(j->builder, top(j)->path);
    return 1;
}

static int on_end_map(void *ctx)
{
    struct jsonl *j = ctx;
    builder_leave(j->builder);
    if (--j->depth == 0) {
        j->end = yajl_get_bytes_consumed(j->yajl);
    }
    return 1;
}

static int on_start_array(void *ctx)
{
    struct jsonl *j = ctx;
    if (j->depth == 0) {
        return scalar(j, (struct slice){NULL, 0}, false);
    }
    if (top(j)->array && top(j)->path != NULL) {
        builder_fail(j->builder, "%s is an array of arrays", top(j)->path->name.data);
    }
    return deeper(j, true, top(j)->path);
}

static int on_end_array(void *ctx)
{
    struct jsonl *j = ctx;
    builder_nothing(j->builder, top(j)->path);
    j->depth--;
    return 1;
}

static const yajl_callbacks CALLBACKS = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number, /* takes all numbers, as text: never a double */
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_map_key,
    .yajl_end_map = on_end_map,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

/* One handle reads line after line as a series of values; after a fault it is made anew. */
static enum err_class make_handle(struct jsonl *j, struct err *e)
{
    if (j->yajl != NULL) {
        yajl_free(j->yajl);
    }
    j->yajl = yajl_alloc(&CALLBACKS, NULL, j);
    if (j->yajl == NULL || yajl_config(j->yajl, yajl_allow_multiple_values, 1) == 0) {
        return err_set(e, ERR_FATAL, "out of memory for a JSON parser");
    }
    return ERR_OK;
}

static void jsonl_close(void *parser)
{
    struct jsonl *j = parser;
    if (j != NULL && j->yajl != NULL) {
        yajl_free(j->yajl);
    }
    free(j);
}

static enum err_class jsonl_open(void **out, struct err *e)
{
    struct jsonl *j = calloc(1, sizeof *j);
    if (j == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for a JSON decoder");
    }
    enum err_class class = make_handle(j, e);
    if (class != ERR_OK) {
        jsonl_close(j);
        return class;
    }
    *out = j;
    return ERR_OK;
}

/* yajl's message for people, without the bytes around the place. */
static void tell_syntax(struct jsonl *j, struct slice record)
{
    const unsigned char *text = (const unsigned char *)record.data;
    size_t at = yajl_get_bytes_consumed(j->yajl);
    unsigned char *message = yajl_get_error(j->yajl, 0, text, record.size);
    struct slice said = slice_trim(slice_of((const char *)message));
    builder_fail(j->builder, "not valid JSON at byte %zu: %.*s", at, (int)said.size, said.data);
    yajl_free_error(j->yajl, message);
}

static enum err_class jsonl_parse(void *parser, const struct frame_state *state, struct slice record,
                                  struct builder *builder, bool *none, struct err *e)
{
    (void)state;
    struct jsonl *j = parser;
    if (slice_starts_with(record, "\xef\xbb\xbf")) {
        record = (struct slice){record.data + 3, record.size - 3};
    }
    record = slice_trim(record);
    *none = record.size == 0;
    if (*none) {
        return ERR_OK;
    }
    j->builder = builder;
    j->depth = 0;
    j->end = 0;
    yajl_status status = yajl_parse(j->yajl, (const unsigned char *)record.data, record.size);
    if (status == yajl_status_ok && j->end == record.size) {
        return ERR_OK;
    }
    if (status == yajl_status_ok) {
        status = yajl_complete_parse(j->yajl);
    }
    if (status == yajl_status_error) {
        tell_syntax(j, record);
    } else if (status == yajl_status_ok) {
        builder_fail(builder, "the line is not one whole JSON object");
    }
    return make_handle(j, e);
}

const struct format format_jsonl = {
    .name = "jsonl",
    .frame = frame_line,
    .open = jsonl_open,
    .close = jsonl_close,
    .parse = jsonl_parse,
    .text_growth = 1,
};
