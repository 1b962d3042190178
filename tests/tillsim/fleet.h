/* Many stores written to one folder: as a backlog, store after store, or live at a rate, record by record. */
#ifndef TILLSIM_FLEET_H
#define TILLSIM_FLEET_H

#include "tests/tillsim/gen.h"
#include "tests/tillsim/report.h"

enum sim_fleet_format { SIM_FLEET_JSONL, SIM_FLEET_NCR_ACS, SIM_FLEET_MIXED };
enum { SIM_STORES_MAX = 5000 };

/* "jsonl", "ncr-acs", "mixed" */
bool sim_fleet_format_parse(const char *text, enum sim_fleet_format *out);
/* What store number 1, 2, … writes. */
enum sim_format sim_fleet_format_of(enum sim_fleet_format format, uint64_t number);
/* Its id: S001, S002, … */
void sim_fleet_store(uint64_t number, char out[SIM_STORE_BYTES]);

struct sim_fleet_config {
    const char *dir;
    uint64_t stores;              /* S001, S002, … */
    enum sim_fleet_format format; /* mixed: odd stores JSON lines, even ones ncr-acs */
    uint64_t transactions;        /* per store; 0 without end, at a rate only */
    uint64_t seed, registers, items, gaps;
    double rate; /* records a second, all stores together; 0 = backlog */
    int32_t
        start_day; /* days since 1970-01-01; −1 = the machine's clock at a rate, SIM_START_DAY as a backlog */
    unsigned traps;
    bool cards, ledger, quiet;
    bool append; /* goes on with logs that are there; the model then tells of this run alone */
};

enum { SIM_START_DAY = 19724 }; /* 2024-01-02 */

/* Writes logs and model. At a rate it returns early, all written, on SIGINT or SIGTERM. */
bool sim_fleet_run(const struct sim_fleet_config *config, struct sim_fail *f);

#endif
