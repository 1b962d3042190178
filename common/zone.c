#include "common/zone.h"

#include "common/slice.h"
#include "common/zone_rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ZONE_FILE_BYTES_MAX = 256 * 1024,
    ZONE_HEADER_BYTES = 44,
    ZONE_NAME_BYTES = 64,
    ZONE_OFFSET_S_MAX = 26 * 3600, /* RFC 8536, 3.2: −25 h to +26 h */
};

struct zone {
    char name[ZONE_NAME_BYTES];
    size_t count;          /* of transitions */
    int64_t *at_s;         /* UTC, ascending */
    int32_t *offset;       /* seconds, from at_s[i] on; offset[count] is the one before the first */
    struct zone_rule rule; /* after the last transition */
    bool has_rule;
};

/* The parts of a TZif header (RFC 8536, 3.1). */
struct counts {
    size_t isut, isstd, leap, time, type, chars;
};

static uint64_t big_endian(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static bool read_header(const unsigned char *data, size_t size, struct counts *c)
{
    if (size < ZONE_HEADER_BYTES || memcmp(data, "TZif", 4) != 0 || data[4] < '2') {
        return false;
    }
    size_t *fields[] = {&c->isut, &c->isstd, &c->leap, &c->time, &c->type, &c->chars};
    for (size_t i = 0; i < 6; i++) {
        *fields[i] = (size_t)big_endian(data + 20 + 4 * i, 4);
        if (*fields[i] > ZONE_FILE_BYTES_MAX) {
            return false;
        }
    }
    return c->type > 0;
}

static size_t block_size(const struct counts *c, size_t time_size)
{
    return c->time * (time_size + 1) + c->type * 6 + c->chars + c->leap * (time_size + 4) + c->isstd +
           c->isut;
}

/* Reads the transitions of a 64-bit data block; the caller knows that it fits. */
static bool read_block(struct zone *z, const unsigned char *block, const struct counts *c)
{
    const unsigned char *indexes = block + c->time * 8;
    const unsigned char *types = indexes + c->time;
    z->count = c->time;
    z->at_s = calloc(c->time + 1, sizeof *z->at_s);
    z->offset = calloc(c->time + 1, sizeof *z->offset);
    if (z->at_s == NULL || z->offset == NULL) {
        return false;
    }
    for (size_t i = 0; i <= c->time; i++) {
        size_t type = i < c->time ? indexes[i] : 0; /* before the first transition: type 0 */
        if (type >= c->type) {
            return false;
        }
        z->offset[i] = (int32_t)(uint32_t)big_endian(types + 6 * type, 4);
        if (z->offset[i] < -ZONE_OFFSET_S_MAX || z->offset[i] > ZONE_OFFSET_S_MAX) {
            return false;
        }
    }
    for (size_t i = 0; i < c->time; i++) {
        z->at_s[i] = (int64_t)big_endian(block + 8 * i, 8);
        if (i > 0 && z->at_s[i] <= z->at_s[i - 1]) {
            return false;
        }
    }
    return true;
}

/* The version 1 block is passed over; what counts is the 64-bit one and the footer behind it. */
static bool parse(struct zone *z, const unsigned char *data, size_t size)
{
    struct counts c;
    if (!read_header(data, size, &c) || size - ZONE_HEADER_BYTES < block_size(&c, 4)) {
        return false;
    }
    size_t skipped = ZONE_HEADER_BYTES + block_size(&c, 4);
    data += skipped;
    size -= skipped;
    if (!read_header(data, size, &c) || size - ZONE_HEADER_BYTES < block_size(&c, 8) ||
        !read_block(z, data + ZONE_HEADER_BYTES, &c)) {
        return false;
    }
    skipped = ZONE_HEADER_BYTES + block_size(&c, 8);
    struct slice footer = {(const char *)data + skipped, size - skipped};
    if (footer.size < 2 || footer.data[0] != '\n' || footer.data[footer.size - 1] != '\n') {
        return false;
    }
    footer = (struct slice){footer.data + 1, footer.size - 2};
    z->has_rule = footer.size > 0;
    return !z->has_rule || zone_rule_parse(&z->rule, footer);
}

static bool name_is_safe(const char *name)
{
    return name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL && strlen(name) < ZONE_NAME_BYTES;
}

static enum err_class read_file(struct zone *z, struct err *e)
{
    char path[ZONE_NAME_BYTES + 32];
    unsigned char *data = malloc(ZONE_FILE_BYTES_MAX);
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", z->name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 || data == NULL ? -1 : read(fd, data, ZONE_FILE_BYTES_MAX);
    int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    enum err_class class = ERR_OK;
    if (size < 0) {
        class = err_set(e, ERR_INVALID, "time zone %s: %s (is tzdata installed?)", z->name, strerror(error));
    } else if (!parse(z, data, (size_t)size)) {
        class = err_set(e, ERR_INVALID, "time zone %s: %s is no time zone file of version 2 or later",
                        z->name, path);
    }
    free(data);
    return class;
}

enum err_class zone_open(struct zone **out, const char *name, struct err *e)
{
    *out = NULL;
    if (!name_is_safe(name)) {
        return err_set(e, ERR_INVALID, "time zone \"%s\": write it like Europe/Berlin", name);
    }
    struct zone *z = calloc(1, sizeof *z);
    if (z == NULL) {
        return err_set(e, ERR_FATAL, "time zone %s: out of memory", name);
    }
    (void)snprintf(z->name, sizeof z->name, "%s", name);
    enum err_class class = read_file(z, e);
    if (class != ERR_OK) {
        zone_close(z);
        return class;
    }
    *out = z;
    return ERR_OK;
}

void zone_close(struct zone *z)
{
    if (z != NULL) {
        free(z->at_s);
        free(z->offset);
        free(z);
    }
}

const char *zone_name(const struct zone *z)
{
    return z->name;
}

int32_t zone_offset_s(const struct zone *z, int64_t utc_s)
{
    size_t after = 0, end = z->count; /* the first transition later than utc_s */
    while (after < end) {
        size_t middle = after + (end - after) / 2;
        if (z->at_s[middle] <= utc_s) {
            after = middle + 1;
        } else {
            end = middle;
        }
    }
    if (after == z->count && z->has_rule) {
        return zone_rule_offset_s(&z->rule, utc_s);
    }
    return after == 0 ? z->offset[z->count] : z->offset[after - 1];
}

/* Offsets differ between zones, and over time, by less than a day: the offsets a day before and a day after
 * are those on both sides of a change near local_s. The larger offset gives the earlier instant. */
int64_t zone_local_to_utc_s(const struct zone *z, int64_t local_s)
{
    const int64_t day_s = 86400;
    int32_t before = zone_offset_s(z, local_s - day_s);
    int32_t after = zone_offset_s(z, local_s + day_s);
    int64_t as_before = local_s - before;
    int64_t as_after = local_s - after;
    if (zone_offset_s(z, as_before) == before) {
        return as_before; /* also in a fold: before the change is the earlier instant */
    }
    return zone_offset_s(z, as_after) == after ? as_after : as_before;
}

/* Howard Hinnant's algorithms ("chrono-compatible low-level date algorithms"): years begin in March, eras of
 * 400 years have 146,097 days. */
int32_t zone_days_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * 146097 + day_of_era - 719468);
}

void zone_civil_from_days(int32_t days, int *year, int *month, int *day)
{
    int64_t shifted = (int64_t)days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}
