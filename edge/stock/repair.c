/* The answer to a Repair (PROTOCOL rule 6): the keys touched and the whole stock, as events of consecutive
 * seqs that name the command, in one transaction. */
#include "edge/stock/encode.h"
#include "edge/stock/net.h"
#include "edge/stock/state.h"

enum {
    EVENT_ROWS = 4,
    EVENT_KEYS = 5,
    ROWS_ROWS = 2,
    KEYS_KEYS = 3,
    ENTRIES_BYTES_MAX = WIRE_EVENT_BYTES_MAX - 1024, /* the rest of an event is smaller than that */
};

struct answer {
    struct ledger *l;
    uint64_t command, from_seq;
    struct buf entries; /* packed rows or keys of the next event */
    struct buf ids;     /* of the next Keys, 8 bytes each */
};

static enum err_class emit(struct answer *a, uint32_t field, const ProtobufCMessage *head, struct err *e)
{
    struct buf *out = events_scratch(a->l->events);
    enum err_class class = encode_times(out, a->l->wall_ms, a->l->boot_ms);
    if (class == ERR_OK) {
        class = encode_body(out, field, head, buf_slice(&a->entries));
    }
    if (class != ERR_OK) {
        return err_set(e, ERR_FATAL, "a part of a repair does not fit an event");
    }
    buf_clear(&a->entries);
    return events_append(a->l->events, e);
}

static enum err_class emit_keys(struct answer *a, struct err *e)
{
    Tillwire__V1__Keys head;
    tillwire__v1__keys__init(&head);
    head.command = a->command;
    head.from_seq = a->from_seq;
    head.n_ids = a->ids.size / sizeof(uint64_t);
    head.ids = (uint64_t *)(void *)a->ids.data; /* from malloc: aligned */
    enum err_class class = emit(a, EVENT_KEYS, &head.base, e);
    buf_clear(&a->ids);
    return class;
}

static enum err_class emit_rows(struct answer *a, bool last, struct err *e)
{
    Tillwire__V1__Rows head;
    tillwire__v1__rows__init(&head);
    head.command = a->command;
    head.last = last;
    return emit(a, EVENT_ROWS, &head.base, e);
}

/* Adds an entry, in a further event when it no longer fits this one. */
static enum err_class add(struct answer *a, uint32_t field, const ProtobufCMessage *entry, struct err *e)
{
    bool keys = field == KEYS_KEYS;
    enum err_class class = a->ids.size + a->entries.size > ENTRIES_BYTES_MAX
                               ? ERR_FULL
                               : encode_body(&a->entries, field, entry, SLICE(""));
    if (class == ERR_FULL && a->ids.size + a->entries.size > 0) {
        class = keys ? emit_keys(a, e) : emit_rows(a, false, e);
        if (class == ERR_OK) {
            class = encode_body(&a->entries, field, entry, SLICE(""));
        }
    }
    return class == ERR_FULL ? err_set(e, ERR_FATAL, "an entry of a repair is larger than an event") : class;
}

static enum err_class add_id(void *ctx, uint64_t id, struct err *e)
{
    struct answer *a = ctx;
    enum err_class class = buf_append(&a->ids, &id, sizeof id);
    if (class == ERR_FULL) {
        class = emit_keys(a, e);
        if (class == ERR_OK) {
            class = buf_append(&a->ids, &id, sizeof id);
        }
    }
    return class;
}

/* The text of a workstation with the NUL that protobuf-c wants. */
struct key_texts {
    char workstation[WORKSTATION_MAX + 1];
};

static enum err_class add_state(struct answer *a, const struct key *key, struct key_texts *texts,
                                Tillwire__V1__Movement **lines, size_t line_count, struct err *e)
{
    Tillwire__V1__BusinessKey business_key;
    tillwire__v1__business_key__init(&business_key);
    business_key.workstation = texts->workstation;
    business_key.business_day = key->day;
    business_key.sequence = key->sequence;
    Tillwire__V1__KeyState state;
    tillwire__v1__key_state__init(&state);
    state.key = &business_key;
    state.version = key->version;
    state.content_hash = key->content_hash;
    state.decoder_version = key->decoder_version;
    state.own_ms = key->own_ms;
    state.verdict = key->verdict;
    state.n_net_lines = line_count;
    state.net_lines = lines;
    return add(a, KEYS_KEYS, &state.base, e);
}

static enum err_class add_key_of_event(struct answer *a, const struct key *key, struct key_texts *texts,
                                       struct err *e)
{
    Tillwire__V1__Event *event = NULL;
    enum err_class class = events_get(a->l->events, key->seq, &event, e);
    if (class == ERR_OK && event == NULL) {
        return err_set(e, ERR_FATAL, "the event of a key (seq %llu) is missing: the database is damaged",
                       (unsigned long long)key->seq);
    }
    if (class == ERR_OK) {
        size_t count = net_reduce(event);
        class = add_state(a, key, texts, event->movements, count, e);
        tillwire__v1__event__free_unpacked(event, NULL);
    }
    return class;
}

static enum err_class add_key(void *ctx, const struct key *key, struct slice workstation,
                              const struct slice *net, struct err *e)
{
    struct answer *a = ctx;
    struct key_texts texts;
    if (!slice_copy(workstation, texts.workstation, sizeof texts.workstation)) {
        return err_set(e, ERR_FATAL, "a workstation's name is too long: the database is damaged");
    }
    if (net == NULL) {
        return add_key_of_event(a, key, &texts, e);
    }
    Tillwire__V1__KeyState *kept =
        tillwire__v1__key_state__unpack(NULL, net->size, (const uint8_t *)net->data);
    if (kept == NULL) {
        return err_set(e, ERR_FATAL, "the lines of a key cannot be decoded: the database is damaged");
    }
    enum err_class class = add_state(a, key, &texts, kept->net_lines, kept->n_net_lines, e);
    tillwire__v1__key_state__free_unpacked(kept, NULL);
    return class;
}

static enum err_class add_row(void *ctx, const struct row *row, const struct rows_text *text, bool *go_on,
                              struct err *e)
{
    (void)go_on;
    char item[ITEM_ID_MAX + 1];
    char location[LOCATION_MAX + 1];
    char uom[WIRE_TEXT_MAX + 1];
    char description[WIRE_TEXT_MAX + 1];
    bool fits = slice_copy(text->item, item, sizeof item) &&
                slice_copy(text->location, location, sizeof location) &&
                slice_copy(text->uom, uom, sizeof uom) &&
                slice_copy(text->description, description, sizeof description);
    if (!fits) {
        return err_set(e, ERR_FATAL, "a text of a stock row is too long: the database is damaged");
    }
    Tillwire__V1__Row message;
    tillwire__v1__row__init(&message);
    message.item = item;
    message.location = location;
    message.on_hand_e4 = row->on_hand_e4;
    message.held_e4 = row->held_e4;
    message.basis = row->basis;
    message.basis_ms = row->basis_ms;
    message.uom = uom;
    message.description = description;
    message.recorded_e4 = row->recorded_e4;
    return add(ctx, ROWS_ROWS, &message.base, e);
}

static enum err_class answer(struct answer *a, struct err *e)
{
    struct ledger *l = a->l;
    enum err_class class = command_each_id(l, a->from_seq, add_id, a, e);
    if (class == ERR_OK) {
        class = keys_each(l->keys, a->from_seq, add_key, a, e);
    }
    if (class == ERR_OK) {
        class = emit_keys(a, e);
    }
    if (class == ERR_OK) {
        class = rows_each(l->rows, SLICE(""), add_row, a, e);
    }
    if (class == ERR_OK) {
        class = emit_rows(a, true, e);
    }
    const struct command_answer done = {
        .command = a->command, .outcome = TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE, .reason = ""};
    return class == ERR_OK ? command_answered(l, &done, e) : class;
}

enum err_class repair_execute(struct ledger *l, uint64_t id, const Tillwire__V1__Repair *repair,
                              struct err *e)
{
    struct answer a = {.l = l,
                       .command = id,
                       .from_seq = repair->from_seq,
                       .entries = BUF_INIT(ENTRIES_BYTES_MAX),
                       .ids = BUF_INIT(ENTRIES_BYTES_MAX / 2)};
    enum err_class class = answer(&a, e);
    buf_free(&a.entries);
    buf_free(&a.ids);
    return class;
}
