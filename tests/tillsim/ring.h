/* One sale or return at a store that may be running: the register's next number, appended by one write(2). */
#ifndef TILLSIM_RING_H
#define TILLSIM_RING_H

#include "tests/tillsim/fail.h"
#include "tests/tillsim/files.h"
#include "tests/tillsim/txn.h"

struct sim_ring {
    const char *dir, *store; /* the store's folder is made when it is not there */
    const char *workstation; /* NULL: the store's first register; one never used where none is remembered */
    struct sim_item item;
    int64_t quantity_e4; /* positive */
    bool is_return;
    enum sim_format format; /* of a log that does not exist yet */
};

struct sim_rung {
    struct sim_txn txn; /* its line borrows the ring's item */
    char path[SIM_PATH_BYTES];
    long long offset;       /* where the record stands, as this process saw it */
    struct sim_text record; /* its bytes; sim_text_free when done */
};

bool sim_ring(const struct sim_ring *r, struct sim_rung *out, struct sim_fail *f);

#endif
