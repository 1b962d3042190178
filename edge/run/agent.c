#include "edge/run/agent.h"

#include "common/mqtt.h"
#include "common/zone.h"
#include "edge/control/control.h"
#include "edge/run/describe.h"
#include "edge/run/wiring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MQTT_OUT_BYTES = 512 * 1024,
    MQTT_IN_BYTES = 512 * 1024,
    RECEIVE_MAX = 32, /* messages of one turn */
    TRIM_EVENTS = 500,
    TRIM_MS = 60 * 1000,
    VERIFY_MS = 24 * 60 * 60 * 1000,
};

struct agent {
    struct edge_config *config;
    const struct clock *clock;
    struct log *log;
    struct wiring wiring;
    struct zone *zone;
    struct ledger *ledger;
    struct ingest *ingest;
    struct uplink *uplink;
    struct mqtt *mqtt;
    struct description *description;
    struct describe_view view;
    char topic_ack[TOPIC_BYTES], topic_command[TOPIC_BYTES];
    bool scan_wanted;
    bool disk_full;
    char error[ERR_MESSAGE_BYTES_MAX]; /* why reading stands still */
    int64_t trimmed_at, verified_at;
    char status_line[160];
};

static enum err_class open_ledger(struct agent *a, struct err *e)
{
    char path[1024];
    int n = snprintf(path, sizeof path, "%s/ledger.db", a->config->state_dir);
    if (n < 0 || (size_t)n >= sizeof path) {
        return err_set(e, ERR_INVALID, "state_dir: longer than %zu bytes", sizeof path - 16);
    }
    if (access(a->config->state_dir, W_OK | X_OK) != 0) {
        return err_set(e, ERR_FATAL,
                       "state_dir: %s: not a folder that can be written: create it (tillwire-edge "
                       "--check-config says more)",
                       a->config->state_dir);
    }
    const struct ledger_options options = {
        .path = path,
        .store = a->config->store,
        .zone = a->zone,
        .retention_days = a->config->retention_days,
    };
    return ledger_open(&a->ledger, &options, a->clock, e);
}

static enum err_class open_ingest(struct agent *a, const struct edge_config *c, struct ingest **out,
                                  struct err *e)
{
    const struct ingest_ledger ops = wiring_ingest_ledger(&a->wiring);
    const struct ingest_options options = {
        .store = c->store,
        .log_store = c->tlog_store,
        .sources = c->sources,
        .source_count = c->source_count,
        .batch_records_max = c->ingest_records_max,
        .batch_ms = c->ingest_ms,
    };
    return ingest_open(out, &options, &ops, a->clock, a->log, e);
}

static enum err_class open_mqtt(struct agent *a, struct err *e)
{
    const struct edge_config *c = a->config;
    const struct mqtt_options options = {
        .host = c->broker_host,
        .port = c->broker_port,
        .ca_file = c->ca_file,
        .cert_file = c->cert_file,
        .key_file = c->key_file,
        .client_id = c->store,
        .out_bytes_max = MQTT_OUT_BYTES,
        .in_bytes_max = MQTT_IN_BYTES,
        .subscriptions = {topic_format(TOPIC_ACK, c->store, a->topic_ack),
                          topic_format(TOPIC_COMMAND, c->store, a->topic_command)},
        .threaded = true,
    };
    enum err_class class = mqtt_open(&a->mqtt, &options, a->clock, a->log, e);
    if (class == ERR_OK) {
        a->wiring.bus = mqtt_bus(a->mqtt);
    }
    return class;
}

static enum err_class open_uplink(struct agent *a, struct err *e)
{
    const struct uplink_options options = {
        .store = a->config->store,
        .window_bytes_max = a->config->window_bytes_max,
        .batch_bytes_max = a->config->batch_bytes_max,
        .heartbeat_ms = a->config->heartbeat_ms,
    };
    const struct uplink_log ops = wiring_uplink_log(&a->wiring);
    const struct bus bus = wiring_bus(&a->wiring);
    return uplink_open(&a->uplink, &options, &ops, &bus, a->clock, a->log, e);
}

static void describe(void *ctx, Tillwire__V1__Heartbeat *heartbeat)
{
    struct agent *a = ctx;
    a->view.disk_full = a->disk_full;
    describe_heartbeat(a->description, &a->view, heartbeat);
}

static enum err_class open_store(struct agent *a, struct err *e)
{
    enum err_class class = zone_open(&a->zone, a->config->time_zone, e);
    if (class == ERR_OK) {
        class = open_ledger(a, e);
    }
    if (class == ERR_OK) {
        a->wiring.ledger = a->ledger;
        class = ledger_verify(a->ledger, e);
    }
    if (class == ERR_OK) {
        class = open_ingest(a, a->config, &a->ingest, e);
    }
    return class;
}

static enum err_class open_parts(struct agent *a, struct err *e)
{
    enum err_class class = open_store(a, e);
    if (class == ERR_OK) {
        class = describe_open(&a->description, e);
    }
    if (class == ERR_OK) {
        class = open_mqtt(a, e);
    }
    if (class == ERR_OK) {
        class = open_uplink(a, e);
    }
    return class;
}

enum err_class agent_open(struct agent **out, struct edge_config *config, const struct clock *clock,
                          struct log *log, const struct edge_taps *taps, struct err *e)
{
    *out = NULL;
    struct agent *a = calloc(1, sizeof *a);
    if (a == NULL) {
        edge_config_free(config);
        return err_set(e, ERR_FATAL, "out of memory");
    }
    a->config = config;
    a->clock = clock;
    a->log = log;
    a->wiring = (struct wiring){.taps = taps, .describe = describe, .describe_ctx = a};
    a->scan_wanted = true;
    a->verified_at = a->trimmed_at = clock_boot_ms(clock);
    enum err_class class = open_parts(a, e);
    if (class != ERR_OK) {
        agent_close(a);
        return class;
    }
    struct ledger_head head;
    ledger_head(a->ledger, &head);
    a->view = (struct describe_view){.ledger = a->ledger,
                                     .ingest = a->ingest,
                                     .uplink = a->uplink,
                                     .clock = clock,
                                     .state_dir = config->state_dir,
                                     .run_first_seq = head.seq};
    log_info(log, "edge", "store %s: generation %u, run %llu, head %llu; broker %s:%d", config->store,
             head.generation, (unsigned long long)head.run_counter, (unsigned long long)head.seq,
             config->broker_host, config->broker_port);
    *out = a;
    return ERR_OK;
}

void agent_close(struct agent *a)
{
    if (a != NULL) {
        mqtt_close(a->mqtt);
        uplink_close(a->uplink);
        ingest_close(a->ingest);
        describe_close(a->description);
        ledger_close(a->ledger);
        zone_close(a->zone);
        edge_config_free(a->config);
        free(a);
    }
}

/* A full disk is a state, told and waited out. */
static void note_reading(struct agent *a, enum err_class class, const struct err *e)
{
    bool full = class == ERR_FULL;
    if (full && !a->disk_full) {
        log_error(a->log, "edge", "reading the logs pauses at the committed position: %s", e->message);
    } else if (class == ERR_OK && a->disk_full) {
        log_info(a->log, "edge", "there is room again: reading goes on");
    }
    a->disk_full = full || (a->disk_full && class != ERR_OK);
    snprintf(a->error, sizeof a->error, "%s", class == ERR_OK ? "" : e->message);
}

static enum err_class read_logs(struct agent *a, bool *more, struct err *e)
{
    enum err_class class = ERR_OK;
    if (a->scan_wanted) {
        a->scan_wanted = false;
        class = ingest_scan(a->ingest, e);
    }
    if (class == ERR_OK) {
        class = ingest_step(a->ingest, more, e);
    }
    if (class == ERR_FATAL) {
        return class;
    }
    note_reading(a, class, e);
    *more = *more && class == ERR_OK;
    return ERR_OK;
}

enum err_class agent_work(struct agent *a, bool *more, struct err *e)
{
    *more = false;
    enum err_class class = read_logs(a, more, e);
    return class == ERR_OK ? uplink_turn(a->uplink, e) : class;
}

void agent_want_scan(struct agent *a)
{
    a->scan_wanted = true;
}

static enum err_class take_message(struct agent *a, const struct mqtt_event *event, struct err *e)
{
    struct ledger_head before, after;
    ledger_head(a->ledger, &before);
    enum err_class class = uplink_message(a->uplink, event->topic, event->payload, e);
    if (class == ERR_FATAL) {
        return class;
    }
    if (class != ERR_OK) { /* the centre sends a command again until it is answered */
        log_warn(a->log, "edge", "a message of the centre was passed over: %s", e->message);
    }
    ledger_head(a->ledger, &after);
    if (before.generation != after.generation) {
        log_info(a->log, "edge",
                 "restored: this is generation %u, the logs are read from the oldest that lies there",
                 after.generation);
        a->scan_wanted = true;
    }
    return ERR_OK;
}

static enum err_class take_event(struct agent *a, const struct mqtt_event *event, struct err *e)
{
    switch (event->kind) {
    case MQTT_CONNECTED:
        log_info(a->log, "edge", "connected to %s:%d", a->config->broker_host, a->config->broker_port);
        uplink_connected(a->uplink);
        return ERR_OK;
    case MQTT_DISCONNECTED:
        log_warn(a->log, "edge", "not connected to %s:%d: %s", a->config->broker_host, a->config->broker_port,
                 event->reason != NULL ? event->reason : "no reason given");
        uplink_disconnected(a->uplink);
        return ERR_OK;
    case MQTT_MESSAGE:
        return take_message(a, event, e);
    }
    return ERR_OK;
}

enum err_class agent_receive(struct agent *a, bool *more, struct err *e)
{
    struct mqtt_event event;
    for (int i = 0; i < RECEIVE_MAX; i++) {
        if (mqtt_receive(a->mqtt, &event) != ERR_OK) {
            *more = false;
            return ERR_OK;
        }
        enum err_class class = take_event(a, &event, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    *more = true;
    return ERR_OK;
}

int agent_bus_fd(const struct agent *a)
{
    return mqtt_event_fd(a->mqtt);
}

int64_t agent_due_ms(const struct agent *a)
{
    return uplink_due_ms(a->uplink);
}

int agent_poll_ms(const struct agent *a)
{
    return a->config->poll_ms;
}

enum err_class agent_tick(struct agent *a, struct err *e)
{
    int64_t now = clock_boot_ms(a->clock);
    enum err_class class = ERR_OK;
    a->scan_wanted = true;
    if (now - a->trimmed_at >= TRIM_MS) {
        unsigned deleted = 0;
        class = ledger_trim(a->ledger, TRIM_EVENTS, &deleted, e);
        a->trimmed_at = deleted == TRIM_EVENTS ? a->trimmed_at : now; /* the rest with the next tick */
    }
    if (class == ERR_OK && now - a->verified_at >= VERIFY_MS) {
        a->verified_at = now;
        class = ledger_verify(a->ledger, e);
    }
    if (class == ERR_FULL || class == ERR_RETRY) {
        log_warn(a->log, "edge", "retention waits: %s", e->message);
        return ERR_OK;
    }
    return class;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool needs_restart(const struct edge_config *a, const struct edge_config *b)
{
    return !same(a->store, b->store) || !same(a->state_dir, b->state_dir) ||
           !same(a->time_zone, b->time_zone) || !same(a->broker_host, b->broker_host) ||
           a->broker_port != b->broker_port || !same(a->ca_file, b->ca_file) ||
           !same(a->cert_file, b->cert_file) || !same(a->key_file, b->key_file) ||
           a->heartbeat_ms != b->heartbeat_ms || a->window_bytes_max != b->window_bytes_max ||
           a->batch_bytes_max != b->batch_bytes_max || a->retention_days != b->retention_days;
}

enum err_class agent_reload(struct agent *a, struct edge_config *config, struct err *e)
{
    if (needs_restart(a->config, config)) {
        edge_config_free(config);
        mqtt_reload(a->mqtt);
        return err_set(e, ERR_INVALID,
                       "more than sources, log_level, poll_ms and ingest limits differs: restart to use it; "
                       "certificates were read again");
    }
    struct ingest *ingest = NULL;
    enum err_class class = open_ingest(a, config, &ingest, e);
    if (class == ERR_OK) {
        ingest_close(a->ingest);
        a->ingest = a->view.ingest = ingest;
        edge_config_free(a->config);
        a->config = config;
        a->view.state_dir = config->state_dir;
        log_set_level(a->log, config->log_level);
    } else {
        edge_config_free(config);
    }
    a->scan_wanted = true;
    mqtt_reload(a->mqtt);
    return class;
}

const char *agent_folder(const struct agent *a, size_t index)
{
    for (size_t i = 0; i < ingest_sources(a->ingest); i++) {
        struct ingest_source_status status;
        ingest_source_status(a->ingest, i, &status);
        for (size_t k = 0; status.folders[k] != NULL; k++) {
            if (index-- == 0) {
                return status.folders[k];
            }
        }
    }
    return NULL;
}

static const char *state_name(struct agent *a)
{
    a->view.disk_full = a->disk_full;
    return describe_state_name(describe_state(&a->view));
}

const char *agent_status_line(struct agent *a)
{
    struct ledger_head head;
    struct uplink_status uplink;
    ledger_head(a->ledger, &head);
    uplink_status(a->uplink, &uplink);
    snprintf(a->status_line, sizeof a->status_line,
             "%s, %s, %llu events not yet at the centre, %llu quarantined", state_name(a),
             uplink.connected ? "connected" : "not connected",
             (unsigned long long)(head.seq - uplink.applied_seq), (unsigned long long)head.quarantined);
    return a->status_line;
}

void agent_view(struct agent *a, struct control_view *out)
{
    *out = (struct control_view){
        .store = a->config->store,
        .state = state_name(a),
        .ledger = a->ledger,
        .ingest = a->ingest,
        .uplink = a->uplink,
        .clock = a->clock,
        .disk_free_bytes = describe_disk_free(a->config->state_dir),
        .resident_bytes = describe_resident(),
        .error = a->error,
    };
}

const char *agent_state_dir(const struct agent *a)
{
    return a->config->state_dir;
}
