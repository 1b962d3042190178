/* The way in: log files → framing and decoding → the ledger, in batches. One batch is one transaction, which
 * carries positions, keys, rows and events together (invariant 1): it closes on size or after a few ms, so
 * that an idle store commits one sale at once and a catch-up commits thousands together.
 *
 * Nothing is read before the ledger has its generation (PROTOCOL rule 7). A record that cannot be decoded is
 * quarantined and stops none behind it. At a full disk the batch is undone, and reading goes on from the
 * committed positions when there is room again. */
#ifndef EDGE_INGEST_INGEST_H
#define EDGE_INGEST_INGEST_H

#include "common/clock.h"
#include "common/log.h"
#include "edge/stock/ledger.h"
#include "edge/tail/tail.h"

/* The ledger as the way in sees it. */
struct ingest_ledger {
    void *ctx;
    void (*head)(void *ctx, struct ledger_head *out);
    enum err_class (*begin)(void *ctx, struct err *e);
    enum err_class (*commit)(void *ctx, struct err *e);
    void (*rollback)(void *ctx);
    enum err_class (*book)(void *ctx, const struct txn *txn, const struct ledger_source *source,
                           enum ledger_verdict *verdict, struct err *reason, struct err *e);
    enum err_class (*quarantine)(void *ctx, const struct ledger_source *source, uint64_t hash,
                                 struct slice error, struct slice shape, const struct txn *key,
                                 struct err *e);
    enum err_class (*put_position)(void *ctx, const char *source, const struct tail_position *position,
                                   struct slice context, struct err *e);
    enum err_class (*each_position)(void *ctx, const char *source,
                                    enum err_class (*each)(void *each_ctx,
                                                           const struct tail_position *position,
                                                           struct slice context, struct err *e),
                                    void *each_ctx, struct err *e);
};

struct ingest_source_options {
    const char *name;         /* the section's title: positions are kept under it */
    const char *const *globs; /* NULL-terminated */
    const char *format;       /* "jsonl", "poslog" */
    const char *profile;
    size_t record_bytes_max; /* 0 = TLOG_RECORD_BYTES_DEFAULT */
};

struct ingest_options {
    const char *store;     /* our id, for messages */
    const char *log_store; /* the log's own id of this store; records of any other are quarantined */
    const struct ingest_source_options *sources;
    size_t source_count;
    size_t batch_records_max; /* 0 = 2000 */
    size_t batch_bytes_max;   /* of log; 0 = 1 MiB */
    int batch_ms;             /* 0 = 20 */
};

struct ingest;

/* Opens the sources and resumes their committed positions. */
enum err_class ingest_open(struct ingest **out, const struct ingest_options *options,
                           const struct ingest_ledger *ledger, const struct clock *clock, struct log *log,
                           struct err *e) ERR_MUST_CHECK;
void ingest_close(struct ingest *in);

/* Looks at the folders again (after inotify, or by slow poll). */
enum err_class ingest_scan(struct ingest *in, struct err *e) ERR_MUST_CHECK;

/* One batch, committed. *more: there is more to read now. ERR_FULL, ERR_RETRY: nothing was changed; call
 * again later. ERR_FATAL: from the ledger. */
enum err_class ingest_step(struct ingest *in, bool *more, struct err *e) ERR_MUST_CHECK;

struct ingest_source_status {
    const char *name, *format, *profile;
    const char *const *globs;
    const char *const *folders; /* to watch; valid until the next scan */
    size_t files;               /* known now, gone ones that are remembered included */
    struct tail_health health;
    int64_t last_record_wall_ms; /* when the newest record was read; 0: none since start */
    uint64_t counted, ignored, duplicates, quarantined; /* committed since start */
};
size_t ingest_sources(const struct ingest *in);
void ingest_source_status(const struct ingest *in, size_t index, struct ingest_source_status *out);

#endif
