#include "cloud/api/request.h"
#include "proto/qty.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void reply_header(struct api_reply *reply, const char *name, const char *format, ...)
{
    if (reply->header_count == REPLY_HEADERS_MAX) {
        return;
    }
    va_list args;
    va_start(args, format);
    snprintf(reply->headers[reply->header_count].name, sizeof reply->headers[0].name, "%s", name);
    vsnprintf(reply->headers[reply->header_count].value, sizeof reply->headers[0].value, format, args);
    va_end(args);
    reply->header_count++;
}

static const char *status_title(unsigned status)
{
    static const struct {
        unsigned status;
        const char *title;
    } titles[] = {
        {400, "Bad request"},       {401, "Not signed in"},          {403, "Not allowed"},
        {404, "Not found"},         {405, "Method not allowed"},     {409, "Conflict"},
        {413, "Body too large"},    {415, "Unsupported media type"}, {422, "Cannot be processed"},
        {429, "Too many requests"}, {500, "Internal error"},         {503, "Not available now"},
    };
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return "Error";
}

void reply_problem(struct api_reply *reply, unsigned status, const char *type, const char *format, ...)
{
    char detail[512], uri[96];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    snprintf(uri, sizeof uri, "urn:tillwire:problem:%s", type);
    struct json j;
    buf_clear(&reply->body);
    json_begin(&j, &reply->body);
    json_object(&j);
    json_key(&j, "type");
    json_string(&j, uri);
    json_key(&j, "title");
    json_string(&j, status_title(status));
    json_key(&j, "status");
    json_int(&j, status);
    json_key(&j, "detail");
    json_string(&j, detail);
    json_object_end(&j);
    reply->status = status;
    reply->content_type = "application/problem+json";
    if (json_end(&j) != ERR_OK) {
        buf_clear(&reply->body);
        reply->status = 500;
    }
}

void reply_error(struct api_reply *reply, const struct err *e)
{
    switch (e->class) {
    case ERR_OK:
    case ERR_FATAL:
        reply_problem(reply, 500, "internal", "%s", e->message);
        return;
    case ERR_INVALID:
        reply_problem(reply, 422, "invalid", "%s", e->message);
        return;
    case ERR_RETRY:
    case ERR_FULL:
        reply_problem(reply, 503, "busy", "%s", e->message);
        reply_header(reply, "Retry-After", "1");
        return;
    }
}

void reply_json(struct api_reply *reply, struct json *j)
{
    reply->status = 200;
    reply->content_type = "application/json";
    buf_clear(&reply->body);
    json_begin(j, &reply->body);
}

void reply_json_end(struct api_reply *reply, struct json *j)
{
    if (json_end(j) != ERR_OK) {
        reply_problem(reply, 500, "too-large",
                      "the answer is larger than %d bytes; ask for fewer rows with limit", REPLY_BYTES_MAX);
    }
}

void json_qty(struct json *j, int64_t qty_e4)
{
    char text[QTY_TEXT_BYTES];
    json_raw(j, slice_of(qty_format(qty_e4, text)));
}

void json_time(struct json *j, int64_t wall_ms)
{
    if (wall_ms == 0) {
        json_null(j);
        return;
    }
    char text[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339(wall_ms, text);
    json_string(j, text);
}

void json_string(struct json *j, const char *text)
{
    json_text(j, slice_of(text));
}

struct query_text {
    struct buf *out;
    bool fits;
};

/* `name=value&`, percent-encoded, of every parameter but the cursor. */
static enum MHD_Result add_query(void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    struct query_text *q = ctx;
    (void)kind;
    if (strcmp(key, "cursor") == 0 || value == NULL) {
        return MHD_YES;
    }
    q->fits = q->fits && buf_printf(q->out, "%s=", key) == ERR_OK;
    for (; q->fits && *value != '\0'; value++) {
        q->fits = (strchr(plain, *value) != NULL
                       ? buf_append(q->out, value, 1)
                       : buf_printf(q->out, "%%%02X", (unsigned)(unsigned char)*value)) == ERR_OK;
    }
    q->fits = q->fits && buf_append(q->out, "&", 1) == ERR_OK;
    return MHD_YES;
}

void reply_link_next(const struct api_request *r, struct api_reply *reply, const char *cursor)
{
    BUF_AUTO struct buf query = BUF_INIT(REPLY_HEADER_BYTES - CURSOR_TEXT_BYTES - 32);
    struct query_text q = {&query, true};
    if (cursor == NULL) {
        return;
    }
    MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, add_query, &q);
    if (q.fits) { /* a query too long for a header: the body's next_cursor remains */
        reply_header(reply, "Link", "<?%.*scursor=%s>; rel=\"next\"", (int)query.size,
                     query.size > 0 ? query.data : "", cursor);
    }
}

void reply_next(const struct api_request *r, struct api_reply *reply, struct json *j, const char *cursor)
{
    json_key(j, "next_cursor");
    if (cursor == NULL) {
        json_null(j);
        return;
    }
    json_string(j, cursor);
    reply_link_next(r, reply, cursor);
}
