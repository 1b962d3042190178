/* The raw limit that the collector is measured beside: SQLite alone, in the centre's schema. */
#ifndef TESTS_BENCH_RAW_COLLECTOR_H
#define TESTS_BENCH_RAW_COLLECTOR_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

enum { RAW_NAME = 16 };
#define RAW_OWN_MS INT64_C(1764000000000)

struct raw_line {
    uint32_t store, line;
    uint64_t seq, sequence;
    char item[RAW_NAME];
    int64_t on_hand_e4; /* after */
};

struct raw_load {
    const struct raw_line *lines;
    size_t count, per_commit, lines_per_transaction;
};

/* Seconds from the first BEGIN to the last COMMIT; negative: e says why. */
double raw_collector(const struct raw_load *load, const char *path, struct err *e);

#endif
