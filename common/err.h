/* Errors named by what the caller should do, with a message for a person.
 *
 * Every function that can fail returns an `enum err_class`; ignoring one is a compiler warning.
 * The message says what was wrong, where, and what to do. No ownership: `struct err` is a value. */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdbool.h>

enum err_class {
    ERR_OK = 0,
    ERR_RETRY,   /* passing: try the same again later (busy, not connected, would block) */
    ERR_INVALID, /* the input is bad: reject or quarantine it, go on with the next */
    ERR_FULL,    /* a stated bound is reached: stop producing until space returns */
    ERR_FATAL,   /* this object cannot go on: close it, report, restart */
};

enum { ERR_MESSAGE_BYTES_MAX = 320 };

struct err {
    enum err_class class;
    char message[ERR_MESSAGE_BYTES_MAX];
};

#define ERR_MUST_CHECK __attribute__((warn_unused_result))

/* Fills *e (may be NULL) and returns `class`, so that `return err_set(…)` reads as one step.
 * A message that is too long is cut. */
enum err_class err_set(struct err *e, enum err_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message already in *e (may be NULL); returns e's class, ERR_OK for NULL. */
enum err_class err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The class's name: "ok", "retry", "invalid", "full", "fatal". */
const char *err_class_name(enum err_class class);

#endif
