/* The route table: every path of the API, who may call it, and what answers. */
#ifndef CLOUD_API_ROUTE_H
#define CLOUD_API_ROUTE_H

#include "cloud/api/request.h"

typedef void route_handler(struct api_request *r, struct api_reply *reply);

enum route_flags {
    ROUTE_PLAIN = 0,
    ROUTE_READS = 1,     /* wants a reader with an open view */
    ROUTE_OPEN = 2,      /* needs no key (health, sign-in, dashboard files) */
    ROUTE_UNLIMITED = 4, /* not counted against the rate limit */
};

struct api_route {
    const char *method;
    const char *path; /* "/v1/stores/{}/ledger": {} is a parameter */
    unsigned scopes;  /* all of these */
    unsigned flags;
    const char *args; /* query parameters that it knows, space-separated */
    size_t body_max;  /* bytes; 0: no body */
    route_handler *handle;
};

/* NULL: *methods (a list for Allow) says which methods the path has, empty = no such path. */
const struct api_route *route_find(const char *method, const char *path,
                                   char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_BYTES], char methods[64]);
const struct api_route *route_table(size_t *count);

route_handler handle_stock, handle_stock_query, handle_items, handle_item, handle_stores, handle_store,
    handle_ledger, handle_proof, handle_resync, handle_enrol, handle_opening, handle_events, handle_alerts,
    handle_alert_acknowledge, handle_dead, handle_keys, handle_key_make, handle_key_revoke,
    handle_session_open, handle_session_show, handle_session_close, handle_login_code, handle_backup,
    handle_commands, handle_health, handle_ready, handle_metrics, handle_openapi, handle_file;

#endif
