#include "cloud/api/rfc3339.h"
#include "common/zone.h"

#include <string.h>

/* `digits` decimal digits at *at, which moves on; −1 when they are not there. */
static int64_t number(struct slice *at, size_t digits)
{
    uint64_t value;
    struct slice part = {at->data, digits};
    if (at->size < digits || !slice_to_u64(part, &value)) {
        return -1;
    }
    at->data += digits;
    at->size -= digits;
    return (int64_t)value;
}

static bool mark(struct slice *at, const char *any_of)
{
    if (at->size == 0 || at->data[0] == '\0' || strchr(any_of, at->data[0]) == NULL) {
        return false;
    }
    at->data++;
    at->size--;
    return true;
}

static bool offset(struct slice *at, int64_t *offset_s)
{
    *offset_s = 0;
    if (mark(at, "Zz")) {
        return at->size == 0;
    }
    int sign = at->size > 0 && at->data[0] == '-' ? -1 : 1;
    if (!mark(at, "+-")) {
        return false;
    }
    int64_t hours = number(at, 2);
    bool colon = mark(at, ":");
    int64_t minutes = number(at, 2);
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return colon && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && at->size == 0;
}

static int64_t fraction_ms(struct slice *at)
{
    int64_t ms = 0, weight = 100;
    while (at->size > 0 && at->data[0] >= '0' && at->data[0] <= '9') {
        ms += (at->data[0] - '0') * weight;
        weight /= 10;
        at->data++;
        at->size--;
    }
    return ms;
}

bool rfc3339_parse(struct slice text, int64_t *wall_ms)
{
    struct slice at = text;
    int64_t year = number(&at, 4), ms = 0, offset_s;
    bool form = mark(&at, "-");
    int64_t month = number(&at, 2);
    form = form && mark(&at, "-");
    int64_t day = number(&at, 2);
    form = form && mark(&at, "Tt ");
    int64_t hour = number(&at, 2);
    form = form && mark(&at, ":");
    int64_t minute = number(&at, 2);
    form = form && mark(&at, ":");
    int64_t second = number(&at, 2);
    if (form && mark(&at, ".")) {
        ms = fraction_ms(&at);
    }
    if (!form || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60 || !offset(&at, &offset_s)) {
        return false;
    }
    int64_t days = zone_days_from_civil((int)year, (int)month, (int)day);
    *wall_ms = (days * 86400 + hour * 3600 + minute * 60 + second - offset_s) * 1000 + ms;
    return true;
}
