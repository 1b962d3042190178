/* Idempotency-Key: a POST that creates does its work once, however often it is sent (CLOUD-API
 * "Conventions"). */
#ifndef CLOUD_API_IDEMPOTENCY_H
#define CLOUD_API_IDEMPOTENCY_H

#include "cloud/api/request.h"

enum { IDEMPOTENCY_KEY_BYTES = 256, IDEMPOTENCY_ANSWER_BYTES = 64 };

struct idempotency {
    char key[IDEMPOTENCY_KEY_BYTES]; /* the caller's id and theirs */
    uint64_t request_hash;           /* of method, path and body */
    bool repeated;                   /* answer holds what the first one got */
    bool other_body;                 /* the key was used with another request */
    char answer[IDEMPOTENCY_ANSWER_BYTES];
};

/* From the header; false: the reply is a 400. */
bool idempotency_read(const struct api_request *r, struct api_reply *reply, struct idempotency *out);

/* On the worker's thread, inside a transaction: fills repeated, other_body and answer. */
enum err_class idempotency_look(struct idempotency *i, const struct store_writer *store,
                                struct err *e) ERR_MUST_CHECK;
enum err_class idempotency_keep(const struct idempotency *i, const struct store_writer *store,
                                struct err *e) ERR_MUST_CHECK;

#endif
