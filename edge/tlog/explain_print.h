/* What explain says, for programs (JSON) and for people. */
#ifndef EDGE_TLOG_EXPLAIN_PRINT_H
#define EDGE_TLOG_EXPLAIN_PRINT_H

#include "common/buf.h"
#include "edge/tlog/detect.h"
#include "edge/tlog/explain.h"
#include "edge/tlog/totals.h"
#include "edge/tlog/txn.h"

enum verdict { VERDICT_COUNTED, VERDICT_IGNORED, VERDICT_QUARANTINED, VERDICT_DUPLICATE, VERDICT_KINDS };

struct explained {
    const char *file;
    uint64_t line;   /* from 1 */
    uint64_t offset; /* bytes */
    enum verdict verdict;
    struct slice reason;
    struct slice shape; /* of a quarantined record */
    const struct txn *txn;
    bool has_key;
    const struct txn_line *movements;
    size_t movement_count;
};

struct printer {
    const struct explain_options *options;
    FILE *out;
    struct buf line; /* reused; owned */
};

enum err_class print_file(struct printer *p, const char *file, const struct detected *detected,
                          struct err *e) ERR_MUST_CHECK;
enum err_class print_record(struct printer *p, const struct explained *record, struct err *e) ERR_MUST_CHECK;
enum err_class print_summary(struct printer *p, const uint64_t counts[VERDICT_KINDS],
                             const struct totals *totals, struct err *e) ERR_MUST_CHECK;

#endif
