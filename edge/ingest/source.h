/* One source of the way in: its files, its decoder, and records on their way into the open batch. Only
 * ingest.c includes this. */
#ifndef EDGE_INGEST_SOURCE_H
#define EDGE_INGEST_SOURCE_H

#include "edge/ingest/contexts.h"
#include "edge/ingest/ingest.h"
#include "edge/tlog/decoder.h"

struct batch {
    const struct ingest_ledger *ledger;
    const struct ingest_options *options;
    const struct clock *clock;
    struct log *log;
    bool open; /* ledger->begin was called */
    size_t records, bytes;
    int64_t began_ms;
};

/* Begins the ledger's transaction if that has not been done yet. */
enum err_class batch_open(struct batch *b, struct err *e) ERR_MUST_CHECK;
bool batch_is_full(const struct batch *b);

struct source_counts {
    uint64_t counted, ignored, duplicates, quarantined;
};

/* A record longer than the ceiling, while it is passed over. */
struct oversize {
    bool active;
    uint64_t offset, line, hash;
};

struct source {
    const struct ingest_source_options *options;
    struct tail *tail;
    struct tlog_decoder *decoder;
    size_t record_bytes_max;
    struct contexts *contexts;
    uint64_t decoder_file; /* whose context the decoder holds; 0: nobody's */
    struct oversize oversize;
    struct buf context, shape;
    struct source_counts counts, committed_counts;
    int64_t last_record_wall_ms;
};

enum err_class source_open(struct source *s, const struct ingest_source_options *options,
                           const struct ingest_ledger *ledger, const struct clock *clock, struct log *log,
                           struct err *e) ERR_MUST_CHECK;
void source_close(struct source *s);

/* Takes one chunk into the batch. *taken false: there is none now. */
enum err_class source_take(struct source *s, struct batch *b, bool *taken, struct err *e) ERR_MUST_CHECK;
enum err_class source_put_positions(struct source *s, struct batch *b, struct err *e) ERR_MUST_CHECK;
void source_committed(struct source *s);
void source_rolled_back(struct source *s);

/* record.c: what is in a chunk. *used: bytes taken, *lines: newlines in them. */
enum err_class source_take_records(struct source *s, struct batch *b, const struct tail_chunk *chunk,
                                   size_t *used, size_t *lines, struct err *e) ERR_MUST_CHECK;

#endif
