#include "edge/control/control.h"
#include "edge/control/control_rows.h"

#include "proto/qty.h"
#include "proto/wire.h"

#include <stdio.h>

void control_key_text(struct json *j, const char *key, struct slice value)
{
    json_key(j, key);
    json_text(j, value);
}

void control_key_u64(struct json *j, const char *key, uint64_t value)
{
    json_key(j, key);
    json_u64(j, value);
}

void control_key_bool(struct json *j, const char *key, bool value)
{
    json_key(j, key);
    json_bool(j, value);
}

void control_key_hex(struct json *j, const char *key, uint64_t value)
{
    char text[17];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)value);
    control_key_text(j, key, slice_of(text));
}

void control_key_qty(struct json *j, const char *key, int64_t qty_e4)
{
    char text[QTY_TEXT_BYTES];
    control_key_text(j, key, slice_of(qty_format(qty_e4, text)));
}

void control_key_time(struct json *j, const char *key, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_BYTES];
    json_key(j, key);
    if (wall_ms == 0) {
        json_null(j);
        return;
    }
    clock_format_rfc3339(wall_ms, text);
    json_text(j, slice_of(text));
}

void control_row_begin(struct control_rows *rows)
{
    buf_clear(&rows->line);
    json_begin(&rows->json, &rows->line);
    json_object(&rows->json);
}

bool control_row_end(struct control_rows *rows)
{
    json_object_end(&rows->json);
    enum err_class class = json_end(&rows->json);
    if (class == ERR_OK) {
        class = buf_append(&rows->line, "\n", 1);
    }
    if (class != ERR_OK) {
        rows->failed = true;
        return false;
    }
    rows->count++;
    return rows->sink->write(rows->sink->ctx, buf_slice(&rows->line));
}

bool control_row_wanted(struct control_rows *rows)
{
    if (rows->count < rows->limit) {
        return true;
    }
    rows->more = true;
    return false;
}

static enum err_class run(struct control_rows *rows, const struct control_request *request, struct err *e)
{
    switch (request->command) {
    case CONTROL_STATUS:
        return control_status(rows, e);
    case CONTROL_STOCK:
        return control_stock(rows, request, e);
    case CONTROL_LEDGER:
        return control_ledger(rows, request, e);
    case CONTROL_SOURCES:
        return control_sources(rows);
    case CONTROL_GAPS:
        return control_gaps(rows, e);
    case CONTROL_QUARANTINE:
        return control_quarantine(rows, request, e);
    }
    return err_set(e, ERR_INVALID, "command: not known");
}

static void end_answer(struct control_rows *rows, enum err_class class, const struct err *e)
{
    uint64_t count = rows->count;
    if (class == ERR_OK && rows->failed) {
        class = ERR_FULL;
    }
    control_row_begin(rows);
    if (class != ERR_OK) {
        control_key_text(&rows->json, "error",
                         slice_of(rows->failed ? "an object of the answer outgrew its bound" : e->message));
    } else {
        control_key_bool(&rows->json, "end", true);
        control_key_u64(&rows->json, "rows", count);
        if (rows->more) {
            control_key_bool(&rows->json, "more", true);
        }
    }
    (void)control_row_end(rows);
}

void control_answer(struct slice line, const struct control_view *view, const struct control_sink *sink)
{
    struct control_request request;
    struct err e = {0};
    struct control_rows rows = {.view = view, .sink = sink, .line = BUF_INIT(CONTROL_REPLY_BYTES_MAX)};
    enum err_class class = control_request_parse(line, &request, &e);
    if (class == ERR_OK) {
        uint32_t fallback = request.command == CONTROL_STOCK ? CONTROL_LIMIT_MAX : CONTROL_LIMIT_DEFAULT;
        rows.limit = request.limit > 0 ? request.limit : fallback;
        class = run(&rows, &request, &e);
    }
    end_answer(&rows, class, &e);
    buf_free(&rows.line);
}
