/* The way in beside its raw limit: one log file through tail, decoder and ledger, against the same decoder
 * over the same bytes in memory and then, serially, SQLite (raw_ledger.h).
 *
 *   bench_ingest FORMAT PROFILE FILE [ROUNDS]      (5)
 *
 * The raw side is told beforehand what to write, by a first run that is not timed. Prints one JSON object:
 * transactions/s of every round. */
#include "edge/run/wiring.h"
#include "edge/stock/ledger.h"
#include "edge/tlog/decoder.h"
#include "edge/tlog/profile.h"
#include "tests/bench/raw_ledger.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS_MAX = 50 };

struct bench {
    struct wiring wiring; /* first: what the ops are given */
    struct ingest_ledger ops;
    const char *format, *profile, *file;
    char folder[256], database[300];
    char store[64]; /* as the log says it */
    struct zone *zone;
    struct log *log;
    char *bytes; /* the file */
    size_t size, records;
    struct raw_load *load;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_ingest: %s: %s\n", what, why);
    exit(1);
}

static void must(enum err_class class, const char *what, const struct err *e)
{
    if (class != ERR_OK) {
        die(what, e->message);
    }
}

/* As the centre does it for a store's first database. */
static void provision(struct ledger *l)
{
    struct err e = {0};
    struct ledger_head head;
    ledger_head(l, &head);
    Tillwire__V1__Run run;
    tillwire__v1__run__init(&run);
    run.counter = head.run_counter;
    run.id = head.run_id;
    Tillwire__V1__RestorePart part;
    tillwire__v1__restore_part__init(&part);
    part.birth = head.birth;
    part.run = &run;
    part.generation = part.part = part.parts = 1;
    Tillwire__V1__Command command;
    tillwire__v1__command__init(&command);
    command.id = 1;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_RESTORE;
    command.restore = &part;
    must(ledger_execute(l, &command, &e), "provision", &e);
}

static struct ingest *open_ingest(struct bench *b)
{
    struct err e = {0};
    const char *const globs[] = {b->file, NULL};
    const struct ingest_source_options source = {
        .name = "pos", .globs = globs, .format = b->format, .profile = b->profile};
    const struct ingest_options options = {
        .store = "bench", .log_store = b->store, .sources = &source, .source_count = 1};
    struct ingest *in = NULL;
    must(ingest_open(&in, &options, &b->ops, clock_system(), b->log, &e), "ingest", &e);
    must(ingest_scan(in, &e), "scan", &e);
    bool more = true;
    while (more) {
        must(ingest_step(in, &more, &e), "step", &e);
    }
    return in;
}

static double run_ingest(struct bench *b)
{
    struct err e = {0};
    raw_remove_database(b->database);
    const struct ledger_options ledger = {.path = b->database, .store = "bench", .zone = b->zone};
    must(ledger_open(&b->wiring.ledger, &ledger, clock_system(), &e), "open", &e);
    provision(b->wiring.ledger);
    double began = bench_now_s();
    struct ingest *in = open_ingest(b);
    double took = bench_now_s() - began;
    struct ingest_source_status status;
    ingest_source_status(in, 0, &status);
    if (status.counted + status.ignored != b->records) {
        die(b->file, "not every record was taken in");
    }
    ingest_close(in);
    ledger_close(b->wiring.ledger);
    return took;
}

static enum err_class book_noted(void *ctx, const struct txn *txn, const struct ledger_source *source,
                                 enum ledger_verdict *verdict, struct err *reason, struct err *e)
{
    struct bench *b = ctx;
    enum err_class class = ledger_book(b->wiring.ledger, txn, source, verdict, reason, e);
    if (class == ERR_OK && *verdict == LEDGER_COUNTED) {
        raw_load_transaction(b->load, txn);
    }
    return class;
}

static enum err_class put_position_noted(void *ctx, const char *source, const struct tail_position *position,
                                         struct slice context, struct err *e)
{
    struct bench *b = ctx;
    struct ledger_head head;
    ledger_head(b->wiring.ledger, &head);
    raw_load_batch_end(b->load, head.seq, position->offset);
    return ledger_put_position(b->wiring.ledger, source, position, context, e);
}

static void note_load(struct bench *b)
{
    b->load = raw_load_open();
    b->ops.book = book_noted;
    b->ops.put_position = put_position_noted;
    (void)run_ingest(b);
    b->ops = wiring_ingest_ledger(&b->wiring);
    raw_load_read(b->load, b->database);
}

static double run_decode(struct bench *b)
{
    struct err e = {0};
    struct tlog_decoder *d = NULL;
    const struct tlog_options options = {.profile = tlog_profile_find(b->profile)};
    double began = bench_now_s();
    must(tlog_open(&d, b->format, &options, &e), "decoder", &e);
    struct slice rest = {b->bytes, b->size};
    struct frame frame = tlog_frame(d, rest, false);
    for (b->records = 0; frame.kind == FRAME_RECORD; frame = tlog_frame(d, rest, false)) {
        struct txn txn;
        bool none = false;
        struct slice record = {rest.data + frame.skip, frame.size};
        must(tlog_decode(d, record, &txn, &none, &e), "decode", &e);
        if (b->records++ == 0 && !slice_copy(txn.store, b->store, sizeof b->store)) {
            die(b->file, "its store's id is too long");
        }
        rest = (struct slice){record.data + record.size, rest.size - frame.skip - frame.size};
    }
    double took = bench_now_s() - began;
    tlog_close(d);
    return took;
}

static void map_file(struct bench *b)
{
    struct stat st;
    int fd = open(b->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) {
        die(b->file, "cannot be read");
    }
    b->size = (size_t)st.st_size;
    b->bytes = mmap(NULL, b->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (b->bytes == MAP_FAILED) {
        die(b->file, "cannot be mapped");
    }
    (void)close(fd);
}

static void print_rates(const char *name, const double *seconds, int rounds, size_t records)
{
    printf(", \"%s\": [", name);
    for (int i = 0; i < rounds; i++) {
        printf("%s%.0f", i == 0 ? "" : ", ", (double)records / seconds[i]);
    }
    printf("]");
}

static void measure(struct bench *b, int rounds)
{
    double ours[ROUNDS_MAX], raw[ROUNDS_MAX], decoding[ROUNDS_MAX], writing[ROUNDS_MAX];
    for (int i = 0; i < rounds; i++) {
        ours[i] = run_ingest(b);
        decoding[i] = run_decode(b);
        writing[i] = raw_ledger_run(b->load, b->database);
        raw[i] = decoding[i] + writing[i];
    }
    printf("{\"format\": \"%s\", \"records\": %zu, \"bytes\": %zu, \"batches\": %zu", b->format, b->records,
           b->size, raw_load_batches(b->load));
    print_rates("ours", ours, rounds, b->records);
    print_rates("raw", raw, rounds, b->records);
    print_rates("raw_decode", decoding, rounds, b->records);
    print_rates("raw_sqlite", writing, rounds, b->records);
    printf("}\n");
}

static void set_up(struct bench *b)
{
    struct err e = {0};
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(b->folder, sizeof b->folder, "%s/tillwire-bench-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    if (mkdtemp(b->folder) == NULL) {
        die("no temporary folder", b->folder);
    }
    (void)snprintf(b->database, sizeof b->database, "%s/edge.db", b->folder);
    const struct log_options log = {.level = LOG_WARN, .fd = STDERR_FILENO};
    must(log_open(&b->log, &log, clock_system(), &e), "log", &e);
    must(zone_open(&b->zone, "Europe/Berlin", &e), "zone", &e);
    b->ops = wiring_ingest_ledger(&b->wiring);
    map_file(b);
    (void)run_decode(b);
    note_load(b);
}

int main(int argc, char **argv)
{
    int rounds = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 5;
    if (argc < 4 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_ingest FORMAT PROFILE FILE [ROUNDS]\n");
        return 2;
    }
    struct bench b = {.format = argv[1], .profile = argv[2], .file = argv[3]};
    set_up(&b);
    measure(&b, rounds);
    raw_load_close(b.load);
    raw_remove_database(b.database);
    (void)rmdir(b.folder);
    zone_close(b.zone);
    log_close(b.log);
    return 0;
}
