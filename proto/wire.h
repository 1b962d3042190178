/* Encodes and decodes the messages of proto/tillwire/v1, with every limit checked: what wire_unpack_* accepts
 * is safe to apply. Messages are protobuf-c structs; unpacked ones live in an arena and are freed with it. */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include "common/buf.h"
#include "common/bus.h"
#include "proto/arena.h"
#include "proto/tillwire/v1/tillwire.pb-c.h"
#include "proto/topic.h"

enum {
    WIRE_BATCH_BYTES_MAX = 256 * 1024, /* an EventBatch or Command, packed */
    WIRE_EVENT_BYTES_MAX = 224 * 1024,
    WIRE_MOVEMENTS_MAX = 2000, /* of one event */
    WIRE_TEXT_MAX = 256,       /* bytes of any text but ids, which are shorter (topic.h); see text_clean */
    WIRE_ARENA_BYTES_MAX = 32 * 1024 * 1024, /* any valid message fits an arena of this ceiling */
};

/* The message comes out valid and safe to apply:
 *
 * - Store ids, items, locations and workstations have their shape; other text keeps its bound; all text is
 *   UTF-8 without control characters.
 *
 * - Seqs and counts are within int64, from 1 where they count from 1, a batch's last seq included; ranges are
 *   in order; times lie in the years 1–9999; the sums that a message implies (balance less delta, quantity
 *   plus moved since) are within int64.
 *
 * - Runs, and the keys of transactions and key states, are there. An absent Mark is filled in as zero. Only
 *   Heartbeat.echo, Quarantined.key and KeyState.parked_for are NULL when absent.
 *
 * - Enums are open, and a body of a newer version is NOT_SET: the reader judges both. Fields of a newer
 *   version are dropped.
 *
 * ERR_INVALID says which field; ERR_FATAL: out of memory. Either way there is nothing to free. */
enum err_class wire_unpack_batch(struct arena *a, struct slice bytes, Tillwire__V1__EventBatch **out,
                                 struct err *e) ERR_MUST_CHECK;
enum err_class wire_unpack_event(struct arena *a, struct slice bytes, Tillwire__V1__Event **out,
                                 struct err *e) ERR_MUST_CHECK;
enum err_class wire_unpack_heartbeat(struct arena *a, struct slice bytes, Tillwire__V1__Heartbeat **out,
                                     struct err *e) ERR_MUST_CHECK;
enum err_class wire_unpack_ack(struct arena *a, struct slice bytes, Tillwire__V1__Ack **out,
                               struct err *e) ERR_MUST_CHECK;
enum err_class wire_unpack_command(struct arena *a, struct slice bytes, Tillwire__V1__Command **out,
                                   struct err *e) ERR_MUST_CHECK;

/* Appends the packed message (any of the contract's) to out. Limits are not checked: the maker keeps them.
 * ERR_FULL at out's ceiling. */
enum err_class wire_pack(const ProtobufCMessage *message, struct buf *out, struct err *e) ERR_MUST_CHECK;

/* A batch is built by appending stored event bytes: no event is decoded to be sent. begin clears out; add
 * gives ERR_FULL, and leaves the batch as it was, when the event and the end would not fit
 * WIRE_BATCH_BYTES_MAX or out's ceiling; end then always fits. The bytes equal those that protobuf-c packs.
 */
struct batch_header {
    const char *store;
    uint32_t generation;
    uint64_t run_counter, run_id;
    uint64_t first_seq;
    uint64_t prev_chain;
};
enum err_class wire_batch_begin(struct buf *out, const struct batch_header *header) ERR_MUST_CHECK;
enum err_class wire_batch_add(struct buf *out, struct slice event) ERR_MUST_CHECK;
enum err_class wire_batch_end(struct buf *out, bool digest_valid, uint64_t digest_after) ERR_MUST_CHECK;

/* The user properties that repeat a batch's place, so that a body that cannot be decoded still names it:
 * store, generation, run ("counter-id"), first_seq, count, prev_chain, chain (of the last event). Numbers in
 * decimal, ids and chains as 16 hexadecimal digits. Parsing takes them in any order, each once, among others
 * that it ignores; ERR_INVALID names the property. */
enum { WIRE_PLACE_PROPERTIES = 7, WIRE_PLACE_TEXT = 48 };
struct batch_place {
    char store[STORE_ID_MAX + 1];
    uint32_t generation;
    uint64_t run_counter, run_id;
    uint64_t first_seq;
    uint64_t count;
    uint64_t prev_chain, chain;
};
struct place_text {
    char values[WIRE_PLACE_PROPERTIES][WIRE_PLACE_TEXT];
};
void wire_place_format(const struct batch_place *place, struct place_text *text,
                       struct bus_property out[WIRE_PLACE_PROPERTIES]);
enum err_class wire_place_parse(const struct bus_property *properties, size_t count, struct batch_place *out,
                                struct err *e) ERR_MUST_CHECK;

/* Names for people and JSON: "sale", "opening_correction" …; "unknown" for others. */
const char *movement_kind_name(Tillwire__V1__MovementKind kind);
const char *basis_name(int basis); /* "none", "opening", "counted" */

/* Opening, count and correction kinds: left out of `recorded` and of every Σ of movements. */
bool movement_is_recorded(Tillwire__V1__MovementKind kind);

#endif
