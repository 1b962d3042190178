/* The store agent's settings: /etc/tillwire/edge.conf, read against one table that documents itself
 * (edge/edge.conf.example is printed from it). */
#ifndef EDGE_CONFIG_H
#define EDGE_CONFIG_H

#include "common/buf.h"
#include "common/config.h"
#include "common/log.h"
#include "edge/ingest/ingest.h"

#define EDGE_CONFIG_PATH "/etc/tillwire/edge.conf"

enum { EDGE_SOURCES_MAX = 32, EDGE_GLOBS_MAX = 32 };

struct edge_config {
    struct config *file; /* owns the texts below */
    const char *store;
    const char *tlog_store; /* the log's own id; equals store when the file does not say */
    const char *time_zone;
    const char *state_dir;
    const char *broker_host;
    int broker_port;
    const char *ca_file, *cert_file, *key_file; /* all NULL: no TLS */
    int heartbeat_ms;
    size_t window_bytes_max, batch_bytes_max;
    size_t ingest_records_max;
    int ingest_ms;
    int retention_days;
    int poll_ms;
    enum log_level log_level;
    size_t source_count;
    struct ingest_source_options sources[EDGE_SOURCES_MAX];
    const char *globs[EDGE_SOURCES_MAX][EDGE_GLOBS_MAX + 1];
};

extern const struct config_key edge_config_keys[];

/* ERR_INVALID: e names file, line and key. */
enum err_class edge_config_read(struct edge_config **out, const char *path, struct err *e) ERR_MUST_CHECK;
void edge_config_free(struct edge_config *c);

/* Looks at what the settings point to: folders, certificates, time zone, profiles. Appends one line for each
 * thing to mend, and returns how many there are. */
size_t edge_config_check(const struct edge_config *c, struct buf *report);

#endif
