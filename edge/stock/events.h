/* The event table: ledger and outbox in one. Gives each event its seq and chain, in `struct meta`. */
#ifndef EDGE_STOCK_EVENTS_H
#define EDGE_STOCK_EVENTS_H

#include "edge/stock/ledger.h"
#include "edge/stock/meta.h"

struct events;

enum err_class events_open(struct events **out, struct db *db, struct meta *meta,
                           struct err *e) ERR_MUST_CHECK;
void events_close(struct events *v);

/* The next event is built here, at most WIRE_EVENT_BYTES_MAX; empty after each append. */
struct buf *events_scratch(struct events *v);
/* Appends what stands in the scratch buffer. */
enum err_class events_append(struct events *v, struct err *e) ERR_MUST_CHECK;

/* From `from` on (or the oldest kept) to `last`, in order, until each says false. */
enum err_class events_read(struct events *v, uint64_t from, uint64_t last,
                           bool (*each)(void *ctx, const struct ledger_event *event), void *ctx,
                           struct err *e) ERR_MUST_CHECK;
enum err_class events_chain_at(struct events *v, uint64_t seq, uint64_t *chain, struct err *e) ERR_MUST_CHECK;

/* The event with this seq, unpacked (tillwire__v1__event__free_unpacked); NULL when it is not kept. */
enum err_class events_get(struct events *v, uint64_t seq, Tillwire__V1__Event **out,
                          struct err *e) ERR_MUST_CHECK;
/* Deletes the oldest event kept. */
enum err_class events_drop_oldest(struct events *v, struct err *e) ERR_MUST_CHECK;

#endif
