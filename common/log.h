/* Levelled log lines for operators, one line a message: `2026-11-24T15:02:03.123Z warn uplink: text`.
 * On systemd the level goes out as `<4>` prefix and the time is left out. A message that repeats is
 * rate-limited by its place in the code: after `burst` lines of one format string within 10 s the rest are
 * counted, and told in one line by the first message after those 10 s, or by log_close. Control characters
 * are written as \xNN; a text of more than about 700 bytes is cut and ends in "...". Thread-safe. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/clock.h"
#include "common/err.h"

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log;

struct log_options {
    enum log_level level;
    int fd;         /* written to with one write(2) a line; not closed */
    bool systemd;   /* `<N>` prefixes instead of a time */
    unsigned burst; /* lines of one format per 10 s; 0 = 10 */
};

enum err_class log_open(struct log **out, const struct log_options *options, const struct clock *clock,
                        struct err *e) ERR_MUST_CHECK;
void log_close(struct log *l);
void log_set_level(struct log *l, enum log_level level);

/* `area` is the module ("uplink"), `format` a literal: its address identifies the place for rate limiting.
 * l may be NULL: then nothing is written. */
void log_write(struct log *l, enum log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define log_error(l, ...) log_write((l), LOG_ERROR, __VA_ARGS__)
#define log_warn(l, ...) log_write((l), LOG_WARN, __VA_ARGS__)
#define log_info(l, ...) log_write((l), LOG_INFO, __VA_ARGS__)
#define log_debug(l, ...) log_write((l), LOG_DEBUG, __VA_ARGS__)

bool log_level_parse(const char *text, enum log_level *out); /* "error", "warn", "info", "debug" */

#endif
