/* Business keys (PROTOCOL rule 12) and document lines (TLOG "For every format" 4): what has been counted and
 * never counts again. */
#ifndef EDGE_STOCK_KEYS_H
#define EDGE_STOCK_KEYS_H

#include "common/db.h"
#include "edge/tlog/txn.h"

struct keys;

struct key {
    int32_t day;
    int64_t workstation; /* series_workstation */
    uint64_t sequence;   /* at most INT64_MAX */
    uint32_t version, decoder_version;
    uint64_t content_hash;
    Tillwire__V1__Verdict verdict;
    int64_t own_ms;
    uint64_t seq;
};

enum err_class keys_open(struct keys **out, struct db *db, struct err *e) ERR_MUST_CHECK;
void keys_close(struct keys *k);

/* *claimed is false when the key is there already; *known then has what is. */
enum err_class keys_claim(struct keys *k, const struct key *key, bool *claimed, struct key *known,
                          struct err *e) ERR_MUST_CHECK;
enum err_class keys_release(struct keys *k, const struct key *key, struct err *e) ERR_MUST_CHECK;

/* *counted_before: another transaction than seq has the document's line. */
enum err_class keys_claim_line(struct keys *k, struct slice document, struct slice line, int32_t day,
                               uint64_t seq, bool *counted_before, struct err *e) ERR_MUST_CHECK;

/* Moves a key's net lines (packed) from an event that is about to be deleted into the key, when it still is
 * that event's. */
enum err_class keys_keep_net(struct keys *k, const struct key *key, struct slice net,
                             struct err *e) ERR_MUST_CHECK;

/* Keys last touched by events of seq and later. net is NULL when the lines are in the event. */
enum err_class keys_each(struct keys *k, uint64_t seq,
                         enum err_class (*each)(void *ctx, const struct key *key, struct slice workstation,
                                                const struct slice *net, struct err *e),
                         void *ctx, struct err *e) ERR_MUST_CHECK;

/* Deletes up to max keys and document lines each of days below. */
enum err_class keys_trim(struct keys *k, int64_t day, unsigned max, struct err *e) ERR_MUST_CHECK;

#endif
