/* RFC 3339 times in requests: "2026-11-24T06:00:00Z", with fraction or offset. */
#ifndef CLOUD_API_RFC3339_H
#define CLOUD_API_RFC3339_H

#include "common/slice.h"

bool rfc3339_parse(struct slice text, int64_t *wall_ms);

#endif
