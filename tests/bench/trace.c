#include "tests/bench/trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

FILE *trace_open(void)
{
    const char *path = getenv("TILLWIRE_TRACE");
    FILE *trace = path == NULL ? NULL : fopen(path, "we");
    if (trace == NULL) {
        fputs("TILLWIRE_TRACE must name a file that can be written\n", stderr);
        exit(2);
    }
    return trace;
}

void trace_put(FILE *trace, const char *store, uint64_t seq)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    fprintf(trace, "%" PRId64 " %s %" PRIu64 "\n", (int64_t)t.tv_sec * 1000000000 + t.tv_nsec, store, seq);
}
