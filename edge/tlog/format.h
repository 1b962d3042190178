/* A format's parser: pushes one framed record into the builder. */
#ifndef EDGE_TLOG_FORMAT_H
#define EDGE_TLOG_FORMAT_H

#include "edge/tlog/builder.h"
#include "edge/tlog/frame.h"

struct format {
    const char *name;
    struct frame (*frame)(struct frame_state *state, struct slice data, bool ended, size_t record_bytes_max);
    enum err_class (*open)(void **parser, struct err *e);
    void (*close)(void *parser);
    /* What is wrong with the record goes to builder_fail; the return value is ERR_OK or ERR_FATAL. *none: it
     * holds nothing at all. */
    enum err_class (*parse)(void *parser, const struct frame_state *state, struct slice record,
                            struct builder *builder, bool *none, struct err *e);
    size_t text_growth; /* how many bytes of text one byte of a record may become */
};

extern const struct format format_jsonl;
extern const struct format format_poslog;

#endif
