/* The centre's settings: /etc/tillwire/cloud.conf, read against one table that documents itself
 * (cloud/cloud.conf.example is printed from it). */
#ifndef CLOUD_CONFIG_H
#define CLOUD_CONFIG_H

#include "cloud/store/freshness.h"
#include "common/buf.h"
#include "common/config.h"
#include "common/log.h"

#define CLOUD_CONFIG_PATH "/etc/tillwire/cloud.conf"

struct cloud_config {
    struct config *file; /* owns the texts below */
    const char *database;
    int cache_kib;
    int ledger_retention_days, dead_retention_days;
    const char *instance;
    const char *broker_host;
    int broker_port;
    const char *ca_file, *cert_file, *key_file; /* all NULL: no TLS */
    const char *api_address;
    int api_port;
    unsigned api_threads;
    const char *api_cert_file, *api_key_file; /* both NULL: plain */
    const char *web_root;                     /* NULL: no dashboard */
    const char *bootstrap_key_file;           /* NULL: none */
    struct freshness_policy freshness;
    enum log_level log_level;
};

extern const struct config_key cloud_config_keys[];

/* ERR_INVALID: e names file, line and key. */
enum err_class cloud_config_read(struct cloud_config **out, const char *path, struct err *e) ERR_MUST_CHECK;
void cloud_config_free(struct cloud_config *c);

/* Looks at what the settings point to: folders and certificates. Appends one line for each thing to mend, and
 * returns how many there are. */
size_t cloud_config_check(const struct cloud_config *c, struct buf *report);

#endif
