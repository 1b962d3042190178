/* One HTTP request and the reply to it, as the handlers see them; libmicrohttpd stays behind. */
#ifndef CLOUD_API_REQUEST_H
#define CLOUD_API_REQUEST_H

#include "cloud/api/auth.h"
#include "cloud/api/internal.h"
#include "common/buf.h"
#include "common/json.h"

struct MHD_Connection;
struct MHD_Response;

enum {
    REQUEST_PARAMS_MAX = 2,
    REQUEST_PARAM_BYTES = 4 * 64 + 1,
    REQUEST_VALUES_MAX = 100, /* of one repeatable query parameter */
    REPLY_HEADERS_MAX = 8,
    REPLY_BYTES_MAX = 8 * 1024 * 1024,
    REPLY_HEADER_BYTES = 2048,
    CURSOR_TEXT_BYTES = 512,
};

struct api_route;

struct api_request {
    struct api *api;
    struct MHD_Connection *connection;
    const struct api_route *route;
    const char *method;
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_BYTES]; /* of the path, percent-decoded */
    struct buf body;
    struct api_caller caller;
    struct reader_slot *slot; /* a reader with an open view; NULL for routes that need none */
};

struct api_reply {
    unsigned status;
    const char *content_type;
    struct buf body;
    struct {
        char name[32];
        char value[REPLY_HEADER_BYTES];
    } headers[REPLY_HEADERS_MAX];
    size_t header_count;
    struct MHD_Response *custom; /* a stream or a file instead of the body */
};

/* Query parameters. NULL: not given. */
const char *request_arg(const struct api_request *r, const char *name);
size_t request_args(const struct api_request *r, const char *name, const char *out[REQUEST_VALUES_MAX]);
/* An integer of min–max, or fallback when absent. On a bad one the reply becomes 400 and false is returned.
 */
bool request_arg_int(const struct api_request *r, struct api_reply *reply, const char *name, int64_t min,
                     int64_t max, int64_t fallback, int64_t *out);
const char *request_header(const struct api_request *r, const char *name);
const char *request_cookie(const struct api_request *r, const char *name);
bool request_wants_csv(const struct api_request *r);

/* False (and 403) when the caller's key is limited to other stores. */
bool request_may_see(const struct api_request *r, struct api_reply *reply, const char *store);
/* The same, and (404) when it is not enrolled; for routes with a reader. */
bool request_may_see_enrolled(const struct api_request *r, struct api_reply *reply, const char *store);

void reply_header(struct api_reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* application/problem+json (RFC 9457). type: stable last part of the type URI, e.g. "not-found". */
void reply_problem(struct api_reply *reply, unsigned status, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A problem from an error: INVALID 422, RETRY and FULL 503, FATAL 500. */
void reply_error(struct api_reply *reply, const struct err *e);
/* Begins a 200 JSON body; reply_json_end turns an overflow into a 500 problem. */
void reply_json(struct api_reply *reply, struct json *j);
void reply_json_end(struct api_reply *reply, struct json *j);

/* JSON values of the house. */
void json_qty(struct json *j, int64_t qty_e4);   /* a number with at most four decimals */
void json_time(struct json *j, int64_t wall_ms); /* RFC 3339; null for 0 */
void json_string(struct json *j, const char *text);

/* Opaque keyset cursors: up to four texts, as base64url of their length-prefixed bytes. */
void cursor_format(const struct slice *parts, size_t count, char out[CURSOR_TEXT_BYTES]);
/* parts point into store (CURSOR_TEXT_BYTES). False: not a cursor of ours. */
bool cursor_parse(const char *text, struct slice *parts, size_t count, char store[CURSOR_TEXT_BYTES]);
/* "next_cursor" in the body and Link: rel="next" in the head; NULL: the last page. */
void reply_next(const struct api_request *r, struct api_reply *reply, struct json *j, const char *cursor);
/* The Link alone, for lists that are not JSON. */
void reply_link_next(const struct api_request *r, struct api_reply *reply, const char *cursor);

#endif
