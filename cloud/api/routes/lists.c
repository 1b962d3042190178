/* GET /v1/alerts, GET /v1/dead */
#include "cloud/api/route.h"

#include <stdio.h>
#include <string.h>

enum { PAYLOAD_HEX_BYTES = 256 }; /* shown of a dead message */

struct id_list {
    struct api_request *request;
    struct json *j;
    size_t count, limit;
    int64_t last;
    bool more;
};

/* limit and cursor of a list that runs backwards by id; false: the reply says what is wrong. */
static bool begin_list(struct api_request *r, struct api_reply *reply, struct json *j, struct id_list *list,
                       int64_t *before)
{
    int64_t limit;
    if (!request_arg_int(r, reply, "limit", 1, 1000, 100, &limit) ||
        !request_arg_int(r, reply, "cursor", 1, INT64_MAX, INT64_MAX, before)) {
        return false;
    }
    *list = (struct id_list){.request = r, .j = j, .limit = (size_t)limit};
    reply_json(reply, j);
    json_object(j);
    json_key(j, "data");
    json_array(j);
    return true;
}

static void end_list(struct api_reply *reply, struct id_list *list, enum err_class class, const struct err *e)
{
    char next[24];
    snprintf(next, sizeof next, "%lld", (long long)list->last);
    json_array_end(list->j);
    reply_next(list->request, reply, list->j, list->more ? next : NULL);
    json_object_end(list->j);
    if (class != ERR_OK) {
        reply_error(reply, e);
        return;
    }
    reply_json_end(reply, list->j);
}

/* False when the page is full. */
static bool take(struct id_list *list, int64_t id)
{
    list->more = list->count == list->limit;
    if (!list->more) {
        list->count++;
        list->last = id;
    }
    return !list->more;
}

static bool write_alert(void *ctx, const struct store_alert *alert)
{
    struct id_list *list = ctx;
    struct json *j = list->j;
    if (!caller_sees(&list->request->caller, alert->store)) {
        return true;
    }
    if (!take(list, alert->id)) {
        return false;
    }
    json_object(j);
    json_key(j, "id");
    json_int(j, alert->id);
    json_key(j, "store");
    json_text(j, alert->store);
    json_key(j, "kind");
    json_text(j, alert->kind);
    json_key(j, "text");
    json_text(j, alert->text);
    json_key(j, "opened_at");
    json_time(j, alert->opened_ms);
    json_key(j, "closed_at");
    json_time(j, alert->closed_ms);
    json_key(j, "acknowledged_at");
    json_time(j, alert->acknowledged_ms);
    json_object_end(j);
    return true;
}

void handle_alerts(struct api_request *r, struct api_reply *reply)
{
    struct json j;
    struct err e = {0};
    struct id_list list;
    int64_t before;
    const char *open = request_arg(r, "open");
    if (open != NULL && strcmp(open, "true") != 0 && strcmp(open, "false") != 0) {
        reply_problem(reply, 400, "bad-parameter", "open=%.16s: true or false is wanted", open);
        return;
    }
    if (!begin_list(r, reply, &j, &list, &before)) {
        return;
    }
    enum err_class class = r->slot->reader.ops->alert_each(
        r->slot->reader.ctx, open != NULL && strcmp(open, "true") == 0, before, 0, write_alert, &list, &e);
    end_list(reply, &list, class, &e);
}

static bool write_dead(void *ctx, const struct store_dead *dead)
{
    struct id_list *list = ctx;
    struct json *j = list->j;
    char hex[2 * PAYLOAD_HEX_BYTES + 1];
    if (!caller_sees(&list->request->caller, dead->store)) {
        return true;
    }
    if (!take(list, dead->id)) {
        return false;
    }
    size_t shown = dead->payload.size < PAYLOAD_HEX_BYTES ? dead->payload.size : PAYLOAD_HEX_BYTES;
    for (size_t i = 0; i < shown; i++) {
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)dead->payload.data[i]);
    }
    json_object(j);
    json_key(j, "id");
    json_int(j, dead->id);
    json_key(j, "store");
    json_text(j, dead->store);
    json_key(j, "topic");
    json_text(j, dead->topic);
    json_key(j, "reason");
    json_text(j, dead->reason);
    json_key(j, "generation");
    json_int(j, dead->generation);
    json_key(j, "first_seq");
    json_u64(j, dead->first_seq);
    json_key(j, "last_seq");
    json_u64(j, dead->last_seq);
    json_key(j, "at");
    json_time(j, dead->at_ms);
    json_key(j, "size_bytes");
    json_u64(j, dead->payload.size);
    json_key(j, "payload_hex");
    json_text(j, (struct slice){hex, 2 * shown});
    json_object_end(j);
    return true;
}

void handle_dead(struct api_request *r, struct api_reply *reply)
{
    struct json j;
    struct err e = {0};
    struct id_list list;
    int64_t before;
    if (!begin_list(r, reply, &j, &list, &before)) {
        return;
    }
    enum err_class class =
        r->slot->reader.ops->dead_each(r->slot->reader.ctx, before, 0, write_dead, &list, &e);
    end_list(reply, &list, class, &e);
}
