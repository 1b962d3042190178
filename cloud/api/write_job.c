#include "cloud/api/write_job.h"

struct job {
    write_fn *write;
    void *ctx;
};

enum err_class write_within(const struct store_writer *store, write_fn *write, void *ctx, struct err *e)
{
    struct store_time now;
    enum err_class class = store->ops->begin(store->ctx, &now, e);
    if (class != ERR_OK) {
        return class;
    }
    class = write(ctx, store, &now, e);
    if (class != ERR_OK) {
        store->ops->rollback(store->ctx);
        return class;
    }
    return store->ops->commit(store->ctx, e);
}

static enum err_class run(void *ctx, struct collector *c, const struct store_writer *store, struct err *e)
{
    const struct job *job = ctx;
    (void)c;
    return write_within(store, job->write, job->ctx, e);
}

enum err_class write_job(struct api *a, write_fn *write, void *ctx, struct err *e)
{
    struct job job = {write, ctx};
    return worker_call(a->worker, run, &job, e);
}
