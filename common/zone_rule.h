/* The rule behind a TZif file's last transition: a POSIX TZ string such as "CET-1CEST,M3.5.0,M10.5.0/3", with
 * the extension of RFC 8536 3.3.1 (times from −167 to 167 hours). */
#ifndef COMMON_ZONE_RULE_H
#define COMMON_ZONE_RULE_H

#include "common/slice.h"

struct zone_rule_day {
    char kind;       /* 'M': month, week, weekday; 'J': day 1–365 without 29 February; 'N': day 0–365 */
    int month, week; /* 'M' only; week 5 is the last */
    int day;         /* 'M': 0 = Sunday */
    int32_t time_s;  /* local time of that day, by the offset that ends then */
};

struct zone_rule {
    int32_t standard_s, daylight_s; /* to add to UTC; equal when there is no daylight saving time */
    bool has_daylight;
    struct zone_rule_day start, end; /* of daylight saving time */
};

bool zone_rule_parse(struct zone_rule *r, struct slice text);
int32_t zone_rule_offset_s(const struct zone_rule *r, int64_t utc_s);

#endif
