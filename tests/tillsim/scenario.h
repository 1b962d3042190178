/* The fixed scenario: five stores, nine controlled records, totals known by heart. Item_1: 50 in all, 10 in
 * each store; Item_2: 0; Item_3: 10; Store_1 alone: 10, 0, 10. */
#ifndef TILLSIM_SCENARIO_H
#define TILLSIM_SCENARIO_H

#include "tests/tillsim/txn.h"

enum { SIM_SCENARIO_RECORDS = 9, SIM_SCENARIO_STORES = 5 };

/* Record 0…SIM_SCENARIO_RECORDS−1, in the order they were made; each store's are in its log's order. */
void sim_scenario_record(uint32_t index, struct sim_moment at, struct sim_txn *out);

#endif
