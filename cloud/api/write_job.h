/* A change that the api makes itself: one transaction on the worker's thread. */
#ifndef CLOUD_API_WRITE_JOB_H
#define CLOUD_API_WRITE_JOB_H

#include "cloud/api/internal.h"

typedef enum err_class write_fn(void *ctx, const struct store_writer *store, const struct store_time *now,
                                struct err *e);

/* The same for a job that is on that thread already. */
enum err_class write_within(const struct store_writer *store, write_fn *write, void *ctx,
                            struct err *e) ERR_MUST_CHECK;

enum err_class write_job(struct api *a, write_fn *write, void *ctx, struct err *e) ERR_MUST_CHECK;

#endif
