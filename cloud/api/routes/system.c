/* GET /healthz, /readyz, /openapi.json, POST /v1/backup, GET /v1/events */
#include "cloud/api/json_in.h"
#include "cloud/api/route.h"
#include "cloud/api/streams.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const char cloud_api_openapi_json[];

static void answer_status(struct api_reply *reply, const char *status)
{
    struct json j;
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "status");
    json_string(&j, status);
    json_key(&j, "version");
    json_string(&j, TILLWIRE_VERSION);
    json_object_end(&j);
    reply_json_end(reply, &j);
}

void handle_health(struct api_request *r, struct api_reply *reply)
{
    struct err e = {0};
    if (worker_failed(r->api->worker, &e)) {
        reply_problem(reply, 503, "failed", "%s", e.message);
        return;
    }
    answer_status(reply, "ok");
}

void handle_ready(struct api_request *r, struct api_reply *reply)
{
    struct err e = {0};
    struct store_time now;
    if (worker_failed(r->api->worker, &e) ||
        r->slot->reader.ops->now(r->slot->reader.ctx, &now, &e) != ERR_OK) {
        reply_problem(reply, 503, "not-ready", "%s", e.message);
        return;
    }
    answer_status(reply, "ready");
}

void handle_openapi(struct api_request *r, struct api_reply *reply)
{
    (void)r;
    reply->status = 200;
    reply->content_type = "application/json";
    if (buf_append_slice(&reply->body, slice_of(cloud_api_openapi_json)) != ERR_OK) {
        reply_problem(reply, 500, "internal", "out of memory");
    }
}

void handle_backup(struct api_request *r, struct api_reply *reply)
{
    struct err e = {0};
    struct json j;
    struct json_in *body;
    if (json_in_parse(&body, buf_slice(&r->body), &e) != ERR_OK) {
        reply_problem(reply, 400, "bad-json", "%s", e.message);
        return;
    }
    const char *path = json_in_text(body, "path");
    if (path == NULL || path[0] != '/') {
        reply_problem(reply, 422, "invalid", "wants {\"path\": \"/absolute/path/on/the/centre\"}");
    } else if (access(path, F_OK) == 0) {
        reply_problem(reply, 422, "invalid", "%.200s is there already; a backup never overwrites", path);
    } else if (r->slot->reader.ops->backup(r->slot->reader.ctx, path, &e) != ERR_OK) {
        reply_error(reply, &e);
    } else {
        reply_json(reply, &j);
        reply->status = 201;
        json_object(&j);
        json_key(&j, "path");
        json_string(&j, path);
        json_object_end(&j);
        reply_json_end(reply, &j);
    }
    json_in_free(body);
}

void handle_events(struct api_request *r, struct api_reply *reply)
{
    const char *last = request_header(r, "Last-Event-ID");
    uint64_t from = UINT64_MAX;
    last = last != NULL ? last : request_arg(r, "last_event_id");
    if (last != NULL && (!slice_to_u64(slice_of(last), &from) || !hub_holds(r->api->hub, from))) {
        from = UINT64_MAX - 1; /* overrun, or of another life of the centre: the stream begins with a reset */
    }
    reply->status = 200;
    reply->content_type = "text/event-stream";
    reply->custom = streams_response(r->api->streams, r->connection, &r->caller, from);
    if (reply->custom == NULL) {
        reply_problem(reply, 503, "busy", "already %d event streams are open", STREAMS_MAX);
        reply_header(reply, "Retry-After", "10");
    }
}
