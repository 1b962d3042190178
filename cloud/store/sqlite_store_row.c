/* One store's row, read and written by a table of its fields. */
#include "cloud/store/sqlite.h"

#include <stddef.h>
#include <string.h>

enum field_type { FIELD_TEXT, FIELD_I64, FIELD_U64, FIELD_U32, FIELD_BOOL, FIELD_STAGE };

struct field {
    const char *column;
    size_t offset, size;
    enum field_type type;
};

#define FIELD(name, field_type)                                                                       \
    {                                                                                                 \
#name, offsetof(struct store_row, name), sizeof(((struct store_row *)NULL)->name), field_type \
    }

/* The key first, the heartbeat (a blob) after the last. */
static const struct field fields[] = {
    FIELD(store, FIELD_TEXT),          FIELD(stage, FIELD_STAGE),
    FIELD(name, FIELD_TEXT),           FIELD(time_zone, FIELD_TEXT),
    FIELD(enrolled_ms, FIELD_I64),     FIELD(generation, FIELD_U32),
    FIELD(birth, FIELD_U64),           FIELD(seq, FIELD_U64),
    FIELD(chain, FIELD_U64),           FIELD(digest, FIELD_U64),
    FIELD(row_count, FIELD_U64),       FIELD(cursor_run_id, FIELD_U64),
    FIELD(poison_seq, FIELD_U64),      FIELD(poison_tries, FIELD_U32),
    FIELD(applied_ms, FIELD_I64),      FIELD(last_transaction_ms, FIELD_I64),
    FIELD(transactions, FIELD_U64),    FIELD(offered_generation, FIELD_U32),
    FIELD(offered_birth, FIELD_U64),   FIELD(offered_run_counter, FIELD_U64),
    FIELD(offered_run_id, FIELD_U64),  FIELD(fresh_epoch, FIELD_U64),
    FIELD(fresh_as_of_ms, FIELD_I64),  FIELD(fresh_lag_bytes, FIELD_U64),
    FIELD(fresh_outbox, FIELD_U64),    FIELD(fresh_read_age_ms, FIELD_I64),
    FIELD(run_counter, FIELD_U64),     FIELD(run_id, FIELD_U64),
    FIELD(heartbeat_no, FIELD_U64),    FIELD(heartbeat_ms, FIELD_I64),
    FIELD(proven_ms, FIELD_I64),       FIELD(head_seq, FIELD_U64),
    FIELD(head_chain, FIELD_U64),      FIELD(other_run_id, FIELD_U64),
    FIELD(other_head_seq, FIELD_U64),  FIELD(other_head_chain, FIELD_U64),
    FIELD(vouched, FIELD_BOOL),        FIELD(forked_ms, FIELD_I64),
    FIELD(hello_ms, FIELD_I64),        FIELD(hello_birth, FIELD_U64),
    FIELD(hole_first, FIELD_U64),      FIELD(hole_last, FIELD_U64),
    FIELD(hole_since_ms, FIELD_I64),   FIELD(hole_asked_ms, FIELD_I64),
    FIELD(hole_asked, FIELD_U32),      FIELD(verified_seq, FIELD_U64),
    FIELD(verified_ms, FIELD_I64),     FIELD(mismatch, FIELD_BOOL),
    FIELD(recomputed_ms, FIELD_I64),   FIELD(repair_id, FIELD_U64),
    FIELD(repair_from_seq, FIELD_U64), FIELD(repair_failures, FIELD_U32),
    FIELD(repaired_ms, FIELD_I64),
};
enum { FIELDS = sizeof fields / sizeof fields[0], SQL_BYTES_MAX = 4096 };

static void bind_field(struct db_stmt *stmt, int parameter, const struct field *f,
                       const struct store_row *row)
{
    const char *at = (const char *)row + f->offset;
    uint64_t u64 = 0;
    uint32_t u32 = 0;
    switch (f->type) {
    case FIELD_TEXT:
        db_bind_text(stmt, parameter, slice_of(at));
        return;
    case FIELD_I64:
    case FIELD_U64:
        memcpy(&u64, at, sizeof u64);
        db_bind_int(stmt, parameter, sqlite_signed(u64));
        return;
    case FIELD_U32:
        memcpy(&u32, at, sizeof u32);
        db_bind_int(stmt, parameter, u32);
        return;
    case FIELD_BOOL:
        db_bind_int(stmt, parameter, *at != 0);
        return;
    case FIELD_STAGE:
        db_bind_int(stmt, parameter, row->stage);
        return;
    }
}

static void read_field(struct db_stmt *stmt, int column, const struct field *f, struct store_row *row)
{
    char *at = (char *)row + f->offset;
    int64_t value = f->type == FIELD_TEXT ? 0 : db_column_int(stmt, column);
    uint32_t u32 = (uint32_t)value;
    switch (f->type) {
    case FIELD_TEXT:
        (void)slice_copy(db_column_text(stmt, column), at, f->size); /* written from a field of this size */
        return;
    case FIELD_I64:
    case FIELD_U64:
        memcpy(at, &value, sizeof value);
        return;
    case FIELD_U32:
        memcpy(at, &u32, sizeof u32);
        return;
    case FIELD_BOOL:
        *(bool *)(void *)at = value != 0;
        return;
    case FIELD_STAGE:
        row->stage = (enum store_stage)value;
        return;
    }
}

static void read_row(struct db_stmt *stmt, struct store_row *row)
{
    *row = (struct store_row){0};
    for (int i = 0; i < FIELDS; i++) {
        read_field(stmt, i, &fields[i], row);
    }
    row->heartbeat = db_column_blob(stmt, FIELDS);
}

/* "…column, column, …" with a format for each; the texts come from the table above, never from input. */
static enum err_class append_columns(struct buf *sql, const char *format)
{
    enum err_class class = ERR_OK;
    for (int i = 0; i < FIELDS && class == ERR_OK; i++) {
        class = buf_append(sql, i == 0 ? "" : ", ", i == 0 ? 0 : 2);
        for (const char *c = format; *c != '\0' && class == ERR_OK; c++) {
            if (*c == '#') {
                class = buf_printf(sql, "%d", i + 1);
            } else if (*c == '$') {
                class = buf_append_slice(sql, slice_of(fields[i].column));
            } else {
                class = buf_append(sql, c, 1);
            }
        }
    }
    return class;
}

static enum err_class row_stmt(struct sqlite *s, int slot, const char *before, const char *columns,
                               const char *after, struct db_stmt **out, struct err *e)
{
    if (s->statements[slot] != NULL) {
        return sqlite_stmt(s, slot, NULL, out, e);
    }
    BUF_AUTO struct buf sql = BUF_INIT(SQL_BYTES_MAX);
    if (buf_printf(&sql, "%s", before) != ERR_OK || append_columns(&sql, columns) != ERR_OK ||
        buf_printf(&sql, "%s", after) != ERR_OK) {
        return err_set(e, ERR_FATAL, "no memory for a statement over the store's row");
    }
    return sqlite_stmt(s, slot, sql.data, out, e);
}

enum err_class sqlite_store_get(void *ctx, const char *store, struct store_row *out, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    bool found;
    enum err_class class =
        row_stmt(s, SQL_STORE_GET, "SELECT ", "$", ", heartbeat FROM store WHERE store = ?1", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, slice_of(store));
    class = sqlite_first(s, stmt, &found, e);
    if (class != ERR_OK) {
        return class;
    }
    if (!found) {
        return err_set(e, ERR_INVALID, "store %.32s is not enrolled: add it with `tillctl store add`", store);
    }
    read_row(stmt, out);
    return ERR_OK;
}

static enum err_class write_row(struct db_stmt *stmt, const struct store_row *row, struct err *e)
{
    for (int i = 0; i < FIELDS; i++) {
        bind_field(stmt, i + 1, &fields[i], row);
    }
    db_bind_blob(stmt, FIELDS + 1, row->heartbeat);
    return db_run(stmt, e);
}

enum err_class sqlite_store_put(void *ctx, const struct store_row *row, struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    static_assert(FIELDS == 53, "the heartbeat's parameter below is the one after the last field's");
    enum err_class class = row_stmt(s, SQL_STORE_UPDATE, "UPDATE store SET ", "$ = ?#",
                                    ", heartbeat = ?54 WHERE store = ?1", &stmt, e);
    if (class == ERR_OK) {
        class = write_row(stmt, row, e);
    }
    if (class != ERR_OK || db_changes(s->db) != 0) {
        return class;
    }
    class = row_stmt(s, SQL_STORE_INSERT, "INSERT INTO store SELECT ", "?#", ", ?54, 0", &stmt, e);
    if (class == ERR_OK) {
        class = write_row(stmt, row, e);
    }
    return class == ERR_OK ? sqlite_unknown_forget(s, row->store, e) : class;
}

enum err_class sqlite_store_each(void *ctx, bool (*each)(void *, const struct store_row *), void *each_ctx,
                                 struct err *e)
{
    struct sqlite *s = ctx;
    struct db_stmt *stmt;
    bool found = true;
    enum err_class class =
        row_stmt(s, SQL_STORE_EACH, "SELECT ", "$", ", heartbeat FROM store ORDER BY store", &stmt, e);
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        struct store_row row;
        if (class == ERR_OK && found) {
            read_row(stmt, &row);
            if (!each(each_ctx, &row)) {
                db_reset(stmt);
                break;
            }
        }
    }
    return class;
}
