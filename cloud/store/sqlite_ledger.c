/* Movements and business keys. */
#include "cloud/store/sqlite.h"
#include "proto/wire.h"

#define LEDGER_COLUMNS                                                                                       \
    "store, generation, seq, line, item, location, uom, kind, on_hand_delta_e4, held_delta_e4, on_hand_e4, " \
    "held_e4, "                                                                                              \
    "own_ms,"                                                                                                \
    " workstation, business_day, sequence, reason, document, applied_ms"

enum err_class sqlite_ledger_append(void *ctx, const struct store_ledger_entry *entry, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(ctx, SQL_LEDGER_APPEND,
                    "INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                    " ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
                    &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, entry->store);
    db_bind_int(stmt, 2, entry->generation);
    db_bind_int(stmt, 3, sqlite_signed(entry->seq));
    db_bind_int(stmt, 4, entry->line);
    db_bind_text(stmt, 5, entry->item);
    db_bind_text(stmt, 6, entry->location);
    db_bind_text(stmt, 7, entry->uom);
    db_bind_int(stmt, 8, entry->kind);
    db_bind_int(stmt, 9, entry->on_hand_delta_e4);
    db_bind_int(stmt, 10, entry->held_delta_e4);
    db_bind_int(stmt, 11, entry->on_hand_e4);
    db_bind_int(stmt, 12, entry->held_e4);
    db_bind_int(stmt, 13, entry->own_ms);
    db_bind_text(stmt, 14, entry->workstation);
    db_bind_int(stmt, 15, entry->business_day);
    db_bind_int(stmt, 16, sqlite_signed(entry->sequence));
    db_bind_text(stmt, 17, entry->reason);
    db_bind_text(stmt, 18, entry->document);
    db_bind_int(stmt, 19, entry->applied_ms);
    return db_run(stmt, e);
}

/* Summed here and not in SQL: which kinds count is the contract's to say. */
static enum err_class sum_rows(struct db_stmt *stmt, int64_t *sum_e4, struct err *e)
{
    int64_t sum = 0;
    bool found = true;
    enum err_class class = ERR_OK;
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        if (class == ERR_OK && found &&
            movement_is_recorded((Tillwire__V1__MovementKind)db_column_int(stmt, 0)) &&
            __builtin_add_overflow(sum, db_column_int(stmt, 1), &sum)) {
            db_reset(stmt);
            return err_set(e, ERR_INVALID, "the sum of movements does not fit in 64 bits");
        }
    }
    *sum_e4 = sum;
    return class;
}

enum err_class sqlite_ledger_sum_after(void *ctx, struct slice store, struct slice item,
                                       struct slice location, int64_t after_ms, int64_t *sum_e4,
                                       struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(ctx, SQL_LEDGER_AFTER,
                                       "SELECT kind, on_hand_delta_e4 FROM ledger"
                                       " WHERE store = ?1 AND item = ?2 AND location = ?3 AND own_ms > ?4",
                                       &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, store);
    db_bind_text(stmt, 2, item);
    db_bind_text(stmt, 3, location);
    db_bind_int(stmt, 4, after_ms);
    return sum_rows(stmt, sum_e4, e);
}

static void read_entry(struct db_stmt *stmt, struct store_ledger_entry *out)
{
    *out = (struct store_ledger_entry){
        .store = db_column_text(stmt, 0),
        .generation = (uint32_t)db_column_int(stmt, 1),
        .seq = sqlite_u64(stmt, 2),
        .line = (uint32_t)db_column_int(stmt, 3),
        .item = db_column_text(stmt, 4),
        .location = db_column_text(stmt, 5),
        .uom = db_column_text(stmt, 6),
        .kind = (int)db_column_int(stmt, 7),
        .on_hand_delta_e4 = db_column_int(stmt, 8),
        .held_delta_e4 = db_column_int(stmt, 9),
        .on_hand_e4 = db_column_int(stmt, 10),
        .held_e4 = db_column_int(stmt, 11),
        .own_ms = db_column_int(stmt, 12),
        .workstation = db_column_text(stmt, 13),
        .business_day = (int32_t)db_column_int(stmt, 14),
        .sequence = sqlite_u64(stmt, 15),
        .reason = db_column_text(stmt, 16),
        .document = db_column_text(stmt, 17),
        .applied_ms = db_column_int(stmt, 18),
    };
}

#define OF_ITEM "INDEXED BY ledger_item WHERE item = ?2 AND "
/* Of one item its own index is named: the planner, without statistics, would read the store's whole ledger.
 */
#define QUERY(item, order, direction)                                                       \
    "SELECT " LEDGER_COLUMNS " FROM ledger " item "store = ?1 AND (generation, seq) " order \
    " (?3, ?4) ORDER BY generation " direction ", seq " direction ", line"

static const char *const queries[2][2] = {
    {QUERY("WHERE ", ">", "ASC"), QUERY("WHERE ", "<", "DESC")},
    {QUERY(OF_ITEM, ">", "ASC"), QUERY(OF_ITEM, "<", "DESC")},
};

/* A page goes on after (generation, seq), so it never ends inside an event: the last one is given whole. */
static enum err_class each_entry(struct db_stmt *stmt, unsigned limit,
                                 bool (*each)(void *, const struct store_ledger_entry *), void *each_ctx,
                                 struct err *e)
{
    bool found = true;
    enum err_class class = ERR_OK;
    struct store_ledger_entry entry = {0};
    for (unsigned given = 0; class == ERR_OK && found; given++) {
        uint32_t generation = entry.generation;
        uint64_t seq = entry.seq;
        class = db_step(stmt, &found, e);
        if (class != ERR_OK || !found) {
            break;
        }
        read_entry(stmt, &entry);
        bool new_event = entry.generation != generation || entry.seq != seq;
        if ((limit != 0 && given >= limit && new_event) || !each(each_ctx, &entry)) {
            db_reset(stmt);
            break;
        }
    }
    return class;
}

enum err_class sqlite_ledger_each(void *ctx, const char *store, struct slice item, uint32_t after_generation,
                                  uint64_t after_seq, bool newest_first, unsigned limit,
                                  bool (*each)(void *, const struct store_ledger_entry *), void *each_ctx,
                                  struct err *e)
{
    struct db_stmt *stmt;
    int of_item = item.size != 0;
    enum err_class class = sqlite_stmt(ctx, SQL_QUERY_LEDGER + of_item * 2 + newest_first,
                                       queries[of_item][newest_first], &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    bool from_end = newest_first && after_generation == 0 && after_seq == 0;
    db_bind_text(stmt, 1, slice_of(store));
    if (of_item) {
        db_bind_text(stmt, 2, item);
    }
    db_bind_int(stmt, 3, from_end ? INT64_MAX : (int64_t)after_generation);
    db_bind_int(stmt, 4, from_end ? INT64_MAX : sqlite_signed(after_seq));
    return each_entry(stmt, limit, each, each_ctx, e);
}

enum err_class sqlite_key_put(void *ctx, const struct store_key *key, bool *existed, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(s, SQL_KEY_PUT,
                    "INSERT INTO txn_key VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
                    " ON CONFLICT DO UPDATE SET version = ?5, generation = ?6, content_hash = ?7, seq = ?8,"
                    " decoder_version = ?9, verdict = ?10, own_ms = ?11 WHERE version < ?5",
                    &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, key->store);
    db_bind_int(stmt, 2, key->business_day);
    db_bind_text(stmt, 3, key->workstation);
    db_bind_int(stmt, 4, sqlite_signed(key->sequence));
    db_bind_int(stmt, 5, key->version);
    db_bind_int(stmt, 6, key->generation);
    db_bind_int(stmt, 7, sqlite_signed(key->content_hash));
    db_bind_int(stmt, 8, sqlite_signed(key->seq));
    db_bind_int(stmt, 9, key->decoder_version);
    db_bind_int(stmt, 10, key->verdict);
    db_bind_int(stmt, 11, key->own_ms);
    class = db_run(stmt, e);
    *existed = class == ERR_OK && db_changes(s->db) == 0;
    return class;
}
