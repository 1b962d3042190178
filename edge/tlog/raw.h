/* What the builder has taken from one record, field by field, before anything is made of it. All text is
 * trimmed, valid UTF-8 without control characters, card-masked, and lies in the builder's own memory. */
#ifndef EDGE_TLOG_RAW_H
#define EDGE_TLOG_RAW_H

#include "common/err.h"
#include "edge/tlog/profile.h"
#include "edge/tlog/txn.h"
#include "edge/tlog/when.h"

enum { RAW_UNITS_MAX = 8 };

enum goods {
    GOODS_NONE,
    GOODS_SALE,
    GOODS_RETURN,
    GOODS_DELIVERY,
    GOODS_PICKUP,
    GOODS_RECEIPT,
    GOODS_UNSUPPORTED, /* layaways and customer orders: when the goods leave is told elsewhere */
};

struct raw_unit {
    struct slice id;
    struct slice type;
};

/* What a LineItem says beside its goods. */
struct raw_line {
    struct slice number;
    struct slice entry;
    bool voided;
    bool cancelled; /* CancelFlag or DeleteFlag */
    bool weighed;
};

struct raw_goods {
    enum goods goods;
    uint32_t ordinal; /* of its LineItem in the record, from 1 */
    struct raw_line line;
    struct slice item_type;
    struct slice item;
    struct slice alias;
    struct slice description;
    struct slice quantity;
    struct slice quantity_uom;
    struct slice uom;
    struct slice disposal;
    struct slice document;
    uint32_t quantities; /* how many the log gives */
};

struct raw_txn {
    struct slice store;
    struct slice workstation;
    struct slice sequence;
    struct slice day;
    struct slice status;
    struct when begin; /* the earliest */
    struct when end;   /* the latest */
    struct raw_unit units[RAW_UNITS_MAX];
    size_t unit_count;
    bool training, cancelled, suspended, offline;
    bool retail, control, inventory, inventory_other;
    bool reverses;         /* a link says that another transaction is voided by this one */
    struct slice document; /* of the ReceiveInventory being read */
    uint32_t line_count;   /* LineItems of any kind */
    struct raw_goods *goods;
    size_t goods_count;
};

/* A code without its vendor's prefix: "acs:Linked" is Linked (edge/tlog/key.c). */
struct slice raw_local_part(struct slice code);

/* The business key; ERR_INVALID names the missing or bad field. Fills what it can in any case
 * (edge/tlog/key.c). */
enum err_class raw_key(const struct raw_txn *raw, struct txn *out, struct err *e) ERR_MUST_CHECK;

/* What the record asks for: action, reason, flags (edge/tlog/action.c). */
enum err_class raw_action(const struct raw_txn *raw, struct txn *out, struct err *e) ERR_MUST_CHECK;

/* The stock changes, into lines (room for goods_count) (edge/tlog/movements.c). */
enum err_class raw_movements(const struct raw_txn *raw, const struct tlog_profile *profile,
                             struct txn_line *lines, size_t *count, struct err *e) ERR_MUST_CHECK;

/* Over what it means: status, flags, action, lines (edge/tlog/content.c). */
uint64_t raw_content_hash(const struct txn *txn);

#endif
