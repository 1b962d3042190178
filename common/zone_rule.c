#include "common/zone_rule.h"

#include "common/zone.h"

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, HOURS_MAX = 167 };

static bool take(struct slice *s, char c)
{
    if (s->size == 0 || s->data[0] != c) {
        return false;
    }
    s->data++;
    s->size--;
    return true;
}

static bool take_number(struct slice *s, int max, int *out)
{
    int value = 0;
    bool any = false;
    while (s->size > 0 && s->data[0] >= '0' && s->data[0] <= '9') {
        value = value * 10 + (s->data[0] - '0');
        any = true;
        if (value > max || !take(s, s->data[0])) {
            return false;
        }
    }
    *out = value;
    return any;
}

/* "CET", or "<+1030>" */
static bool take_name(struct slice *s)
{
    size_t before = s->size;
    if (take(s, '<')) {
        while (s->size > 0 && s->data[0] != '>') {
            (void)take(s, s->data[0]);
        }
        return take(s, '>');
    }
    while (s->size > 0 && ((s->data[0] | 0x20) >= 'a' && (s->data[0] | 0x20) <= 'z')) {
        (void)take(s, s->data[0]);
    }
    return s->size < before;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct slice *s, int32_t *out)
{
    int sign = take(s, '-') ? -1 : 1;
    int hours, minutes = 0, seconds = 0;
    (void)(sign > 0 && take(s, '+'));
    if (!take_number(s, HOURS_MAX, &hours)) {
        return false;
    }
    if (take(s, ':') && !take_number(s, 59, &minutes)) {
        return false;
    }
    if (take(s, ':') && !take_number(s, 59, &seconds)) {
        return false;
    }
    *out = sign * (hours * HOUR_S + minutes * MINUTE_S + seconds);
    return true;
}

/* Mm.w.d, Jn or n, then /time or 02:00 */
static bool take_day(struct slice *s, struct zone_rule_day *d)
{
    bool valid;
    *d = (struct zone_rule_day){.time_s = 2 * HOUR_S};
    if (!take(s, ',')) {
        return false;
    }
    if (take(s, 'M')) {
        d->kind = 'M';
        valid = take_number(s, 12, &d->month) && take(s, '.') && take_number(s, 5, &d->week) &&
                take(s, '.') && take_number(s, 6, &d->day) && d->month >= 1 && d->week >= 1;
    } else if (take(s, 'J')) {
        d->kind = 'J';
        valid = take_number(s, 365, &d->day) && d->day >= 1;
    } else {
        d->kind = 'N';
        valid = take_number(s, 365, &d->day);
    }
    return valid && (!take(s, '/') || take_time(s, &d->time_s));
}

bool zone_rule_parse(struct zone_rule *r, struct slice text)
{
    int32_t west_s; /* POSIX counts westwards */
    *r = (struct zone_rule){0};
    if (!take_name(&text) || !take_time(&text, &west_s)) {
        return false;
    }
    r->standard_s = r->daylight_s = -west_s;
    if (text.size == 0) {
        return true;
    }
    r->has_daylight = true;
    r->daylight_s = r->standard_s + HOUR_S;
    if (!take_name(&text)) {
        return false;
    }
    if (text.size > 0 && text.data[0] != ',') {
        if (!take_time(&text, &west_s)) {
            return false;
        }
        r->daylight_s = -west_s;
    }
    return take_day(&text, &r->start) && take_day(&text, &r->end) && text.size == 0;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day's local midnight in this year, as days since 1970-01-01. */
static int32_t day_in_year(const struct zone_rule_day *d, int year)
{
    int32_t new_year = zone_days_from_civil(year, 1, 1);
    if (d->kind == 'N') {
        return new_year + d->day;
    }
    if (d->kind == 'J') {
        bool behind_leap_day = is_leap(year) && d->day >= 60; /* J60 is always 1 March */
        return new_year + d->day - 1 + behind_leap_day;
    }
    int32_t first = zone_days_from_civil(year, d->month, 1);
    int32_t next_month =
        d->month == 12 ? zone_days_from_civil(year + 1, 1, 1) : zone_days_from_civil(year, d->month + 1, 1);
    int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    int32_t day = first + (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
    return day < next_month ? day : day - 7;
}

static int64_t change_utc_s(const struct zone_rule_day *d, int year, int32_t offset_before_s)
{
    return (int64_t)day_in_year(d, year) * DAY_S + d->time_s - offset_before_s;
}

/* Daylight saving time may run over the turn of the year (southern hemisphere), and a change may lie beyond
 * it by its time: the last change at or before utc_s among three years decides. */
int32_t zone_rule_offset_s(const struct zone_rule *r, int64_t utc_s)
{
    const int64_t beyond_s = INT64_C(1) << 46; /* two million years: no rule reaches there */
    if (!r->has_daylight || utc_s > beyond_s || utc_s < -beyond_s) {
        return r->standard_s;
    }
    int64_t local_s = utc_s + r->standard_s;
    int64_t days = local_s / DAY_S - (local_s % DAY_S < 0);
    int year, month, day;
    zone_civil_from_days((int32_t)days, &year, &month, &day);
    int64_t latest_s = INT64_MIN;
    int32_t offset_s = r->standard_s;
    for (int y = year - 1; y <= year + 1; y++) {
        int64_t start_s = change_utc_s(&r->start, y, r->standard_s);
        int64_t end_s = change_utc_s(&r->end, y, r->daylight_s);
        if (end_s <= utc_s && end_s > latest_s) {
            latest_s = end_s;
            offset_s = r->standard_s;
        }
        if (start_s <= utc_s && start_s >= latest_s) { /* all-year daylight saving: its start wins */
            latest_s = start_s;
            offset_s = r->daylight_s;
        }
    }
    return offset_s;
}
