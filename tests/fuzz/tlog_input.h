/* What the fuzz targets of TLOG decoding share: one decoder for all inputs, as the edge has one for all
 * records. */
#ifndef TESTS_FUZZ_TLOG_INPUT_H
#define TESTS_FUZZ_TLOG_INPUT_H

#include "edge/tlog/decoder.h"
#include "edge/tlog/profile.h"
#include "proto/card.h"
#include "proto/text.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static inline void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static inline struct tlog_decoder *open_or_abort(const char *format, const char *profile, size_t ceiling)
{
    struct tlog_decoder *d = NULL;
    struct err e;
    struct tlog_options options = {.profile = tlog_profile_find(profile), .record_bytes_max = ceiling};
    must(tlog_open(&d, format, &options, &e) == ERR_OK);
    return d;
}

static inline void must_be_safe(struct slice text)
{
    must(text_valid(text));
    must(card_exempt_item(text) || !card_found(text));
}

static inline void check_line(const struct txn_line *line)
{
    must(line->item.size > 0 && line->item.size <= 64 && line->quantity_e4 != 0 && line->location.size > 0);
    must(line->uom.size > 0);
    must_be_safe(line->item);
    must_be_safe(line->alias);
    must_be_safe(line->description);
    must_be_safe(line->document);
    must_be_safe(line->document_line);
    must_be_safe(line->uom);
}

static inline void check_shape(struct slice record)
{
    BUF_AUTO struct buf shape = BUF_INIT(256);
    must(tlog_shape(record, 256, &shape) == ERR_OK);
    must(shape.size <= 256);
    for (size_t i = 0; i < shape.size; i++) {
        must(shape.data[i] < '0' || shape.data[i] > '9' || shape.data[i] == '9');
    }
}

/* Any bytes: refused or read, and what was read is safe to keep; then a good record counts. */
static inline int decode_any(struct tlog_decoder *d, const uint8_t *data, size_t size, struct slice good)
{
    struct slice record = {(const char *)data, size};
    struct txn txn;
    struct err e;
    bool none = false;
    enum err_class class = tlog_decode(d, record, &txn, &none, &e);
    must(class == ERR_OK || class == ERR_INVALID);
    if (class == ERR_INVALID) {
        must(!card_found(slice_of(e.message)));
        check_shape(record);
    }
    if (class == ERR_OK && !none) {
        uint64_t hash = txn.content_hash;
        must(txn.store.size > 0 && txn.workstation.size > 0);
        must_be_safe(txn.status);
        for (size_t i = 0; i < txn.line_count; i++) {
            check_line(&txn.lines[i]);
        }
        must(tlog_decode(d, record, &txn, &none, &e) == ERR_OK && txn.content_hash == hash);
    }
    must(tlog_decode(d, good, &txn, &none, &e) == ERR_OK && txn.line_count == 1);
    return 0;
}

#endif
