/* What the tests of TLOG decoding share. */
#ifndef TESTS_UNIT_TLOG_HELP_H
#define TESTS_UNIT_TLOG_HELP_H

#include "edge/tlog/decoder.h"
#include "edge/tlog/profile.h"
#include "proto/qty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline struct tlog_decoder *open_decoder(const char *format, const char *profile,
                                                size_t record_bytes_max)
{
    struct tlog_decoder *d = NULL;
    struct err e = {.message = ""};
    struct tlog_options options = {.profile = tlog_profile_find(profile),
                                   .record_bytes_max = record_bytes_max};
    assert_non_null(options.profile);
    if (tlog_open(&d, format, &options, &e) != ERR_OK) {
        fail_msg("%s", e.message);
    }
    return d;
}

/* A decoder and what it made of the last record. */
struct reading {
    struct tlog_decoder *decoder;
    struct txn txn;
    bool none;
    struct err e;
};

static inline enum err_class read_record(struct reading *r, const char *record)
{
    r->e.message[0] = '\0';
    return tlog_decode(r->decoder, slice_of(record), &r->txn, &r->none, &r->e);
}

static inline void expect_counted(struct reading *r, const char *record)
{
    if (read_record(r, record) != ERR_OK) {
        fail_msg("refused: %s", r->e.message);
    }
    assert_int_equal(r->txn.action, TXN_COUNT);
}

static inline void expect_refused(struct reading *r, const char *record, const char *part_of_reason)
{
    if (read_record(r, record) != ERR_INVALID) {
        fail_msg("not refused: %s", record);
    }
    if (strstr(r->e.message, part_of_reason) == NULL) {
        fail_msg("refused for '%s', expected '%s'", r->e.message, part_of_reason);
    }
}

static inline void expect_line(const struct txn *txn, size_t index, const char *item, const char *quantity)
{
    char text[QTY_TEXT_BYTES];
    assert_true(index < txn->line_count);
    assert_true(slice_equal_text(txn->lines[index].item, item));
    assert_string_equal(qty_format(txn->lines[index].quantity_e4, text), quantity);
}

#define assert_slice(s, text)                                \
    do {                                                     \
        char shown_[512];                                    \
        assert_true(slice_copy((s), shown_, sizeof shown_)); \
        assert_string_equal(shown_, (text));                 \
    } while (0)

#endif
