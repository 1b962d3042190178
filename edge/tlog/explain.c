#include "edge/tlog/explain.h"

#include "common/hash.h"
#include "edge/tlog/decoder.h"
#include "edge/tlog/explain_print.h"
#include "edge/tlog/frame.h"
#include "edge/tlog/seen.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OUTPUT_BYTES_MAX = 1024 * 1024 * 1024,
    WINDOW_SLACK_BYTES = 64 * 1024,
    SHAPE_BYTES_MAX = 300,
};

struct explain {
    const struct explain_options *options;
    const char *const *files;
    struct printer printer;
    struct seen_set keys;      /* business keys */
    struct seen_set documents; /* lines of receipts */
    struct totals totals;
    uint64_t counts[VERDICT_KINDS];
    struct txn_line *movements; /* TXN_LINES_MAX */
    struct buf shape;
    struct err *e;
};

/* One file being read. */
struct reading {
    size_t file; /* index */
    FILE *stream;
    struct tlog_decoder *decoder;
    char *window;
    size_t window_size;
    size_t start, end;               /* of what is read and not yet consumed */
    uint64_t offset;                 /* of window[start] */
    uint64_t lines;                  /* newlines before it */
    uint64_t long_offset, long_line; /* of the record being skipped */
    bool ended;
};

static uint64_t key_hash(const struct txn *txn)
{
    struct {
        uint64_t sequence;
        int64_t day;
    } fixed = {txn->sequence, txn->business_day};
    uint64_t hash = hash64_seeded(txn->store, txn->store.size);
    hash = hash64_seeded(txn->workstation, hash);
    hash = hash64_seeded((struct slice){(const char *)&fixed, sizeof fixed}, hash);
    return hash != 0 ? hash : 1;
}

/* A document's line counts once, whoever reports it first. */
static enum err_class counted_before(struct explain *x, const struct txn *txn, const struct txn_line *line,
                                     bool *before)
{
    const struct seen *found = NULL;
    *before = false;
    if (line->document.size == 0) {
        return ERR_OK;
    }
    uint64_t hash = hash64_seeded(line->document, hash64(txn->store));
    hash = hash64_seeded(line->document_line, hash);
    struct seen entry = {.key = hash != 0 ? hash : 1, .content = key_hash(txn)};
    enum err_class class = seen_put(&x->documents, entry, &found, x->e);
    *before = class == ERR_OK && found->content != entry.content;
    return class;
}

static enum err_class count_lines(struct explain *x, const struct txn *txn, size_t *count)
{
    for (size_t i = 0; i < txn->line_count; i++) {
        const struct txn_line *line = &txn->lines[i];
        bool before = false;
        enum err_class class = counted_before(x, txn, line, &before);
        if (class != ERR_OK) {
            return class;
        }
        if (before) {
            continue;
        }
        x->movements[(*count)++] = *line;
        struct total key = {.store = txn->store,
                            .item = line->item,
                            .location = line->location,
                            .uom = line->uom,
                            .quantity_e4 = line->quantity_e4};
        class = totals_add(&x->totals, &key, x->e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

/* A record that could be decoded: counted, ignored, a duplicate, or refused for what was there before. */
static enum err_class judge(struct explain *x, const struct reading *r, struct explained *out, char *reason,
                            size_t size)
{
    const struct txn *txn = out->txn;
    const struct seen *first = NULL;
    out->has_key = true;
    out->reason = txn->reason;
    out->verdict = txn->action == TXN_COUNT ? VERDICT_COUNTED : VERDICT_IGNORED;
    if (x->options->store != NULL && !slice_equal_text(txn->store, x->options->store)) {
        out->verdict = VERDICT_QUARANTINED;
        out->reason = SLICE("another store's record");
        return ERR_OK;
    }
    if (txn->action == TXN_NOT_FINAL) {
        return ERR_OK;
    }
    size_t known = x->keys.used;
    struct seen entry = {
        .key = key_hash(txn), .content = txn->content_hash, .file = (uint32_t)r->file, .line = out->line};
    enum err_class class = seen_put(&x->keys, entry, &first, x->e);
    if (class != ERR_OK) {
        return class;
    }
    if (x->keys.used == known) {
        bool same = first->content == entry.content;
        out->verdict = same ? VERDICT_DUPLICATE : VERDICT_QUARANTINED;
        (void)snprintf(reason, size, "%s %s:%" PRIu64,
                       same ? "repeats" : "its number is already used by other content in",
                       x->files[first->file], first->line);
        out->reason = slice_of(reason);
        return ERR_OK;
    }
    out->movements = x->movements;
    return txn->action == TXN_COUNT ? count_lines(x, txn, &out->movement_count) : ERR_OK;
}

static enum err_class tell(struct explain *x, const struct explained *record)
{
    x->counts[record->verdict]++;
    return print_record(&x->printer, record, x->e);
}

static enum err_class explain_record(struct explain *x, struct reading *r, struct slice record,
                                     uint64_t offset, uint64_t line)
{
    struct txn txn;
    struct err why;
    bool none = false;
    char reason[ERR_MESSAGE_BYTES_MAX];
    struct explained out = {.file = x->files[r->file], .line = line, .offset = offset, .txn = &txn};
    enum err_class class = tlog_decode(r->decoder, record, &txn, &none, &why);
    if (class == ERR_OK && none) {
        return ERR_OK;
    }
    if (class == ERR_INVALID) {
        buf_clear(&x->shape);
        out.verdict = VERDICT_QUARANTINED;
        out.reason = slice_of(why.message);
        out.has_key = txn.workstation.size > 0;
        if (tlog_shape(record, SHAPE_BYTES_MAX, &x->shape) == ERR_OK) {
            out.shape = buf_slice(&x->shape);
        }
        return tell(x, &out);
    }
    if (class != ERR_OK) {
        return err_set(x->e, class, "%s", why.message);
    }
    class = judge(x, r, &out, reason, sizeof reason);
    return class == ERR_OK ? tell(x, &out) : class;
}

static enum err_class explain_too_long(struct explain *x, const struct reading *r)
{
    struct txn txn = {.local_s = INT64_MIN};
    struct explained out = {.file = x->files[r->file],
                            .line = r->long_line,
                            .offset = r->long_offset,
                            .verdict = VERDICT_QUARANTINED,
                            .reason = SLICE("longer than a record may be"),
                            .txn = &txn};
    return tell(x, &out);
}

static struct slice unread(const struct reading *r)
{
    return (struct slice){r->window + r->start, r->end - r->start};
}

static void consume(struct reading *r, const struct frame *frame)
{
    size_t size = frame->skip + frame->size;
    r->start += size;
    r->offset += size;
    r->lines += frame->lines;
}

static enum err_class explain_frame(struct explain *x, struct reading *r, const struct frame *frame)
{
    const char *data = r->window + r->start;
    struct slice skipped = {data, frame->skip};
    switch (frame->kind) {
    case FRAME_RECORD:
        return explain_record(x, r, (struct slice){data + frame->skip, frame->size}, r->offset + frame->skip,
                              r->lines + frame_count_lines(skipped) + 1);
    case FRAME_TOO_LONG:
        r->long_offset = r->offset + skipped.size;
        r->long_line = r->lines + frame_count_lines(skipped) + 1;
        return ERR_OK;
    case FRAME_SKIPPED:
        return explain_too_long(x, r);
    case FRAME_MORE:
        break;
    }
    return ERR_OK;
}

static enum err_class fill(struct explain *x, struct reading *r)
{
    assert(r->window != NULL);
    memmove(r->window, r->window + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
    size_t got = fread(r->window + r->end, 1, r->window_size - r->end, r->stream);
    r->end += got;
    r->ended = got == 0;
    if (got == 0 && ferror(r->stream) != 0) {
        return err_set(x->e, ERR_FATAL, "%s: cannot be read: %s", x->files[r->file], strerror(errno));
    }
    return ERR_OK;
}

static enum err_class explain_frames(struct explain *x, struct reading *r)
{
    for (;;) {
        struct frame frame = tlog_frame(r->decoder, unread(r), r->ended);
        enum err_class class = explain_frame(x, r, &frame);
        if (class != ERR_OK) {
            return class;
        }
        consume(r, &frame);
        if (frame.kind != FRAME_MORE) {
            continue;
        }
        if (r->ended) {
            return ERR_OK;
        }
        class = fill(x, r);
        if (class != ERR_OK) {
            return class;
        }
    }
}

static enum err_class begin_file(struct explain *x, struct reading *r)
{
    struct detected detected;
    enum err_class class = fill(x, r);
    if (class == ERR_OK) {
        struct slice head = unread(r);
        head.size = head.size < DETECT_BYTES ? head.size : DETECT_BYTES;
        class = detect(head, x->options->format, x->options->profile, &detected, x->e);
    }
    if (class == ERR_OK) {
        struct tlog_options options = {.profile = detected.profile,
                                       .record_bytes_max = x->options->record_bytes_max};
        class = tlog_open(&r->decoder, detected.format, &options, x->e);
    }
    if (class == ERR_OK) {
        return print_file(&x->printer, x->files[r->file], &detected, x->e);
    }
    (void)err_prefix(x->e, "%s", x->files[r->file]);
    return class;
}

static enum err_class explain_file(struct explain *x, size_t index)
{
    size_t max = x->options->record_bytes_max == 0 ? TLOG_RECORD_BYTES_DEFAULT : x->options->record_bytes_max;
    struct reading r = {.file = index, .window_size = max + WINDOW_SLACK_BYTES};
    enum err_class class = ERR_OK;
    r.stream = fopen(x->files[index], "rb");
    r.window = malloc(r.window_size);
    if (r.stream == NULL) {
        class = err_set(x->e, ERR_FATAL, "%s: cannot be opened: %s", x->files[index], strerror(errno));
    } else if (r.window == NULL) {
        class = err_set(x->e, ERR_FATAL, "out of memory for a window of %zu bytes", r.window_size);
    }
    if (class == ERR_OK) {
        class = begin_file(x, &r);
    }
    if (class == ERR_OK) {
        class = explain_frames(x, &r);
    }
    tlog_close(r.decoder);
    free(r.window);
    if (r.stream != NULL) {
        (void)fclose(r.stream);
    }
    return class;
}

int explain_run(const struct explain_options *options, const char *const *files, size_t file_count, FILE *out,
                struct err *e)
{
    struct explain x = {.options = options,
                        .files = files,
                        .printer = {.options = options, .out = out, .line = BUF_INIT(OUTPUT_BYTES_MAX)},
                        .shape = BUF_INIT(SHAPE_BYTES_MAX),
                        .e = e};
    enum err_class class = ERR_OK;
    x.movements = calloc(TXN_LINES_MAX, sizeof *x.movements);
    if (x.movements == NULL) {
        class = err_set(e, ERR_FATAL, "out of memory");
    }
    for (size_t i = 0; i < file_count && class == ERR_OK; i++) {
        class = explain_file(&x, i);
    }
    if (class == ERR_OK) {
        totals_sort(&x.totals);
        class = print_summary(&x.printer, x.counts, &x.totals, e);
    }
    if (class == ERR_OK && fflush(out) != 0) {
        class = err_set(e, ERR_FATAL, "cannot write the output");
    }
    bool quarantined = x.counts[VERDICT_QUARANTINED] > 0;
    free(x.movements);
    buf_free(&x.printer.line);
    buf_free(&x.shape);
    seen_free(&x.keys);
    seen_free(&x.documents);
    totals_free(&x.totals);
    return class != ERR_OK ? EXPLAIN_FAILED : quarantined ? EXPLAIN_QUARANTINED : EXPLAIN_OK;
}

static const char USAGE[] =
    "usage: tillctl tlog explain FILE... [--profile NAME] [--format NAME] [--store ID] [--json]\n"
    "\n"
    "Tells what tillwire makes of a POS transaction log, record by record: what is counted, what is ignored "
    "and\n"
    "why, what is quarantined and why, and the stock changes in all. Needs no store, no broker and no "
    "centre.\n"
    "\n"
    "  --profile NAME  the vendor's dialect: auto (default: by the root tag), standard, ncr-acs\n"
    "  --format NAME   poslog (POSLog XML) or jsonl (JSON lines); default: by the first byte\n"
    "  --store ID      the log's own store id: records of any other are quarantined, as at the store\n"
    "  --json          one JSON object a line for each transaction, last the summary\n"
    "\n"
    "Exit status: 0 all counted or ignored, 1 something is quarantined, 2 wrong usage or an unreadable "
    "file.\n";

/* 0: go on; else the exit code + 1. */
static int read_options(int argc, char **argv, struct explain_options *options)
{
    static const struct option LONG[] = {
        {"profile", required_argument, NULL, 'p'}, {"format", required_argument, NULL, 'f'},
        {"store", required_argument, NULL, 's'},   {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    int c = 0;
    optind = 0; /* glibc: begin anew, whoever has used getopt before */
    while ((c = getopt_long(argc, argv, "h", LONG, NULL)) != -1) {
        if (c == 'p') {
            options->profile = optarg;
        } else if (c == 'f') {
            options->format = optarg;
        } else if (c == 's') {
            options->store = optarg;
        } else if (c == 'j') {
            options->json = true;
        } else {
            bool help = c == 'h';
            (void)fputs(USAGE, help ? stdout : stderr);
            return (help ? EXPLAIN_OK : EXPLAIN_FAILED) + 1;
        }
    }
    if (optind == argc) {
        (void)fputs(USAGE, stderr);
        return EXPLAIN_FAILED + 1;
    }
    return 0;
}

int explain_main(int argc, char **argv)
{
    struct explain_options options = {.colour = isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL};
    struct err e = {.message = ""};
    int done = read_options(argc, argv, &options);
    if (done != 0) {
        return done - 1;
    }
    int code =
        explain_run(&options, (const char *const *)(argv + optind), (size_t)(argc - optind), stdout, &e);
    if (code == EXPLAIN_FAILED) {
        (void)fprintf(stderr, "tillctl: %s\n", e.message);
    }
    return code;
}
