/* `tillctl tlog explain FILE...`: what tillwire would make of a log, record by record, without a broker or a
 * database. It is how a chain tries its own logs on day one. docs/formats/explain.md describes the output. */
#ifndef EDGE_TLOG_EXPLAIN_H
#define EDGE_TLOG_EXPLAIN_H

#include "common/err.h"

#include <stdio.h>

enum { EXPLAIN_OK = 0, EXPLAIN_QUARANTINED = 1, EXPLAIN_FAILED = 2 };

struct explain_options {
    const char *format;  /* NULL: by content */
    const char *profile; /* NULL or "auto": by content */
    const char *store;   /* the log's own store id; records of any other are quarantined; NULL: any */
    bool json;
    bool colour;
    size_t record_bytes_max; /* 0 = default */
};

/* Returns the exit code; EXPLAIN_FAILED: e says why (a file that cannot be read, an unknown name). */
int explain_run(const struct explain_options *options, const char *const *files, size_t file_count, FILE *out,
                struct err *e);

/* argv[0] is the verb; options and files follow. Prints to stdout and stderr. */
int explain_main(int argc, char **argv);

#endif
