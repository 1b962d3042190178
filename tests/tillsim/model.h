/* The stock that must come out, counted from what the tills meant, not from what a decoder read: the oracle.
 * Memory grows with stores, rows and business keys; out of memory ends the program. */
#ifndef TILLSIM_MODEL_H
#define TILLSIM_MODEL_H

#include "tests/tillsim/txn.h"

struct sim_model; /* opaque */

enum sim_verdict { SIM_COUNTED, SIM_IGNORED, SIM_QUARANTINED, SIM_DUPLICATE };
enum { SIM_VERDICTS = SIM_DUPLICATE + 1 };

/* One entry of the ledger: line `line` of the transaction changed one stock row. Borrowed for the call. */
struct sim_movement {
    const struct sim_txn *txn;
    uint32_t line;
    const char *item, *location, *kind, *uom; /* kind: sale, return, void, receipt */
    int64_t quantity_e4;                      /* signed change of on_hand */
};

struct sim_row {
    char store[SIM_STORE_BYTES], item[SIM_ITEM_BYTES], location[SIM_LOCATION_BYTES], uom[SIM_UOM_BYTES];
    int64_t quantity_e4; /* net change; rows that came to 0 stay */
};

struct sim_tally {
    char store[SIM_STORE_BYTES];
    uint64_t verdicts[SIM_VERDICTS];
    uint64_t movements;
};

struct sim_model *sim_model_open(void);
void sim_model_close(struct sim_model *m);

/* Called for every movement, in the order of the calls of sim_model_apply. NULL: nobody. */
void sim_model_listen(struct sim_model *m, void (*movement)(void *arg, const struct sim_movement *v),
                      void *arg);

/* Counts one record, in the order of the store's log. */
enum sim_verdict sim_model_apply(struct sim_model *m, const struct sim_txn *t);

/* Net change of one row; 0 where nothing ever moved. */
int64_t sim_model_stock(const struct sim_model *m, const char *store, const char *item, const char *location,
                        const char *uom);

/* Rows sorted by store, item, location, uom (bytes); the array lives until the next call on the model. */
const struct sim_row *sim_model_rows(struct sim_model *m, size_t *count);

/* One tally per store, in the order of their first records. */
const struct sim_tally *sim_model_tallies(const struct sim_model *m, size_t *count);

#endif
