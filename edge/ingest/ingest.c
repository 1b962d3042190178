#include "edge/ingest/ingest.h"
#include "edge/ingest/source.h"

#include <stdlib.h>

struct ingest {
    struct ingest_options options; /* defaults filled in */
    struct ingest_ledger ledger;
    const struct clock *clock;
    struct log *log;
    struct source *sources;
    size_t opened;
    size_t turn; /* which source is asked first */
};

enum err_class ingest_open(struct ingest **out, const struct ingest_options *options,
                           const struct ingest_ledger *ledger, const struct clock *clock, struct log *log,
                           struct err *e)
{
    *out = NULL;
    struct ingest *in = calloc(1, sizeof *in);
    struct source *sources = calloc(options->source_count > 0 ? options->source_count : 1, sizeof *sources);
    if (in == NULL || sources == NULL) {
        free(in);
        free(sources);
        return err_set(e, ERR_FATAL, "ingest: out of memory");
    }
    in->options = *options;
    in->options.batch_records_max = options->batch_records_max > 0 ? options->batch_records_max : 2000;
    in->options.batch_bytes_max = options->batch_bytes_max > 0 ? options->batch_bytes_max : 1024 * 1024;
    in->options.batch_ms = options->batch_ms > 0 ? options->batch_ms : 20;
    in->ledger = *ledger;
    in->clock = clock;
    in->log = log;
    in->sources = sources;
    for (; in->opened < options->source_count; in->opened++) {
        enum err_class class =
            source_open(&sources[in->opened], &options->sources[in->opened], &in->ledger, clock, log, e);
        if (class != ERR_OK) {
            in->opened++; /* what was opened of it is closed too */
            ingest_close(in);
            return class;
        }
    }
    *out = in;
    return ERR_OK;
}

void ingest_close(struct ingest *in)
{
    if (in != NULL) {
        for (size_t i = 0; i < in->opened; i++) {
            source_close(&in->sources[i]);
        }
        free(in->sources);
        free(in);
    }
}

enum err_class ingest_scan(struct ingest *in, struct err *e)
{
    for (size_t i = 0; i < in->opened; i++) {
        enum err_class class = tail_scan(in->sources[i].tail, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

enum err_class batch_open(struct batch *b, struct err *e)
{
    if (b->open) {
        return ERR_OK;
    }
    enum err_class class = b->ledger->begin(b->ledger->ctx, e);
    b->open = class == ERR_OK;
    return class;
}

bool batch_is_full(const struct batch *b)
{
    return b->records >= b->options->batch_records_max || b->bytes >= b->options->batch_bytes_max ||
           (b->records > 0 && clock_boot_ms(b->clock) - b->began_ms >= b->options->batch_ms);
}

/* The sources take turns, so that a catch-up of one does not hold up another. */
static enum err_class fill(struct ingest *in, struct batch *b, struct err *e)
{
    size_t first = in->turn++;
    for (size_t i = 0; i < in->opened; i++) {
        struct source *s = &in->sources[(first + i) % in->opened];
        bool taken = true;
        while (taken && !batch_is_full(b)) {
            enum err_class class = source_take(s, b, &taken, e);
            if (class != ERR_OK) {
                return class;
            }
        }
    }
    return ERR_OK;
}

static enum err_class close_batch(struct ingest *in, struct batch *b, struct err *e)
{
    for (size_t i = 0; i < in->opened; i++) {
        enum err_class class = source_put_positions(&in->sources[i], b, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return b->open ? in->ledger.commit(in->ledger.ctx, e) : ERR_OK;
}

enum err_class ingest_step(struct ingest *in, bool *more, struct err *e)
{
    struct batch b = {
        .ledger = &in->ledger,
        .options = &in->options,
        .clock = in->clock,
        .log = in->log,
        .began_ms = clock_boot_ms(in->clock),
    };
    struct ledger_head head;
    *more = false;
    in->ledger.head(in->ledger.ctx, &head);
    if (head.generation == 0 || in->opened == 0) {
        return ERR_OK;
    }
    enum err_class class = fill(in, &b, e);
    if (class == ERR_OK) {
        *more = batch_is_full(&b);
        class = close_batch(in, &b, e);
    }
    if (class != ERR_OK && b.open) {
        in->ledger.rollback(in->ledger.ctx);
    }
    for (size_t i = 0; i < in->opened; i++) {
        if (class == ERR_OK) {
            source_committed(&in->sources[i]);
        } else {
            source_rolled_back(&in->sources[i]);
        }
    }
    return class;
}

size_t ingest_sources(const struct ingest *in)
{
    return in->opened;
}

void ingest_source_status(const struct ingest *in, size_t index, struct ingest_source_status *out)
{
    const struct source *s = &in->sources[index];
    *out = (struct ingest_source_status){
        .name = s->options->name,
        .format = s->options->format,
        .profile = s->options->profile,
        .globs = s->options->globs,
        .folders = tail_folders(s->tail),
        .files = tail_files(s->tail),
        .last_record_wall_ms = s->last_record_wall_ms,
        .counted = s->committed_counts.counted,
        .ignored = s->committed_counts.ignored,
        .duplicates = s->committed_counts.duplicates,
        .quarantined = s->committed_counts.quarantined,
    };
    tail_health(s->tail, &out->health);
}
