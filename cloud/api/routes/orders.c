/* PUT /v1/stores/{store}, POST …/resync, POST /v1/alerts/{id}/acknowledge */
#include "cloud/api/idempotency.h"
#include "cloud/api/json_in.h"
#include "cloud/api/route.h"
#include "cloud/api/write_job.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = sizeof((struct store_row *)0)->name - 1 };

struct enrol_job {
    const char *store, *name, *time_zone;
    enum store_stage stage;
    bool has_stage;
};

static enum err_class enrol(void *ctx, struct collector *c, const struct store_writer *store, struct err *e)
{
    const struct enrol_job *job = ctx;
    (void)store;
    enum err_class class = collector_enrol(c, job->store, job->name, job->time_zone, e);
    return class == ERR_OK && job->has_stage ? collector_stage(c, job->store, job->stage, e) : class;
}

static bool parse_stage(const char *text, struct enrol_job *job)
{
    static const char *const names[] = {"enrolled", "shadow", "live"};
    for (int i = 0; text != NULL && i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            job->stage = (enum store_stage)i;
            job->has_stage = true;
        }
    }
    return text == NULL || job->has_stage;
}

static void answer_enrolled(struct api_reply *reply, const char *store)
{
    struct json j;
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "store");
    json_string(&j, store);
    json_object_end(&j);
    reply_json_end(reply, &j);
}

void handle_enrol(struct api_request *r, struct api_reply *reply)
{
    struct err e = {0};
    struct json_in *body = NULL;
    struct enrol_job job = {.store = r->params[0]};
    if (!request_may_see(r, reply, job.store)) {
        return;
    }
    if (r->body.size > 0 && json_in_parse(&body, buf_slice(&r->body), &e) != ERR_OK) {
        reply_problem(reply, 400, "bad-json", "%s", e.message);
        return;
    }
    job.name = json_in_text(body, "name");
    job.time_zone = json_in_text(body, "time_zone");
    if (body != NULL && !json_in_is_form(body, "name time_zone stage", NAME_BYTES_MAX)) {
        reply_problem(
            reply, 422, "invalid",
            "wants {\"name\", \"time_zone\", \"stage\"}, each a text of at most %d bytes or left out",
            NAME_BYTES_MAX);
    } else if (!parse_stage(json_in_text(body, "stage"), &job)) {
        reply_problem(reply, 422, "invalid", "stage: enrolled, shadow or live is wanted");
    } else if (worker_call(r->api->worker, enrol, &job, &e) != ERR_OK) {
        reply_error(reply, &e);
    } else {
        answer_enrolled(reply, job.store);
    }
    json_in_free(body);
}

struct resync_job {
    struct idempotency once;
    const char *store;
};

static enum err_class look(void *ctx, const struct store_writer *store, const struct store_time *now,
                           struct err *e)
{
    struct resync_job *job = ctx;
    (void)now;
    return idempotency_look(&job->once, store, e);
}

static enum err_class keep(void *ctx, const struct store_writer *store, const struct store_time *now,
                           struct err *e)
{
    struct resync_job *job = ctx;
    (void)now;
    return idempotency_keep(&job->once, store, e);
}

/* All on the worker's thread, so that of two at once the second finds the first one's answer. A crash between
 * the order and its record repeats a resync, which changes nothing that is right. */
static enum err_class resync_once(void *ctx, struct collector *c, const struct store_writer *store,
                                  struct err *e)
{
    struct resync_job *job = ctx;
    uint64_t command = 0;
    enum err_class class = write_within(store, look, job, e);
    if (class != ERR_OK || job->once.repeated || job->once.other_body) {
        return class;
    }
    class = collector_resync(c, job->store, &command, e);
    snprintf(job->once.answer, sizeof job->once.answer, "%016llx", (unsigned long long)command);
    return class == ERR_OK ? write_within(store, keep, job, e) : class;
}

void handle_resync(struct api_request *r, struct api_reply *reply)
{
    struct resync_job job = {.store = r->params[0]};
    struct err e = {0};
    struct json j;
    if (!request_may_see_enrolled(r, reply, job.store) || !idempotency_read(r, reply, &job.once)) {
        return;
    }
    if (worker_call(r->api->worker, resync_once, &job, &e) != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    if (job.once.other_body) {
        reply_problem(reply, 422, "idempotency-key", "this Idempotency-Key was used for another request");
        return;
    }
    reply_json(reply, &j);
    reply->status = 202;
    json_object(&j);
    json_key(&j, "command");
    json_string(&j, job.once.answer);
    json_object_end(&j);
    reply_json_end(reply, &j);
    reply_header(reply, "Location", "/v1/stores/%s/commands", job.store);
}

static enum err_class acknowledge(void *ctx, const struct store_writer *store, const struct store_time *now,
                                  struct err *e)
{
    const uint64_t *id = ctx;
    (void)now;
    return store->ops->alert_acknowledge(store->ctx, (int64_t)*id, e);
}

void handle_alert_acknowledge(struct api_request *r, struct api_reply *reply)
{
    uint64_t id;
    struct err e = {0};
    if (!slice_to_u64(slice_of(r->params[0]), &id) || id > INT64_MAX) {
        reply_problem(reply, 404, "not-found", "\"%.32s\" is not an alert's id", r->params[0]);
        return;
    }
    enum err_class class = write_job(r->api, acknowledge, &id, &e);
    if (class == ERR_INVALID) {
        reply_problem(reply, 404, "not-found", "%s", e.message);
    } else if (class != ERR_OK) {
        reply_error(reply, &e);
    } else {
        reply->status = 204;
    }
}
