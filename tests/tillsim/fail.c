#include "tests/tillsim/fail.h"

#include <stdarg.h>
#include <stdio.h>

bool sim_fail_set(struct sim_fail *f, const char *format, ...)
{
    if (f) {
        va_list args;
        va_start(args, format);
        vsnprintf(f->message, sizeof f->message, format, args);
        va_end(args);
    }
    return false;
}
