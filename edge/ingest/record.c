/* Records of one chunk: framed, decoded, and booked or quarantined. */
#include "edge/ingest/source.h"

#include "common/hash.h"
#include "proto/card.h"

#include <string.h>

enum { SHAPE_BYTES = 1024 };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static size_t newlines(struct slice data)
{
    size_t count = 0;
    const char *end = data.data + data.size;
    for (const char *at = data.data; at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
        count++;
    }
    return count;
}

static enum err_class quarantine(struct source *s, struct batch *b, const struct ledger_source *place,
                                 uint64_t hash, const char *error, const struct txn *key, struct err *e)
{
    log_warn(b->log, "ingest", "%s: line %llu, byte %llu: quarantined: %s", place->file,
             (unsigned long long)place->line, (unsigned long long)place->offset, error);
    s->counts.quarantined++;
    return b->ledger->quarantine(b->ledger->ctx, place, hash, slice_of(error), buf_slice(&s->shape), key, e);
}

static enum err_class quarantine_record(struct source *s, struct batch *b, const struct ledger_source *place,
                                        struct slice record, const char *error, const struct txn *key,
                                        struct err *e)
{
    buf_clear(&s->shape);
    if (tlog_shape(record, SHAPE_BYTES, &s->shape) != ERR_OK) {
        buf_clear(&s->shape);
    }
    return quarantine(s, b, place, hash64(record), error, key->workstation.size > 0 ? key : NULL, e);
}

static enum err_class book(struct source *s, struct batch *b, const struct ledger_source *place,
                           const struct txn *txn, struct err *e)
{
    enum ledger_verdict verdict = LEDGER_COUNTED;
    struct err reason = {0};
    enum err_class class = b->ledger->book(b->ledger->ctx, txn, place, &verdict, &reason, e);
    if (class != ERR_OK) {
        return class;
    }
    switch (verdict) {
    case LEDGER_COUNTED:
        s->counts.counted++;
        break;
    case LEDGER_IGNORED:
        s->counts.ignored++;
        break;
    case LEDGER_DUPLICATE:
        s->counts.duplicates++;
        break;
    case LEDGER_QUARANTINED:
        s->counts.quarantined++;
        log_warn(b->log, "ingest", "%s: line %llu, byte %llu: quarantined: %s", place->file,
                 (unsigned long long)place->line, (unsigned long long)place->offset, reason.message);
        break;
    }
    return ERR_OK;
}

static enum err_class take_record(struct source *s, struct batch *b, const struct ledger_source *place,
                                  struct slice record, struct err *e)
{
    struct txn txn;
    bool none = false;
    struct err wrong = {0};
    enum err_class class = batch_open(b, e);
    if (class != ERR_OK) {
        return class;
    }
    b->records++;
    s->last_record_wall_ms = clock_wall_ms(b->clock);
    class = tlog_decode(s->decoder, record, &txn, &none, &wrong);
    if (class == ERR_OK && none) {
        return ERR_OK;
    }
    if (class == ERR_OK && !slice_equal_text(txn.store, b->options->log_store)) {
        class = err_set(&wrong, ERR_INVALID,
                        "a record of store \"%.*s\"; this is store %s, whose log says \"%s\"",
                        txn.store.size > 64 ? 64 : (int)txn.store.size, txn.store.data, b->options->store,
                        b->options->log_store);
        card_mask(wrong.message, strlen(wrong.message));
    }
    if (class == ERR_INVALID) {
        return quarantine_record(s, b, place, record, wrong.message, &txn, e);
    }
    if (class != ERR_OK) {
        return err_set(e, class, "%s: %s", place->file, wrong.message);
    }
    return book(s, b, place, &txn, e);
}

/* The ceiling was reached: from here to the record's end nothing is looked at. Its hash is over what was seen
 * so far, which does not hang on how the rest arrives. */
static void begin_oversize(struct source *s, const struct ledger_source *place, struct slice seen)
{
    s->oversize = (struct oversize){
        .active = true,
        .offset = place->offset,
        .line = place->line,
        .hash = hash64(seen),
    };
}

static enum err_class end_oversize(struct source *s, struct batch *b, const char *file, uint64_t file_id,
                                   uint64_t end, struct err *e)
{
    const struct ledger_source place = {.file_id = file_id,
                                        .file = file,
                                        .offset = s->oversize.offset,
                                        .length = end - s->oversize.offset,
                                        .line = s->oversize.line};
    uint64_t hash = s->oversize.hash;
    s->oversize = (struct oversize){0};
    enum err_class class = batch_open(b, e);
    if (class != ERR_OK) {
        return class;
    }
    struct err wrong;
    err_set(&wrong, ERR_INVALID, "a record of %llu bytes: the ceiling is %zu",
            (unsigned long long)place.length, s->record_bytes_max);
    b->records++;
    buf_clear(&s->shape);
    return quarantine(s, b, &place, hash, wrong.message, NULL, e);
}

enum err_class source_take_records(struct source *s, struct batch *b, const struct tail_chunk *chunk,
                                   size_t *used, size_t *lines, struct err *e)
{
    const char *file = base_name(chunk->path);
    enum err_class class = ERR_OK;
    bool more = true;
    while (class == ERR_OK && more && *used < chunk->data.size && !batch_is_full(b)) {
        struct slice rest = {chunk->data.data + *used, chunk->data.size - *used};
        struct frame frame = tlog_frame(s->decoder, rest, chunk->ended);
        struct ledger_source place = {.file_id = chunk->file_id,
                                      .file = file,
                                      .offset = chunk->offset + *used,
                                      .line = chunk->line + *lines + 1};
        *used += frame.skip + frame.size;
        b->bytes += frame.skip + frame.size;
        *lines += frame.lines;
        switch (frame.kind) {
        case FRAME_RECORD:
            place.line += newlines((struct slice){rest.data, frame.skip});
            place.offset += frame.skip;
            place.length = frame.size;
            class = take_record(s, b, &place, (struct slice){rest.data + frame.skip, frame.size}, e);
            break;
        case FRAME_MORE:
            more = false;
            break;
        case FRAME_TOO_LONG:
            place.line += newlines((struct slice){rest.data, frame.skip});
            place.offset += frame.skip;
            begin_oversize(s, &place, (struct slice){rest.data + frame.skip, frame.size});
            break;
        case FRAME_SKIPPED:
            class = end_oversize(s, b, file, chunk->file_id, chunk->offset + *used, e);
            break;
        }
    }
    return class;
}
