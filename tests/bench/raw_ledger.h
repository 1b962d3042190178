/* The least that SQLite has to do for what the ledger keeps: the same rows, indexes, pragmas and batches from
 * prepared statements, with nothing of the product around it. Benchmarks only; ends the program on any error.
 */
#ifndef TESTS_BENCH_RAW_LEDGER_H
#define TESTS_BENCH_RAW_LEDGER_H

#include "common/slice.h"
#include "edge/tlog/txn.h"

#include <stddef.h>
#include <stdint.h>

struct raw_load; /* what there is to write */

struct raw_load *raw_load_open(void);
void raw_load_close(struct raw_load *load);

/* Noted while the product runs: a counted transaction; the end of a batch, whose newest event is seq. */
void raw_load_transaction(struct raw_load *load, const struct txn *txn);
void raw_load_batch_end(struct raw_load *load, uint64_t seq, uint64_t offset);
/* Afterwards: keys, events and document lines, from the product's closed database. Event 1 is left out. */
void raw_load_read(struct raw_load *load, const char *path);
size_t raw_load_batches(const struct raw_load *load);

/* Writes all of it to a new database at path; each changed stock row once a batch. Returns the seconds. */
double raw_ledger_run(struct raw_load *load, const char *path);

void raw_remove_database(const char *path); /* WAL and all */
double bench_now_s(void);

#endif
