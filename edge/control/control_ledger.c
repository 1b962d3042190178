/* ledger: events, newest `limit` of them or from a seq on */
#include "edge/control/control_rows.h"

#include "proto/wire.h"

#include <string.h>

enum { ARENA_BYTES_MAX = 8 * 1024 * 1024 };

struct show {
    struct control_rows *rows;
    struct arena *arena;
    const char *item; /* empty: all */
    enum err_class class;
    struct err *e;
};

static const char *event_name(const Tillwire__V1__Event *event)
{
    switch (event->body_case) {
    case TILLWIRE__V1__EVENT__BODY_TRANSACTION:
        return "transaction";
    case TILLWIRE__V1__EVENT__BODY_ROWS:
        return "rows";
    case TILLWIRE__V1__EVENT__BODY_KEYS:
        return "keys";
    case TILLWIRE__V1__EVENT__BODY_COMMAND_DONE:
        return "command_done";
    case TILLWIRE__V1__EVENT__BODY_QUARANTINED:
        return "quarantined";
    case TILLWIRE__V1__EVENT__BODY_RESTORED:
        return "restored";
    case TILLWIRE__V1__EVENT__BODY_SKIPPED:
        return "skipped";
    case TILLWIRE__V1__EVENT__BODY__NOT_SET:
    case _TILLWIRE__V1__EVENT__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return "movements";
}

static bool touches(const Tillwire__V1__Event *event, const char *item)
{
    for (size_t i = 0; i < event->n_movements; i++) {
        if (strcmp(event->movements[i]->item, item) == 0) {
            return true;
        }
    }
    return item[0] == '\0';
}

static void put_optional(struct json *j, const char *key, const char *value)
{
    if (value[0] != '\0') {
        control_key_text(j, key, slice_of(value));
    }
}

static void put_transaction(struct json *j, const Tillwire__V1__Transaction *t)
{
    if (t->key != NULL) {
        control_key_text(j, "workstation", slice_of(t->key->workstation));
        control_key_day(j, "business_day", t->key->business_day);
        control_key_u64(j, "sequence", t->key->sequence);
    }
    control_key_text(j, "verdict",
                     slice_of(t->verdict == TILLWIRE__V1__VERDICT__COUNTED ? "counted" : "ignored"));
    put_optional(j, "status", t->status);
    control_key_time(j, "own_time", t->own_ms);
}

static void put_movement(struct json *j, const Tillwire__V1__Movement *m)
{
    json_object(j);
    control_key_text(j, "item", slice_of(m->item));
    control_key_text(j, "location", slice_of(m->location[0] != '\0' ? m->location : "floor"));
    control_key_text(j, "kind", slice_of(movement_kind_name(m->kind)));
    control_key_qty(j, "quantity", m->on_hand_delta_e4);
    control_key_qty(j, "held", m->held_delta_e4);
    control_key_qty(j, "on_hand_after", m->on_hand_e4);
    control_key_qty(j, "held_after", m->held_e4);
    control_key_text(j, "uom", slice_of(m->uom[0] != '\0' ? m->uom : "EA"));
    put_optional(j, "document", m->document);
    put_optional(j, "reason", m->reason);
    if (m->line != 0) {
        control_key_u64(j, "line", m->line);
    }
    json_object_end(j);
}

static void put_body(struct json *j, const Tillwire__V1__Event *event)
{
    if (event->body_case == TILLWIRE__V1__EVENT__BODY_TRANSACTION) {
        put_transaction(j, event->transaction);
    } else if (event->body_case == TILLWIRE__V1__EVENT__BODY_QUARANTINED) {
        put_optional(j, "file", event->quarantined->file);
        control_key_u64(j, "offset", event->quarantined->offset);
        control_key_u64(j, "line", event->quarantined->line);
        put_optional(j, "reason", event->quarantined->error);
    } else if (event->body_case == TILLWIRE__V1__EVENT__BODY_COMMAND_DONE) {
        control_key_hex(j, "command", event->command_done->command);
        put_optional(j, "reason", event->command_done->reason);
    }
}

static bool put_event(void *ctx, const struct ledger_event *stored)
{
    struct show *show = ctx;
    struct control_rows *rows = show->rows;
    Tillwire__V1__Event *event = NULL;
    arena_reset(show->arena);
    show->class = wire_unpack_event(show->arena, stored->bytes, &event, show->e);
    if (show->class != ERR_OK) {
        return false;
    }
    if (!touches(event, show->item)) {
        return true;
    }
    if (!control_row_wanted(rows)) {
        return false;
    }
    struct json *j = &rows->json;
    control_row_begin(rows);
    control_key_u64(j, "seq", stored->seq);
    control_key_time(j, "time", event->wall_ms);
    control_key_text(j, "event", slice_of(event_name(event)));
    put_body(j, event);
    json_key(j, "movements");
    json_array(j);
    for (size_t i = 0; i < event->n_movements; i++) {
        put_movement(j, event->movements[i]);
    }
    json_array_end(j);
    return control_row_end(rows);
}

enum err_class control_ledger(struct control_rows *rows, const struct control_request *request, struct err *e)
{
    struct show show = {.rows = rows, .item = request->item, .e = e};
    struct ledger_head head;
    ledger_head(rows->view->ledger, &head);
    uint64_t newest = head.seq > rows->limit ? head.seq - rows->limit + 1 : 1;
    uint64_t from = request->from > 0 ? request->from : newest;
    from = request->from == 0 && request->item[0] != '\0' ? 1 : from; /* of one item: all that is kept */
    enum err_class class = arena_open(&show.arena, ARENA_BYTES_MAX, e);
    if (class == ERR_OK) {
        class = ledger_read(rows->view->ledger, from, put_event, &show, e);
    }
    arena_close(show.arena);
    return class == ERR_OK ? show.class : class;
}
