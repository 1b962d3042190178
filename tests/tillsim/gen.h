/* One store's day at the tills, from a seed: several registers interleaved, sales, returns, voids, weighed
 * goods, training, cancelled, suspended and voided transactions, sign-ons, deliveries. Every register numbers
 * its transactions without a gap. Pure: no files, no clock; the same configuration gives the same
 * transactions. */
#ifndef TILLSIM_GEN_H
#define TILLSIM_GEN_H

#include "tests/tillsim/catalogue.h"
#include "tests/tillsim/rng.h"
#include "tests/tillsim/txn.h"

enum { SIM_REGISTERS_MAX = 64, SIM_RECENT = 16 };

/* Traps, as bits. They come on top of the transactions asked for. */
enum sim_trap {
    SIM_TRAP_REPEAT = 1,     /* a counted record again, byte for byte: a duplicate */
    SIM_TRAP_MALFORMED = 2,  /* an unreadable record before a good one of the same number: quarantined */
    SIM_TRAP_IN_PROCESS = 4, /* a record that is not final before the final one: ignored, claims no key */
};

struct sim_gen_config {
    uint64_t seed;
    uint32_t store_number; /* 1, 2, …: which stream of the seed */
    char store[SIM_STORE_BYTES];
    enum sim_format format;
    const struct sim_catalogue *catalogue; /* of that format; must outlive the generator */
    uint32_t registers;                    /* 1…SIM_REGISTERS_MAX */
    int32_t start_day;                     /* days since 1970-01-01 */
    uint64_t transactions;                 /* in all, traps not counted; 0 = without end */
    uint64_t gap_every;                    /* after so many transactions one number is left out; 0 = never */
    unsigned traps;
    bool cards;
};

struct sim_gen_register {
    char id[SIM_WORKSTATION_BYTES];
    uint32_t last;      /* the number used last */
    int32_t signed_day; /* the business day it signed on for */
};

/* A number that was left out, known after sim_gen_next returned the transaction behind it. */
struct sim_gap {
    bool here;
    char workstation[SIM_WORKSTATION_BYTES];
    int32_t day;
    uint32_t sequence;
};

struct sim_gen {
    struct sim_gen_config config;
    struct sim_rng rng;
    struct sim_gen_register registers[SIM_REGISTERS_MAX];
    uint64_t done;
    int32_t day;
    int64_t second; /* of the business day, from its midnight; runs past 86,400 after midnight */
    int32_t offset_min;
    bool wall; /* the caller sets the time */
    bool gap_due;
    uint32_t gap_register;
    struct sim_gap gap; /* of the latest transaction */
    bool held_ready;
    struct sim_txn held; /* the good record behind a trap */
    struct sim_txn recent[SIM_RECENT];
    uint32_t recent_count;
};

/* Copies the configuration. */
bool sim_gen_open(struct sim_gen *g, const struct sim_gen_config *config, struct sim_fail *f);

/* From now on transactions end at this moment, on its calendar day; without it the store has a clock of its
 * own. */
void sim_gen_set_now(struct sim_gen *g, struct sim_moment now);

/* The next record; false when all were given. */
bool sim_gen_next(struct sim_gen *g, struct sim_txn *out);

#endif
