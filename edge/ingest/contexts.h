/* What the decoder must know of each file beside its offset, kept with the position: as it is now, and as it
 * was committed. Files come and go; what is kept is bounded. */
#ifndef EDGE_INGEST_CONTEXTS_H
#define EDGE_INGEST_CONTEXTS_H

#include "common/err.h"
#include "common/slice.h"

#include <stdint.h>

enum { CONTEXT_BYTES_MAX = 4096 + 64, CONTEXTS_MAX = 8192 };

struct contexts;

enum err_class contexts_open(struct contexts **out, struct err *e) ERR_MUST_CHECK;
void contexts_close(struct contexts *c);

/* Empty for a file not known. Valid until the next put, commit or rollback. */
struct slice contexts_get(const struct contexts *c, uint64_t file_id);
enum err_class contexts_put(struct contexts *c, uint64_t file_id, struct slice context,
                            struct err *e) ERR_MUST_CHECK;
void contexts_commit(struct contexts *c);
void contexts_rollback(struct contexts *c);

#endif
