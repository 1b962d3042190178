/* What a log is, by its first bytes: for those who try their own file before they configure anything. */
#ifndef EDGE_TLOG_DETECT_H
#define EDGE_TLOG_DETECT_H

#include "common/err.h"
#include "edge/tlog/profile.h"

enum { DETECT_BYTES = 64 * 1024 };

struct detected {
    const char *format;
    const struct tlog_profile *profile;
    const char *why; /* for people */
};

/* format and profile are what the user said, or NULL. ERR_INVALID: unknown names, or the file is of no format
 * known. */
enum err_class detect(struct slice head, const char *format, const char *profile, struct detected *out,
                      struct err *e) ERR_MUST_CHECK;

#endif
