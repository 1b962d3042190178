#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct err *err_message(struct err *e, const char *format, ...)
{
    if (e == NULL) {
        return NULL;
    }
    /* the arguments may point into e->message */
    char next[ERR_MESSAGE_BYTES_MAX] = "";
    va_list args;
    va_start(args, format);
    (void)vsnprintf(next, sizeof next, format, args);
    va_end(args);
    memcpy(e->message, next, sizeof next);
    return e;
}

enum err_class err_prefix(struct err *e, const char *format, ...)
{
    if (e == NULL) {
        return ERR_OK;
    }
    char prefix[ERR_MESSAGE_BYTES_MAX];
    char message[ERR_MESSAGE_BYTES_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    memcpy(message, e->message, sizeof message);
    return err_set(e, e->class, "%s: %s", prefix, message);
}

const char *err_class_name(enum err_class class)
{
    switch (class) {
    case ERR_OK:
        return "ok";
    case ERR_RETRY:
        return "retry";
    case ERR_INVALID:
        return "invalid";
    case ERR_FULL:
        return "full";
    case ERR_FATAL:
        return "fatal";
    }
    return "unknown";
}
