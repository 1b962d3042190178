/* Finds the records in a stream of bytes. Two framings: by line (JSON), by element (POSLog). What is found
 * does not depend on how the bytes were cut into pieces. */
#ifndef EDGE_TLOG_FRAME_H
#define EDGE_TLOG_FRAME_H

#include "edge/tlog/decoder.h"

enum { FRAME_ENCODING_BYTES_MAX = 40, FRAME_ROOT_BYTES_MAX = 3072 };

/* Inside what a record that is being skipped was cut; POSLog only. */
enum frame_inside { INSIDE_NONE, INSIDE_COMMENT, INSIDE_CDATA, INSIDE_INSTRUCTION, INSIDE_JUNK };

/* What must be known beside the bytes. Saved with the position. */
struct frame_state {
    bool skipping;            /* a record past the ceiling, to its end */
    enum frame_inside inside; /* while skipping */
    bool wrapped;             /* text may stand here: an element that is not a transaction is open */
    bool root_seen;
    char encoding[FRAME_ENCODING_BYTES_MAX]; /* of the XML declaration; "" = UTF-8 */
    char root[FRAME_ROOT_BYTES_MAX];         /* the root's start tag, cut */
};

struct frame frame_line(struct frame_state *state, struct slice data, bool ended, size_t record_bytes_max);
struct frame frame_xml(struct frame_state *state, struct slice data, bool ended, size_t record_bytes_max);

size_t frame_count_lines(struct slice data);

/* How much of a record that is being skipped is passed over while more may come: all but its last byte, so
 * that something is left to be offered when the file ends there, and the record is told of. */
static inline size_t frame_skip_but_one(struct slice data)
{
    return data.size > 0 ? data.size - 1 : 0;
}

#endif
