/* What the operator asks for, each in a transaction of its own, and the stores' answers to commands. */
#include "cloud/collector/state.h"
#include "proto/qty.h"

#include <stdio.h>
#include <string.h>

enum { OPENING_ROWS_MAX = 400, COMMAND_BYTES_MAX = WIRE_BATCH_BYTES_MAX };

/* ---- answers ---- */

enum err_class orders_close(struct collector *c, uint64_t id, enum command_state state, const char *outcome,
                            struct err *e)
{
    struct store_command command;
    bool found;
    enum err_class class = STORE(c, command_get, id, &command, &found, e);
    if (class != ERR_OK || !found || command.state != COMMAND_WAITING) {
        return class;
    }
    char store[STORE_ID_MAX + 1];
    (void)slice_copy(command.store, store, sizeof store);
    BUF_AUTO struct buf payload = BUF_INIT(COMMAND_BYTES_MAX);
    if (buf_append_slice(&payload, command.payload) != ERR_OK) {
        return err_set(e, ERR_FATAL, "no memory for a command of %zu bytes", command.payload.size);
    }
    command.store = slice_of(store);
    command.payload = buf_slice(&payload);
    command.state = state;
    command.outcome = slice_of(outcome);
    command.answered_ms = state == COMMAND_WAITING ? 0 : c->now.ms;
    command.sent_ms = state == COMMAND_WAITING ? 0 : command.sent_ms;
    return STORE(c, command_put, &command, e);
}

static enum err_class repair_refused(struct collector *c, struct site *site, const char *reason,
                                     struct err *e)
{
    enum err_class class = orders_close(c, site->row.repair_id, COMMAND_REFUSED, reason, e);
    if (class == ERR_OK) {
        class = STORE(c, stage_clear, site->row.store, e);
    }
    site->row.repair_id = 0;
    site->row.mismatch = true;
    return class == ERR_OK ? repair_open(c, site, site->row.repair_from_seq, REPAIR_MISMATCH, e) : class;
}

enum err_class orders_answered(struct collector *c, struct site *site, const Tillwire__V1__CommandDone *done,
                               struct err *e)
{
    struct store_command command;
    bool found;
    enum err_class class = STORE(c, command_get, done->command, &command, &found, e);
    if (class != ERR_OK || !found || !slice_equal(command.store, site_id(site))) {
        return class;
    }
    site->dirty = site->commands_due = true; /* the next of them may go */
    char outcome[ERR_MESSAGE_BYTES_MAX];
    switch (done->outcome) {
    case TILLWIRE__V1__COMMAND_DONE__OUTCOME__NOT_EXECUTED:
        return orders_close(c, done->command, COMMAND_WAITING, "", e); /* sent anew at once */
    case TILLWIRE__V1__COMMAND_DONE__OUTCOME__REFUSED:
        return done->command == site->row.repair_id
                   ? repair_refused(c, site, done->reason, e)
                   : orders_close(c, done->command, COMMAND_REFUSED, done->reason, e);
    case TILLWIRE__V1__COMMAND_DONE__OUTCOME__OUTCOME_UNKNOWN:
    case TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE:
    case _TILLWIRE__V1__COMMAND_DONE__OUTCOME_IS_INT_SIZE:
        break;
    }
    if (done->command == site->row.repair_id) {
        return ERR_OK; /* a repair is answered by its rows */
    }
    (void)snprintf(outcome, sizeof outcome, "%u rows done, %u passed over%s%s", done->rows_done,
                   done->rows_passed_over, done->reason[0] != '\0' ? ": " : "", done->reason);
    return orders_close(c, done->command, COMMAND_DONE, outcome, e);
}

/* ---- orders ---- */

static enum err_class order_begin(struct collector *c, const char *store, struct site **site, struct err *e)
{
    if (!store_id_valid(slice_of(store))) {
        return err_set(e, ERR_INVALID, "a store's id is 1 to 32 of A–Z, a–z, 0–9, '_' and '-'");
    }
    enum err_class class = collector_commit(c, e);
    if (class == ERR_OK) {
        class = collector_begin(c, e);
    }
    if (class == ERR_OK) {
        class = sites_get(c, store, site, e);
    }
    if (class != ERR_OK && c->in_transaction) {
        collector_rollback(c);
    }
    return class;
}

static enum err_class unknown(struct collector *c, const char *store, struct err *e)
{
    return collector_finish(c, err_set(e, ERR_INVALID, "store %s is not enrolled", store), e);
}

enum err_class collector_enrol(struct collector *c, const char *store, const char *name,
                               const char *time_zone, struct err *e)
{
    struct site *site;
    enum err_class class = order_begin(c, store, &site, e);
    if (class != ERR_OK) {
        return class;
    }
    struct store_row *row = &site->row;
    if (!slice_copy(slice_of(name), row->name, sizeof row->name) ||
        !slice_copy(slice_of(time_zone), row->time_zone, sizeof row->time_zone)) {
        return collector_finish(c,
                                err_set(e, ERR_INVALID, "store %s: name and time zone have at most %zu bytes",
                                        store, sizeof row->name - 1),
                                e);
    }
    if (!site->enrolled) {
        row->enrolled_ms = c->now.ms;
        row->stage = STAGE_ENROLLED;
        site->enrolled = true;
    }
    site->dirty = true;
    return collector_finish(c, ERR_OK, e);
}

enum err_class collector_stage(struct collector *c, const char *store, enum store_stage stage, struct err *e)
{
    struct site *site;
    enum err_class class = order_begin(c, store, &site, e);
    if (class != ERR_OK) {
        return class;
    }
    if (!site->enrolled) {
        return unknown(c, store, e);
    }
    site->row.stage = stage;
    site->dirty = true;
    return collector_finish(c, ERR_OK, e);
}

enum err_class collector_resync(struct collector *c, const char *store, uint64_t *command, struct err *e)
{
    struct site *site;
    enum err_class class = order_begin(c, store, &site, e);
    if (class != ERR_OK) {
        return class;
    }
    if (!site->enrolled) {
        return unknown(c, store, e);
    }
    if (site->row.seq == 0) {
        return collector_finish(
            c, err_set(e, ERR_INVALID, "store %s has sent nothing yet: there is nothing to resync", store),
            e);
    }
    if (site->row.repair_id == 0) {
        class = repair_open(c, site, site->row.seq + 1, REPAIR_ASKED, e);
    }
    *command = site->row.repair_id; /* the open one brings what was asked for */
    return collector_finish(c, class, e);
}

enum err_class collector_recompute(struct collector *c, const char *store, struct err *e)
{
    struct site *site;
    enum err_class class = order_begin(c, store, &site, e);
    if (class != ERR_OK) {
        return class;
    }
    return site->enrolled ? collector_finish(c, verify_recompute(c, site, e), e) : unknown(c, store, e);
}

/* ---- opening stock ---- */

static enum err_class check_row(const struct collector_opening *row, size_t number, struct err *e)
{
    if (row->item.size == 0 || row->item.size > ITEM_ID_MAX || row->location.size > LOCATION_MAX ||
        row->uom.size > WIRE_TEXT_MAX / 8) {
        return err_set(e, ERR_INVALID,
                       "row %zu: item (1–%d bytes), location (≤ %d) or unit is too long or missing", number,
                       ITEM_ID_MAX, LOCATION_MAX);
    }
    if (row->quantity_e4 > QTY_E4_MAX || row->quantity_e4 < -QTY_E4_MAX) {
        return err_set(e, ERR_INVALID, "row %zu: the quantity is out of range", number);
    }
    return ERR_OK;
}

struct opening_texts {
    char item[ITEM_ID_MAX + 1], location[LOCATION_MAX + 1], uom[WIRE_TEXT_MAX];
};

struct opening_part {
    Tillwire__V1__OpeningRow rows[OPENING_ROWS_MAX];
    Tillwire__V1__OpeningRow *pointers[OPENING_ROWS_MAX];
    struct opening_texts texts[OPENING_ROWS_MAX];
};

static void fill_part(struct opening_part *part, const struct collector_opening *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct opening_texts *texts = &part->texts[i];
        Tillwire__V1__OpeningRow *row = part->pointers[i] = &part->rows[i];
        tillwire__v1__opening_row__init(row);
        (void)slice_copy(rows[i].item, texts->item, sizeof texts->item); /* sizes were checked */
        (void)slice_copy(rows[i].location, texts->location, sizeof texts->location);
        (void)slice_copy(rows[i].uom, texts->uom, sizeof texts->uom);
        row->item = texts->item;
        row->location = texts->location;
        row->uom = texts->uom;
        row->quantity_e4 = rows[i].quantity_e4;
    }
}

static enum err_class put_opening(struct collector *c, struct site *site, int64_t as_of_ms,
                                  const struct collector_opening *rows, size_t count, uint64_t *id,
                                  struct err *e)
{
    struct opening_part *part = &(struct opening_part){0};
    Tillwire__V1__Command command;
    Tillwire__V1__Opening opening;
    tillwire__v1__command__init(&command);
    tillwire__v1__opening__init(&opening);
    fill_part(part, rows, count);
    do {
        *id = clock_random_u64(c->clock);
    } while (*id == 0);
    command.store = site->row.store;
    command.id = *id;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_OPENING;
    command.opening = &opening;
    opening.as_of_ms = as_of_ms;
    opening.n_rows = count;
    opening.rows = part->pointers;
    BUF_AUTO struct buf payload = BUF_INIT(COMMAND_BYTES_MAX);
    enum err_class class = wire_pack(&command.base, &payload, e);
    if (class != ERR_OK) {
        return class;
    }
    struct err wrong;
    Tillwire__V1__Command *read;
    arena_reset(c->event);
    if (wire_unpack_command(c->event, buf_slice(&payload), &read, &wrong) != ERR_OK) {
        return err_set(e, ERR_INVALID, "opening stock: %s", wrong.message); /* text that is not UTF-8, say */
    }
    struct store_command stored = {.id = *id,
                                   .store = site_id(site),
                                   .kind = TILLWIRE__V1__COMMAND__BODY_OPENING,
                                   .payload = buf_slice(&payload),
                                   .created_ms = c->now.ms};
    return STORE(c, command_put, &stored, e);
}

static enum err_class check_opening(const struct collector *c, const struct site *site, int64_t as_of_ms,
                                    const struct collector_opening *rows, size_t count, struct err *e)
{
    if (!site->enrolled) {
        return err_set(e, ERR_INVALID, "store %s is not enrolled", site->row.store);
    }
    if (count == 0) {
        return err_set(e, ERR_INVALID, "store %s: no rows", site->row.store);
    }
    if (as_of_ms <= 0 || as_of_ms > c->now.ms) {
        return err_set(e, ERR_INVALID, "store %s: the as-of time must lie in the past", site->row.store);
    }
    if (as_of_ms < site->row.repaired_ms) {
        return err_set(e, ERR_INVALID, "store %s: the as-of time lies before its last repair: count later",
                       site->row.store);
    }
    for (size_t i = 0; i < count; i++) {
        enum err_class class = check_row(&rows[i], i + 1, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

enum err_class collector_opening_stock(struct collector *c, const char *store, int64_t as_of_ms,
                                       const struct collector_opening *rows, size_t count, unsigned *commands,
                                       uint64_t *first, struct err *e)
{
    struct site *site;
    *commands = 0;
    enum err_class class = order_begin(c, store, &site, e);
    if (class != ERR_OK) {
        return class;
    }
    class = check_opening(c, site, as_of_ms, rows, count, e);
    for (size_t at = 0; at < count && class == ERR_OK; at += OPENING_ROWS_MAX) {
        size_t part = count - at < OPENING_ROWS_MAX ? count - at : OPENING_ROWS_MAX;
        uint64_t id;
        class = put_opening(c, site, as_of_ms, rows + at, part, &id, e);
        *first = at == 0 ? id : *first;
        ++*commands;
    }
    site->commands_due = true;
    return collector_finish(c, class, e);
}
