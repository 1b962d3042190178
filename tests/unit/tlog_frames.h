/* Drives the framing of a decoder the way a tail does: bytes arrive in pieces, what was framed is passed
 * over. */
#ifndef TESTS_UNIT_TLOG_FRAMES_H
#define TESTS_UNIT_TLOG_FRAMES_H

#include "edge/tlog/decoder.h"

#include <stdlib.h>

struct frames {
    void *ctx;
    /* kind is FRAME_RECORD (start, size), FRAME_TOO_LONG (nothing) or FRAME_SKIPPED (start: where it ended).
     */
    void (*each)(void *ctx, enum frame_kind kind, size_t start, struct slice record);
    size_t (*piece)(void *ctx); /* bytes of the next piece, at least 1 */
    bool reload;                /* save and load the context between any two pieces */
};

static inline void frames_reload(struct tlog_decoder *d)
{
    BUF_AUTO struct buf context = BUF_INIT(TLOG_CONTEXT_BYTES_MAX);
    struct err e = {.message = ""};
    if (tlog_context_save(d, &context) != ERR_OK || tlog_context_load(d, buf_slice(&context), &e) != ERR_OK) {
        abort();
    }
}

/* Returns how many bytes were passed over; false from the framing's own rules aborts. */
static inline size_t frames_run(struct tlog_decoder *d, struct slice data, struct frames *frames)
{
    size_t position = 0;
    size_t available = 0;
    bool ended = false;
    tlog_reset(d);
    for (;;) {
        struct slice window = {data.data + position, available - position};
        struct frame frame = tlog_frame(d, window, ended);
        size_t lines = 0;
        if (frame.skip + frame.size > window.size) {
            abort();
        }
        for (size_t i = 0; i < frame.skip + frame.size; i++) {
            lines += window.data[i] == '\n' ? 1 : 0;
        }
        if (lines != frame.lines) {
            abort();
        }
        size_t start = position + frame.skip;
        position = start + frame.size;
        if (frame.kind != FRAME_MORE) {
            frames->each(frames->ctx, frame.kind, start, (struct slice){data.data + start, frame.size});
            continue;
        }
        if (ended) {
            return position;
        }
        if (frames->reload) {
            frames_reload(d);
        }
        size_t piece = frames->piece(frames->ctx);
        ended = available == data.size;
        available = data.size - available < piece ? data.size : available + piece;
    }
}

#endif
