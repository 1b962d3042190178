/* tillwire-cloud that notes when its commits were durable: a line `ns store seq` for every store whose
 * applied seq has moved, in the file that TILLWIRE_TRACE names. It asks the database
 * (TILLWIRE_TRACE_DATABASE) over a connection of its own, which costs the centre some 20 µs a commit. */
#include "cloud/run/run.h"
#include "common/db.h"
#include "tests/bench/trace.h"

#include <stdlib.h>

enum { STORES_MAX = 1000 };

struct tap {
    FILE *trace;
    struct db *db;
    struct db_stmt *seqs;
    uint64_t seen[STORES_MAX]; /* in the order of the stores' ids */
};

static void must(enum err_class class, const struct err *e)
{
    if (class != ERR_OK) {
        fprintf(stderr, "bench_cloud: %s\n", e->message);
        exit(1);
    }
}

static void open_database(struct tap *tap)
{
    struct err e = {0};
    const struct db_options options = {.path = getenv("TILLWIRE_TRACE_DATABASE"), .mode = DB_READER};
    must(db_open(&tap->db, &options, &e), &e);
    must(db_prepare(tap->db, &tap->seqs, "SELECT store, seq FROM store ORDER BY store", &e), &e);
}

static void after_commit(void *ctx)
{
    struct tap *tap = ctx;
    if (tap->db == NULL) {
        open_database(tap);
    }
    for (size_t i = 0; i < STORES_MAX; i++) {
        struct err e = {0};
        bool row = false;
        must(db_step(tap->seqs, &row, &e), &e);
        if (!row) {
            return;
        }
        uint64_t seq = (uint64_t)db_column_int(tap->seqs, 1);
        struct slice store = db_column_text(tap->seqs, 0);
        if (seq != tap->seen[i]) {
            tap->seen[i] = seq;
            trace_put(tap->trace, store.data, seq);
        }
    }
    db_reset(tap->seqs);
}

int main(int argc, char **argv)
{
    struct tap tap = {.trace = trace_open()};
    const struct collector_taps taps = {.ctx = &tap, .after_commit = after_commit};
    if (getenv("TILLWIRE_TRACE_DATABASE") == NULL) {
        fputs("TILLWIRE_TRACE_DATABASE must name the centre's database\n", stderr);
        return 2;
    }
    int status = cloud_run(argc, argv, &taps);
    db_close(tap.db);
    return fclose(tap.trace) == 0 ? status : 1;
}
