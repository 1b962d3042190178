#include "edge/config.h"

#include "proto/topic.h"

#include <stdlib.h>
#include <string.h>

static const struct config_key source_keys[] = {
    {"format", CONFIG_TEXT, NULL, 0, 0,
     "How the log is written: \"poslog\" (XML) or \"jsonl\" (one JSON object a line).", NULL},
    {"profile", CONFIG_TEXT, "standard", 0, 0, "The vendor's dialect: \"standard\" or \"ncr-acs\".", NULL},
    {"globs", CONFIG_TEXT_LIST, NULL, 0, 0,
     "Which files to follow. Name the rotated ones too (\"/pos/tlog.xml*\").", NULL},
    {"record_bytes_max", CONFIG_INT, "1048576", 1024, 67108864, "A longer record is quarantined. In bytes.",
     NULL},
    {NULL, CONFIG_TEXT, NULL, 0, 0, NULL, NULL},
};

const struct config_key edge_config_keys[] = {
    {"store", CONFIG_TEXT, NULL, 0, 0, "This store's id at the centre: 1 to 32 of A-Z a-z 0-9 _ and -.",
     NULL},
    {"tlog_store", CONFIG_TEXT, "\"\"", 0, 0,
     "The id by which the log calls this store, when it is another. Records of any other are quarantined.",
     NULL},
    {"time_zone", CONFIG_TEXT, NULL, 0, 0,
     "Of the log's local times: a name of the tz database, such as \"Europe/Berlin\".", NULL},
    {"state_dir", CONFIG_TEXT, "/var/lib/tillwire", 0, 0,
     "Where ledger.db and control.sock live; on a disk that survives a power cut.", NULL},
    {"broker_host", CONFIG_TEXT, NULL, 0, 0, "The MQTT broker.", NULL},
    {"broker_port", CONFIG_INT, "8883", 1, 65535, "Its port.", NULL},
    {"ca_file", CONFIG_TEXT, "/etc/tillwire/ca.pem", 0, 0,
     "The authority that signed the broker's certificate. All three files empty: no TLS, for tests on one "
     "machine.",
     NULL},
    {"cert_file", CONFIG_TEXT, "/etc/tillwire/store.pem", 0, 0,
     "This store's certificate (its CN is the store's id).", NULL},
    {"key_file", CONFIG_TEXT, "/etc/tillwire/store.key", 0, 0, "Its private key, mode 0600.", NULL},
    {"heartbeat_ms", CONFIG_INT, "5000", 100, 60000, "How often the centre hears from an idle store. In ms.",
     NULL},
    {"window_kib", CONFIG_INT, "1024", 16, 65536, "Unapplied events in flight at a time. In KiB.", NULL},
    {"batch_kib", CONFIG_INT, "64", 1, 256, "Events of one message. In KiB.", NULL},
    {"ingest_records_max", CONFIG_INT, "2000", 1, 100000, "Records of one database transaction at most.",
     NULL},
    {"ingest_ms", CONFIG_INT, "20", 1, 1000,
     "How long a transaction may gather records that are there. In ms.", NULL},
    {"retention_days", CONFIG_INT, "90", 1, 3650,
     "How long movements are kept after the centre has them. In days.", NULL},
    {"poll_ms", CONFIG_INT, "2000", 100, 60000,
     "How often the folders are looked at without being told (network file systems tell nothing). In ms.",
     NULL},
    {"log_level", CONFIG_TEXT, "info", 0, 0, "\"error\", \"warn\", \"info\" or \"debug\".", NULL},
    {"source", CONFIG_SECTION, NULL, 0, 0, "A point-of-sale log to follow; one section for each.",
     source_keys},
    {NULL, CONFIG_TEXT, NULL, 0, 0, NULL, NULL},
};

static enum err_class read_source(struct edge_config *c, size_t index, const char *path, struct err *e)
{
    const struct config *f = c->file;
    const char *title = config_title(f, "source", index);
    size_t globs = config_list_size(f, "source", index, "globs");
    if (globs == 0 || globs > EDGE_GLOBS_MAX) {
        return err_set(e, ERR_INVALID, "%s: source \"%s\": globs: 1 to %d are needed", path, title,
                       EDGE_GLOBS_MAX);
    }
    for (size_t i = 0; i < globs; i++) {
        c->globs[index][i] = config_list_at(f, "source", index, "globs", i);
    }
    c->sources[index] = (struct ingest_source_options){
        .name = title,
        .globs = c->globs[index],
        .format = config_text(f, "source", index, "format"),
        .profile = config_text(f, "source", index, "profile"),
        .record_bytes_max = (size_t)config_int(f, "source", index, "record_bytes_max"),
    };
    return ERR_OK;
}

static enum err_class read_sources(struct edge_config *c, const char *path, struct err *e)
{
    c->source_count = config_sections(c->file, "source");
    if (c->source_count > EDGE_SOURCES_MAX) {
        return err_set(e, ERR_INVALID, "%s: more than %d sources", path, EDGE_SOURCES_MAX);
    }
    for (size_t i = 0; i < c->source_count; i++) {
        enum err_class class = read_source(c, i, path, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

static const char *text(const struct edge_config *c, const char *key)
{
    return config_text(c->file, "", 0, key);
}

static size_t number(const struct edge_config *c, const char *key)
{
    return (size_t)config_int(c->file, "", 0, key);
}

static enum err_class read_tls(struct edge_config *c, const char *path, struct err *e)
{
    c->ca_file = text(c, "ca_file");
    c->cert_file = text(c, "cert_file");
    c->key_file = text(c, "key_file");
    int given = (c->ca_file[0] != '\0') + (c->cert_file[0] != '\0') + (c->key_file[0] != '\0');
    if (given != 0 && given != 3) {
        return err_set(e, ERR_INVALID, "%s: ca_file, cert_file and key_file: all three, or none", path);
    }
    if (given == 0) {
        c->ca_file = c->cert_file = c->key_file = NULL;
    }
    return ERR_OK;
}

static enum err_class read_values(struct edge_config *c, const char *path, struct err *e)
{
    c->store = text(c, "store");
    c->tlog_store = text(c, "tlog_store")[0] != '\0' ? text(c, "tlog_store") : c->store;
    c->time_zone = text(c, "time_zone");
    c->state_dir = text(c, "state_dir");
    c->broker_host = text(c, "broker_host");
    c->broker_port = (int)number(c, "broker_port");
    c->heartbeat_ms = (int)number(c, "heartbeat_ms");
    c->window_bytes_max = number(c, "window_kib") * 1024;
    c->batch_bytes_max = number(c, "batch_kib") * 1024;
    c->ingest_records_max = number(c, "ingest_records_max");
    c->ingest_ms = (int)number(c, "ingest_ms");
    c->retention_days = (int)number(c, "retention_days");
    c->poll_ms = (int)number(c, "poll_ms");
    if (!store_id_valid(slice_of(c->store))) {
        return err_set(e, ERR_INVALID, "%s: store: \"%s\" is not 1 to %d of A-Z a-z 0-9 _ -", path, c->store,
                       STORE_ID_MAX);
    }
    if (!log_level_parse(text(c, "log_level"), &c->log_level)) {
        return err_set(e, ERR_INVALID, "%s: log_level: \"%s\" is none of error, warn, info, debug", path,
                       text(c, "log_level"));
    }
    enum err_class class = read_tls(c, path, e);
    return class == ERR_OK ? read_sources(c, path, e) : class;
}

enum err_class edge_config_read(struct edge_config **out, const char *path, struct err *e)
{
    *out = NULL;
    struct edge_config *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return err_set(e, ERR_FATAL, "out of memory");
    }
    enum err_class class = config_read(&c->file, edge_config_keys, path, e);
    if (class == ERR_OK) {
        class = read_values(c, path, e);
    }
    if (class != ERR_OK) {
        edge_config_free(c);
        return class;
    }
    *out = c;
    return ERR_OK;
}

void edge_config_free(struct edge_config *c)
{
    if (c != NULL) {
        config_free(c->file);
        free(c);
    }
}
