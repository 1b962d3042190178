/* The limits of unpacked messages (for proto/wire_*.c only). Each check returns false with a message naming
 * the field in c->e, which is never NULL. On the way fields that this version does not know are dropped, and
 * an absent Mark is filled in as zero. */
#ifndef PROTO_WIRE_CHECK_H
#define PROTO_WIRE_CHECK_H

#include "proto/wire.h"

struct check {
    struct arena *arena;
    struct err *e;
};

/* Greatest seq, and number in general: what SQLite's integers hold. */
#define WIRE_SEQ_MAX ((uint64_t)INT64_MAX)

bool check_fail(struct check *c, const char *field, const char *what);
bool check_inside(struct check *c, const char *field, size_t index); /* prefixes a failure; returns false */

bool check_store(struct check *c, const char *store);
bool check_text(struct check *c, const char *field, const char *text, size_t size_min, size_t size_max);
bool check_seq(struct check *c, const char *field, uint64_t seq, uint64_t min); /* and other 64-bit counts */
bool check_time(struct check *c, const char *field, int64_t ms);                /* and ages */
bool check_run(struct check *c, Tillwire__V1__Run *run);
bool check_mark(struct check *c, const char *field, Tillwire__V1__Mark **mark);
bool check_movements(struct check *c, const char *field, Tillwire__V1__Movement **movements, size_t count);
bool check_rows(struct check *c, Tillwire__V1__Row **rows, size_t count);
bool check_key(struct check *c, const char *field, Tillwire__V1__BusinessKey *key); /* NULL passes */
bool check_key_states(struct check *c, Tillwire__V1__KeyState **keys, size_t count);
void check_drop_unknown(ProtobufCMessage *message);

bool check_batch(struct check *c, Tillwire__V1__EventBatch *batch);
bool check_event(struct check *c, Tillwire__V1__Event *event);
bool check_heartbeat(struct check *c, Tillwire__V1__Heartbeat *heartbeat);
bool check_ack(struct check *c, Tillwire__V1__Ack *ack);
bool check_command(struct check *c, Tillwire__V1__Command *command);

#endif
