#include "cloud/api/idempotency.h"
#include "cloud/api/route.h"
#include "common/hash.h"

#include <stdio.h>
#include <string.h>

enum { GIVEN_BYTES_MAX = 128 };

bool idempotency_read(const struct api_request *r, struct api_reply *reply, struct idempotency *out)
{
    const char *given = request_header(r, "Idempotency-Key");
    *out = (struct idempotency){0};
    if (given == NULL || given[0] == '\0' || strlen(given) > GIVEN_BYTES_MAX) {
        reply_problem(reply, 400, "idempotency-key",
                      "send an Idempotency-Key header of 1 to %d characters, new for each new order",
                      GIVEN_BYTES_MAX);
        return false;
    }
    snprintf(out->key, sizeof out->key, "%s:%s", r->caller.id, given);
    out->request_hash = hash64_seeded(slice_of(r->route->path), hash64(slice_of(r->method)));
    out->request_hash = hash64_seeded(slice_of(r->params[0]), out->request_hash);
    out->request_hash = hash64_seeded(buf_slice(&r->body), out->request_hash);
    return true;
}

static struct slice hash_bytes(const struct idempotency *i)
{
    return (struct slice){(const char *)&i->request_hash, sizeof i->request_hash};
}

enum err_class idempotency_look(struct idempotency *i, const struct store_writer *store, struct err *e)
{
    struct slice hash, answer;
    bool found = false;
    enum err_class class =
        store->ops->idempotency_get(store->ctx, slice_of(i->key), &hash, &answer, &found, e);
    if (class == ERR_OK && found) {
        i->other_body = !slice_equal(hash, hash_bytes(i));
        i->repeated = !i->other_body;
        (void)slice_copy(answer, i->answer, sizeof i->answer);
    }
    return class;
}

enum err_class idempotency_keep(const struct idempotency *i, const struct store_writer *store, struct err *e)
{
    return store->ops->idempotency_put(store->ctx, slice_of(i->key), hash_bytes(i), slice_of(i->answer), e);
}
