#include "edge/tlog/when.h"

#include "common/zone.h"

enum { DAY_S = 86400, HOUR_S = 3600, MINUTE_S = 60, OFFSET_HOURS_MAX = 14 };

/* Takes `count` digits off the front. */
static bool take_digits(struct slice *s, size_t count, int *out)
{
    int value = 0;
    if (s->size < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (s->data[i] < '0' || s->data[i] > '9') {
            return false;
        }
        value = value * 10 + (s->data[i] - '0');
    }
    s->data += count;
    s->size -= count;
    *out = value;
    return true;
}

static bool take(struct slice *s, char c)
{
    if (s->size == 0 || s->data[0] != c) {
        return false;
    }
    s->data++;
    s->size--;
    return true;
}

static bool days_in_month_hold(int year, int month, int day)
{
    static const int LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= LENGTHS[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool take_date(struct slice *s, int32_t *out)
{
    int year = 0;
    int month = 0;
    int day = 0;
    if (!take_digits(s, 4, &year) || !take(s, '-') || !take_digits(s, 2, &month) || !take(s, '-') ||
        !take_digits(s, 2, &day) || !days_in_month_hold(year, month, day)) {
        return false;
    }
    *out = zone_days_from_civil(year, month, day);
    return true;
}

/* Nothing, "Z" or "±hh[:]mm", to the end. */
static bool take_offset(struct slice *s, int32_t *offset_s, bool *has_offset)
{
    *offset_s = 0;
    *has_offset = s->size > 0;
    if (s->size == 0) {
        return true;
    }
    if (take(s, 'Z')) {
        return s->size == 0;
    }
    bool west = s->data[0] == '-';
    int hours = 0;
    int minutes = 0;
    if ((!take(s, '+') && !take(s, '-')) || !take_digits(s, 2, &hours)) {
        return false;
    }
    (void)take(s, ':');
    if (!take_digits(s, 2, &minutes) || hours > OFFSET_HOURS_MAX || minutes > 59) {
        return false;
    }
    *offset_s = (hours * HOUR_S + minutes * MINUTE_S) * (west ? -1 : 1);
    return s->size == 0;
}

static bool take_time(struct slice *s, int64_t *out)
{
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    if (!take_digits(s, 2, &hours) || !take(s, ':') || !take_digits(s, 2, &minutes)) {
        return false;
    }
    if (take(s, ':') && !take_digits(s, 2, &seconds)) {
        return false;
    }
    if (take(s, '.')) {
        int digit = 0;
        while (take_digits(s, 1, &digit)) {
        }
    }
    *out = hours * HOUR_S + minutes * MINUTE_S + seconds;
    return hours <= 24 && minutes <= 59 && seconds <= 60;
}

/* The rest of a date and time, behind the date. */
static bool take_rest(struct slice *rest, struct when *out)
{
    int64_t time_s = 0;
    if ((!take(rest, 'T') && !take(rest, ' ')) || !take_time(rest, &time_s) ||
        !take_offset(rest, &out->utc_offset_s, &out->has_offset)) {
        return false;
    }
    out->local_s = (int64_t)out->day * DAY_S + time_s;
    return true;
}

bool when_parse_date(struct slice text, int32_t *day)
{
    struct when when = {.day = 0};
    struct slice rest = text;
    if (!take_date(&rest, day)) {
        return false;
    }
    struct slice offset = rest;
    return rest.size == 0 || take_offset(&offset, &when.utc_offset_s, &when.has_offset) ||
           take_rest(&rest, &when);
}

bool when_parse(struct slice text, struct when *out)
{
    struct slice rest = text;
    *out = (struct when){.text = text};
    return take_date(&rest, &out->day) && take_rest(&rest, out);
}

bool when_before(const struct when *a, const struct when *b)
{
    bool instants = a->has_offset && b->has_offset;
    int64_t a_s = a->local_s - (instants ? a->utc_offset_s : 0);
    int64_t b_s = b->local_s - (instants ? b->utc_offset_s : 0);
    return a_s < b_s;
}
