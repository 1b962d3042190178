/* An answer while it is written, and one function for each command (proto/control.h says what a row holds).
 * Only control*.c includes this. */
#ifndef EDGE_CONTROL_CONTROL_ROWS_H
#define EDGE_CONTROL_CONTROL_ROWS_H

#include "common/json.h"
#include "edge/control/control.h"

struct control_rows {
    const struct control_view *view;
    const struct control_sink *sink;
    struct buf line;
    struct json json;
    uint32_t count, limit;
    bool more;   /* the limit cut the answer */
    bool failed; /* a row outgrew its bound */
};

void control_row_begin(struct control_rows *rows);
bool control_row_end(struct control_rows *rows);    /* false: no more are wanted */
bool control_row_wanted(struct control_rows *rows); /* false at the limit */

void control_key_text(struct json *j, const char *key, struct slice value);
void control_key_u64(struct json *j, const char *key, uint64_t value);
void control_key_bool(struct json *j, const char *key, bool value);
void control_key_hex(struct json *j, const char *key, uint64_t value);
void control_key_qty(struct json *j, const char *key, int64_t qty_e4);
void control_key_time(struct json *j, const char *key, int64_t wall_ms); /* null for 0 */
void control_key_day(struct json *j, const char *key, int32_t days);     /* "2026-11-24" */

enum err_class control_status(struct control_rows *rows, struct err *e) ERR_MUST_CHECK;
enum err_class control_stock(struct control_rows *rows, const struct control_request *request,
                             struct err *e) ERR_MUST_CHECK;
enum err_class control_ledger(struct control_rows *rows, const struct control_request *request,
                              struct err *e) ERR_MUST_CHECK;
enum err_class control_sources(struct control_rows *rows) ERR_MUST_CHECK;
enum err_class control_gaps(struct control_rows *rows, struct err *e) ERR_MUST_CHECK;
enum err_class control_quarantine(struct control_rows *rows, const struct control_request *request,
                                  struct err *e) ERR_MUST_CHECK;

#endif
