#include "cloud/config.h"

#include "proto/topic.h"

#include <stdlib.h>
#include <string.h>

const struct config_key cloud_config_keys[] = {
    {"database", CONFIG_TEXT, "/var/lib/tillwire-cloud/centre.db", 0, 0,
     "The centre's database (SQLite); on a disk that survives a power cut.", NULL},
    {"cache_mib", CONFIG_INT, "64", 1, 65536, "Database pages held in memory for writing. In MiB.", NULL},
    {"ledger_retention_days", CONFIG_INT, "400", 1, 36500,
     "How long movements are kept one by one; older ones stay in their row's sum. In days.", NULL},
    {"dead_retention_days", CONFIG_INT, "90", 1, 36500,
     "How long messages that could not be decoded, and answered commands, are kept. In days.", NULL},
    {"instance", CONFIG_TEXT, "centre1", 0, 0,
     "This instance's name at the broker: the CN of its certificate.", NULL},
    {"broker_host", CONFIG_TEXT, "127.0.0.1", 0, 0, "The MQTT broker.", NULL},
    {"broker_port", CONFIG_INT, "8884", 1, 65535, "The port of its listener for centres.", NULL},
    {"ca_file", CONFIG_TEXT, "/etc/tillwire/ca.pem", 0, 0,
     "The authority that signed the broker's certificate. All three files empty: no TLS, for tests on one "
     "machine.",
     NULL},
    {"cert_file", CONFIG_TEXT, "/etc/tillwire/centre.pem", 0, 0, "This instance's certificate.", NULL},
    {"key_file", CONFIG_TEXT, "/etc/tillwire/centre.key", 0, 0, "Its private key, mode 0600.", NULL},
    {"api_address", CONFIG_TEXT, "127.0.0.1", 0, 0,
     "Where the HTTP API and the dashboard listen. Anything but loopback needs api_cert_file and "
     "api_key_file.",
     NULL},
    {"api_port", CONFIG_INT, "8080", 0, 65535, "Its port; 0 takes a free one.", NULL},
    {"api_threads", CONFIG_INT, "2", 1, 64, "Threads that answer requests.", NULL},
    {"api_cert_file", CONFIG_TEXT, "\"\"", 0, 0, "Certificate of the API, to serve it over TLS.", NULL},
    {"api_key_file", CONFIG_TEXT, "\"\"", 0, 0, "Its private key, mode 0600.", NULL},
    {"web_root", CONFIG_TEXT, "\"\"", 0, 0, "Folder of the dashboard's files; empty: no dashboard.", NULL},
    {"bootstrap_key_file", CONFIG_TEXT, "/var/lib/tillwire-cloud/admin.key", 0, 0,
     "If this file is not there at the start, a first API key with the scope admin is made and written to "
     "it, mode "
     "0600. Empty: none is made.",
     NULL},
    {"sla_ms", CONFIG_INT, "15000", 100, 86400000, "A figure proven no longer ago than this is fresh. In ms.",
     NULL},
    {"source_read_ms_max", CONFIG_INT, "60000", 100, 86400000,
     "A store that has not read one of its logs for this long is not fresh. In ms.", NULL},
    {"lag_kib_max", CONFIG_INT, "1024", 0, 1073741824,
     "A store with more unread log than this is not fresh. In KiB.", NULL},
    {"outbox_max", CONFIG_INT, "1000", 0, 1000000000,
     "A store with more events than this not yet at the centre is not fresh.", NULL},
    {"log_level", CONFIG_TEXT, "info", 0, 0, "\"error\", \"warn\", \"info\" or \"debug\".", NULL},
    {NULL, CONFIG_TEXT, NULL, 0, 0, NULL, NULL},
};

static const char *text(const struct cloud_config *c, const char *key)
{
    return config_text(c->file, "", 0, key);
}

static const char *text_or_null(const struct cloud_config *c, const char *key)
{
    const char *value = text(c, key);
    return value[0] == '\0' ? NULL : value;
}

static int64_t number(const struct cloud_config *c, const char *key)
{
    return config_int(c->file, "", 0, key);
}

static enum err_class check_values(const struct cloud_config *c, const char *path, struct err *e)
{
    int files = (c->ca_file != NULL) + (c->cert_file != NULL) + (c->key_file != NULL);
    if (files != 0 && files != 3) {
        return err_set(e, ERR_INVALID, "%s: ca_file, cert_file and key_file: give all three, or none", path);
    }
    if ((c->api_cert_file != NULL) != (c->api_key_file != NULL)) {
        return err_set(e, ERR_INVALID, "%s: api_cert_file and api_key_file: give both, or none", path);
    }
    if (!store_id_valid(slice_of(c->instance))) {
        return err_set(e, ERR_INVALID, "%s: instance: 1 to 32 of A-Z a-z 0-9 _ and -", path);
    }
    if (c->database[0] == '\0') {
        return err_set(e, ERR_INVALID, "%s: database: a file is needed", path);
    }
    return ERR_OK;
}

static enum err_class read_values(struct cloud_config *c, const char *path, struct err *e)
{
    c->database = text(c, "database");
    c->cache_kib = (int)number(c, "cache_mib") * 1024;
    c->ledger_retention_days = (int)number(c, "ledger_retention_days");
    c->dead_retention_days = (int)number(c, "dead_retention_days");
    c->instance = text(c, "instance");
    c->broker_host = text(c, "broker_host");
    c->broker_port = (int)number(c, "broker_port");
    c->ca_file = text_or_null(c, "ca_file");
    c->cert_file = text_or_null(c, "cert_file");
    c->key_file = text_or_null(c, "key_file");
    c->api_address = text(c, "api_address");
    c->api_port = (int)number(c, "api_port");
    c->api_threads = (unsigned)number(c, "api_threads");
    c->api_cert_file = text_or_null(c, "api_cert_file");
    c->api_key_file = text_or_null(c, "api_key_file");
    c->web_root = text_or_null(c, "web_root");
    c->bootstrap_key_file = text_or_null(c, "bootstrap_key_file");
    c->freshness = (struct freshness_policy){
        .sla_ms = number(c, "sla_ms"),
        .source_read_ms_max = number(c, "source_read_ms_max"),
        .lag_bytes_max = (uint64_t)number(c, "lag_kib_max") * 1024,
        .outbox_max = (uint64_t)number(c, "outbox_max"),
    };
    if (!log_level_parse(text(c, "log_level"), &c->log_level)) {
        return err_set(e, ERR_INVALID, "%s: log_level: \"error\", \"warn\", \"info\" or \"debug\"", path);
    }
    return check_values(c, path, e);
}

enum err_class cloud_config_read(struct cloud_config **out, const char *path, struct err *e)
{
    *out = NULL;
    struct cloud_config *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return err_set(e, ERR_FATAL, "out of memory");
    }
    enum err_class class = config_read(&c->file, cloud_config_keys, path, e);
    if (class == ERR_OK) {
        class = read_values(c, path, e);
    }
    if (class != ERR_OK) {
        cloud_config_free(c);
        return class;
    }
    *out = c;
    return ERR_OK;
}

void cloud_config_free(struct cloud_config *c)
{
    if (c != NULL) {
        config_free(c->file);
        free(c);
    }
}
