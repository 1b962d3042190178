/* TLOG decoding: frames records in a stream of bytes and decodes one record into a `struct txn`. Pure: bytes
 * in, values out; no I/O, no clock, no globals. One implementation a format; a vendor profile settles dialect
 * questions. */
#ifndef EDGE_TLOG_DECODER_H
#define EDGE_TLOG_DECODER_H

#include "common/buf.h"
#include "common/err.h"
#include "edge/tlog/txn.h"

enum { TLOG_RECORD_BYTES_DEFAULT = 1024 * 1024, TLOG_CONTEXT_BYTES_MAX = 4096 };

/* Raised whenever the same bytes may decode to another meaning; travels with each transaction. */
enum { TLOG_DECODER_VERSION = 1 };

enum frame_kind {
    FRAME_RECORD, /* [skip, skip + size) is a whole record */
    FRAME_MORE, /* no whole record yet: skip bytes may be passed over (white space, a root tag); want more */
    FRAME_TOO_LONG, /* a record grew past the ceiling: [skip, skip + size) is the part seen, the decoder stays
                     * in "skipping" until the record's end, which comes as FRAME_SKIPPED */
    FRAME_SKIPPED,  /* skip ends a record that was FRAME_TOO_LONG: quarantine it as one */
};

struct frame {
    enum frame_kind kind;
    size_t skip;  /* bytes before the record that belong to none */
    size_t size;  /* bytes of the record, its terminator included */
    size_t lines; /* newlines in skip + size, for positions told to people */
};

struct tlog_profile; /* edge/tlog/profile.h */

struct tlog_options {
    const struct tlog_profile *profile;
    size_t record_bytes_max; /* 0 = TLOG_RECORD_BYTES_DEFAULT */
};

struct tlog_decoder;

/* format: "jsonl" or "poslog". */
enum err_class tlog_open(struct tlog_decoder **out, const char *format, const struct tlog_options *options,
                         struct err *e) ERR_MUST_CHECK;
void tlog_close(struct tlog_decoder *d);

/* Looks at data, which starts where the last frame ended. `ended`: no more will ever come (rotated away): a
 * last record without its terminator is then a record (decoding says whether it is whole). Never allocates.
 */
struct frame tlog_frame(struct tlog_decoder *d, struct slice data, bool ended);

/* Forgets framing state (another file begins). */
void tlog_reset(struct tlog_decoder *d);

/* What must be known to frame and decode from here on beside the offset (POSLog: XML declaration, encoding
 * and root tag; a record being skipped). At most TLOG_CONTEXT_BYTES_MAX; opaque; kept with the position. */
enum err_class tlog_context_save(const struct tlog_decoder *d, struct buf *out) ERR_MUST_CHECK;
enum err_class tlog_context_load(struct tlog_decoder *d, struct slice context, struct err *e) ERR_MUST_CHECK;

/* Decodes one framed record. ERR_INVALID: quarantine it; e says why; *out then holds the key as far as it was
 * read (workstation empty when not). A record that holds no transaction at all (an empty line) gives ERR_OK
 * and *none = true. */
enum err_class tlog_decode(struct tlog_decoder *d, struct slice record, struct txn *out, bool *none,
                           struct err *e) ERR_MUST_CHECK;

/* The shape of a record for quarantine: element or member names, text as `9` (digits), `x` (letters), other
 * characters kept if punctuation; cut at max bytes. Never its bytes (invariant 8). */
enum err_class tlog_shape(struct slice record, size_t max, struct buf *out) ERR_MUST_CHECK;

#endif
