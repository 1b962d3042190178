/* A text file of moments: `ns store seq` a line, ns of CLOCK_MONOTONIC, which all processes of a machine
 * share. */
#ifndef TESTS_BENCH_TRACE_H
#define TESTS_BENCH_TRACE_H

#include <stdint.h>
#include <stdio.h>

FILE *trace_open(void); /* the file that TILLWIRE_TRACE names; ends the program when there is none */
void trace_put(FILE *trace, const char *store, uint64_t seq);

#endif
