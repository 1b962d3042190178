/* The stock rows. */
#include "cloud/store/sqlite.h"

#define STOCK_COLUMNS                                                                              \
    "s.store, s.item, s.location, s.on_hand_e4, s.held_e4, s.recorded_e4, s.carried_e4, s.basis, " \
    "s.basis_ms, s.uom,"                                                                           \
    " s.generation, s.seq, s.changed_ms"
enum { STOCK_COLUMN_COUNT = 13 };

static void read_stock(struct db_stmt *stmt, struct store_stock *out)
{
    *out = (struct store_stock){
        .store = db_column_text(stmt, 0),
        .item = db_column_text(stmt, 1),
        .location = db_column_text(stmt, 2),
        .on_hand_e4 = db_column_int(stmt, 3),
        .held_e4 = db_column_int(stmt, 4),
        .recorded_e4 = db_column_int(stmt, 5),
        .carried_e4 = db_column_int(stmt, 6),
        .basis = (int)db_column_int(stmt, 7),
        .basis_ms = db_column_int(stmt, 8),
        .uom = db_column_text(stmt, 9),
        .generation = (uint32_t)db_column_int(stmt, 10),
        .seq = sqlite_u64(stmt, 11),
        .changed_ms = db_column_int(stmt, 12),
    };
}

static void bind_stock_key(struct db_stmt *stmt, struct slice store, struct slice item, struct slice location)
{
    db_bind_text(stmt, 1, store);
    db_bind_text(stmt, 2, item);
    db_bind_text(stmt, 3, location);
}

enum err_class sqlite_stock_get(void *ctx, struct slice store, struct slice item, struct slice location,
                                struct store_stock *out, bool *found, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        s, SQL_STOCK_GET,
        "SELECT " STOCK_COLUMNS " FROM stock s WHERE store = ?1 AND item = ?2 AND location = ?3", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    bind_stock_key(stmt, store, item, location);
    class = sqlite_first(s, stmt, found, e);
    if (class == ERR_OK && *found) {
        read_stock(stmt, out);
    }
    return class;
}

enum err_class sqlite_stock_put(void *ctx, const struct store_stock *row, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        ctx, SQL_STOCK_PUT,
        "INSERT INTO stock VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
        " ON CONFLICT (store, item, location) DO UPDATE SET on_hand_e4 = ?4, held_e4 = ?5, recorded_e4 = ?6,"
        " carried_e4 = ?7, basis = ?8, basis_ms = ?9, uom = ?10, generation = ?11, seq = ?12,"
        " changed_ms = ?13",
        &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    bind_stock_key(stmt, row->store, row->item, row->location);
    db_bind_int(stmt, 4, row->on_hand_e4);
    db_bind_int(stmt, 5, row->held_e4);
    db_bind_int(stmt, 6, row->recorded_e4);
    db_bind_int(stmt, 7, row->carried_e4);
    db_bind_int(stmt, 8, row->basis);
    db_bind_int(stmt, 9, row->basis_ms);
    db_bind_text(stmt, 10, row->uom);
    db_bind_int(stmt, 11, row->generation);
    db_bind_int(stmt, 12, sqlite_signed(row->seq));
    db_bind_int(stmt, 13, row->changed_ms);
    return db_run(stmt, e);
}

enum err_class sqlite_stock_remove(void *ctx, struct slice store, struct slice item, struct slice location,
                                   struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class =
        sqlite_stmt(ctx, SQL_STOCK_REMOVE,
                    "DELETE FROM stock WHERE store = ?1 AND item = ?2 AND location = ?3", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    bind_stock_key(stmt, store, item, location);
    return db_run(stmt, e);
}

static enum err_class each_stock(struct db_stmt *stmt, bool with_item,
                                 bool (*each)(void *, const struct store_stock *), void *each_ctx,
                                 struct err *e)
{
    bool found = true;
    enum err_class class = ERR_OK;
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        if (class != ERR_OK || !found) {
            break;
        }
        struct store_stock row;
        read_stock(stmt, &row);
        if (with_item) {
            row.description = db_column_text(stmt, STOCK_COLUMN_COUNT);
            row.gtin = db_column_text(stmt, STOCK_COLUMN_COUNT + 1);
        }
        if (!each(each_ctx, &row)) {
            db_reset(stmt);
            break;
        }
    }
    return class;
}

enum err_class sqlite_stock_each(void *ctx, struct slice store,
                                 bool (*each)(void *, const struct store_stock *), void *each_ctx,
                                 struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        ctx, SQL_STOCK_EACH, "SELECT " STOCK_COLUMNS " FROM stock s WHERE store = ?1 ORDER BY item, location",
        &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, store);
    return each_stock(stmt, false, each, each_ctx, e);
}

/* One statement for each way to ask, so that each has its index: ?1 store, ?2 item or GTIN, ?3–?5 the row to
 * go on after, ?6 how many. */
#define QUERY(where)                                                                                   \
    "SELECT " STOCK_COLUMNS ", i.description, i.gtin FROM stock s LEFT JOIN item i ON i.item = s.item" \
    " WHERE " where " ORDER BY s.store, s.item, s.location LIMIT ?6"
#define AFTER_ROW "(s.store, s.item, s.location) > (?3, ?4, ?5)"
#define AFTER_IN_STORE "(s.item, s.location) > (?4, ?5)"
#define AFTER_OF_ITEM "(+s.item, s.location) > (?4, ?5)" /* the + keeps the item itself for the search */
#define OF_GTIN "s.item IN (SELECT item FROM item WHERE gtin = ?2 AND gtin <> '')"

static const char *const queries[2][3] = {
    {QUERY(AFTER_ROW), QUERY("s.item = ?2 AND " AFTER_ROW), QUERY(OF_GTIN " AND " AFTER_ROW)},
    {QUERY("s.store = ?1 AND " AFTER_IN_STORE), QUERY("s.store = ?1 AND s.item = ?2 AND " AFTER_OF_ITEM),
     QUERY("s.store = ?1 AND " OF_GTIN " AND " AFTER_OF_ITEM)},
};

enum err_class sqlite_stock_query(void *ctx, const struct store_stock_query *query,
                                  bool (*each)(void *, const struct store_stock *), void *each_ctx,
                                  struct err *e)
{
    struct db_stmt *stmt;
    int of_store = query->store.size != 0;
    int of_item = query->item.size != 0 ? 1 : (query->gtin.size != 0 ? 2 : 0);
    enum err_class class =
        sqlite_stmt(ctx, SQL_QUERY_STOCK + of_store * 3 + of_item, queries[of_store][of_item], &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    if (of_store) {
        db_bind_text(stmt, 1, query->store);
    } else {
        db_bind_text(stmt, 3, query->after_store);
    }
    if (of_item != 0) {
        db_bind_text(stmt, 2, of_item == 1 ? query->item : query->gtin);
    }
    bool resumed = query->after_item.size != 0 && (!of_store || query->after_store.size == 0 ||
                                                   slice_equal(query->after_store, query->store));
    db_bind_text(stmt, 4, resumed ? query->after_item : SLICE(""));
    db_bind_text(stmt, 5, resumed ? query->after_location : SLICE(""));
    db_bind_int(stmt, 6, sqlite_limit(query->limit));
    return each_stock(stmt, true, each, each_ctx, e);
}
