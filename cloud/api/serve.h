/* The way of a request through the api: route, caller, rate limit, body, handler, reply. Called by
 * libmicrohttpd. */
#ifndef CLOUD_API_SERVE_H
#define CLOUD_API_SERVE_H

#include <microhttpd.h>

/* Called with the address as it was sent: libmicrohttpd decodes the path before it hands it on, and an id may
 * hold what separates paths. What it gives back is *state of the others. */
void *serve_begin(void *api, const char *uri, struct MHD_Connection *connection);
enum MHD_Result serve_request(void *api, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state);
void serve_completed(void *api, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode code);

#endif
