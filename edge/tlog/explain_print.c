#include "edge/tlog/explain_print.h"

#include "common/json.h"
#include "common/zone.h"
#include "proto/qty.h"

#include <inttypes.h>
#include <string.h>

static const char *const VERDICTS[VERDICT_KINDS] = {"counted", "ignored", "quarantined", "duplicate"};

static const char *kind_name(Tillwire__V1__MovementKind kind)
{
    switch ((int)kind) {
    case TILLWIRE__V1__MOVEMENT_KIND__SALE:
        return "sale";
    case TILLWIRE__V1__MOVEMENT_KIND__RETURN:
        return "return";
    case TILLWIRE__V1__MOVEMENT_KIND__VOID:
        return "void";
    case TILLWIRE__V1__MOVEMENT_KIND__RECEIPT:
        return "receipt";
    }
    return "other"; /* a decoder makes no more kinds yet */
}

static void format_day(int32_t days, char out[16])
{
    int year = 0;
    int month = 0;
    int day = 0;
    zone_civil_from_days(days, &year, &month, &day);
    (void)snprintf(out, 16, "%04d-%02d-%02d", year % 10000, month % 100, day % 100);
}

/* Puts the line out; an unfinished one is an error of its own. */
static enum err_class flush(struct printer *p, enum err_class built, struct err *e)
{
    if (built != ERR_OK) {
        return err_set(e, built, "a line of output is too long, or memory is out");
    }
    if (fwrite(p->line.data, 1, p->line.size, p->out) != p->line.size) {
        return err_set(e, ERR_FATAL, "cannot write the output");
    }
    buf_clear(&p->line);
    return ERR_OK;
}

/* --- JSON --- */

static void text_or_null(struct json *j, const char *key, struct slice value, bool known)
{
    json_key(j, key);
    if (known) {
        json_text(j, value);
    } else {
        json_null(j);
    }
}

static void json_quantity(struct json *j, const char *key, int64_t quantity_e4)
{
    char text[QTY_TEXT_BYTES];
    json_key(j, key);
    json_text(j, slice_of(qty_format(quantity_e4, text)));
}

static void json_business_key(struct json *j, const struct explained *r)
{
    char day[16] = "";
    text_or_null(j, "store", r->txn->store, r->txn->store.size > 0);
    text_or_null(j, "workstation", r->txn->workstation, r->has_key);
    if (r->has_key) {
        format_day(r->txn->business_day, day);
    }
    text_or_null(j, "business_day", slice_of(day), r->has_key);
    json_key(j, "sequence");
    if (r->has_key) {
        json_u64(j, r->txn->sequence);
    } else {
        json_null(j);
    }
}

static void json_movement(struct json *j, const struct txn_line *line)
{
    json_object(j);
    json_key(j, "item");
    json_text(j, line->item);
    json_key(j, "kind");
    json_text(j, slice_of(kind_name(line->kind)));
    json_key(j, "location");
    json_text(j, line->location);
    json_quantity(j, "quantity", line->quantity_e4);
    json_key(j, "uom");
    json_text(j, line->uom);
    text_or_null(j, "description", line->description, line->description.size > 0);
    json_object_end(j);
}

static enum err_class record_as_json(struct printer *p, const struct explained *r)
{
    struct json j;
    json_begin(&j, &p->line);
    json_object(&j);
    json_key(&j, "file");
    json_text(&j, slice_of(r->file));
    json_key(&j, "line");
    json_u64(&j, r->line);
    json_key(&j, "offset");
    json_u64(&j, r->offset);
    json_business_key(&j, r);
    bool counts = r->txn->action == TXN_COUNT && r->verdict != VERDICT_QUARANTINED;
    struct slice status = r->txn->status.size == 0 && counts ? SLICE("Finished") : r->txn->status;
    text_or_null(&j, "status", status, status.size > 0);
    json_key(&j, "verdict");
    json_text(&j, slice_of(VERDICTS[r->verdict]));
    text_or_null(&j, "reason", r->reason, r->reason.size > 0);
    json_key(&j, "movements");
    json_array(&j);
    for (size_t i = 0; i < r->movement_count; i++) {
        json_movement(&j, &r->movements[i]);
    }
    json_array_end(&j);
    json_object_end(&j);
    enum err_class class = json_end(&j);
    return class == ERR_OK ? buf_append(&p->line, "\n", 1) : class;
}

static void json_total(struct json *j, const struct total *row)
{
    json_object(j);
    json_key(j, "store");
    json_text(j, row->store);
    json_key(j, "item");
    json_text(j, row->item);
    json_key(j, "location");
    json_text(j, row->location);
    json_key(j, "uom");
    json_text(j, row->uom);
    json_quantity(j, "quantity", row->quantity_e4);
    json_object_end(j);
}

static enum err_class summary_as_json(struct printer *p, const uint64_t counts[VERDICT_KINDS],
                                      const struct totals *totals)
{
    static const char *const NAMES[VERDICT_KINDS] = {"counted", "ignored", "quarantined", "duplicates"};
    struct json j;
    uint64_t all = 0;
    for (int i = 0; i < VERDICT_KINDS; i++) {
        all += counts[i];
    }
    json_begin(&j, &p->line);
    json_object(&j);
    json_key(&j, "summary");
    json_object(&j);
    json_key(&j, "transactions");
    json_u64(&j, all);
    for (int i = 0; i < VERDICT_KINDS; i++) {
        json_key(&j, NAMES[i]);
        json_u64(&j, counts[i]);
    }
    json_key(&j, "totals");
    json_array(&j);
    for (size_t i = 0; i < totals->count; i++) {
        json_total(&j, &totals->rows[i]);
    }
    json_array_end(&j);
    json_object_end(&j);
    json_object_end(&j);
    enum err_class class = json_end(&j);
    return class == ERR_OK ? buf_append(&p->line, "\n", 1) : class;
}

/* --- for people --- */

static const char *colour_of(const struct printer *p, enum verdict verdict)
{
    static const char *const COLOURS[VERDICT_KINDS] = {"\033[32m", "\033[2m", "\033[1;31m", "\033[33m"};
    return p->options->colour ? COLOURS[verdict] : "";
}

static const char *plain(const struct printer *p)
{
    return p->options->colour ? "\033[0m" : "";
}

static enum err_class movement_as_text(struct buf *line, const struct txn_line *m)
{
    char quantity[QTY_TEXT_BYTES];
    bool floor = slice_equal_text(m->location, "floor");
    bool each = slice_equal_text(m->uom, "EA");
    return buf_printf(line, "  %s%s%s%.*s of %.*s%s%.*s", m->quantity_e4 > 0 ? "+" : "",
                      qty_format(m->quantity_e4, quantity), each ? "" : " ", each ? 0 : (int)m->uom.size,
                      m->uom.data, (int)m->item.size, m->item.data, floor ? "" : " @ ",
                      floor ? 0 : (int)m->location.size, m->location.data);
}

static enum err_class head_as_text(struct printer *p, const struct explained *r)
{
    char day[16];
    enum err_class class =
        buf_printf(&p->line, "%s:%" PRIu64 " (byte %" PRIu64 ")  ", r->file, r->line, r->offset);
    if (class == ERR_OK && r->has_key) {
        format_day(r->txn->business_day, day);
        class = buf_printf(&p->line, "store %.*s till %.*s, %s no. %" PRIu64 "  ", (int)r->txn->store.size,
                           r->txn->store.data, (int)r->txn->workstation.size, r->txn->workstation.data, day,
                           r->txn->sequence);
    }
    if (class != ERR_OK) {
        return class;
    }
    return buf_printf(&p->line, "%s%s%s", colour_of(p, r->verdict), VERDICTS[r->verdict], plain(p));
}

static enum err_class record_as_text(struct printer *p, const struct explained *r)
{
    enum err_class class = head_as_text(p, r);
    if (class == ERR_OK && r->reason.size > 0) {
        class = buf_printf(&p->line, ": %.*s", (int)r->reason.size, r->reason.data);
    }
    for (size_t i = 0; i < r->movement_count && class == ERR_OK; i++) {
        class = movement_as_text(&p->line, &r->movements[i]);
    }
    if (class == ERR_OK && r->shape.size > 0) {
        class = buf_printf(&p->line, "\n    %.*s", (int)r->shape.size, r->shape.data);
    }
    return class == ERR_OK ? buf_append(&p->line, "\n", 1) : class;
}

static enum err_class summary_as_text(struct printer *p, const uint64_t counts[VERDICT_KINDS],
                                      const struct totals *totals)
{
    char quantity[QTY_TEXT_BYTES];
    enum err_class class = buf_printf(&p->line, "%s", totals->count > 0 ? "\nStock changes:\n" : "\n");
    for (size_t i = 0; i < totals->count && class == ERR_OK; i++) {
        const struct total *row = &totals->rows[i];
        class = buf_printf(&p->line, "  %12s %-4s %s  %s  store %s\n", qty_format(row->quantity_e4, quantity),
                           row->uom.data, row->item.data, row->location.data, row->store.data);
    }
    if (class != ERR_OK) {
        return class;
    }
    uint64_t all = counts[VERDICT_COUNTED] + counts[VERDICT_IGNORED] + counts[VERDICT_QUARANTINED] +
                   counts[VERDICT_DUPLICATE];
    return buf_printf(&p->line,
                      "\n%" PRIu64 " transactions: %" PRIu64 " counted, %" PRIu64 " ignored, %s%" PRIu64
                      " quarantined%s, %" PRIu64 " duplicates\n",
                      all, counts[VERDICT_COUNTED], counts[VERDICT_IGNORED],
                      counts[VERDICT_QUARANTINED] > 0 ? colour_of(p, VERDICT_QUARANTINED) : "",
                      counts[VERDICT_QUARANTINED], counts[VERDICT_QUARANTINED] > 0 ? plain(p) : "",
                      counts[VERDICT_DUPLICATE]);
}

/* --- */

enum err_class print_file(struct printer *p, const char *file, const struct detected *detected, struct err *e)
{
    if (p->options->json) {
        return ERR_OK;
    }
    return flush(p,
                 buf_printf(&p->line, "%s: format %s, profile %s (%s)\n", file, detected->format,
                            detected->profile->name, detected->why),
                 e);
}

enum err_class print_record(struct printer *p, const struct explained *record, struct err *e)
{
    return flush(p, p->options->json ? record_as_json(p, record) : record_as_text(p, record), e);
}

enum err_class print_summary(struct printer *p, const uint64_t counts[VERDICT_KINDS],
                             const struct totals *totals, struct err *e)
{
    return flush(
        p, p->options->json ? summary_as_json(p, counts, totals) : summary_as_text(p, counts, totals), e);
}
