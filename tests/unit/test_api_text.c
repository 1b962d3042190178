/* The api's pure parts: cursors, CSV, times, routes, JSON bodies. */
#include "cloud/api/csv.h"
#include "cloud/api/json_in.h"
#include "cloud/api/rfc3339.h"
#include "cloud/api/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void cursor_round_trips(void **state)
{
    char text[CURSOR_TEXT_BYTES], store[CURSOR_TEXT_BYTES];
    struct slice in[3] = {SLICE("0"), SLICE("S014"), SLICE("ST-88 \xc3\xa4?&=")}, out[3];
    (void)state;
    for (size_t cut = 0; cut <= in[2].size; cut++) {
        struct slice parts[3] = {in[0], in[1], {in[2].data, cut}};
        cursor_format(parts, 3, text);
        assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                         strlen(text));
        assert_true(cursor_parse(text, out, 3, store));
        for (size_t i = 0; i < 3; i++) {
            assert_true(slice_equal(parts[i], out[i]));
        }
    }
}

static void cursor_refuses_what_is_not_ours(void **state)
{
    char text[CURSOR_TEXT_BYTES], store[CURSOR_TEXT_BYTES], longer[CURSOR_TEXT_BYTES + 1];
    struct slice one = SLICE("S014"), out[3];
    (void)state;
    cursor_format(&one, 1, text);
    assert_false(cursor_parse(text, out, 2, store));
    assert_false(cursor_parse("", out, 1, store));
    assert_false(cursor_parse("!!!", out, 1, store));
    memset(longer, 'A', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(cursor_parse(longer, out, 1, store));
}

static const char *const columns[] = {"store", "item", "quantity", NULL};

static void csv_reads_rfc4180(void **state)
{
    struct csv c;
    struct err e = {0};
    bool end;
    (void)state;
    struct slice text = SLICE("\xef\xbb\xbfitem,store,quantity\r\n\"a,\"\"b\"\"\",S1,1\r\n\nplain,S2,-2");
    assert_int_equal(csv_begin(&c, text, columns, 3, &e), ERR_OK);
    assert_int_equal(csv_next(&c, &end, &e), ERR_OK);
    assert_false(end);
    assert_true(slice_equal_text(csv_field(&c, 1), "a,\"b\""));
    assert_true(slice_equal_text(csv_field(&c, 0), "S1"));
    assert_int_equal(csv_next(&c, &end, &e), ERR_OK);
    assert_true(slice_equal_text(csv_field(&c, 2), "-2"));
    assert_int_equal(c.line, 4);
    assert_int_equal(csv_next(&c, &end, &e), ERR_OK);
    assert_true(end);
}

static void csv_names_the_line_that_is_wrong(void **state)
{
    static const struct {
        const char *text, *told;
    } cases[] = {
        {"store,item\nS1,a\n", "quantity"},
        {"store,item,quantity,price\n", "price"},
        {"store,store,quantity\n", "store"},
        {"store,item,quantity\nS1,a\n", "line 2"},
        {"store,item,quantity\nS1,a,1\nS1,\"a,1\n", "line 3"},
        {"store,item,quantity\nS1,\"a\"b,1\n", "line 2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct csv c;
        struct err e = {0};
        bool end = false;
        enum err_class class = csv_begin(&c, slice_of(cases[i].text), columns, 3, &e);
        while (class == ERR_OK && !end) {
            class = csv_next(&c, &end, &e);
        }
        assert_int_equal(class, ERR_INVALID);
        assert_non_null(strstr(e.message, cases[i].told));
    }
}

static void csv_bounds_its_fields(void **state)
{
    struct csv c;
    struct err e = {0};
    char text[2 * CSV_FIELD_BYTES];
    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(csv_begin(&c, (struct slice){text, sizeof text}, columns, 3, &e), ERR_INVALID);
}

static void times_are_read(void **state)
{
    int64_t ms;
    (void)state;
    assert_true(rfc3339_parse(SLICE("1970-01-01T00:00:00Z"), &ms));
    assert_int_equal(ms, 0);
    assert_true(rfc3339_parse(SLICE("2026-11-24T06:00:00.25+01:00"), &ms));
    assert_int_equal(ms, INT64_C(1795496400250));
    assert_true(rfc3339_parse(SLICE("2026-11-24T06:00:00-00:30"), &ms));
    assert_int_equal(ms, INT64_C(1795501800000));
    static const char *const wrong[] = {"",
                                        "2026-11-24",
                                        "2026-11-24T06:00:00",
                                        "2026-13-24T06:00:00Z",
                                        "2026-11-24T25:00:00Z",
                                        "2026-11-24T06:00:00+0100",
                                        "2026-11-24T06:00:00Z ",
                                        "20x6-11-24T06:00:00Z"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(rfc3339_parse(slice_of(wrong[i]), &ms));
    }
}

static void routes_are_found(void **state)
{
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_BYTES], methods[64];
    (void)state;
    const struct api_route *route = route_find("GET", "/v1/stores/S014/ledger", params, methods);
    assert_non_null(route);
    assert_string_equal(route->path, "/v1/stores/{}/ledger");
    assert_string_equal(params[0], "S014");
    route = route_find("GET", "/v1/items/a%2Db%20c%2Fd%2525", params, methods);
    assert_non_null(route);
    assert_string_equal(params[0], "a-b c/d%25");
}

static void routes_that_are_not_there(void **state)
{
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_BYTES], methods[64];
    (void)state;
    assert_null(route_find("GET", "/v1/nothing/here", params, methods));
    assert_string_equal(methods, "");
    assert_null(route_find("POST", "/v1/stores/S014/proof", params, methods));
    assert_string_equal(methods, "GET");
    static const char *const wrong[] = {"/v1/items/", "/v1/items/a%2", "/v1/items/a%zz", "/v1/items/a%00b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(route_find("GET", wrong[i], params, methods));
    }
}

/* Only these may be asked without a key. */
static void every_other_route_needs_a_scope_or_a_session(void **state)
{
    static const char *const open[] = {"POST /v1/session",  "GET /healthz", "GET /readyz",
                                       "GET /openapi.json", "GET /",        "GET /{}",
                                       "GET /lib/{}"};
    size_t count, found = 0;
    (void)state;
    const struct api_route *routes = route_table(&count);
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s %s", routes[i].method, routes[i].path);
        bool listed = false;
        for (size_t k = 0; k < sizeof open / sizeof open[0]; k++) {
            listed = listed || strcmp(open[k], name) == 0;
        }
        assert_int_equal((routes[i].flags & ROUTE_OPEN) != 0, listed);
        found += listed;
    }
    assert_int_equal(found, sizeof open / sizeof open[0]);
}

static void json_bodies_are_bounded(void **state)
{
    struct json_in *root;
    struct err e = {0};
    char deep[200];
    (void)state;
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    assert_int_equal(json_in_parse(&root, (struct slice){deep, sizeof deep}, &e), ERR_INVALID);
    assert_int_equal(json_in_parse(&root, SLICE(""), &e), ERR_INVALID);
    assert_int_equal(json_in_parse(&root, SLICE("{\"a\":"), &e), ERR_INVALID);
    assert_int_equal(json_in_parse(&root, SLICE("{\"a\":[\"[[[[\\\"[[\",{\"b\":1.5}]}"), &e), ERR_OK);
    const struct json_in *a = json_in_member(root, "a");
    assert_int_equal(json_in_size(a), 2);
    assert_string_equal(json_in_scalar(json_in_member(json_in_at(a, 1), "b")), "1.5");
    assert_null(json_in_text(root, "a"));
    assert_null(json_in_at(a, 2));
    json_in_free(root);
}

/* "/v1/stores/{store}/proof" → "/v1/stores/{}/proof" */
static void plain_path(const char *path, char out[128])
{
    size_t n = 0;
    for (; *path != '\0' && n + 1 < 128; path++) {
        out[n++] = *path;
        path += *path == '{' ? strcspn(path, "}") - 1 : 0;
    }
    out[n] = '\0';
}

static bool documented(const struct json_in *paths, const struct api_route *route)
{
    char plain[128], method[8];
    for (size_t i = 0; i < json_in_members(paths); i++) {
        const struct json_in *operations;
        plain_path(json_in_member_at(paths, i, &operations), plain);
        if (strcmp(plain, route->path) == 0) {
            size_t n = 0;
            for (; route->method[n] != '\0' && n + 1 < sizeof method; n++) {
                method[n] = (char)(route->method[n] | 0x20);
            }
            method[n] = '\0';
            return json_in_member(operations, method) != NULL;
        }
    }
    return false;
}

static void every_route_is_documented_and_none_else(void **state)
{
    extern const char cloud_api_openapi_json[];
    struct json_in *root;
    struct err e = {0};
    size_t count, operations = 0;
    (void)state;
    assert_int_equal(json_in_parse(&root, slice_of(cloud_api_openapi_json), &e), ERR_OK);
    const struct json_in *paths = json_in_member(root, "paths"), *members;
    const struct api_route *routes = route_table(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(documented(paths, &routes[i]));
    }
    for (size_t i = 0; i < json_in_members(paths); i++) {
        (void)json_in_member_at(paths, i, &members);
        operations += json_in_members(members);
    }
    assert_int_equal(operations, count);
    json_in_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_round_trips),
        cmocka_unit_test(cursor_refuses_what_is_not_ours),
        cmocka_unit_test(csv_reads_rfc4180),
        cmocka_unit_test(csv_names_the_line_that_is_wrong),
        cmocka_unit_test(csv_bounds_its_fields),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(routes_are_found),
        cmocka_unit_test(routes_that_are_not_there),
        cmocka_unit_test(every_other_route_needs_a_scope_or_a_session),
        cmocka_unit_test(json_bodies_are_bounded),
        cmocka_unit_test(every_route_is_documented_and_none_else),
    };
    return cmocka_run_group_tests_name("api_text", tests, NULL, NULL);
}
