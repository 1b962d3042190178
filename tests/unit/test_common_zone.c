#include "common/zone.h"

#include "common/zone_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct zone *open_zone(const char *name)
{
    struct zone *z;
    struct err e;
    if (zone_open(&z, name, &e) != ERR_OK) {
        fail_msg("%s", e.message);
    }
    assert_string_equal(zone_name(z), name);
    return z;
}

static int64_t civil_s(int year, int month, int day, int hour, int minute)
{
    return (int64_t)zone_days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60;
}

/* The offset changes exactly at utc_s. */
static void assert_change(const struct zone *z, int64_t utc_s, int before_minutes, int after_minutes)
{
    assert_int_equal(zone_offset_s(z, utc_s - 1), before_minutes * 60);
    assert_int_equal(zone_offset_s(z, utc_s), after_minutes * 60);
}

static void test_known_changes(void **state)
{
    (void)state;
    struct zone *z = open_zone("Europe/Berlin");
    assert_change(z, civil_s(2026, 3, 29, 1, 0), 60, 120);
    assert_change(z, civil_s(2026, 10, 25, 1, 0), 120, 60);
    assert_change(z, civil_s(2090, 3, 26, 1, 0), 60, 120); /* by the rule behind the table */
    assert_change(z, civil_s(2090, 10, 29, 1, 0), 120, 60);
    assert_int_equal(zone_offset_s(z, INT64_MAX), 60 * 60);
    assert_int_equal(zone_offset_s(z, INT64_MIN), 3208); /* local mean time: 53 min 28 s */
    zone_close(z);

    z = open_zone("America/New_York");
    assert_change(z, civil_s(2026, 3, 8, 7, 0), -300, -240);
    assert_change(z, civil_s(2026, 11, 1, 6, 0), -240, -300);
    assert_change(z, civil_s(2050, 3, 13, 7, 0), -300, -240);
    zone_close(z);

    z = open_zone("Australia/Lord_Howe"); /* half an hour, and over the turn of the year */
    assert_change(z, civil_s(2026, 4, 4, 15, 0), 660, 630);
    assert_change(z, civil_s(2026, 10, 3, 15, 30), 630, 660);
    assert_change(z, civil_s(2050, 4, 2, 15, 0), 660, 630);
    assert_int_equal(zone_offset_s(z, civil_s(2051, 1, 1, 0, 0)), 660 * 60);
    zone_close(z);

    z = open_zone("Asia/Kolkata");
    assert_int_equal(zone_offset_s(z, civil_s(2026, 7, 1, 0, 0)), 330 * 60);
    assert_int_equal(zone_offset_s(z, INT64_MAX), 330 * 60);
    zone_close(z);

    z = open_zone("UTC");
    assert_int_equal(zone_offset_s(z, 0), 0);
    assert_int_equal(zone_local_to_utc_s(z, 12345), 12345);
    zone_close(z);
    zone_close(NULL);
}

static void test_folds_and_gaps(void **state)
{
    (void)state;
    struct zone *z = open_zone("Europe/Berlin");
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 7, 1, 12, 0)), civil_s(2026, 7, 1, 10, 0));
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 12, 1, 12, 0)), civil_s(2026, 12, 1, 11, 0));
    /* put forward: 02:00–02:59 do not exist; as if clocks had not yet moved */
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 3, 29, 1, 59)), civil_s(2026, 3, 29, 0, 59));
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 3, 29, 2, 30)), civil_s(2026, 3, 29, 1, 30));
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 3, 29, 3, 0)), civil_s(2026, 3, 29, 1, 0));
    /* put back: 02:00–02:59 exist twice; the earlier */
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 10, 25, 1, 59)), civil_s(2026, 10, 24, 23, 59));
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 10, 25, 2, 30)), civil_s(2026, 10, 25, 0, 30));
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 10, 25, 3, 0)), civil_s(2026, 10, 25, 2, 0));
    zone_close(z);

    z = open_zone("America/New_York");
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 3, 8, 2, 30)), civil_s(2026, 3, 8, 7, 30));
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 11, 1, 1, 30)), civil_s(2026, 11, 1, 5, 30));
    zone_close(z);

    z = open_zone("Australia/Lord_Howe");
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 4, 5, 1, 45)), civil_s(2026, 4, 4, 14, 45));
    assert_int_equal(zone_local_to_utc_s(z, civil_s(2026, 10, 4, 2, 15)), civil_s(2026, 10, 3, 15, 45));
    zone_close(z);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 20;
}

static uint64_t make_seed(void)
{
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("TEST_SEED=%llu replays this\n", (unsigned long long)seed);
    return seed;
}

/* The C library reads the same files by code of its own. */
static void assert_like_libc(const char *name, uint64_t *seed)
{
    struct zone *z = open_zone(name);
    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
    for (int i = 0; i < 3000; i++) {
        time_t utc_s = (time_t)(next_random(seed) % UINT64_C(6600000000)) - 2500000000; /* 1890–2099 */
        struct tm tm;
        assert_non_null(localtime_r(&utc_s, &tm));
        if (zone_offset_s(z, utc_s) != tm.tm_gmtoff) {
            fail_msg("%s at %lld: %d instead of %ld", name, (long long)utc_s, zone_offset_s(z, utc_s),
                     tm.tm_gmtoff);
        }
        int64_t local_s = utc_s + tm.tm_gmtoff;
        int64_t back_s = zone_local_to_utc_s(z, local_s);
        assert_true(back_s <= utc_s);
        assert_int_equal(back_s + zone_offset_s(z, back_s), local_s);
    }
    zone_close(z);
}

static void test_agrees_with_the_c_library(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Berlin",     "Europe/Dublin",       "America/New_York",
                                        "America/Sao_Paulo", "Australia/Lord_Howe", "Australia/Sydney",
                                        "Asia/Kolkata",      "Asia/Gaza",           "Africa/Casablanca",
                                        "America/Nuuk",      "Pacific/Apia",        "America/St_Johns",
                                        "Asia/Kathmandu",    "Etc/GMT+12",          "UTC",
                                        "Antarctica/Troll",  "America/Asuncion"};
    uint64_t seed = make_seed();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_like_libc(names[i], &seed);
    }
    assert_int_equal(unsetenv("TZ"), 0);
}

static void test_names_that_are_no_zones(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",       "/etc/localtime",  "../etc/passwd", "Europe/../../etc/passwd",
        "Europe", "Europe/Atlantis", "zone.tab"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone *z;
        struct err e;
        assert_int_equal(zone_open(&z, names[i], &e), ERR_INVALID);
        assert_null(z);
        assert_non_null(strstr(e.message, names[i]));
    }
    struct zone *z;
    char long_name[200];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(zone_open(&z, long_name, NULL), ERR_INVALID);
}

static int32_t rule_offset(const char *text, int64_t utc_s)
{
    struct zone_rule r;
    assert_true(zone_rule_parse(&r, slice_of(text)));
    return zone_rule_offset_s(&r, utc_s);
}

static void test_rules(void **state)
{
    (void)state;
    assert_int_equal(rule_offset("EST5", 0), -5 * 3600);
    assert_int_equal(rule_offset("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", civil_s(2050, 1, 1, 0, 0)),
                     11 * 3600);
    assert_int_equal(rule_offset("EST5EDT,0/0,J365/25", civil_s(2026, 1, 1, 5, 0)), -4 * 3600); /* all year */
    assert_int_equal(rule_offset("EST5EDT,0/0,J365/25", civil_s(2026, 12, 31, 23, 0)), -4 * 3600);
    /* J60 is 1 March in every year, day 59 is 29 February in a leap year */
    assert_int_equal(rule_offset("A0B,J60/0,J300", civil_s(2028, 2, 29, 12, 0)), 0);
    assert_int_equal(rule_offset("A0B,J60/0,J300", civil_s(2028, 3, 1, 0, 0)), 3600);
    assert_int_equal(rule_offset("A0B,59/0,J300", civil_s(2028, 2, 29, 0, 0)), 3600);
    /* times beyond a day (RFC 8536, 3.3.1): 24 h before the last Sunday of March is that Saturday */
    assert_int_equal(rule_offset("A0B,M3.5.0/-24,M10.5.0", civil_s(2026, 3, 27, 23, 59)), 0);
    assert_int_equal(rule_offset("A0B,M3.5.0/-24,M10.5.0", civil_s(2026, 3, 28, 0, 0)), 3600);

    static const char *const bad[] = {"",
                                      "5",
                                      "EST",
                                      "EST5EDT",
                                      "EST5EDT,M3.2.0",
                                      "EST5EDT,M13.1.0,M1.1.0",
                                      "EST5EDT,M3.6.0,M11.1.0",
                                      "EST5EDT,J0,J1",
                                      "EST168",
                                      "EST5EDT,M3.2.0,M11.1.0x",
                                      "<+10-10"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zone_rule r;
        assert_false(zone_rule_parse(&r, slice_of(bad[i])));
    }
}

static void test_civil_days(void **state)
{
    (void)state;
    assert_int_equal(zone_days_from_civil(1970, 1, 1), 0);
    assert_int_equal(zone_days_from_civil(1969, 12, 31), -1);
    assert_int_equal(zone_days_from_civil(2000, 2, 29), 11016);
    assert_int_equal(zone_days_from_civil(2000, 3, 1), 11017);
    assert_int_equal(zone_days_from_civil(1900, 3, 1) - zone_days_from_civil(1900, 2, 28), 1);
    assert_int_equal(zone_days_from_civil(0, 1, 1), -719528);
    int32_t expected = zone_days_from_civil(1599, 12, 31);
    for (int32_t days = expected; days < zone_days_from_civil(2401, 1, 2); days++) {
        int year, month, day;
        zone_civil_from_days(days, &year, &month, &day);
        assert_in_range(month, 1, 12);
        assert_in_range(day, 1, 31);
        assert_int_equal(zone_days_from_civil(year, month, day), days);
    }
    int year, month, day;
    zone_civil_from_days(20781, &year, &month, &day);
    assert_int_equal(year * 10000 + month * 100 + day, 20261124);
    zone_civil_from_days(-719529, &year, &month, &day);
    assert_int_equal(year, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_changes),
        cmocka_unit_test(test_folds_and_gaps),
        cmocka_unit_test(test_agrees_with_the_c_library),
        cmocka_unit_test(test_names_that_are_no_zones),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_civil_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
