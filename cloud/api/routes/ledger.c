/* GET /v1/stores/{store}/ledger: every movement, gapless, in the store's own order. */
#include "cloud/api/route.h"

#include <stdio.h>
#include <string.h>

struct ledger_list {
    struct json *j;
    size_t count, limit;
    uint32_t generation;
    uint64_t seq; /* of the last entry shown */
    bool more;
};

static void write_transaction(struct json *j, const struct store_ledger_entry *entry)
{
    json_key(j, "transaction");
    if (entry->workstation.size == 0) {
        json_null(j);
        return;
    }
    char day[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339((int64_t)entry->business_day * 86400000, day);
    json_object(j);
    json_key(j, "workstation");
    json_text(j, entry->workstation);
    json_key(j, "business_day");
    json_text(j, (struct slice){day, strcspn(day, "T")});
    json_key(j, "sequence");
    json_u64(j, entry->sequence);
    json_object_end(j);
}

static void text_or_null(struct json *j, const char *key, struct slice value)
{
    json_key(j, key);
    value.size == 0 ? json_null(j) : json_text(j, value);
}

/* A page ends between seqs, never within one: an event's lines stay together. */
static bool write_entry(void *ctx, const struct store_ledger_entry *entry)
{
    struct ledger_list *list = ctx;
    struct json *j = list->j;
    bool same_event = list->count > 0 && entry->generation == list->generation && entry->seq == list->seq;
    if (list->count >= list->limit && !same_event) {
        list->more = true;
        return false;
    }
    json_object(j);
    json_key(j, "generation");
    json_int(j, entry->generation);
    json_key(j, "seq");
    json_u64(j, entry->seq);
    json_key(j, "line");
    json_int(j, entry->line);
    json_key(j, "item");
    json_text(j, entry->item);
    json_key(j, "location");
    json_text(j, entry->location);
    json_key(j, "kind");
    json_string(j, movement_kind_name((Tillwire__V1__MovementKind)entry->kind));
    json_key(j, "on_hand_delta");
    json_qty(j, entry->on_hand_delta_e4);
    json_key(j, "held_delta");
    json_qty(j, entry->held_delta_e4);
    json_key(j, "on_hand_after");
    json_qty(j, entry->on_hand_e4);
    json_key(j, "held_after");
    json_qty(j, entry->held_e4);
    text_or_null(j, "uom", entry->uom);
    json_key(j, "own_time");
    json_time(j, entry->own_ms);
    json_key(j, "applied_at");
    json_time(j, entry->applied_ms);
    write_transaction(j, entry);
    text_or_null(j, "reason", entry->reason);
    text_or_null(j, "document", entry->document);
    json_object_end(j);
    list->generation = entry->generation;
    list->seq = entry->seq;
    list->count++;
    return true;
}

/* "generation:seq" */
static bool parse_place(const char *text, uint32_t *generation, uint64_t *seq)
{
    const char *colon = strchr(text, ':');
    uint64_t g;
    if (colon == NULL || !slice_to_u64((struct slice){text, (size_t)(colon - text)}, &g) || g > UINT32_MAX ||
        !slice_to_u64(slice_of(colon + 1), seq)) {
        return false;
    }
    *generation = (uint32_t)g;
    return true;
}

void handle_ledger(struct api_request *r, struct api_reply *reply)
{
    const char *item = request_arg(r, "item"), *order = request_arg(r, "order");
    const char *after = request_arg(r, "cursor") != NULL ? request_arg(r, "cursor") : request_arg(r, "after");
    uint32_t generation = 0;
    uint64_t seq = 0;
    int64_t limit;
    if (!request_may_see_enrolled(r, reply, r->params[0]) ||
        !request_arg_int(r, reply, "limit", 1, 1000, 100, &limit)) {
        return;
    }
    if (after != NULL && !parse_place(after, &generation, &seq)) {
        reply_problem(reply, 400, "bad-parameter", "after=%.64s: generation:seq is wanted, such as 1:4711",
                      after);
        return;
    }
    if (order != NULL && strcmp(order, "newest") != 0 && strcmp(order, "oldest") != 0) {
        reply_problem(reply, 400, "bad-parameter", "order=%.32s: newest or oldest is wanted", order);
        return;
    }
    struct json j;
    struct err e = {0};
    char next[48];
    reply_json(reply, &j);
    json_object(&j);
    json_key(&j, "data");
    json_array(&j);
    struct ledger_list list = {.j = &j, .limit = (size_t)limit};
    bool newest = order != NULL && strcmp(order, "newest") == 0;
    enum err_class class =
        r->slot->reader.ops->ledger_each(r->slot->reader.ctx, r->params[0], slice_of(item), generation, seq,
                                         newest, 0, write_entry, &list, &e);
    json_array_end(&j);
    snprintf(next, sizeof next, "%u:%llu", list.generation, (unsigned long long)list.seq);
    reply_next(r, reply, &j, list.more ? next : NULL);
    json_object_end(&j);
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    reply_json_end(reply, &j);
}
