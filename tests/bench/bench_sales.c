/* Sales at a steady rate, store after store in turn: appends to DIR/STORE/tlog/tlog.jsonl and notes the
 * moment before each write (trace.h; seq counts the store's sales of this run from 1).
 *
 *   bench_sales DIR RATE SECONDS NUMBER STORE...    NUMBER: of the first sale at each store */
#include "tests/bench/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STORES_MAX = 1000, ITEMS = 500 };

struct sales {
    FILE *trace;
    int files[STORES_MAX];
    char **stores;
    unsigned long store_count, number;
    uint64_t random;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_sales: %s: %s\n", what, strerror(errno));
    exit(1);
}

static unsigned draw(struct sales *s, unsigned below)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (unsigned)(s->random >> 33) % below;
}

/* Three items, as most receipts have about that many; some 550 bytes. */
static int format_sale(struct sales *s, const char *store, unsigned long sequence, char *out, size_t size)
{
    char day[16], now[32];
    time_t t = time(NULL);
    struct tm tm;
    (void)strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&t, &tm));
    (void)strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return snprintf(
        out, size,
        "{\"RetailStoreID\":\"%s\",\"WorkstationID\":\"1\",\"SequenceNumber\":%lu,\"BusinessDayDate\":\"%s\","
        "\"BeginDateTime\":\"%s\",\"EndDateTime\":\"%s\",\"RetailTransaction\":{\"LineItem\":["
        "{\"SequenceNumber\":1,\"Sale\":{\"ItemID\":\"%u\",\"Quantity\":1,\"Description\":\"Milk\"}},"
        "{\"SequenceNumber\":2,\"Sale\":{\"ItemID\":\"%u\",\"Quantity\":\"2\",\"Description\":\"Bread\"}},"
        "{\"SequenceNumber\":3,\"Sale\":{\"ItemID\":\"%u\",\"Quantity\":1,\"Description\":\"Pears\"}},"
        "{\"SequenceNumber\":4,\"Tender\":{\"TenderType\":\"Cash\",\"Amount\":\"34.80\"}}]}}\n",
        store, sequence, day, now, now, 100000 + draw(s, ITEMS), 200000 + draw(s, ITEMS),
        300000 + draw(s, ITEMS));
}

static void ring(struct sales *s, unsigned long i)
{
    char line[1024];
    unsigned long at = i % s->store_count, round = i / s->store_count;
    int size = format_sale(s, s->stores[at], s->number + round, line, sizeof line);
    trace_put(s->trace, s->stores[at], round + 1);
    if (size <= 0 || write(s->files[at], line, (size_t)size) != size) {
        die("write");
    }
}

static void open_logs(struct sales *s, const char *folder)
{
    for (unsigned long i = 0; i < s->store_count; i++) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/%s/tlog/tlog.jsonl", folder, s->stores[i]);
        s->files[i] = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (s->files[i] < 0) {
            die(path);
        }
    }
}

/* Open loop: a sale is due when it is due, however late the one before was. */
static void run(struct sales *s, double rate, double seconds)
{
    struct timespec began;
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    for (unsigned long i = 0; (double)i < rate * seconds; i++) {
        double due = (double)began.tv_sec + (double)began.tv_nsec / 1e9 + (double)i / rate;
        const struct timespec at = {(time_t)due, (long)((due - (double)(time_t)due) * 1e9)};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
        }
        ring(s, i);
    }
}

int main(int argc, char **argv)
{
    struct sales s = {.random = 88172645463325252U};
    if (argc < 6 || argc - 5 > STORES_MAX) {
        fputs("usage: bench_sales DIR RATE SECONDS NUMBER STORE...\n", stderr);
        return 2;
    }
    s.trace = trace_open();
    s.stores = argv + 5;
    s.store_count = (unsigned long)argc - 5;
    s.number = strtoul(argv[4], NULL, 10);
    open_logs(&s, argv[1]);
    run(&s, strtod(argv[2], NULL), strtod(argv[3], NULL));
    return fclose(s.trace) == 0 ? 0 : 1;
}
