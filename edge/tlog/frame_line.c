/* One record a line. */
#include "edge/tlog/frame.h"

#include <string.h>

size_t frame_count_lines(struct slice data)
{
    size_t lines = 0;
    const char *at = data.data;
    const char *end = data.data + data.size;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        lines++;
        at++;
    }
    return lines;
}

/* Bytes up to and with the first newline; 0: none. */
static size_t line_size(struct slice data, size_t max)
{
    size_t size = data.size < max ? data.size : max;
    const char *newline = size > 0 ? memchr(data.data, '\n', size) : NULL;
    return newline != NULL ? (size_t)(newline - data.data) + 1 : 0;
}

static struct frame skip_line(struct frame_state *state, struct slice data, bool ended)
{
    size_t size = line_size(data, data.size);
    if (size == 0 && !ended) {
        return (struct frame){.kind = FRAME_MORE, .skip = frame_skip_but_one(data)};
    }
    state->skipping = false;
    return (struct frame){
        .kind = FRAME_SKIPPED, .skip = size > 0 ? size : data.size, .lines = size > 0 ? 1 : 0};
}

struct frame frame_line(struct frame_state *state, struct slice data, bool ended, size_t record_bytes_max)
{
    if (state->skipping) {
        return skip_line(state, data, ended);
    }
    size_t size = line_size(data, record_bytes_max);
    if (size > 0) {
        return (struct frame){.kind = FRAME_RECORD, .size = size, .lines = 1};
    }
    if (data.size >= record_bytes_max) {
        state->skipping = true;
        return (struct frame){.kind = FRAME_TOO_LONG, .size = record_bytes_max - 1};
    }
    if (ended && data.size > 0) {
        return (struct frame){.kind = FRAME_RECORD, .size = data.size};
    }
    return (struct frame){.kind = FRAME_MORE};
}
