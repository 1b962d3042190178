#include "cloud/api/request.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

const char *request_arg(const struct api_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *request_header(const struct api_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *request_cookie(const struct api_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, name);
}

struct collect {
    const char *name;
    const char **out;
    size_t count;
};

static enum MHD_Result collect_value(void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct collect *c = ctx;
    (void)kind;
    if (strcmp(key, c->name) == 0 && value != NULL && c->count < REQUEST_VALUES_MAX) {
        c->out[c->count++] = value;
    }
    return MHD_YES;
}

size_t request_args(const struct api_request *r, const char *name, const char *out[REQUEST_VALUES_MAX])
{
    struct collect c = {name, out, 0};
    MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, collect_value, &c);
    return c.count;
}

bool request_arg_int(const struct api_request *r, struct api_reply *reply, const char *name, int64_t min,
                     int64_t max, int64_t fallback, int64_t *out)
{
    const char *text = request_arg(r, name);
    *out = fallback;
    if (text == NULL) {
        return true;
    }
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
        reply_problem(reply, 400, "bad-parameter", "%s=%.64s: a whole number from %lld to %lld is wanted",
                      name, text, (long long)min, (long long)max);
        return false;
    }
    *out = value;
    return true;
}

bool request_wants_csv(const struct api_request *r)
{
    const char *accept = request_header(r, "Accept");
    return accept != NULL && strstr(accept, "text/csv") != NULL;
}

bool request_may_see(const struct api_request *r, struct api_reply *reply, const char *store)
{
    if (!store_id_valid(slice_of(store))) {
        reply_problem(reply, 404, "not-found",
                      "\"%.64s\" is not a store id (letters, digits, _ and -, at most 32)", store);
        return false;
    }
    if (!caller_sees(&r->caller, slice_of(store))) {
        reply_problem(reply, 403, "other-store", "this key is limited to other stores than %s", store);
        return false;
    }
    return true;
}

bool request_may_see_enrolled(const struct api_request *r, struct api_reply *reply, const char *store)
{
    struct store_row row;
    struct err e = {0};
    if (!request_may_see(r, reply, store)) {
        return false;
    }
    enum err_class class = r->slot->reader.ops->store_get(r->slot->reader.ctx, store, &row, &e);
    if (class == ERR_INVALID) {
        reply_problem(reply, 404, "not-found", "store %s is not enrolled; `tillctl store add %s` does it",
                      store, store);
    } else if (class != ERR_OK) {
        reply_error(reply, &e);
    }
    return class == ERR_OK;
}
