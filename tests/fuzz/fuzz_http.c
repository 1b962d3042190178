/* What the api reads of strangers, parser by parser; the first byte chooses: a path, a cursor, a CSV file, a
 * time, a JSON body, scopes. What is accepted must read back as it was. */
#include "cloud/api/csv.h"
#include "cloud/api/json_in.h"
#include "cloud/api/rfc3339.h"
#include "cloud/api/route.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void read_path(const char *text)
{
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_BYTES], methods[64];
    const struct api_route *route = route_find("GET", text, params, methods);
    if (route != NULL && strstr(route->path, "{}") != NULL) {
        must(params[0][0] != '\0' && strlen(params[0]) <= strlen(text));
    }
}

static void read_cursor(const char *text)
{
    for (size_t count = 1; count <= 4; count++) {
        struct slice parts[4], again[4];
        char store[CURSOR_TEXT_BYTES], store_again[CURSOR_TEXT_BYTES], formatted[CURSOR_TEXT_BYTES];
        if (!cursor_parse(text, parts, count, store)) {
            continue;
        }
        cursor_format(parts, count, formatted);
        must(cursor_parse(formatted, again, count, store_again));
        for (size_t i = 0; i < count; i++) {
            must(slice_equal(parts[i], again[i]));
        }
    }
}

static void read_csv(struct slice text)
{
    static const char *const columns[] = {"store", "item", "quantity", "location", "uom", NULL};
    struct csv c;
    struct err e = {0};
    bool end = false;
    size_t rows = 0;
    enum err_class class = csv_begin(&c, text, columns, 3, &e);
    while (class == ERR_OK && !end) {
        class = csv_next(&c, &end, &e);
        for (size_t i = 0; class == ERR_OK && i < 5; i++) {
            must(csv_field(&c, i).size < CSV_FIELD_BYTES);
        }
        must(++rows <= text.size + 1);
    }
}

static void walk(const struct json_in *value)
{
    if (value == NULL) {
        return;
    }
    (void)json_in_scalar(value);
    for (size_t i = 0; i < json_in_size(value); i++) {
        walk(json_in_at(value, i));
    }
    for (size_t i = 0; i < json_in_members(value); i++) {
        const struct json_in *member;
        must(json_in_member_at(value, i, &member) != NULL);
        walk(member);
    }
}

static void read_json(struct slice text)
{
    struct json_in *root;
    struct err e = {0};
    if (json_in_parse(&root, text, &e) == ERR_OK) {
        walk(root);
        json_in_free(root);
    }
}

static void read_time(struct slice text)
{
    int64_t ms, again;
    char formatted[CLOCK_RFC3339_BYTES];
    if (rfc3339_parse(text, &ms) && ms >= 0) {
        clock_format_rfc3339(ms, formatted);
        must(rfc3339_parse(slice_of(formatted), &again) && again == ms);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned bits;
    if (size == 0) {
        return 0;
    }
    char *text = malloc(size); /* of exactly this size, so that a byte too far is seen */
    must(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    struct slice all = {text, size - 1};
    switch (data[0] % 6) {
    case 0:
        read_path(text);
        break;
    case 1:
        read_cursor(text);
        break;
    case 2:
        read_csv(all);
        break;
    case 3:
        read_time(all);
        break;
    case 4:
        read_json(all);
        break;
    case 5:
        (void)scopes_parse(all, &bits);
        break;
    }
    free(text);
    return 0;
}
