#include "cloud/api/serve.h"
#include "cloud/api/limit.h"
#include "cloud/api/route.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024 };

/* A request between libmicrohttpd's calls. */
struct pending {
    struct api_request request;
    struct api_reply reply;
    char path[PATH_BYTES]; /* without the query, not decoded; "": too long */
    bool begun;
    bool refused; /* the reply stands already; the rest of the body is read and dropped */
};

static struct reader_slot *slot_take(struct api *a, struct err *e)
{
    struct reader_slot *slot = NULL;
    pthread_mutex_lock(&a->mutex);
    while (slot == NULL) {
        for (size_t i = 0; i < a->slot_count && slot == NULL; i++) {
            slot = a->slots[i].busy ? NULL : &a->slots[i];
        }
        if (slot == NULL) {
            pthread_cond_wait(&a->slot_free, &a->mutex);
        }
    }
    slot->busy = true;
    pthread_mutex_unlock(&a->mutex);
    if (slot->reader.ops->begin(slot->reader.ctx, e) != ERR_OK) {
        pthread_mutex_lock(&a->mutex);
        slot->busy = false;
        pthread_cond_signal(&a->slot_free);
        pthread_mutex_unlock(&a->mutex);
        return NULL;
    }
    return slot;
}

static void slot_give(struct api *a, struct reader_slot *slot)
{
    if (slot == NULL) {
        return;
    }
    slot->reader.ops->end(slot->reader.ctx);
    arena_reset(slot->arena);
    pthread_mutex_lock(&a->mutex);
    slot->busy = false;
    pthread_cond_signal(&a->slot_free);
    pthread_mutex_unlock(&a->mutex);
}

/* By bearer key or session cookie. False: the reply is a 401 or 403. */
static bool identify(struct api_request *r, struct api_reply *reply)
{
    struct err e = {0};
    const char *header = request_header(r, "Authorization");
    const char *cookie = request_cookie(r, "tillwire_session");
    if (header != NULL && slice_starts_with(slice_of(header), "Bearer ")) {
        struct reader_slot *slot = slot_take(r->api, &e);
        enum err_class class =
            slot == NULL ? e.class
                         : auth_bearer(&slot->reader, slice_trim(slice_of(header + strlen("Bearer "))),
                                       &r->caller, &e);
        slot_give(r->api, slot);
        if (class == ERR_OK) {
            return true;
        }
        if (class != ERR_INVALID) {
            reply_error(reply, &e);
            return false;
        }
    } else if (cookie != NULL) {
        char csrf[SESSION_TOKEN_BYTES];
        if (auth_session_find(r->api->auth, slice_of(cookie), &r->caller, csrf, &e) == ERR_OK) {
            const char *given = request_header(r, "X-CSRF-Token");
            if (strcmp(r->method, "GET") == 0 || (given != NULL && strcmp(given, csrf) == 0)) {
                return true;
            }
            reply_problem(reply, 403, "csrf", "the X-CSRF-Token header is missing or is not this session's");
            return false;
        }
    } else {
        err_set(&e, ERR_INVALID, "send `Authorization: Bearer tw_…` or sign in with POST /v1/session");
    }
    reply_problem(reply, 401, "not-signed-in", "%s", e.message);
    reply_header(reply, "WWW-Authenticate", "Bearer");
    return false;
}

static bool within_rate(struct api_request *r, struct api_reply *reply)
{
    if ((r->route->flags & ROUTE_UNLIMITED) != 0) {
        return true;
    }
    struct limit_state state;
    bool taken = limiter_take(r->api->limiter, r->caller.id, &state);
    if (!taken) {
        reply_problem(reply, 429, "too-many-requests", "more than %u requests a second", state.limit);
        reply_header(reply, "Retry-After", "%u", state.retry_s);
    }
    reply_header(reply, "RateLimit", "limit=%u, remaining=%u, reset=%u", state.limit, state.remaining,
                 state.reset_s);
    return taken;
}

struct known_args {
    const char *names;
    const char *unknown;
};

static enum MHD_Result check_arg(void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct known_args *known = ctx;
    size_t size = strlen(key);
    (void)kind;
    (void)value;
    for (const char *at = known->names; size > 0 && (at = strstr(at, key)) != NULL; at += size) {
        if ((at == known->names || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0')) {
            return MHD_YES;
        }
    }
    known->unknown = key;
    return MHD_NO;
}

/* Everything that can be said before the body has come. */
static bool admit(struct api_request *r, struct api_reply *reply, const char *path)
{
    char methods[64];
    r->route = route_find(r->method, path, r->params, methods);
    if (r->route == NULL && methods[0] != '\0') {
        reply_problem(reply, 405, "method-not-allowed", "%.128s knows %s, not %s", path, methods, r->method);
        reply_header(reply, "Allow", "%s", methods);
        return false;
    }
    if (r->route == NULL) {
        reply_problem(reply, 404, "not-found", "there is nothing at %.128s; see /openapi.json", path);
        return false;
    }
    if ((r->route->flags & ROUTE_OPEN) == 0 && !identify(r, reply)) {
        return false;
    }
    if (!caller_may(&r->caller, r->route->scopes)) {
        reply_problem(reply, 403, "scope", "this key lacks a scope that %s %s needs; see /openapi.json",
                      r->method, r->route->path);
        return false;
    }
    struct known_args known = {r->route->args, NULL};
    if (known.names != NULL) {
        MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, check_arg, &known);
    }
    if (known.unknown != NULL) {
        reply_problem(reply, 400, "unknown-parameter",
                      "%s does not know the parameter \"%.64s\"; it knows: %s", r->route->path, known.unknown,
                      r->route->args[0] == '\0' ? "none" : r->route->args);
        return false;
    }
    return within_rate(r, reply);
}

void *serve_begin(void *api, const char *uri, struct MHD_Connection *connection)
{
    struct pending *p = calloc(1, sizeof *p);
    if (p != NULL) {
        p->request.api = api;
        p->request.connection = connection;
        p->reply.body = BUF_INIT(REPLY_BYTES_MAX);
        (void)slice_copy((struct slice){uri, strcspn(uri, "?")}, p->path, sizeof p->path);
    }
    return p;
}

static void take_body(struct pending *p, const char *upload, size_t *size)
{
    if (!p->refused && *size > 0 && buf_append(&p->request.body, upload, *size) != ERR_OK) {
        reply_problem(&p->reply, 413, "body-too-large", "the body may have at most %zu bytes",
                      p->request.route->body_max);
        p->refused = true;
    }
    *size = 0;
}

static void handle(struct pending *p)
{
    struct api_request *r = &p->request;
    struct err e = {0};
    if ((r->route->flags & ROUTE_READS) != 0) {
        r->slot = slot_take(r->api, &e);
        if (r->slot == NULL) {
            reply_error(&p->reply, &e);
            return;
        }
    }
    r->route->handle(r, &p->reply);
    slot_give(r->api, r->slot);
    r->slot = NULL;
}

static void harden(struct MHD_Response *response)
{
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                            "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
                            "frame-ancestors 'none'");
}

static enum MHD_Result send_reply(struct pending *p)
{
    struct api_reply *reply = &p->reply;
    struct MHD_Response *response = reply->custom;
    if (response == NULL) {
        response = MHD_create_response_from_buffer(reply->body.size, reply->body.data, MHD_RESPMEM_MUST_COPY);
    }
    if (response == NULL) {
        return MHD_NO;
    }
    if (reply->content_type != NULL) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    }
    if (MHD_get_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL) == NULL) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    }
    harden(response);
    struct api *a = p->request.api;
    pthread_mutex_lock(&a->mutex);
    a->requests_by_class[reply->status / 100 < 6 ? reply->status / 100 : 5]++;
    pthread_mutex_unlock(&a->mutex);
    enum MHD_Result result = MHD_queue_response(p->request.connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result serve_request(void *api, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)api;
    (void)connection;
    (void)url;
    (void)version;
    struct pending *p = *state;
    if (p == NULL) {
        return MHD_NO;
    }
    if (!p->begun) {
        p->begun = true;
        p->request.method = method;
        p->refused = !admit(&p->request, &p->reply, p->path);
        p->request.body = BUF_INIT(p->refused ? 0 : p->request.route->body_max);
        return MHD_YES;
    }
    if (*upload_size > 0) {
        take_body(p, upload, upload_size);
        return MHD_YES;
    }
    if (!p->refused) {
        handle(p);
    }
    return send_reply(p);
}

void serve_completed(void *api, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode code)
{
    (void)api;
    (void)connection;
    (void)code;
    struct pending *p = *state;
    if (p != NULL) {
        buf_free(&p->request.body);
        buf_free(&p->reply.body);
        free(p);
        *state = NULL;
    }
}
