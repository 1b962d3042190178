/* The way in over real files and a ledger that only remembers what it was told, and fails when asked to. */
#ifndef TESTS_UNIT_INGEST_FIXTURE_H
#define TESTS_UNIT_INGEST_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "edge/ingest/ingest.h"

enum { FIXTURE_POSITIONS_MAX = 32, FIXTURE_BOOKED_MAX = 20000 };

struct told {
    uint64_t booked[FIXTURE_BOOKED_MAX]; /* sequence numbers, in order */
    size_t booked_count;
    size_t quarantined;
    char error[ERR_MESSAGE_BYTES_MAX], shape[1100];
    struct ledger_source place; /* of the newest quarantined record */
    uint64_t hash;
    char workstation[40];
    struct {
        struct tail_position position;
        char context[4200];
        size_t context_size;
    } positions[FIXTURE_POSITIONS_MAX];
    size_t position_count;
};

struct fixture {
    char folder[64], glob[96];
    const char *globs[2];
    const char *format;
    struct ingest *ingest;
    struct ingest_options options;
    struct ingest_source_options source;
    uint32_t generation;
    struct told committed, batch;
    bool open;
    unsigned begins, commits, rollbacks;
    /* the n-th call of that kind from now on fails */
    unsigned fail_begin, fail_book, fail_commit;
    enum err_class fail_with;
    unsigned batch_sizes_max;
};

static inline bool now_fails(unsigned *left)
{
    return *left > 0 && --*left == 0;
}

static inline void fixture_head(void *ctx, struct ledger_head *out)
{
    *out = (struct ledger_head){.generation = ((struct fixture *)ctx)->generation};
}

static inline enum err_class fixture_begin(void *ctx, struct err *e)
{
    struct fixture *f = ctx;
    assert_false(f->open);
    if (now_fails(&f->fail_begin)) {
        return err_set(e, f->fail_with, "begin fails");
    }
    f->open = true;
    f->begins++;
    f->batch = f->committed;
    return ERR_OK;
}

static inline enum err_class fixture_commit(void *ctx, struct err *e)
{
    struct fixture *f = ctx;
    assert_true(f->open);
    if (now_fails(&f->fail_commit)) {
        return err_set(e, f->fail_with, "commit fails");
    }
    f->open = false;
    f->commits++;
    unsigned size = (unsigned)(f->batch.booked_count - f->committed.booked_count);
    f->batch_sizes_max = size > f->batch_sizes_max ? size : f->batch_sizes_max;
    f->committed = f->batch;
    return ERR_OK;
}

static inline void fixture_rollback(void *ctx)
{
    struct fixture *f = ctx;
    assert_true(f->open);
    f->open = false;
    f->rollbacks++;
}

static inline enum err_class fixture_book(void *ctx, const struct txn *txn,
                                          const struct ledger_source *source, enum ledger_verdict *verdict,
                                          struct err *reason, struct err *e)
{
    struct fixture *f = ctx;
    (void)source;
    assert_true(f->open);
    if (now_fails(&f->fail_book)) {
        return err_set(e, f->fail_with, "book fails");
    }
    for (size_t i = 0; i < f->batch.booked_count; i++) {
        if (f->batch.booked[i] == txn->sequence) {
            *verdict = LEDGER_DUPLICATE;
            return ERR_OK;
        }
    }
    if (txn->sequence == 666) {
        *verdict = LEDGER_QUARANTINED;
        err_set(reason, ERR_INVALID, "the ledger's own reason");
        return ERR_OK;
    }
    assert_true(f->batch.booked_count < FIXTURE_BOOKED_MAX);
    f->batch.booked[f->batch.booked_count++] = txn->sequence;
    *verdict = txn->action == TXN_COUNT ? LEDGER_COUNTED : LEDGER_IGNORED;
    return ERR_OK;
}

static inline enum err_class fixture_quarantine(void *ctx, const struct ledger_source *source, uint64_t hash,
                                                struct slice error, struct slice shape, const struct txn *key,
                                                struct err *e)
{
    struct fixture *f = ctx;
    (void)e;
    assert_true(f->open);
    f->batch.quarantined++;
    f->batch.place = *source;
    f->batch.hash = hash;
    assert_true(slice_copy(error, f->batch.error, sizeof f->batch.error));
    assert_true(slice_copy(shape, f->batch.shape, sizeof f->batch.shape));
    assert_true(slice_copy(key != NULL ? key->workstation : SLICE(""), f->batch.workstation,
                           sizeof f->batch.workstation));
    return ERR_OK;
}

static inline enum err_class fixture_put_position(void *ctx, const char *source,
                                                  const struct tail_position *position, struct slice context,
                                                  struct err *e)
{
    struct fixture *f = ctx;
    (void)e;
    assert_true(f->open);
    assert_string_equal(source, "pos");
    size_t at = 0;
    while (at < f->batch.position_count && f->batch.positions[at].position.file_id != position->file_id) {
        at++;
    }
    assert_true(at < FIXTURE_POSITIONS_MAX);
    f->batch.position_count += at == f->batch.position_count ? 1 : 0;
    f->batch.positions[at].position = *position;
    assert_true(slice_copy(context, f->batch.positions[at].context, sizeof f->batch.positions[at].context));
    f->batch.positions[at].context_size = context.size;
    return ERR_OK;
}

static inline enum err_class fixture_each_position(void *ctx, const char *source,
                                                   enum err_class (*each)(void *,
                                                                          const struct tail_position *,
                                                                          struct slice, struct err *),
                                                   void *each_ctx, struct err *e)
{
    struct fixture *f = ctx;
    (void)source;
    enum err_class class = ERR_OK;
    for (size_t i = 0; i < f->committed.position_count && class == ERR_OK; i++) {
        struct slice context = {f->committed.positions[i].context, f->committed.positions[i].context_size};
        class = each(each_ctx, &f->committed.positions[i].position, context, e);
    }
    return class;
}

static inline void start(struct fixture *f)
{
    struct err e = {0};
    const struct ingest_ledger ops = {f,
                                      fixture_head,
                                      fixture_begin,
                                      fixture_commit,
                                      fixture_rollback,
                                      fixture_book,
                                      fixture_quarantine,
                                      fixture_put_position,
                                      fixture_each_position};
    f->source = (struct ingest_source_options){.name = "pos",
                                               .globs = f->globs,
                                               .format = f->format,
                                               .profile = "standard",
                                               .record_bytes_max = 4096};
    f->options.sources = &f->source;
    f->options.source_count = 1;
    if (ingest_open(&f->ingest, &f->options, &ops, clock_system(), NULL, &e) != ERR_OK) {
        fail_msg("open: %s", e.message);
    }
}

static inline struct fixture *fixture_open(const char *format)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/ingest.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->glob, sizeof f->glob, "%s/*", f->folder);
    f->globs[0] = f->glob;
    f->format = format;
    f->generation = 1;
    f->options = (struct ingest_options){.store = "S014", .log_store = "14", .batch_ms = 10000};
    start(f);
    return f;
}

static inline void restart(struct fixture *f)
{
    ingest_close(f->ingest);
    start(f);
}

static inline void fixture_close(struct fixture *f)
{
    char path[400];
    ingest_close(f->ingest);
    DIR *dir = opendir(f->folder);
    for (struct dirent *d; (d = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", f->folder, d->d_name);
        unlink(path);
    }
    closedir(dir);
    rmdir(f->folder);
    free(f);
}

static inline void append(struct fixture *f, const char *name, const char *data, size_t size)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    close(fd);
}

/* One sale of store "14" as a JSON line. */
static inline size_t sale(char *out, size_t capacity, const char *store, uint64_t sequence)
{
    int n =
        snprintf(out, capacity,
                 "{\"RetailStoreID\":\"%s\",\"WorkstationID\":\"1\",\"SequenceNumber\":%llu,"
                 "\"BusinessDayDate\":\"2024-01-02\",\"EndDateTime\":\"2024-01-02T08:00:14+01:00\","
                 "\"RetailTransaction\":{\"LineItem\":[{\"SequenceNumber\":1,\"Sale\":{\"ItemID\":\"4711\","
                 "\"Quantity\":\"1\"}}]}}\n",
                 store, (unsigned long long)sequence);
    assert_true(n > 0 && (size_t)n < capacity);
    return (size_t)n;
}

static inline void append_sale(struct fixture *f, const char *name, uint64_t sequence)
{
    char line[512];
    size_t size = sale(line, sizeof line, "14", sequence);
    append(f, name, line, size);
}

static inline enum err_class step(struct fixture *f, bool *more)
{
    struct err e = {0};
    enum err_class class = ingest_scan(f->ingest, &e);
    assert_int_equal(class, ERR_OK);
    return ingest_step(f->ingest, more, &e);
}

static inline void take_all(struct fixture *f)
{
    bool more = true;
    while (more) {
        assert_int_equal(step(f, &more), ERR_OK);
    }
}

#endif
