/* One POS transaction as decoded from a log record: values only, borrowed from the decoder that made it
 * (valid until its next decode). What the store's stock does with it is decided elsewhere; what the record
 * *means* is decided here. */
#ifndef EDGE_TLOG_TXN_H
#define EDGE_TLOG_TXN_H

#include "common/slice.h"
#include "proto/tillwire/v1/tillwire.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

enum { TXN_LINES_MAX = 2000 };

/* What a record asks for. Only COUNT and IGNORE claim the business key (TLOG "For every format" 4). */
enum txn_action {
    TXN_COUNT,     /* final: its lines move stock (maybe none) */
    TXN_IGNORE,    /* final, moves nothing: training, cancelled, control … */
    TXN_NOT_FINAL, /* InProcess, Suspended …: uses its number up, claims no key; ignored */
};

struct txn_line {
    struct slice item;          /* as read, leading zeros kept */
    struct slice alias;         /* POSIdentity as read; empty when none */
    struct slice location;      /* "floor", "damaged", "returns", … */
    struct slice uom;           /* "EA" when the log has none */
    struct slice description;   /* card-masked */
    struct slice document;      /* receipts and transfers: the document's id, deduped with document_line */
    struct slice document_line; /* as read; empty when there is no document */
    Tillwire__V1__MovementKind kind;
    int64_t quantity_e4; /* signed stock change */
    uint32_t line;       /* the log's own line number; 0 = none */
};

struct txn {
    struct slice store; /* the log's own store id, as read */
    struct slice workstation;
    int32_t business_day; /* days since 1970-01-01 */
    uint64_t sequence;
    uint32_t version;
    enum txn_action action;
    struct slice reason;     /* IGNORE, NOT_FINAL: "training", "status Canceled", "control" … */
    struct slice status;     /* as read */
    struct slice begin, end; /* times as read */
    int64_t local_s;         /* end (else begin) as civil seconds since 1970; INT64_MIN = unknown */
    int32_t utc_offset_s;    /* valid when has_offset: the log's own offset (Z = 0) */
    bool has_offset;
    uint32_t flags;        /* Tillwire__V1__TransactionFlag bits */
    uint64_t content_hash; /* over all that decides what it means: status, flags, lines */
    const struct txn_line *lines;
    size_t line_count;
};

#endif
