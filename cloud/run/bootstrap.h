/* The first API key, for whoever may read the centre's own files. */
#ifndef CLOUD_RUN_BOOTSTRAP_H
#define CLOUD_RUN_BOOTSTRAP_H

#include "cloud/store/store.h"
#include "common/clock.h"
#include "common/log.h"

/* If there is no file at path, makes a key with the scope admin, keeps its hash in the database and writes
 * the key to the file (mode 0600). The writer must be idle. */
enum err_class bootstrap_key(const char *path, const struct store_writer *store, const struct clock *clock,
                             struct log *log, struct err *e) ERR_MUST_CHECK;

#endif
