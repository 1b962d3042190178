/* The net effect of a transaction per (item, location), as a key keeps it (PROTOCOL "Keys"). */
#ifndef EDGE_STOCK_NET_H
#define EDGE_STOCK_NET_H

#include "common/buf.h"
#include "proto/wire.h"

/* The location written out: empty on the wire means floor. */
struct slice net_location(const Tillwire__V1__Movement *m);

/* Leaves in event->movements one movement per (item, location) with the net of its recorded kinds. Returns
 * how many; the event keeps owning all of them. */
size_t net_reduce(Tillwire__V1__Event *event);

/* Packs them as a KeyState that holds net lines only. Reduces the event. */
enum err_class net_pack(Tillwire__V1__Event *event, struct buf *out, struct err *e) ERR_MUST_CHECK;

#endif
