#include "edge/ingest/source.h"

#include "edge/tlog/profile.h"

#include <assert.h>
#include <string.h>

enum { SHAPE_BYTES_MAX = 1024, WINDOW_MARGIN_BYTES = 64 * 1024 };

struct resume {
    struct source *source;
    struct log *log;
};

static enum err_class resume_one(void *ctx, const struct tail_position *position, struct slice context,
                                 struct err *e)
{
    struct resume *r = ctx;
    enum err_class class = tail_resume(r->source->tail, position, e);
    if (class == ERR_OK) {
        class = contexts_put(r->source->contexts, position->file_id, context, e);
    }
    if (class == ERR_INVALID || class == ERR_FULL) {
        log_warn(r->log, "ingest", "source %s: a position is passed over: %s", r->source->options->name,
                 e->message);
        return ERR_OK;
    }
    return class;
}

static enum err_class open_parts(struct source *s, const struct ingest_source_options *options,
                                 const struct clock *clock, struct err *e)
{
    const struct tlog_profile *profile = tlog_profile_find(options->profile);
    if (profile == NULL) {
        return err_set(e, ERR_INVALID, "source %s: unknown profile '%s': one of %s", options->name,
                       options->profile, tlog_profile_names());
    }
    s->record_bytes_max =
        options->record_bytes_max > 0 ? options->record_bytes_max : TLOG_RECORD_BYTES_DEFAULT;
    const struct tlog_options decoder = {.profile = profile, .record_bytes_max = s->record_bytes_max};
    enum err_class class = tlog_open(&s->decoder, options->format, &decoder, e);
    if (class != ERR_OK) {
        return err_prefix(e, "source %s", options->name);
    }
    const struct tail_options tail = {.name = options->name,
                                      .globs = options->globs,
                                      .window_bytes_max = s->record_bytes_max + WINDOW_MARGIN_BYTES};
    class = tail_open(&s->tail, &tail, clock, e);
    return class == ERR_OK ? contexts_open(&s->contexts, e) : class;
}

enum err_class source_open(struct source *s, const struct ingest_source_options *options,
                           const struct ingest_ledger *ledger, const struct clock *clock, struct log *log,
                           struct err *e)
{
    *s = (struct source){
        .options = options, .context = BUF_INIT(CONTEXT_BYTES_MAX), .shape = BUF_INIT(SHAPE_BYTES_MAX + 1)};
    enum err_class class = open_parts(s, options, clock, e);
    if (class != ERR_OK) {
        return class;
    }
    struct resume resume = {.source = s, .log = log};
    class = ledger->each_position(ledger->ctx, options->name, resume_one, &resume, e);
    contexts_commit(s->contexts);
    return class;
}

void source_close(struct source *s)
{
    tail_close(s->tail);
    tlog_close(s->decoder);
    contexts_close(s->contexts);
    buf_free(&s->context);
    buf_free(&s->shape);
}

/* Our own state before the decoder's: 0, or 1 and the place and hash of the record being passed over. */
static enum err_class save_context(struct source *s, uint64_t file_id, struct err *e)
{
    char head[1 + 3 * sizeof(uint64_t)] = {s->oversize.active ? 1 : 0};
    const uint64_t place[] = {s->oversize.offset, s->oversize.line, s->oversize.hash};
    memcpy(head + 1, place, sizeof place);
    buf_clear(&s->context);
    enum err_class class = buf_append(&s->context, head, s->oversize.active ? sizeof head : 1);
    if (class == ERR_OK) {
        class = tlog_context_save(s->decoder, &s->context);
    }
    if (class != ERR_OK) {
        return err_set(e, ERR_FATAL, "source %s: the decoder's context outgrew %d bytes", s->options->name,
                       CONTEXT_BYTES_MAX);
    }
    return contexts_put(s->contexts, file_id, buf_slice(&s->context), e);
}

static enum err_class parse_context(struct source *s, struct slice context, struct err *e)
{
    uint64_t place[3];
    s->oversize = (struct oversize){.active = context.data[0] != 0};
    size_t head = s->oversize.active ? 1 + sizeof place : 1;
    if (context.size < head) {
        return err_set(e, ERR_INVALID, "it is cut");
    }
    if (s->oversize.active) {
        memcpy(place, context.data + 1, sizeof place);
        s->oversize.offset = place[0];
        s->oversize.line = place[1];
        s->oversize.hash = place[2];
    }
    return tlog_context_load(s->decoder, (struct slice){context.data + head, context.size - head}, e);
}

static void load_context(struct source *s, const struct tail_chunk *chunk, struct log *log)
{
    if (s->decoder_file == chunk->file_id && !chunk->fresh) {
        return;
    }
    struct err e = {0};
    struct slice context = contexts_get(s->contexts, chunk->file_id);
    s->decoder_file = chunk->file_id;
    if (context.size == 0) {
        s->oversize = (struct oversize){0};
        tlog_reset(s->decoder);
    } else if (parse_context(s, context, &e) != ERR_OK) {
        log_warn(log, "ingest",
                 "%s: its decoder context cannot be used, framing begins anew at byte %llu: %s", chunk->path,
                 (unsigned long long)chunk->offset, e.message);
        s->oversize = (struct oversize){0};
        tlog_reset(s->decoder);
    }
}

enum err_class source_take(struct source *s, struct batch *b, bool *taken, struct err *e)
{
    struct tail_chunk chunk;
    enum err_class class = tail_next(s->tail, &chunk, e);
    *taken = class != ERR_RETRY;
    if (class == ERR_RETRY) {
        return ERR_OK;
    }
    if (class == ERR_INVALID) { /* one file; it is tried again after the next scan, the others go on */
        log_warn(b->log, "ingest", "%s", e->message);
        return ERR_OK;
    }
    if (class != ERR_OK) {
        return class;
    }
    load_context(s, &chunk, b->log);
    size_t used = 0, lines = 0;
    class = source_take_records(s, b, &chunk, &used, &lines, e);
    if (class != ERR_OK) {
        return class;
    }
    tail_consume(s->tail, chunk.file, used, lines);
    return save_context(s, chunk.file_id, e);
}

enum err_class source_put_positions(struct source *s, struct batch *b, struct err *e)
{
    for (size_t i = 0; i < tail_files(s->tail); i++) {
        if (!tail_position_changed(s->tail, i)) {
            continue;
        }
        struct tail_position position;
        tail_position(s->tail, i, &position);
        enum err_class class = batch_open(b, e);
        if (class == ERR_OK) {
            class = b->ledger->put_position(b->ledger->ctx, s->options->name, &position,
                                            contexts_get(s->contexts, position.file_id), e);
        }
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

void source_committed(struct source *s)
{
    tail_committed(s->tail);
    contexts_commit(s->contexts);
    s->committed_counts = s->counts;
}

void source_rolled_back(struct source *s)
{
    tail_rolled_back(s->tail);
    contexts_rollback(s->contexts);
    s->counts = s->committed_counts;
    s->decoder_file = 0;
}
