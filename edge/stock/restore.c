/* A new generation (PROTOCOL rule 7): the centre's parts are collected, and applied together with the last.
 */
#include "edge/stock/encode.h"
#include "edge/stock/net.h"
#include "edge/stock/state.h"

enum { EVENT_RESTORED = 8, PART_BYTES_MAX = 2 * WIRE_BATCH_BYTES_MAX };

enum err_class restore_prepare(struct ledger *l, struct err *e)
{
    enum err_class class = db_prepare(l->db, &l->part_put,
                                      "INSERT INTO restore_part VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                                      " ON CONFLICT DO NOTHING",
                                      e);
    if (class == ERR_OK) {
        class = db_prepare(l->db, &l->part_get, "SELECT bytes FROM restore_part WHERE part = ?1", e);
    }
    if (class == ERR_OK) {
        class = db_prepare(
            l->db, &l->part_each,
            "SELECT part, parts, generation, mark_generation, mark_seq, mark_chain FROM restore_part", e);
    }
    if (class == ERR_OK) {
        class = db_prepare(l->db, &l->part_clear, "DELETE FROM restore_part", e);
    }
    return class;
}

enum err_class restore_reload(struct ledger *l, struct err *e)
{
    struct restore_state *state = &l->restore;
    *state = (struct restore_state){0};
    struct db_stmt *s = l->part_each;
    bool found = true;
    enum err_class class = ERR_OK;
    while (class == ERR_OK && found) {
        class = db_step(s, &found, e);
        if (class == ERR_OK && found) {
            state->in[(db_column_int(s, 0) - 1) % RESTORE_PARTS_MAX] = true;
            state->parts = (uint32_t)db_column_int(s, 1);
            state->generation = (uint32_t)db_column_int(s, 2);
            state->mark_generation = (uint32_t)db_column_int(s, 3);
            state->mark_seq = (uint64_t)db_column_int(s, 4);
            state->mark_chain = (uint64_t)db_column_int(s, 5);
            state->count++;
        }
    }
    return class;
}

size_t ledger_parts(const struct ledger *l, uint32_t *parts, size_t max, struct batch_place *mark)
{
    const struct restore_state *state = &l->restore;
    size_t count = 0;
    for (uint32_t part = 1; part <= state->parts && count < max; part++) {
        if (state->in[part - 1]) {
            parts[count++] = part;
        }
    }
    if (mark != NULL) {
        *mark = (struct batch_place){
            .generation = state->mark_generation, .first_seq = state->mark_seq, .chain = state->mark_chain};
    }
    return count;
}

static enum err_class check_part(const struct ledger *l, const Tillwire__V1__RestorePart *part, struct err *e)
{
    if (part->birth != l->meta.birth) {
        return err_set(e, ERR_INVALID, "the restore is for another database (birth %016llx, this is %016llx)",
                       (unsigned long long)part->birth, (unsigned long long)l->meta.birth);
    }
    if (part->run == NULL || part->run->counter != l->meta.run_counter || part->run->id != l->meta.run_id) {
        return err_set(e, ERR_INVALID, "the restore is for another run of this database");
    }
    if (part->generation == 0 || part->part == 0 || part->part > part->parts ||
        part->parts > RESTORE_PARTS_MAX) {
        return err_set(e, ERR_INVALID, "part %u of %u of generation %u: at most %d parts are taken",
                       part->part, part->parts, part->generation, RESTORE_PARTS_MAX);
    }
    for (size_t i = 0; i < part->n_rows; i++) {
        if (part->rows[i]->held_e4 != 0) {
            return err_set(e, ERR_INVALID,
                           "the restore holds reserved stock, which this version cannot restore");
        }
    }
    for (size_t i = 0; i < part->n_keys; i++) {
        if (part->keys[i]->parked_for != NULL) {
            return err_set(e, ERR_INVALID,
                           "the restore holds parked post-voids, which this version cannot restore");
        }
    }
    return ERR_OK;
}

/* A part of another mark voids the earlier ones. */
static enum err_class keep_part(struct ledger *l, const Tillwire__V1__RestorePart *part, struct err *e)
{
    struct restore_state *state = &l->restore;
    Tillwire__V1__Mark none;
    tillwire__v1__mark__init(&none);
    const Tillwire__V1__Mark *mark = part->mark != NULL ? part->mark : &none;
    bool same = state->generation == part->generation && state->parts == part->parts &&
                state->mark_generation == mark->generation && state->mark_seq == mark->seq &&
                state->mark_chain == mark->chain;
    enum err_class class = same ? ERR_OK : db_run(l->part_clear, e);
    BUF_AUTO struct buf bytes = BUF_INIT(PART_BYTES_MAX);
    if (class == ERR_OK) {
        class = wire_pack(&part->base, &bytes, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    struct db_stmt *s = l->part_put;
    db_bind_int(s, 1, part->part);
    db_bind_int(s, 2, part->parts);
    db_bind_int(s, 3, part->generation);
    db_bind_int(s, 4, mark->generation);
    db_bind_int(s, 5, (int64_t)mark->seq);
    db_bind_int(s, 6, (int64_t)mark->chain);
    db_bind_blob(s, 7, buf_slice(&bytes));
    class = db_run(s, e);
    return class == ERR_OK ? restore_reload(l, e) : class;
}

static enum err_class open_row(struct ledger *l, const Tillwire__V1__Row *source, struct buf *movements,
                               struct err *e)
{
    struct slice item = slice_of(source->item);
    struct slice location = source->location[0] == '\0' ? SLICE("floor") : slice_of(source->location);
    struct slice uom = source->uom[0] == '\0' ? SLICE("EA") : slice_of(source->uom);
    struct row *row = NULL;
    bool described = false;
    enum err_class class = rows_get(l->rows, item, location, &row, e);
    if (class == ERR_OK) {
        class = rows_describe(l->rows, row, uom, slice_of(source->description), &described, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    const struct movement m = {.item = item,
                               .location = location,
                               .uom = uom,
                               .description = slice_of(source->description),
                               .kind = TILLWIRE__V1__MOVEMENT_KIND__OPENING,
                               .on_hand_delta_e4 = source->on_hand_e4,
                               .on_hand_e4 = source->on_hand_e4,
                               .basis = source->basis,
                               .basis_ms = source->basis_ms};
    rows_set(l->rows, row, source->on_hand_e4, 0, source->basis);
    row->basis_ms = source->basis_ms;
    row->recorded_e4 = source->recorded_e4;
    return encode_movement(movements, &m) == ERR_OK
               ? ERR_OK
               : err_set(e, ERR_INVALID, "the restored rows do not fit one event (%d bytes)",
                         WIRE_EVENT_BYTES_MAX);
}

static enum err_class open_key(struct ledger *l, const Tillwire__V1__KeyState *state, struct err *e)
{
    struct key key = {.day = state->key->business_day,
                      .sequence = state->key->sequence,
                      .version = state->version,
                      .decoder_version = state->decoder_version,
                      .content_hash = state->content_hash,
                      .verdict = state->verdict,
                      .own_ms = state->own_ms,
                      .seq = 1};
    struct key known;
    bool claimed = false;
    enum err_class class =
        series_workstation(l->series, slice_of(state->key->workstation), &key.workstation, e);
    if (class == ERR_OK) {
        class = keys_claim(l->keys, &key, &claimed, &known, e);
    }
    Tillwire__V1__KeyState net;
    tillwire__v1__key_state__init(&net);
    net.n_net_lines = state->n_net_lines;
    net.net_lines = state->net_lines;
    BUF_AUTO struct buf packed = BUF_INIT(WIRE_EVENT_BYTES_MAX);
    if (class == ERR_OK) {
        class = wire_pack(&net.base, &packed, e);
    }
    l->meta.newest_day = key.day > l->meta.newest_day ? key.day : l->meta.newest_day;
    return class == ERR_OK ? keys_keep_net(l->keys, &key, buf_slice(&packed), e) : class;
}

static enum err_class open_part(struct ledger *l, const Tillwire__V1__RestorePart *part,
                                struct buf *movements, struct err *e)
{
    enum err_class class = ERR_OK;
    for (size_t i = 0; class == ERR_OK && i < part->n_rows; i++) {
        class = open_row(l, part->rows[i], movements, e);
        if (class == ERR_OK && l->meta.row_count > WIRE_MOVEMENTS_MAX) {
            return err_set(e, ERR_INVALID, "the restore has more rows than one event takes (%d)",
                           WIRE_MOVEMENTS_MAX);
        }
    }
    for (size_t i = 0; class == ERR_OK && i < part->n_keys; i++) {
        class = open_key(l, part->keys[i], e);
    }
    for (size_t i = 0; class == ERR_OK && i < part->n_ids; i++) {
        const struct command_answer answer = {.command = part->ids[i],
                                              .outcome = TILLWIRE__V1__COMMAND_DONE__OUTCOME__DONE,
                                              .reason = "executed by an earlier generation"};
        class = command_answered(l, &answer, e);
    }
    return class;
}

static enum err_class open_stored_part(struct ledger *l, uint32_t number, struct buf *movements,
                                       struct err *e)
{
    db_bind_int(l->part_get, 1, number);
    bool found = false;
    enum err_class class = db_step(l->part_get, &found, e);
    if (class != ERR_OK || !found) {
        return class;
    }
    struct slice bytes = db_column_blob(l->part_get, 0);
    Tillwire__V1__RestorePart *part =
        tillwire__v1__restore_part__unpack(NULL, bytes.size, (const uint8_t *)bytes.data);
    db_reset(l->part_get);
    if (part == NULL) {
        return err_set(e, ERR_FATAL, "part %u of the restore cannot be decoded: the database is damaged",
                       number);
    }
    class = open_part(l, part, movements, e);
    tillwire__v1__restore_part__free_unpacked(part, NULL);
    return class;
}

static enum err_class announce(struct ledger *l, struct slice movements, struct err *e)
{
    const struct restore_state *state = &l->restore;
    Tillwire__V1__Mark mark;
    tillwire__v1__mark__init(&mark);
    mark.generation = state->mark_generation;
    mark.seq = state->mark_seq;
    mark.chain = state->mark_chain;
    Tillwire__V1__Restored restored;
    tillwire__v1__restored__init(&restored);
    restored.mark = &mark;
    restored.digest = l->meta.digest;
    restored.birth = l->meta.birth;
    restored.rows = (uint32_t)l->meta.row_count;
    struct buf *out = events_scratch(l->events);
    enum err_class class = encode_times(out, l->wall_ms, l->boot_ms);
    if (class == ERR_OK) {
        class = encode_body(out, EVENT_RESTORED, &restored.base, SLICE(""));
    }
    if (class == ERR_OK) {
        class = buf_append_slice(out, movements);
    }
    if (class != ERR_OK) {
        buf_clear(out);
        return err_set(e, ERR_INVALID, "the restored rows do not fit one event (%d bytes)",
                       WIRE_EVENT_BYTES_MAX);
    }
    return events_append(l->events, e);
}

static enum err_class switch_over(struct ledger *l, struct err *e)
{
    BUF_AUTO struct buf movements = BUF_INIT(WIRE_EVENT_BYTES_MAX);
    enum err_class class = ERR_OK;
    l->meta.generation = l->restore.generation;
    for (uint32_t part = 1; class == ERR_OK && part <= l->restore.parts; part++) {
        class = open_stored_part(l, part, &movements, e);
    }
    if (class == ERR_OK) {
        class = announce(l, buf_slice(&movements), e);
    }
    if (class == ERR_OK) {
        class = db_run(l->part_clear, e);
    }
    return class == ERR_OK ? restore_reload(l, e) : class;
}

enum err_class restore_execute(struct ledger *l, const Tillwire__V1__RestorePart *part, struct err *e)
{
    if (l->meta.generation != 0) {
        return part->birth == l->meta.birth && part->generation == l->meta.generation
                   ? ERR_OK /* sent again after the switch */
                   : err_set(e, ERR_INVALID, "this database is generation %u already", l->meta.generation);
    }
    enum err_class class = check_part(l, part, e);
    if (class == ERR_OK) {
        class = keep_part(l, part, e);
    }
    return class == ERR_OK && l->restore.count == l->restore.parts ? switch_over(l, e) : class;
}
