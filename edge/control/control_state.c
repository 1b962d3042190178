/* status, stock, sources, gaps, quarantine */
#include "edge/control/control_rows.h"

#include "common/zone.h"
#include "proto/wire.h"

#include <stdio.h>

static bool pass_gap(void *ctx, const struct ledger_gap *gap)
{
    (void)ctx;
    (void)gap;
    return false;
}

static uint64_t lag_bytes(const struct control_view *view)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < ingest_sources(view->ingest); i++) {
        struct ingest_source_status status;
        ingest_source_status(view->ingest, i, &status);
        sum += status.health.lag_bytes;
    }
    return sum;
}

static void put_head(struct json *j, const struct ledger_head *head, const struct uplink_status *uplink)
{
    control_key_u64(j, "generation", head->generation);
    control_key_hex(j, "birth", head->birth);
    control_key_u64(j, "run", head->run_counter);
    control_key_u64(j, "seq", head->seq);
    control_key_hex(j, "chain", head->chain);
    control_key_u64(j, "applied_seq", uplink->applied_seq);
    control_key_u64(j, "outbox", head->seq - uplink->applied_seq);
    control_key_hex(j, "digest", head->digest);
    control_key_u64(j, "row_count", head->row_count);
    control_key_u64(j, "quarantined", head->quarantined);
    control_key_u64(j, "negatives", head->negatives);
    control_key_time(j, "last_transaction", head->last_transaction_wall_ms);
}

static void put_uplink(struct json *j, const struct uplink_status *uplink)
{
    control_key_bool(j, "connected", uplink->connected);
    json_key(j, "answered_age_ms");
    if (uplink->answered_age_ms < 0) {
        json_null(j);
    } else {
        json_int(j, uplink->answered_age_ms);
    }
    control_key_bool(j, "forked", uplink->forked);
    control_key_bool(j, "unknown_store", uplink->unknown_store);
    control_key_bool(j, "closed", uplink->closed);
    control_key_u64(j, "sent_seq", uplink->sent_seq);
    control_key_u64(j, "heartbeat_no", uplink->heartbeat_no);
    control_key_u64(j, "resends", uplink->resends);
}

enum err_class control_status(struct control_rows *rows, struct err *e)
{
    const struct control_view *view = rows->view;
    struct ledger_head head;
    struct uplink_status uplink;
    uint64_t gap_count = 0;
    ledger_head(view->ledger, &head);
    uplink_status(view->uplink, &uplink);
    enum err_class class = ledger_each_gap(view->ledger, pass_gap, NULL, &gap_count, e);
    if (class != ERR_OK) {
        return class;
    }
    struct json *j = &rows->json;
    control_row_begin(rows);
    control_key_text(j, "store", slice_of(view->store));
    control_key_text(j, "version", slice_of(TILLWIRE_VERSION));
    control_key_text(j, "state", slice_of(view->state));
    put_head(j, &head, &uplink);
    put_uplink(j, &uplink);
    control_key_u64(j, "gap_count", gap_count);
    control_key_u64(j, "lag_bytes", lag_bytes(view));
    control_key_u64(j, "disk_free_bytes", view->disk_free_bytes);
    control_key_u64(j, "resident_bytes", view->resident_bytes);
    control_key_text(j, "error", slice_of(view->error));
    (void)control_row_end(rows);
    return ERR_OK;
}

static bool put_stock(void *ctx, const struct ledger_row *row)
{
    struct control_rows *rows = ctx;
    struct json *j = &rows->json;
    if (!control_row_wanted(rows)) {
        return false;
    }
    control_row_begin(rows);
    control_key_text(j, "item", row->item);
    control_key_text(j, "location", row->location);
    control_key_text(j, "uom", row->uom);
    control_key_text(j, "description", row->description);
    if (row->basis == TILLWIRE__V1__BASIS__BASIS_NONE) {
        json_key(j, "on_hand");
        json_null(j);
    } else {
        control_key_qty(j, "on_hand", row->on_hand_e4);
    }
    control_key_qty(j, "held", row->held_e4);
    control_key_qty(j, "recorded", row->recorded_e4);
    control_key_text(j, "basis", slice_of(basis_name(row->basis)));
    control_key_time(j, "basis_time", row->basis_ms);
    control_key_bool(j, "negative", row->on_hand_e4 < 0);
    return control_row_end(rows);
}

enum err_class control_stock(struct control_rows *rows, const struct control_request *request, struct err *e)
{
    return ledger_each_row(rows->view->ledger, slice_of(request->item), put_stock, rows, e);
}

enum err_class control_sources(struct control_rows *rows)
{
    struct json *j = &rows->json;
    int64_t now = clock_boot_ms(rows->view->clock);
    for (size_t i = 0; i < ingest_sources(rows->view->ingest); i++) {
        struct ingest_source_status s;
        ingest_source_status(rows->view->ingest, i, &s);
        control_row_begin(rows);
        control_key_text(j, "source", slice_of(s.name));
        control_key_text(j, "format", slice_of(s.format));
        control_key_text(j, "profile", slice_of(s.profile));
        json_key(j, "globs");
        json_array(j);
        for (size_t k = 0; s.globs[k] != NULL; k++) {
            json_text(j, slice_of(s.globs[k]));
        }
        json_array_end(j);
        control_key_u64(j, "files", s.files);
        control_key_u64(j, "lag_bytes", s.health.lag_bytes);
        control_key_u64(j, "partial_bytes", s.health.partial_bytes);
        json_key(j, "last_read_ok_age_ms");
        json_int(j, now - s.health.last_read_ok_boot_ms);
        control_key_text(j, "file", slice_of(s.health.file));
        control_key_u64(j, "counted", s.counted);
        control_key_u64(j, "ignored", s.ignored);
        control_key_u64(j, "duplicates", s.duplicates);
        control_key_u64(j, "quarantined", s.quarantined);
        control_key_text(j, "error", slice_of(s.health.error));
        if (!control_row_end(rows)) {
            break;
        }
    }
    return ERR_OK;
}

void control_key_day(struct json *j, const char *key, int32_t days)
{
    int year, month, day;
    char text[32];
    zone_civil_from_days(days, &year, &month, &day);
    snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
    control_key_text(j, key, slice_of(text));
}

static bool put_gap(void *ctx, const struct ledger_gap *gap)
{
    struct control_rows *rows = ctx;
    if (!control_row_wanted(rows)) {
        return false;
    }
    control_row_begin(rows);
    control_key_text(&rows->json, "workstation", gap->workstation);
    control_key_day(&rows->json, "business_day", gap->business_day);
    control_key_u64(&rows->json, "first", gap->first);
    control_key_u64(&rows->json, "last", gap->last);
    return control_row_end(rows);
}

enum err_class control_gaps(struct control_rows *rows, struct err *e)
{
    uint64_t total = 0;
    return ledger_each_gap(rows->view->ledger, put_gap, rows, &total, e);
}

struct pick {
    struct control_rows *rows;
    uint64_t id;
};

static bool put_quarantine(void *ctx, const struct ledger_quarantine_row *row)
{
    const struct pick *pick = ctx;
    struct control_rows *rows = pick->rows;
    struct json *j = &rows->json;
    if (pick->id != 0 && (uint64_t)row->id != pick->id) {
        return true;
    }
    if (!control_row_wanted(rows)) {
        return false;
    }
    control_row_begin(rows);
    control_key_u64(j, "id", (uint64_t)row->id);
    control_key_text(j, "file", slice_of(row->source.file));
    control_key_u64(j, "offset", row->source.offset);
    control_key_u64(j, "length", row->source.length);
    control_key_u64(j, "line", row->source.line);
    control_key_text(j, "error", row->error);
    control_key_text(j, "shape", row->shape);
    control_key_time(j, "time", row->wall_ms);
    return control_row_end(rows);
}

enum err_class control_quarantine(struct control_rows *rows, const struct control_request *request,
                                  struct err *e)
{
    struct pick pick = {.rows = rows, .id = request->id};
    return ledger_each_quarantine(rows->view->ledger, put_quarantine, &pick, e);
}
