#include "tests/tillsim/civil.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, eras last 400 years.
 */
int32_t sim_civil_days(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int32_t days, int *year, int *month, int *day)
{
    int z = days + 719468;
    int era = z / 146097;
    int day_of_era = z - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static void put_padded(struct sim_text *t, int value, size_t digits)
{
    char out[4];
    for (size_t i = digits; i-- > 0; value /= 10) {
        out[i] = (char)('0' + value % 10);
    }
    sim_text_put_bytes(t, out, digits);
}

void sim_civil_put_date(struct sim_text *t, int32_t days)
{
    int year, month, day;
    civil_from_days(days, &year, &month, &day);
    put_padded(t, year, 4);
    sim_text_put_char(t, '-');
    put_padded(t, month, 2);
    sim_text_put_char(t, '-');
    put_padded(t, day, 2);
}

int32_t sim_civil_day_of(struct sim_moment m)
{
    return (int32_t)(m.local_s / SIM_DAY_SECONDS);
}

void sim_civil_put_local(struct sim_text *t, struct sim_moment m)
{
    int second = (int)(m.local_s % SIM_DAY_SECONDS);
    sim_civil_put_date(t, sim_civil_day_of(m));
    sim_text_put_char(t, 'T');
    put_padded(t, second / 3600, 2);
    sim_text_put_char(t, ':');
    put_padded(t, second / 60 % 60, 2);
    sim_text_put_char(t, ':');
    put_padded(t, second % 60, 2);
}

void sim_civil_put_offset(struct sim_text *t, struct sim_moment m)
{
    int offset = abs(m.offset_min);
    sim_civil_put_local(t, m);
    sim_text_put_char(t, m.offset_min < 0 ? '-' : '+');
    put_padded(t, offset / 60, 2);
    sim_text_put_char(t, ':');
    put_padded(t, offset % 60, 2);
}

static int digits_at(const char *text, size_t count)
{
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

bool sim_civil_parse(const char *text, int32_t *out_days)
{
    static const char SHAPE[] = "9999-99-99";
    if (strlen(text) != strlen(SHAPE)) {
        return false;
    }
    for (size_t i = 0; SHAPE[i]; i++) {
        if (SHAPE[i] == '9' ? !isdigit((unsigned char)text[i]) : text[i] != SHAPE[i]) {
            return false;
        }
    }
    int year = digits_at(text, 4), month = digits_at(text + 5, 2), day = digits_at(text + 8, 2);
    if (year < 1970 || month < 1 || month > 12) {
        return false;
    }
    int32_t days = sim_civil_days(year, month, day);
    int y, m, d;
    civil_from_days(days, &y, &m, &d);
    *out_days = days;
    return y == year && m == month && d == day;
}

struct sim_moment sim_civil_now(void)
{
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    return (struct sim_moment){(int64_t)now + local.tm_gmtoff, (int32_t)(local.tm_gmtoff / 60)};
}
