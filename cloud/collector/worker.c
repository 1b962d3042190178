#include "cloud/collector/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    JOBS_MAX = 1024,
    BATCH_MESSAGES_MAX = 1024,
    BATCH_BYTES_MAX = 4 << 20,
    TURN_MS = 1000,
    PAUSE_MS = 1000, /* after a failure that may pass (disk full, busy): the stores send again */
};

struct job {
    enum err_class (*run)(void *ctx, struct collector *c, const struct store_writer *store, struct err *e);
    void *ctx;
    struct err *e;
    enum err_class class;
    bool done;
    struct job *next;
};

struct worker {
    struct collector *collector;
    const struct store_writer *store;
    struct mqtt *mqtt;
    const struct clock *clock;
    struct log *log;
    pthread_t thread;
    int wake_fd;

    pthread_mutex_t lock;
    pthread_cond_t finished; /* some job is done, or the thread has ended */
    struct job *first, **last;
    unsigned waiting;
    bool stopping, failed;
    struct err failure;

    int64_t turn_due_ms, resume_ms; /* boot clock; the thread's own */
};

/* ---- jobs ---- */

static void wake(const struct worker *w)
{
    uint64_t one = 1;
    while (write(w->wake_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

static struct job *next_job(struct worker *w)
{
    (void)pthread_mutex_lock(&w->lock);
    struct job *job = w->first;
    if (job != NULL) {
        w->first = job->next;
        w->last = w->first == NULL ? &w->first : w->last;
        w->waiting--;
    }
    (void)pthread_mutex_unlock(&w->lock);
    return job;
}

static void finish(struct worker *w, struct job *job, enum err_class class)
{
    (void)pthread_mutex_lock(&w->lock);
    job->class = class;
    job->done = true;
    (void)pthread_cond_broadcast(&w->finished);
    (void)pthread_mutex_unlock(&w->lock);
}

/* Jobs find no transaction open. Theirs to report; only a database that is gone ends the thread. */
static enum err_class run_jobs(struct worker *w, struct err *e)
{
    enum err_class class = ERR_OK;
    for (struct job *job; class != ERR_FATAL && (job = next_job(w)) != NULL;) {
        class = collector_commit(w->collector, e);
        if (class == ERR_OK) {
            class = job->run(job->ctx, w->collector, w->store, e);
        }
        if (class != ERR_OK && job->e != NULL) {
            *job->e = *e;
        }
        finish(w, job, class);
    }
    return class == ERR_FATAL ? ERR_FATAL : ERR_OK;
}

enum err_class worker_call(struct worker *w,
                           enum err_class (*run)(void *ctx, struct collector *c,
                                                 const struct store_writer *store, struct err *e),
                           void *ctx, struct err *e)
{
    struct job job = {.run = run, .ctx = ctx, .e = e};
    (void)pthread_mutex_lock(&w->lock);
    if (w->failed || w->stopping || w->waiting == JOBS_MAX) {
        bool over = w->failed || w->stopping;
        (void)pthread_mutex_unlock(&w->lock);
        return over ? err_set(e, ERR_FATAL, "the centre is stopping")
                    : err_set(e, ERR_FULL, "%d orders wait already: try again", JOBS_MAX);
    }
    *w->last = &job;
    w->last = &job.next;
    w->waiting++;
    wake(w);
    while (!job.done) {
        (void)pthread_cond_wait(&w->finished, &w->lock);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return job.class;
}

/* ---- messages ---- */

static enum err_class take(struct worker *w, const struct mqtt_event *event, struct err *e)
{
    switch (event->kind) {
    case MQTT_CONNECTED:
        log_info(w->log, "worker", "connected to the broker");
        return ERR_OK;
    case MQTT_DISCONNECTED:
        log_warn(w->log, "worker", "disconnected from the broker: %s", event->reason);
        return ERR_OK;
    case MQTT_MESSAGE:
        break;
    }
    enum err_class class = collector_message(w->collector, event->topic, event->payload, event->properties,
                                             event->property_count, e);
    if (class == ERR_INVALID) {
        log_warn(w->log, "worker", "refused: %s", e->message);
        return ERR_OK;
    }
    return class;
}

/* Until the inbox is empty or the batch is large; then the commit, and what it publishes. */
static enum err_class take_batch(struct worker *w, bool *more, struct err *e)
{
    enum err_class class = ERR_OK;
    *more = false;
    for (unsigned count = 0; w->mqtt != NULL && class == ERR_OK; count++) {
        struct mqtt_event event;
        *more = count == BATCH_MESSAGES_MAX || collector_pending(w->collector) >= BATCH_BYTES_MAX;
        if (*more || mqtt_receive(w->mqtt, &event) != ERR_OK) {
            break;
        }
        class = take(w, &event, e);
    }
    return class == ERR_OK ? collector_commit(w->collector, e) : class;
}

/* ---- the thread ---- */

static bool stopping(struct worker *w)
{
    (void)pthread_mutex_lock(&w->lock);
    bool stop = w->stopping;
    (void)pthread_mutex_unlock(&w->lock);
    return stop;
}

/* Passing failures pause the intake: nothing is acknowledged meanwhile, so the stores send it again. */
static enum err_class or_pause(struct worker *w, enum err_class class, const struct err *e)
{
    if (class != ERR_FULL && class != ERR_RETRY) {
        return class;
    }
    log_error(w->log, "worker", "nothing is taken for %d ms: %s", PAUSE_MS, e->message);
    w->resume_ms = clock_boot_ms(w->clock) + PAUSE_MS;
    return ERR_OK;
}

static void wait_for_work(struct worker *w)
{
    int64_t now = clock_boot_ms(w->clock);
    bool paused = now < w->resume_ms;
    int64_t due = paused && w->resume_ms < w->turn_due_ms ? w->resume_ms : w->turn_due_ms;
    struct pollfd fds[] = {
        {.fd = w->wake_fd, .events = POLLIN},
        {.fd = w->mqtt == NULL || paused ? -1 : mqtt_event_fd(w->mqtt), .events = POLLIN},
    };
    int timeout = due <= now ? 0 : (int)(due - now < TURN_MS ? due - now : TURN_MS);
    if (poll(fds, 2, timeout) > 0 && (fds[0].revents & POLLIN) != 0) {
        uint64_t count;
        while (read(w->wake_fd, &count, sizeof count) < 0 && errno == EINTR) {
        }
    }
}

static enum err_class turn(struct worker *w, bool *more, struct err *e)
{
    enum err_class class = ERR_OK;
    *more = false;
    if (clock_boot_ms(w->clock) >= w->resume_ms) {
        class = or_pause(w, take_batch(w, more, e), e);
    }
    if (class == ERR_OK) {
        class = run_jobs(w, e);
    }
    if (class == ERR_OK && clock_boot_ms(w->clock) >= w->turn_due_ms) {
        class = or_pause(w, collector_turn(w->collector, e), e);
        w->turn_due_ms = clock_boot_ms(w->clock) + TURN_MS;
    }
    return class;
}

/* Whoever still waits is told why; nobody waits from here on. */
static void end(struct worker *w, const struct err *failure)
{
    (void)pthread_mutex_lock(&w->lock);
    if (failure != NULL) {
        w->failed = true;
        w->failure = *failure;
    }
    w->stopping = true;
    for (struct job *job = w->first; job != NULL; job = job->next) {
        job->class = err_set(job->e, ERR_FATAL, "the centre is stopping");
        job->done = true;
    }
    w->first = NULL;
    w->last = &w->first;
    (void)pthread_cond_broadcast(&w->finished);
    (void)pthread_mutex_unlock(&w->lock);
}

static void *run(void *argument)
{
    struct worker *w = argument;
    struct err e = {0};
    enum err_class class = ERR_OK;
    while (class == ERR_OK && !stopping(w)) {
        bool more;
        class = turn(w, &more, &e);
        if (class == ERR_OK && !more) {
            wait_for_work(w);
        }
    }
    if (class == ERR_OK) {
        class = collector_commit(w->collector, &e);
    }
    if (class != ERR_OK) {
        log_error(w->log, "worker", "stopped: %s", e.message);
    }
    end(w, class == ERR_OK ? NULL : &e);
    return NULL;
}

enum err_class worker_open(struct worker **out, struct collector *collector, const struct store_writer *store,
                           struct mqtt *mqtt, const struct clock *clock, struct log *log, struct err *e)
{
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return err_set(e, ERR_FATAL, "no memory for the worker");
    }
    w->collector = collector;
    w->store = store;
    w->mqtt = mqtt;
    w->clock = clock;
    w->log = log;
    w->last = &w->first;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->finished, NULL);
    w->wake_fd = eventfd(0, EFD_CLOEXEC);
    int error = w->wake_fd < 0 ? errno : pthread_create(&w->thread, NULL, run, w);
    if (error != 0) {
        if (w->wake_fd >= 0) {
            (void)close(w->wake_fd);
        }
        free(w);
        return err_set(e, ERR_FATAL, "cannot start the worker's thread: %s", strerror(error));
    }
    *out = w;
    return ERR_OK;
}

void worker_close(struct worker *w)
{
    if (w == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
    (void)pthread_mutex_unlock(&w->lock);
    wake(w);
    (void)pthread_join(w->thread, NULL);
    (void)close(w->wake_fd);
    (void)pthread_cond_destroy(&w->finished);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

bool worker_failed(struct worker *w, struct err *e)
{
    (void)pthread_mutex_lock(&w->lock);
    bool failed = w->failed;
    if (failed && e != NULL) {
        *e = w->failure;
    }
    (void)pthread_mutex_unlock(&w->lock);
    return failed;
}
