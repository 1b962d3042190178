#include "edge/run/loop.h"

#include "common/notify.h"
#include "edge/run/control_pipe.h"
#include "edge/run/watch.h"

#include <assert.h>
#include <signal.h>

struct loop {
    uv_loop_t uv;
    struct agent *agent;
    const char *config_path;
    struct log *log;
    uv_poll_t bus;
    uv_idle_t work; /* runs while there is work: the loop then polls without waiting, between batches */
    uv_timer_t due, tick, watchdog;
    uv_signal_t terminate, interrupt, hang_up;
    struct watches watches;
    struct control_pipe *control;
    enum err_class class; /* why it ended */
    struct err *e;
};

static void end(struct loop *l, enum err_class class)
{
    l->class = class;
    uv_stop(&l->uv);
}

static void do_work(uv_idle_t *handle);

static void kick(struct loop *l)
{
    uv_idle_start(&l->work, do_work);
}

static void work_is_due(uv_timer_t *handle)
{
    kick(handle->data);
}

static void do_work(uv_idle_t *handle)
{
    struct loop *l = handle->data;
    bool more = false;
    enum err_class class = agent_work(l->agent, &more, l->e);
    if (class != ERR_OK) {
        end(l, class);
        return;
    }
    if (!more) {
        uv_idle_stop(&l->work);
        uv_timer_start(&l->due, work_is_due, (uint64_t)agent_due_ms(l->agent), 0);
    }
}

static void bus_has_something(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    struct loop *l = handle->data;
    bool more = false; /* the descriptor stays readable while there is more */
    enum err_class class = agent_receive(l->agent, &more, l->e);
    if (class != ERR_OK) {
        end(l, class);
    } else {
        kick(l);
    }
}

static const char *folder(void *ctx, size_t index)
{
    const struct loop *l = ctx;
    return agent_folder(l->agent, index);
}

static void folder_changed(void *ctx)
{
    struct loop *l = ctx;
    agent_want_scan(l->agent);
    kick(l);
}

static void tick(uv_timer_t *handle)
{
    struct loop *l = handle->data;
    watches_update(&l->watches, folder);
    enum err_class class = agent_tick(l->agent, l->e);
    if (class != ERR_OK) {
        end(l, class);
        return;
    }
    notify_status(agent_status_line(l->agent));
    kick(l);
    uv_timer_start(handle, tick, (uint64_t)agent_poll_ms(l->agent), 0);
}

static void feed_watchdog(uv_timer_t *handle)
{
    (void)handle;
    notify_watchdog();
}

static void stop_asked(uv_signal_t *handle, int number)
{
    struct loop *l = handle->data;
    log_info(l->log, "edge", "signal %d: what was read is committed, leaving", number);
    end(l, ERR_OK); /* between two pieces of work: no batch is open */
}

static void reload_asked(uv_signal_t *handle, int number)
{
    (void)number;
    struct loop *l = handle->data;
    struct edge_config *config = NULL;
    struct err e = {0};
    notify_reloading();
    enum err_class class = edge_config_read(&config, l->config_path, &e);
    if (class == ERR_OK) {
        class = agent_reload(l->agent, config, &e);
    }
    if (class == ERR_OK) {
        log_info(l->log, "edge", "%s was read again", l->config_path);
        watches_update(&l->watches, folder);
    } else {
        log_error(l->log, "edge", "reload: %s", e.message);
    }
    notify_ready();
    kick(l);
}

static void set_up(struct loop *l)
{
    uv_idle_init(&l->uv, &l->work);
    uv_timer_init(&l->uv, &l->due);
    uv_timer_init(&l->uv, &l->tick);
    uv_timer_init(&l->uv, &l->watchdog);
    uv_signal_init(&l->uv, &l->terminate);
    uv_signal_init(&l->uv, &l->interrupt);
    uv_signal_init(&l->uv, &l->hang_up);
    l->work.data = l->due.data = l->tick.data = l->watchdog.data = l;
    l->terminate.data = l->interrupt.data = l->hang_up.data = l->bus.data = l;
    l->watches = (struct watches){.loop = &l->uv, .changed = folder_changed, .ctx = l};
}

static enum err_class start(struct loop *l)
{
    int rc = uv_signal_start(&l->terminate, stop_asked, SIGTERM);
    rc = rc == 0 ? uv_signal_start(&l->interrupt, stop_asked, SIGINT) : rc;
    rc = rc == 0 ? uv_signal_start(&l->hang_up, reload_asked, SIGHUP) : rc;
    rc = rc == 0 ? uv_poll_start(&l->bus, UV_READABLE, bus_has_something) : rc;
    rc = rc == 0 ? uv_timer_start(&l->tick, tick, 0, 0) : rc;
    uint64_t watchdog_ms = notify_watchdog_ms();
    if (rc == 0 && watchdog_ms > 0) {
        rc = uv_timer_start(&l->watchdog, feed_watchdog, 0, watchdog_ms);
    }
    if (rc != 0) {
        return err_set(l->e, ERR_FATAL, "the event loop cannot be started: %s", uv_strerror(rc));
    }
    enum err_class class = control_pipe_open(&l->control, &l->uv, l->agent, l->log, l->e);
    if (class == ERR_OK) {
        kick(l);
        notify_ready();
    }
    return class;
}

static void shut_down(struct loop *l)
{
    uv_handle_t *const handles[] = {
        (uv_handle_t *)&l->bus,       (uv_handle_t *)&l->work,     (uv_handle_t *)&l->due,
        (uv_handle_t *)&l->tick,      (uv_handle_t *)&l->watchdog, (uv_handle_t *)&l->terminate,
        (uv_handle_t *)&l->interrupt, (uv_handle_t *)&l->hang_up,
    };
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        uv_close(handles[i], NULL);
    }
    watches_close(&l->watches);
    control_pipe_close(l->control);
    uv_run(&l->uv, UV_RUN_DEFAULT); /* the closing callbacks */
    int rc = uv_loop_close(&l->uv);
    assert(rc == 0);
    (void)rc;
}

void loop_hold_signals(bool hold)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    int rc = pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
    assert(rc == 0);
    (void)rc;
}

enum err_class loop_run(struct agent *agent, const char *config_path, struct log *log, struct err *e)
{
    struct loop l = {.agent = agent, .config_path = config_path, .log = log, .e = e};
    int rc = uv_loop_init(&l.uv);
    if (rc == 0) {
        rc = uv_poll_init(&l.uv, &l.bus, agent_bus_fd(agent));
    }
    if (rc != 0) {
        return err_set(e, ERR_FATAL, "the event loop cannot be made: %s", uv_strerror(rc));
    }
    set_up(&l);
    l.class = start(&l);
    if (l.class == ERR_OK) {
        loop_hold_signals(false);
        uv_run(&l.uv, UV_RUN_DEFAULT);
        loop_hold_signals(true);
    }
    notify_stopping();
    shut_down(&l);
    return l.class;
}
