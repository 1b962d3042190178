/* A time zone of the tz database, read from its TZif file (RFC 8536), so that one process can hold several.
 */
#ifndef COMMON_ZONE_H
#define COMMON_ZONE_H

#include "common/err.h"

#include <stdint.h>

struct zone;

/* name: "Europe/Berlin", "UTC"; looked up below /usr/share/zoneinfo; no ".." and no leading "/". */
enum err_class zone_open(struct zone **out, const char *name, struct err *e) ERR_MUST_CHECK;
void zone_close(struct zone *z);
const char *zone_name(const struct zone *z);

/* Seconds to add to UTC to get local time, at this UTC time (seconds since 1970). */
int32_t zone_offset_s(const struct zone *z, int64_t utc_s);

/* Local civil seconds (as if the local date and time were UTC) → UTC seconds. In a fold (clocks put back) the
 * earlier instant; in a gap (put forward) the time as if clocks had not yet moved. */
int64_t zone_local_to_utc_s(const struct zone *z, int64_t local_s);

/* Days since 1970-01-01 of a proleptic Gregorian date, and back. Months 1–12. */
int32_t zone_days_from_civil(int year, int month, int day);
void zone_civil_from_days(int32_t days, int *year, int *month, int *day);

#endif
