/* What is to be published once the transaction has committed. Bounded: what does not fit is not sent, and
 * comes again with the answer to a later heartbeat. For the collector's own files. */
#ifndef CLOUD_COLLECTOR_OUTBOX_H
#define CLOUD_COLLECTOR_OUTBOX_H

#include "common/bus.h"
#include "proto/tillwire/v1/tillwire.pb-c.h"
#include "proto/topic.h"

struct outbox;

enum err_class outbox_open(struct outbox **out, struct err *e) ERR_MUST_CHECK;
void outbox_close(struct outbox *o);

/* kind: TOPIC_ACK (QoS 0) or TOPIC_COMMAND (QoS 1). ERR_FULL: not taken. */
enum err_class outbox_add(struct outbox *o, enum topic_kind kind, const char *store,
                          const ProtobufCMessage *message, struct err *e) ERR_MUST_CHECK;
unsigned outbox_acks(const struct outbox *o); /* waiting */
/* Publishes and empties. Returns how many acks the bus took; what it did not take is lost, as on any network.
 */
unsigned outbox_publish(struct outbox *o, const struct bus *bus);
void outbox_clear(struct outbox *o);

#endif
