/* GET /v1/stores, GET /v1/stores/{store}, GET …/proof, GET …/commands */
#include "cloud/api/fleet.h"
#include "cloud/api/route.h"

#include <stdio.h>
#include <string.h>

static bool wanted(const struct store_summary *s, const char *state, const char *q)
{
    if (state != NULL && strcmp(summary_status(s), state) != 0) {
        return false;
    }
    return q == NULL || strcasestr(s->row.store, q) != NULL || strcasestr(s->row.name, q) != NULL;
}

static const char *const statuses[] = {"fresh", "stale", "gap", "down", "unverified", "closed", "never_seen"};
enum { STATUSES = sizeof statuses / sizeof statuses[0] };

static bool is_status(const char *text)
{
    size_t i = 0;
    while (i < STATUSES && strcmp(statuses[i], text) != 0) {
        i++;
    }
    return i < STATUSES;
}

static void write_counts(struct json *j, const struct fleet *f)
{
    json_key(j, "counts");
    json_object(j);
    for (size_t i = 0; i < STATUSES; i++) {
        int64_t count = 0;
        for (size_t k = 0; k < f->count; k++) {
            count += strcmp(summary_status(&f->stores[k]), statuses[i]) == 0;
        }
        json_key(j, statuses[i]);
        json_int(j, count);
    }
    json_object_end(j);
}

struct unknowns {
    struct json *j;
    size_t count;
};

static bool write_unknown(void *ctx, const char *store, int64_t last_ms, uint64_t times)
{
    struct unknowns *u = ctx;
    json_object(u->j);
    json_key(u->j, "store");
    json_string(u->j, store);
    json_key(u->j, "last_heard_at");
    json_time(u->j, last_ms);
    json_key(u->j, "times");
    json_u64(u->j, times);
    json_object_end(u->j);
    return ++u->count < 100;
}

/* The place behind the cursor's store in this order; a store that left the list makes the page begin where it
 * stood. */
static size_t start_after(const struct fleet *f, const struct slice parts[2])
{
    uint64_t rank = 0;
    size_t i = 0;
    (void)slice_to_u64(parts[0], &rank);
    while (i < f->count && ((uint64_t)f->stores[i].rank < rank ||
                            ((uint64_t)f->stores[i].rank == rank &&
                             slice_compare(slice_of(f->stores[i].row.store), parts[1]) <= 0))) {
        i++;
    }
    return i;
}

static void write_fleet(struct api_request *r, struct api_reply *reply, const struct fleet *f, size_t start,
                        size_t limit)
{
    struct json j;
    struct err e = {0};
    const char *state = request_arg(r, "state"), *q = request_arg(r, "q");
    char cursor[CURSOR_TEXT_BYTES], rank[16];
    size_t shown = 0, last = 0, i;
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "now");
    json_time(&j, f->now.ms);
    write_counts(&j, f);
    json_key(&j, "data");
    json_array(&j);
    for (i = start; i < f->count; i++) {
        if (!wanted(&f->stores[i], state, q)) {
            continue;
        }
        if (shown == limit) {
            break;
        }
        json_object(&j);
        json_summary(&j, &f->stores[i], &r->api->options.freshness);
        json_object_end(&j);
        last = i;
        shown++;
    }
    json_array_end(&j);
    bool more = i < f->count && shown > 0;
    if (more) {
        snprintf(rank, sizeof rank, "%d", f->stores[last].rank);
        struct slice parts[2] = {slice_of(rank), slice_of(f->stores[last].row.store)};
        cursor_format(parts, 2, cursor);
    }
    reply_next(r, reply, &j, more ? cursor : NULL);
    struct unknowns u = {&j, 0};
    json_key(&j, "unknown_stores");
    json_array(&j);
    enum err_class class =
        r->caller.stores[0] != '\0'
            ? ERR_OK
            : r->slot->reader.ops->unknown_each(r->slot->reader.ctx, write_unknown, &u, &e);
    json_array_end(&j);
    json_object_end(&j);
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    reply_json_end(reply, &j);
}

void handle_stores(struct api_request *r, struct api_reply *reply)
{
    struct fleet f;
    struct err e = {0};
    struct slice parts[2];
    char store[CURSOR_TEXT_BYTES];
    const char *cursor = request_arg(r, "cursor"), *state = request_arg(r, "state");
    int64_t limit;
    if (!request_arg_int(r, reply, "limit", 1, 1000, 100, &limit)) {
        return;
    }
    if (state != NULL && !is_status(state)) {
        reply_problem(reply, 400, "bad-parameter", "state=%.32s: a status such as fresh or stale is wanted",
                      state);
        return;
    }
    if (cursor != NULL && !cursor_parse(cursor, parts, 2, store)) {
        reply_problem(reply, 400, "bad-parameter", "cursor is not one of this list's; begin without it");
        return;
    }
    if (fleet_read(&f, r, &e) != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    write_fleet(r, reply, &f, cursor == NULL ? 0 : start_after(&f, parts), (size_t)limit);
    fleet_free(&f);
}

/* The store's row and its newest heartbeat, or a reply that says why not. */
static bool load(struct api_request *r, struct api_reply *reply, struct store_row *row,
                 Tillwire__V1__Heartbeat **heartbeat, struct store_time *now)
{
    struct err e = {0};
    const struct store_reader *reader = &r->slot->reader;
    const char *store = r->params[0];
    *heartbeat = NULL;
    if (!request_may_see_enrolled(r, reply, store)) {
        return false;
    }
    enum err_class class = reader->ops->now(reader->ctx, now, &e);
    class = class == ERR_OK ? reader->ops->store_get(reader->ctx, store, row, &e) : class;
    if (class == ERR_OK && row->heartbeat.size > 0) {
        class = wire_unpack_heartbeat(r->slot->arena, row->heartbeat, heartbeat, &e);
    }
    if (class != ERR_OK) {
        reply_error(reply, &e);
    }
    return class == ERR_OK;
}

static void write_sources(struct json *j, const Tillwire__V1__Heartbeat *h)
{
    json_key(j, "sources");
    json_array(j);
    for (size_t i = 0; h != NULL && i < h->n_sources; i++) {
        const Tillwire__V1__SourceState *s = h->sources[i];
        json_object(j);
        json_key(j, "name");
        json_string(j, s->name);
        json_key(j, "file");
        json_string(j, s->file);
        json_key(j, "lag_bytes");
        json_u64(j, s->lag_bytes);
        json_key(j, "last_read_ok_age_ms");
        json_int(j, s->last_read_ok_age_ms);
        json_key(j, "last_record_at");
        json_time(j, s->last_record_wall_ms);
        json_key(j, "error");
        s->error[0] == '\0' ? json_null(j) : json_string(j, s->error);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_day(struct json *j, int32_t days)
{
    char text[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339((int64_t)days * 86400000, text);
    json_text(j, (struct slice){text, strcspn(text, "T")});
}

static bool write_gap(void *ctx, const struct store_gap *gap)
{
    struct json *j = ctx;
    json_object(j);
    json_key(j, "workstation");
    json_text(j, gap->workstation);
    json_key(j, "business_day");
    json_day(j, gap->business_day);
    json_key(j, "first");
    json_u64(j, gap->first);
    json_key(j, "last");
    json_u64(j, gap->last);
    json_object_end(j);
    return true;
}

void handle_store(struct api_request *r, struct api_reply *reply)
{
    struct store_row row;
    struct store_time now;
    Tillwire__V1__Heartbeat *heartbeat;
    struct store_summary summary;
    struct json j;
    struct err e = {0};
    uint64_t total = 0;
    if (!load(r, reply, &row, &heartbeat, &now)) {
        return;
    }
    summary_fill(&summary, &row, heartbeat, &now, &r->api->options.freshness);
    reply_json(reply, &j);
    json_object(&j);
    json_summary(&j, &summary, &r->api->options.freshness);
    json_key(&j, "time_zone");
    row.time_zone[0] == '\0' ? json_null(&j) : json_string(&j, row.time_zone);
    json_key(&j, "enrolled_at");
    json_time(&j, row.enrolled_ms);
    json_key(&j, "now");
    json_time(&j, now.ms);
    write_sources(&j, heartbeat);
    json_key(&j, "missing");
    json_array(&j);
    enum err_class class =
        r->slot->reader.ops->gap_each(r->slot->reader.ctx, row.store, write_gap, &j, &total, &e);
    json_array_end(&j);
    json_object_end(&j);
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    reply_json_end(reply, &j);
}

static void json_hex(struct json *j, uint64_t value)
{
    char text[17];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)value);
    json_string(j, text);
}

void handle_proof(struct api_request *r, struct api_reply *reply)
{
    struct store_row row;
    struct store_time now;
    Tillwire__V1__Heartbeat *h;
    struct json j;
    if (!load(r, reply, &row, &h, &now)) {
        return;
    }
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "store");
    json_string(&j, row.store);
    json_key(&j, "generation");
    json_int(&j, row.generation);
    json_key(&j, "applied_seq");
    json_u64(&j, row.seq);
    json_key(&j, "applied_chain");
    json_hex(&j, row.chain);
    json_key(&j, "centre_digest");
    json_hex(&j, row.digest);
    json_key(&j, "centre_rows");
    json_u64(&j, row.row_count);
    json_key(&j, "store_seq");
    h == NULL ? json_null(&j) : json_u64(&j, h->head_seq);
    json_key(&j, "store_digest");
    h == NULL ? json_null(&j) : json_hex(&j, h->digest);
    json_key(&j, "store_rows");
    h == NULL ? json_null(&j) : json_u64(&j, h->row_count);
    json_key(&j, "verified_seq");
    row.verified_ms == 0 ? json_null(&j) : json_u64(&j, row.verified_seq);
    json_key(&j, "verified_at");
    json_time(&j, row.verified_ms);
    json_key(&j, "mismatch");
    json_bool(&j, row.mismatch);
    json_key(&j, "recomputed_at");
    json_time(&j, row.recomputed_ms);
    json_key(&j, "repair");
    row.repair_id == 0 ? json_null(&j) : json_hex(&j, row.repair_id);
    json_object_end(&j);
    reply_json_end(reply, &j);
}

static bool write_command(void *ctx, const struct store_command *c)
{
    static const char *const states[] = {"waiting", "done", "refused"};
    struct json *j = ctx;
    json_object(j);
    json_key(j, "command");
    json_hex(j, c->id);
    json_key(j, "kind");
    json_string(j, c->kind == TILLWIRE__V1__COMMAND__BODY_REPAIR    ? "repair"
                   : c->kind == TILLWIRE__V1__COMMAND__BODY_OPENING ? "opening_stock"
                   : c->kind == TILLWIRE__V1__COMMAND__BODY_RESTORE ? "restore"
                                                                    : "unknown");
    json_key(j, "state");
    json_string(j, states[c->state]);
    json_key(j, "created_at");
    json_time(j, c->created_ms);
    json_key(j, "answered_at");
    json_time(j, c->answered_ms);
    json_key(j, "outcome");
    c->outcome.size == 0 ? json_null(j) : json_text(j, c->outcome);
    json_object_end(j);
    return true;
}

void handle_commands(struct api_request *r, struct api_reply *reply)
{
    struct json j;
    struct err e = {0};
    int64_t limit;
    if (!request_may_see_enrolled(r, reply, r->params[0]) ||
        !request_arg_int(r, reply, "limit", 1, 1000, 100, &limit)) {
        return;
    }
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "data");
    json_array(&j);
    enum err_class class = r->slot->reader.ops->command_each(r->slot->reader.ctx, r->params[0],
                                                             (unsigned)limit, write_command, &j, &e);
    json_array_end(&j);
    reply_next(r, reply, &j, NULL);
    json_object_end(&j);
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    reply_json_end(reply, &j);
}
