#include "edge/tlog/decoder.h"

#include "edge/tlog/format.h"

#include <stdlib.h>
#include <string.h>

enum { RECORD_BYTES_MIN = 64, RECORD_BYTES_MAX = 256 * 1024 * 1024, CONTEXT_VERSION = 1 };

struct tlog_decoder {
    const struct format *format;
    void *parser;
    struct builder *builder;
    struct frame_state frame;
    size_t record_bytes_max;
};

static const struct format *find_format(const char *name)
{
    static const struct format *const FORMATS[] = {&format_jsonl, &format_poslog};
    for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
        if (strcmp(FORMATS[i]->name, name) == 0) {
            return FORMATS[i];
        }
    }
    return NULL;
}

enum err_class tlog_open(struct tlog_decoder **out, const char *format, const struct tlog_options *options,
                         struct err *e)
{
    const struct format *found = find_format(format);
    size_t max = options->record_bytes_max == 0 ? TLOG_RECORD_BYTES_DEFAULT : options->record_bytes_max;
    if (found == NULL) {
        return err_set(e, ERR_INVALID, "unknown TLOG format '%s': one of jsonl, poslog", format);
    }
    if (max < RECORD_BYTES_MIN || max > RECORD_BYTES_MAX) {
        return err_set(e, ERR_INVALID, "a record ceiling of %zu bytes: from %d to %d are possible", max,
                       RECORD_BYTES_MIN, RECORD_BYTES_MAX);
    }
    struct tlog_decoder *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for a TLOG decoder");
    }
    d->format = found;
    d->record_bytes_max = max;
    enum err_class class = builder_open(&d->builder, options->profile, e);
    if (class == ERR_OK) {
        class = found->open(&d->parser, e);
    }
    if (class != ERR_OK) {
        tlog_close(d);
        return class;
    }
    *out = d;
    return ERR_OK;
}

void tlog_close(struct tlog_decoder *d)
{
    if (d != NULL) {
        d->format->close(d->parser);
        builder_close(d->builder);
        free(d);
    }
}

struct frame tlog_frame(struct tlog_decoder *d, struct slice data, bool ended)
{
    return d->format->frame(&d->frame, data, ended, d->record_bytes_max);
}

void tlog_reset(struct tlog_decoder *d)
{
    d->frame = (struct frame_state){.skipping = false};
}

/* version, flags, inside, encoding NUL, root NUL */
enum err_class tlog_context_save(const struct tlog_decoder *d, struct buf *out)
{
    const struct frame_state *s = &d->frame;
    char flags = (char)((s->skipping ? 1 : 0) | (s->wrapped ? 2 : 0) | (s->root_seen ? 4 : 0));
    const char head[] = {CONTEXT_VERSION, flags, (char)s->inside};
    enum err_class class = buf_append(out, head, sizeof head);
    if (class == ERR_OK) {
        class = buf_append(out, s->encoding, strlen(s->encoding) + 1);
    }
    return class == ERR_OK ? buf_append(out, s->root, strlen(s->root) + 1) : class;
}

/* Takes a NUL-terminated text off the front. */
static bool take_text(struct slice *rest, char *out, size_t capacity)
{
    const char *end = rest->size > 0 ? memchr(rest->data, '\0', rest->size) : NULL;
    if (end == NULL) {
        return false;
    }
    struct slice text = {rest->data, (size_t)(end - rest->data)};
    *rest = (struct slice){end + 1, rest->size - text.size - 1};
    return slice_copy(text, out, capacity);
}

enum err_class tlog_context_load(struct tlog_decoder *d, struct slice context, struct err *e)
{
    struct frame_state s = {.skipping = false};
    tlog_reset(d);
    if (context.size == 0) {
        return ERR_OK;
    }
    if (context.size < 3 || context.data[0] != CONTEXT_VERSION || context.data[2] < INSIDE_NONE ||
        context.data[2] > INSIDE_JUNK) {
        return err_set(e, ERR_INVALID, "a saved decoder context of another version, or damaged");
    }
    s.skipping = (context.data[1] & 1) != 0;
    s.wrapped = (context.data[1] & 2) != 0;
    s.root_seen = (context.data[1] & 4) != 0;
    s.inside = (enum frame_inside)context.data[2];
    struct slice rest = {context.data + 3, context.size - 3};
    if (!take_text(&rest, s.encoding, sizeof s.encoding) || !take_text(&rest, s.root, sizeof s.root)) {
        return err_set(e, ERR_INVALID, "a damaged saved decoder context");
    }
    d->frame = s;
    return ERR_OK;
}

enum err_class tlog_decode(struct tlog_decoder *d, struct slice record, struct txn *out, bool *none,
                           struct err *e)
{
    *none = false;
    *out = (struct txn){.local_s = INT64_MIN};
    enum err_class class = builder_begin(d->builder, record.size * d->format->text_growth + 1, e);
    if (class == ERR_OK) {
        class = d->format->parse(d->parser, &d->frame, record, d->builder, none, e);
    }
    if (class != ERR_OK || *none) {
        return class;
    }
    return builder_finish(d->builder, out, e);
}
