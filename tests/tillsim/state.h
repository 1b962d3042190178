/* What the tills of one store remember between runs: DIR/<store>/tillsim.state, a few lines of text. While it
 * is open it is locked (flock), so that a running generator and `tillsim ring` never use one number twice. */
#ifndef TILLSIM_STATE_H
#define TILLSIM_STATE_H

#include "tests/tillsim/files.h"
#include "tests/tillsim/gen.h"

struct sim_state {
    int fd;
    char path[SIM_PATH_BYTES];
    bool known;             /* false: the file was new or empty, the fields below are the machine's time */
    bool wall;              /* the tills follow the machine's clock; else their own */
    struct sim_moment time; /* of the latest transaction, on the tills' own clock */
    int32_t day;            /* its business day */
    struct sim_gen_register registers[SIM_REGISTERS_MAX]; /* signed_day is not kept */
    uint32_t register_count;
};

/* Opens the file and waits for its lock; makes the store's folder. */
bool sim_state_open(struct sim_state *s, const char *dir, const char *store, struct sim_fail *f);
bool sim_state_save(struct sim_state *s, struct sim_fail *f);
void sim_state_close(struct sim_state *s); /* unlocks, saves nothing */

/* For a file that stays open between uses: waits for the lock and reads again; gives the lock back. */
bool sim_state_lock(struct sim_state *s, struct sim_fail *f);
void sim_state_unlock(struct sim_state *s);

/* The register of that id, added with no number used; NULL when there are SIM_REGISTERS_MAX. */
struct sim_gen_register *sim_state_register(struct sim_state *s, const char *id);

/* Carries the numbers used from or to a generator, which has the registers "1", "2", … */
void sim_state_to_gen(const struct sim_state *s, struct sim_gen *g);
bool sim_state_from_gen(struct sim_state *s, const struct sim_gen *g, struct sim_fail *f);

#endif
