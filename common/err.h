/* Errors named by what the caller should do, with a message for a person.
 *
 * Every function that can fail returns an `enum err_class`; ignoring one is a compiler warning.
 * The message says what was wrong, where, and what to do. No ownership: `struct err` is a value. */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdbool.h>
#include <stddef.h>

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

/* Fills *e (may be NULL) and gives back `class`, so that `return err_set(e, class, format, …)` reads as one
 * step. A message that is too long is cut. A macro, so that compilers and analysers see which class comes
 * back. */
#define err_set(e, class, ...) err_classify(err_message((e), __VA_ARGS__), (class))

struct err *err_message(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline enum err_class err_classify(struct err *e, enum err_class class)
{
    if (e != NULL) {
        e->class = class;
    }
    return class;
}

/* Puts "prefix: " before the message already in *e (may be NULL); returns e's class, ERR_OK for NULL. */
enum err_class err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The class's name: "ok", "retry", "invalid", "full", "fatal". */
const char *err_class_name(enum err_class class);

#endif
