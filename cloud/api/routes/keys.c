/* /v1/keys, /v1/session, /v1/login-codes: who may call. */
#include "cloud/api/idempotency.h"
#include "cloud/api/json_in.h"
#include "cloud/api/route.h"
#include "cloud/api/write_job.h"

#include <stdio.h>
#include <string.h>

static bool write_key(void *ctx, const struct store_api_key *key)
{
    struct json *j = ctx;
    json_object(j);
    json_key(j, "id");
    json_text(j, key->id);
    json_key(j, "label");
    json_text(j, key->label);
    json_key(j, "scopes");
    json_text(j, key->scopes);
    json_key(j, "stores");
    key->stores.size == 0 ? json_null(j) : json_text(j, key->stores);
    json_key(j, "created_at");
    json_time(j, key->created_ms);
    json_key(j, "revoked_at");
    json_time(j, key->revoked_ms);
    json_object_end(j);
    return true;
}

void handle_keys(struct api_request *r, struct api_reply *reply)
{
    struct json j;
    struct err e = {0};
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "data");
    json_array(&j);
    enum err_class class = r->slot->reader.ops->api_key_each(r->slot->reader.ctx, write_key, &j, &e);
    json_array_end(&j);
    reply_next(r, reply, &j, NULL);
    json_object_end(&j);
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    reply_json_end(reply, &j);
}

struct key_job {
    struct idempotency once;
    struct store_api_key key;
};

static enum err_class put_key(void *ctx, const struct store_writer *store, const struct store_time *now,
                              struct err *e)
{
    struct key_job *job = ctx;
    enum err_class class = idempotency_look(&job->once, store, e);
    if (class != ERR_OK || job->once.repeated || job->once.other_body) {
        return class;
    }
    job->key.created_ms = now->ms;
    class = store->ops->api_key_put(store->ctx, &job->key, e);
    (void)slice_copy(job->key.id, job->once.answer, sizeof job->once.answer);
    return class == ERR_OK ? idempotency_keep(&job->once, store, e) : class;
}

static void make_key(struct api_request *r, struct api_reply *reply, struct key_job *job)
{
    char text[API_KEY_TEXT_BYTES], id[API_KEY_ID_BYTES];
    unsigned char hash[API_KEY_HASH_BYTES];
    struct err e = {0};
    struct json j;
    api_key_make(r->api->clock, text, id, hash);
    job->key.id = slice_of(id);
    job->key.hash = (struct slice){(const char *)hash, sizeof hash};
    if (write_job(r->api, put_key, job, &e) != ERR_OK) {
        reply_error(reply, &e);
    } else if (job->once.other_body) {
        reply_problem(reply, 422, "idempotency-key", "this Idempotency-Key was used for another request");
    } else if (job->once.repeated) {
        reply_problem(reply, 409, "already-made",
                      "this order made the key %s; its secret is shown only once: revoke it and "
                      "make another",
                      job->once.answer);
    } else {
        reply_json(reply, &j);
        reply->status = 201;
        json_object(&j);
        json_key(&j, "id");
        json_string(&j, id);
        json_key(&j, "key");
        json_string(&j, text);
        json_object_end(&j);
        reply_json_end(reply, &j);
        reply_header(reply, "Location", "/v1/keys/%s", id);
    }
}

static bool stores_valid(struct slice stores)
{
    while (stores.size > 0) {
        const char *space = memchr(stores.data, ' ', stores.size);
        size_t size = space == NULL ? stores.size : (size_t)(space - stores.data);
        if (!store_id_valid((struct slice){stores.data, size})) {
            return false;
        }
        size += space != NULL;
        stores = (struct slice){stores.data + size, stores.size - size};
    }
    return true;
}

void handle_key_make(struct api_request *r, struct api_reply *reply)
{
    struct key_job job = {0};
    struct err e = {0};
    struct json_in *body;
    unsigned bits;
    if (!idempotency_read(r, reply, &job.once)) {
        return;
    }
    if (json_in_parse(&body, buf_slice(&r->body), &e) != ERR_OK) {
        reply_problem(reply, 400, "bad-json", "%s", e.message);
        return;
    }
    job.key.scopes = slice_of(json_in_text(body, "scopes"));
    job.key.stores = slice_of(json_in_text(body, "stores"));
    job.key.label = slice_of(json_in_text(body, "label"));
    if (!json_in_is_form(body, "scopes stores label", CALLER_STORES_BYTES - 1) || job.key.scopes.size == 0 ||
        !scopes_parse(job.key.scopes, &bits) || !stores_valid(job.key.stores) || job.key.label.size > 64) {
        reply_problem(reply, 422, "invalid",
                      "wants {\"scopes\": \"stock:read ops:read …\", \"stores\": \"S001 S002\" or none, "
                      "\"label\": up to 64 bytes}");
    } else if ((bits & SCOPE_ADMIN) != 0 && job.key.stores.size > 0) {
        reply_problem(reply, 422, "invalid", "a key with the scope admin cannot be limited to stores");
    } else {
        make_key(r, reply, &job);
    }
    json_in_free(body);
}

static enum err_class revoke(void *ctx, const struct store_writer *store, const struct store_time *now,
                             struct err *e)
{
    struct store_api_key *key = ctx;
    key->revoked_ms = now->ms;
    return store->ops->api_key_put(store->ctx, key, e);
}

void handle_key_revoke(struct api_request *r, struct api_reply *reply)
{
    struct store_api_key key;
    struct err e = {0};
    bool found = false;
    enum err_class class =
        r->slot->reader.ops->api_key_get(r->slot->reader.ctx, slice_of(r->params[0]), &key, &found, &e);
    if (class == ERR_OK && !found) {
        reply_problem(reply, 404, "not-found", "there is no key with the id \"%.32s\"", r->params[0]);
        return;
    }
    class = class == ERR_OK ? write_job(r->api, revoke, &key, &e) : class;
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    auth_sessions_end(r->api->auth, r->params[0]);
    reply->status = 204;
}

static void answer_session(struct api_reply *reply, const struct api_caller *caller, const char *csrf)
{
    struct json j;
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "caller");
    json_string(&j, caller->id);
    json_key(&j, "operator");
    json_bool(&j, caller_may(caller, SCOPE_OPS_WRITE));
    json_key(&j, "csrf");
    csrf == NULL ? json_null(&j) : json_string(&j, csrf);
    json_object_end(&j);
    reply_json_end(reply, &j);
}

void handle_session_open(struct api_request *r, struct api_reply *reply)
{
    struct err e = {0};
    struct json_in *body;
    struct api_caller caller;
    struct auth_session session;
    if (json_in_parse(&body, buf_slice(&r->body), &e) != ERR_OK) {
        reply_problem(reply, 400, "bad-json", "%s", e.message);
        return;
    }
    const char *code = json_in_text(body, "code"), *key = json_in_text(body, "key");
    enum err_class class = code != NULL ? auth_code_use(r->api->auth, slice_of(code), &caller, &e)
                           : key != NULL
                               ? auth_bearer(&r->slot->reader, slice_of(key), &caller, &e)
                               : err_set(&e, ERR_INVALID, "wants {\"key\": \"tw_…\"} or {\"code\": \"…\"}");
    json_in_free(body);
    if (class != ERR_OK) {
        reply_problem(reply, class == ERR_INVALID ? 401 : 503, "not-signed-in", "%s", e.message);
        return;
    }
    auth_session_open(r->api->auth, &caller, &session);
    answer_session(reply, &caller, session.csrf);
    bool tls = r->api->options.cert_file != NULL && r->api->options.cert_file[0] != '\0';
    reply_header(reply, "Set-Cookie", "tillwire_session=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
                 session.token, SESSION_MS_MAX / 1000, tls ? "; Secure" : "");
}

static struct slice session_token(const struct api_request *r)
{
    return slice_of(request_cookie(r, "tillwire_session"));
}

void handle_session_show(struct api_request *r, struct api_reply *reply)
{
    char csrf[SESSION_TOKEN_BYTES];
    struct api_caller caller;
    struct err e = {0};
    bool by_cookie = r->caller.by_session &&
                     auth_session_find(r->api->auth, session_token(r), &caller, csrf, &e) == ERR_OK;
    answer_session(reply, &r->caller, by_cookie ? csrf : NULL);
}

void handle_session_close(struct api_request *r, struct api_reply *reply)
{
    auth_session_close(r->api->auth, session_token(r));
    reply_header(reply, "Set-Cookie", "tillwire_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    reply->status = 204;
}

void handle_login_code(struct api_request *r, struct api_reply *reply)
{
    char code[33];
    struct err e = {0};
    struct json j;
    if (auth_code_make(r->api->auth, "stock:read ops:read ops:write", code, &e) != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    reply_json(reply, &j);
    reply->status = 201;
    json_object(&j);
    json_key(&j, "code");
    json_string(&j, code);
    json_key(&j, "expires_in_s");
    json_int(&j, LOGIN_CODE_MS_MAX / 1000);
    json_object_end(&j);
    reply_json_end(reply, &j);
}
