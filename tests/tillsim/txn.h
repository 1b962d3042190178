/* One transaction as the till meant it: what the writers put into a log and what the model counts.
 * Pure values, no allocation; items are borrowed and must outlive the transaction. */
#ifndef TILLSIM_TXN_H
#define TILLSIM_TXN_H

#include "tests/tillsim/card.h"
#include "tests/tillsim/civil.h"

#include <stdbool.h>
#include <stdint.h>

enum { SIM_LINES_MAX = 40, SIM_STORE_BYTES = 33, SIM_WORKSTATION_BYTES = 17, SIM_DOCUMENT_BYTES = 48 };
enum { SIM_ITEM_BYTES = 65, SIM_UOM_BYTES = 9, SIM_DESCRIPTION_BYTES = 65, SIM_LOCATION_BYTES = 33 };

enum sim_format { SIM_FORMAT_JSONL, SIM_FORMAT_NCR_ACS };

struct sim_item {
    char id[SIM_ITEM_BYTES];
    char alias[15];                          /* 14 digits as scanned, or "" */
    char description[SIM_DESCRIPTION_BYTES]; /* UTF-8, or "" */
    char uom[SIM_UOM_BYTES];                 /* EA, KGM, LBR; ncr-acs: EA, or LB for weighed goods */
    bool weighed;
    int32_t price_cents;
};

enum sim_line_kind {
    SIM_LINE_SALE,
    SIM_LINE_RETURN,
    SIM_LINE_VOID,    /* ncr-acs: a later line that takes an earlier sale line back */
    SIM_LINE_RECEIPT, /* goods received, in a SIM_TXN_RECEIPT only */
    SIM_LINE_TENDER,
    SIM_LINE_TAX,        /* ncr-acs */
    SIM_LINE_MEMBERSHIP, /* ncr-acs */
    SIM_LINE_REWARD,     /* ncr-acs: names an item and a quantity again, and moves nothing */
};

enum sim_item_type {
    SIM_TYPE_STOCK,
    SIM_TYPE_DEPOSIT,
    SIM_TYPE_FEE,
    SIM_TYPE_SERVICE,
    SIM_TYPE_BOTTLE_REFUND
};

enum sim_disposal {
    SIM_DISPOSAL_NONE, /* not stated: back to the floor */
    SIM_DISPOSAL_RETURN_TO_STOCK,
    SIM_DISPOSAL_WRITE_OFF,
    SIM_DISPOSAL_REPAIR,
    SIM_DISPOSAL_RETURN_TO_SUPPLIER,
    SIM_DISPOSAL_WASTE,
    SIM_DISPOSAL_UNDECIDED,
};

struct sim_line {
    enum sim_line_kind kind;
    enum sim_item_type type;
    enum sim_disposal disposal;
    uint32_t number;             /* the line's SequenceNumber */
    const struct sim_item *item; /* NULL for tender, tax and membership */
    int64_t quantity_e4;         /* positive, whatever sign the format gives it */
    int64_t amount_cents;
    bool voided;       /* JSON lines: this very line carries VoidFlag and does not count */
    bool plain_number; /* JSON lines: the quantity is a number, not a string */
    unsigned decimals; /* places shown at least, 0…4 */
};

enum sim_txn_kind { SIM_TXN_RETAIL, SIM_TXN_CONTROL, SIM_TXN_RECEIPT };

enum sim_status {
    SIM_STATUS_FINISHED,
    SIM_STATUS_TRAINING,
    SIM_STATUS_CANCELLED,
    SIM_STATUS_SUSPENDED, /* not final: claims no business key */
    SIM_STATUS_VOIDED,
    SIM_STATUS_IN_PROCESS, /* not final: claims no business key */
};

/* What makes a record unreadable. It stays one record for the framing of its format. */
enum sim_damage {
    SIM_DAMAGE_NONE,
    SIM_DAMAGE_SYNTAX,      /* JSON cut in half; XML with a wrong end tag */
    SIM_DAMAGE_NO_SEQUENCE, /* no SequenceNumber */
    SIM_DAMAGE_NO_STORE,    /* no RetailStoreID */
    SIM_DAMAGE_STATUS,      /* an unknown TransactionStatus */
    SIM_DAMAGE_QUANTITY,    /* 1e308 */
    SIM_DAMAGE_UTF8,        /* a byte that no UTF-8 text holds */
};
enum { SIM_DAMAGE_COUNT = SIM_DAMAGE_UTF8 };

struct sim_txn {
    char store[SIM_STORE_BYTES];
    char workstation[SIM_WORKSTATION_BYTES];
    uint32_t sequence;
    int32_t day; /* business day, days since 1970-01-01 */
    struct sim_moment begin, end;
    enum sim_txn_kind kind;
    enum sim_status status;
    enum sim_damage damage;
    bool offline;
    bool wordy;                        /* JSON lines: writes what could be left out */
    char document[SIM_DOCUMENT_BYTES]; /* receipts */
    struct sim_card card;              /* in the tender line; digits "" = paid without */
    struct sim_line lines[SIM_LINES_MAX];
    uint32_t line_count;
};

/* The next free line, numbered by its place; asserts that there is one. */
struct sim_line *sim_txn_add(struct sim_txn *t, enum sim_line_kind kind);

/* Appends the record as the format writes it, with a newline after a JSON line and none after a Transaction.
 */
void sim_txn_write(const struct sim_txn *t, enum sim_format format, struct sim_text *out);
void sim_txn_write_jsonl(const struct sim_txn *t, struct sim_text *out);
void sim_txn_write_acs(const struct sim_txn *t, struct sim_text *out);

/* What stands at the head of a new file: the root tag of a POSLog, nothing for JSON lines. */
const char *sim_txn_file_head(enum sim_format format);

const char *sim_disposal_method(enum sim_disposal d); /* the POSLog's word, NULL for NONE */

#endif
