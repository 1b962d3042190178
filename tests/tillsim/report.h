/* The model's result as files. While records are applied: DIR/model/ledger.tsv, gaps.tsv and DIR/cards.txt;
 * at the end: DIR/model/stock.tsv, summary.json and DIR/<store>/expected_quarantined. Formats:
 * docs/tillsim.md. */
#ifndef TILLSIM_REPORT_H
#define TILLSIM_REPORT_H

#include "tests/tillsim/files.h"
#include "tests/tillsim/gen.h"
#include "tests/tillsim/model.h"

struct sim_stream {
    int fd; /* −1: not wanted */
    char path[SIM_PATH_BYTES];
    struct sim_text text;
};

struct sim_report {
    struct sim_model *model; /* owned */
    char dir[SIM_PATH_BYTES];
    struct sim_stream ledger, gaps, cards;
    uint64_t card_count, gap_count;
};

/* Listens to its model for the ledger: must stay where it is until closed. */
bool sim_report_open(struct sim_report *r, const char *dir, bool ledger, bool cards, struct sim_fail *f);

/* One record that stands in a log: counts it, and lists its movements and cards. */
bool sim_report_add(struct sim_report *r, const struct sim_txn *t, struct sim_fail *f);
void sim_report_card(struct sim_report *r, const struct sim_card *card); /* lists it, when cards are wanted */
bool sim_report_gap(struct sim_report *r, const char *store, const struct sim_gap *gap, struct sim_fail *f);

bool sim_report_finish(struct sim_report *r, struct sim_fail *f); /* writes everything */
void sim_report_close(struct sim_report *r);

/* Sum over the stores. */
struct sim_tally sim_report_total(const struct sim_report *r);

#endif
