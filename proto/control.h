/* The store agent's control socket, as `tillctl` speaks it: STATE_DIR/control.sock (a UNIX stream socket,
 * mode 0600).
 *
 * One request is one JSON object on one line, flat, at most CONTROL_LINE_BYTES_MAX bytes. The answer is JSON
 * objects, one a line: the rows asked for, then {"end":true,"rows":N}, or {"error":"…"} in its place. The
 * connection stays open for further requests, one at a time. An answer is cut by `limit` rows (end then
 * carries "more":true).
 *
 * Quantities are decimal strings (qty_format), times RFC 3339 in UTC, ids of 64 bits 16 hexadecimal digits;
 * what is unknown is null. on_hand is null while the basis is none. Objects, by command:
 *
 * - status: {store, version, state, generation, birth, run, seq, chain, applied_seq, outbox, digest,
 * row_count, connected, answered_age_ms, forked, unknown_store, closed, sent_seq, heartbeat_no, resends,
 * quarantined, negatives, gap_count, lag_bytes, last_transaction, disk_free_bytes, resident_bytes, error}
 * - stock: {item, location, uom, description, on_hand, held, recorded, basis, basis_time, negative}
 * - ledger: {seq, time, event, workstation, business_day, sequence, verdict, status, movements: [{item,
 * location, kind, quantity, held, on_hand_after, held_after, uom, document, reason, line}]}; `event` is
 * "transaction", "quarantined", "command_done", "restored", "rows", "keys", "skipped" or "movements"; members
 * that do not apply are left out
 * - sources: {source, format, profile, globs: [], files, lag_bytes, partial_bytes, last_read_ok_age_ms, file,
 * counted, ignored, duplicates, quarantined, error}: the four counts since the agent started
 * - gaps: {workstation, business_day, first, last}
 * - quarantine: {id, file, offset, length, line, error, shape, time} */
#ifndef PROTO_CONTROL_H
#define PROTO_CONTROL_H

#include "common/buf.h"
#include "common/err.h"
#include "proto/topic.h"

#include <stdint.h>

enum {
    CONTROL_LINE_BYTES_MAX = 1024,         /* a request, its newline included */
    CONTROL_REPLY_BYTES_MAX = 1024 * 1024, /* one object of an answer */
    CONTROL_LIMIT_DEFAULT = 100,
    CONTROL_LIMIT_MAX = 100000,
    CONTROL_CLIENTS_MAX = 8, /* more are told {"error":"busy …"} and closed */
};

#define CONTROL_SOCKET "control.sock" /* in the state directory */

enum control_command {
    CONTROL_STATUS,
    CONTROL_STOCK,
    CONTROL_LEDGER,
    CONTROL_SOURCES,
    CONTROL_GAPS,
    CONTROL_QUARANTINE,
};

struct control_request {
    enum control_command command;
    char item[ITEM_ID_MAX + 1]; /* stock, ledger: only this item; empty = all */
    uint64_t from;              /* ledger: first seq; 0 = the newest `limit` events */
    uint64_t id;                /* quarantine: only this one; 0 = all */
    uint32_t limit;             /* rows at most; 0 = CONTROL_LIMIT_DEFAULT (stock: CONTROL_LIMIT_MAX) */
};

/* "status", "stock" …; */
const char *control_command_name(enum control_command command);

/* One request line, without its newline: {"command":"stock","item":"4711"}. ERR_INVALID names the member. */
enum err_class control_request_parse(struct slice line, struct control_request *out,
                                     struct err *e) ERR_MUST_CHECK;

/* Appends the request's line, newline included. */
enum err_class control_request_format(const struct control_request *request, struct buf *out) ERR_MUST_CHECK;

#endif
