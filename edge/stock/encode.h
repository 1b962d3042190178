/* Packs the messages of the per-record path straight into a buffer: the same bytes as protobuf-c would make
 * (a test compares them), without building its structs first. Free text is mended on the way (proto/text.h);
 * ids must be valid already. */
#ifndef EDGE_STOCK_ENCODE_H
#define EDGE_STOCK_ENCODE_H

#include "common/buf.h"
#include "edge/tlog/txn.h"

struct movement {
    struct slice item, alias, location, uom, reason, document, description;
    Tillwire__V1__MovementKind kind;
    int64_t on_hand_delta_e4, held_delta_e4;
    int64_t on_hand_e4, held_e4; /* after */
    Tillwire__V1__Basis basis;   /* after */
    int64_t basis_ms;
    uint32_t line;
};

struct transaction_place {
    Tillwire__V1__Verdict verdict;
    const char *zone;
    int64_t own_ms;
    uint64_t source_file, source_offset;
};

/* Event.wall_ms and boot_ms: each event begins with them. */
enum err_class encode_times(struct buf *out, int64_t wall_ms, int64_t boot_ms) ERR_MUST_CHECK;
enum err_class encode_transaction(struct buf *out, const struct txn *txn,
                                  const struct transaction_place *place) ERR_MUST_CHECK;
enum err_class encode_movement(struct buf *out, const struct movement *m) ERR_MUST_CHECK;
/* Any other body, as the field of Event with this number; `rest` holds further fields of the body, packed
 * already. */
enum err_class encode_body(struct buf *out, uint32_t field, const ProtobufCMessage *body,
                           struct slice rest) ERR_MUST_CHECK;

/* No more bytes than this come from the movement of such a line (its texts, and every number at its longest).
 */
size_t encode_movement_bytes_max(const struct txn_line *line);

#endif
