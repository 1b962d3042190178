#include "cloud/api/route.h"

#include <stdio.h>
#include <string.h>

enum { JSON_BODY = 1024 * 1024, SMALL_BODY = 4096 };

static const struct api_route routes[] = {
    {"GET", "/v1/stock", SCOPE_STOCK_READ, ROUTE_READS, "item gtin store min_available fresh limit cursor", 0,
     handle_stock},
    {"POST", "/v1/stock/query", SCOPE_STOCK_READ, ROUTE_READS, "", JSON_BODY, handle_stock_query},
    {"GET", "/v1/items", SCOPE_STOCK_READ, ROUTE_READS, "q limit cursor", 0, handle_items},
    {"GET", "/v1/items/{}", SCOPE_STOCK_READ, ROUTE_READS, "", 0, handle_item},
    {"GET", "/v1/stores", SCOPE_OPS_READ, ROUTE_READS, "state q limit cursor", 0, handle_stores},
    {"GET", "/v1/stores/{}", SCOPE_OPS_READ, ROUTE_READS, "", 0, handle_store},
    {"PUT", "/v1/stores/{}", SCOPE_OPS_WRITE, ROUTE_PLAIN, "", SMALL_BODY, handle_enrol},
    {"GET", "/v1/stores/{}/ledger", SCOPE_STOCK_READ, ROUTE_READS, "item after order limit cursor", 0,
     handle_ledger},
    {"GET", "/v1/stores/{}/proof", SCOPE_OPS_READ, ROUTE_READS, "", 0, handle_proof},
    {"GET", "/v1/stores/{}/commands", SCOPE_OPS_READ, ROUTE_READS, "limit", 0, handle_commands},
    {"POST", "/v1/stores/{}/resync", SCOPE_OPS_WRITE, ROUTE_READS, "", SMALL_BODY, handle_resync},
    {"PUT", "/v1/opening-stock", SCOPE_OPS_WRITE, ROUTE_READS, "as_of", API_BODY_BYTES_MAX, handle_opening},
    {"GET", "/v1/events", SCOPE_STOCK_READ, ROUTE_PLAIN, "last_event_id", 0, handle_events},
    {"GET", "/v1/alerts", SCOPE_OPS_READ, ROUTE_READS, "open limit cursor", 0, handle_alerts},
    {"POST", "/v1/alerts/{}/acknowledge", SCOPE_OPS_WRITE, ROUTE_PLAIN, "", SMALL_BODY,
     handle_alert_acknowledge},
    {"GET", "/v1/dead", SCOPE_OPS_READ, ROUTE_READS, "limit cursor", 0, handle_dead},
    {"GET", "/v1/keys", SCOPE_ADMIN, ROUTE_READS, "", 0, handle_keys},
    {"POST", "/v1/keys", SCOPE_ADMIN, ROUTE_PLAIN, "", SMALL_BODY, handle_key_make},
    {"DELETE", "/v1/keys/{}", SCOPE_ADMIN, ROUTE_READS, "", 0, handle_key_revoke},
    {"POST", "/v1/session", SCOPE_NONE, ROUTE_READS | ROUTE_OPEN, "", SMALL_BODY, handle_session_open},
    {"GET", "/v1/session", SCOPE_NONE, ROUTE_PLAIN, "", 0, handle_session_show},
    {"DELETE", "/v1/session", SCOPE_NONE, ROUTE_PLAIN, "", 0, handle_session_close},
    {"POST", "/v1/login-codes", SCOPE_ADMIN, ROUTE_PLAIN, "", SMALL_BODY, handle_login_code},
    {"POST", "/v1/backup", SCOPE_ADMIN, ROUTE_READS, "", SMALL_BODY, handle_backup},
    {"GET", "/healthz", SCOPE_NONE, ROUTE_OPEN | ROUTE_UNLIMITED, "", 0, handle_health},
    {"GET", "/readyz", SCOPE_NONE, ROUTE_READS | ROUTE_OPEN | ROUTE_UNLIMITED, "", 0, handle_ready},
    {"GET", "/metrics", SCOPE_OPS_READ, ROUTE_READS, "", 0, handle_metrics},
    {"GET", "/openapi.json", SCOPE_NONE, ROUTE_OPEN, "", 0, handle_openapi},
    {"GET", "/", SCOPE_NONE, ROUTE_OPEN | ROUTE_UNLIMITED, NULL, 0, handle_file},
    {"GET", "/{}", SCOPE_NONE, ROUTE_OPEN | ROUTE_UNLIMITED, NULL, 0, handle_file},
    {"GET", "/lib/{}", SCOPE_NONE, ROUTE_OPEN | ROUTE_UNLIMITED, NULL, 0, handle_file},
};

const struct api_route *route_table(size_t *count)
{
    *count = sizeof routes / sizeof routes[0];
    return routes;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits) % 16;
}

/* Percent-decodes one path segment; false when it is malformed, too long, or holds a NUL. */
static bool decode_segment(const char *from, size_t size, char out[REQUEST_PARAM_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        char c = from[i];
        if (c == '%') {
            if (i + 2 >= size) {
                return false;
            }
            int h = hex_digit(from[i + 1]), l = hex_digit(from[i + 2]);
            if (h < 0 || l < 0) {
                return false;
            }
            c = (char)(h * 16 + l);
            i += 2;
        }
        if (c == '\0' || n + 1 >= REQUEST_PARAM_BYTES) {
            return false;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return n > 0;
}

static bool path_matches(const char *pattern, const char *path,
                         char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_BYTES])
{
    size_t count = 0;
    while (*pattern != '\0') {
        if (strncmp(pattern, "{}", 2) == 0) {
            size_t size = strcspn(path, "/");
            if (count == REQUEST_PARAMS_MAX || !decode_segment(path, size, params[count++])) {
                return false;
            }
            path += size;
            pattern += 2;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

const struct api_route *route_find(const char *method, const char *path,
                                   char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_BYTES], char methods[64])
{
    methods[0] = '\0';
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!path_matches(routes[i].path, path, params)) {
            continue;
        }
        if (strcmp(routes[i].method, method) == 0) {
            return &routes[i];
        }
        size_t used = strlen(methods);
        if (strstr(methods, routes[i].method) == NULL) {
            snprintf(methods + used, 64 - used, "%s%s", used > 0 ? ", " : "", routes[i].method);
        }
    }
    return NULL;
}
