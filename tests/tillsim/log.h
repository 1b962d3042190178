/* One store's running TLOG: DIR/<store>/tlog/tlog.jsonl or tlog.xml, only ever appended to. */
#ifndef TILLSIM_LOG_H
#define TILLSIM_LOG_H

#include "tests/tillsim/files.h"
#include "tests/tillsim/txn.h"

struct sim_log {
    int fd;
    char path[SIM_PATH_BYTES];
    enum sim_format format;
    struct sim_text text; /* records not written yet */
};

/* Makes the folders. A log that exists is an error with `fresh`, else it is continued; a new one gets its
 * head. */
bool sim_log_open(struct sim_log *l, const char *dir, const char *store, enum sim_format format, bool fresh,
                  struct sim_fail *f);

void sim_log_add(struct sim_log *l, const struct sim_txn *t); /* into l->text */
bool sim_log_flush(struct sim_log *l, struct sim_fail *f);    /* l->text by one write(2) at the file's end */
void sim_log_close(struct sim_log *l);

/* Which log the store has; false when it has none. */
bool sim_log_find(const char *dir, const char *store, enum sim_format *out);

#endif
