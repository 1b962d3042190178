#include "edge/stock/state.h"

#include <assert.h>

enum err_class position_prepare(struct ledger *l, struct err *e)
{
    enum err_class class =
        db_prepare(l->db, &l->position_put,
                   "INSERT INTO position (source, file_id, path, device, inode, head_size, head_hash, "
                   "offset, back_size, back_hash,"
                   " line, context) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
                   " ON CONFLICT DO UPDATE SET path = ?3, device = ?4, inode = ?5, head_size = ?6, head_hash "
                   "= ?7, offset = ?8,"
                   " back_size = ?9, back_hash = ?10, line = ?11, context = ?12",
                   e);
    if (class == ERR_OK) {
        /* of files first seen longest ago; forgetting one costs reading it again, which keys make safe */
        class = db_prepare(l->db, &l->position_drop,
                           "DELETE FROM position WHERE source = ?1 AND id <= (SELECT id FROM position"
                           " WHERE source = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                           e);
    }
    if (class == ERR_OK) {
        class = db_prepare(
            l->db, &l->position_each,
            "SELECT file_id, path, device, inode, head_size, head_hash, offset, back_size, back_hash, line,"
            " context FROM position WHERE source = ?1 ORDER BY id",
            e);
    }
    return class;
}

enum err_class ledger_put_position(struct ledger *l, const char *source, const struct tail_position *position,
                                   struct slice context, struct err *e)
{
    enum err_class class = ledger_writable(l, e);
    if (class != ERR_OK) {
        return class;
    }
    struct db_stmt *s = l->position_put;
    int64_t newest = db_last_rowid(l->db);
    db_bind_text(s, 1, slice_of(source));
    db_bind_int(s, 2, (int64_t)position->file_id);
    db_bind_text(s, 3, slice_of(position->path));
    db_bind_int(s, 4, (int64_t)position->device);
    db_bind_int(s, 5, (int64_t)position->inode);
    db_bind_int(s, 6, position->head_size);
    db_bind_int(s, 7, (int64_t)position->head_hash);
    db_bind_int(s, 8, (int64_t)position->offset);
    db_bind_int(s, 9, position->back_size);
    db_bind_int(s, 10, (int64_t)position->back_hash);
    db_bind_int(s, 11, (int64_t)position->line);
    db_bind_blob(s, 12, context);
    class = db_run(s, e);
    if (class == ERR_OK && db_last_rowid(l->db) != newest) { /* a file not known before */
        db_bind_text(l->position_drop, 1, slice_of(source));
        db_bind_int(l->position_drop, 2, TAIL_FILES_MAX);
        class = db_run(l->position_drop, e);
    }
    return ledger_fail(l, class);
}

static struct tail_position take_position(struct db_stmt *s)
{
    struct tail_position p = {.file_id = (uint64_t)db_column_int(s, 0),
                              .device = (uint64_t)db_column_int(s, 2),
                              .inode = (uint64_t)db_column_int(s, 3),
                              .head_size = (uint32_t)db_column_int(s, 4),
                              .head_hash = (uint64_t)db_column_int(s, 5),
                              .offset = (uint64_t)db_column_int(s, 6),
                              .back_size = (uint32_t)db_column_int(s, 7),
                              .back_hash = (uint64_t)db_column_int(s, 8),
                              .line = (uint64_t)db_column_int(s, 9)};
    bool fits = slice_copy(db_column_text(s, 1), p.path, sizeof p.path);
    assert(fits); /* it came from such a struct */
    (void)fits;
    return p;
}

enum err_class ledger_each_position(struct ledger *l, const char *source,
                                    enum err_class (*each)(void *ctx, const struct tail_position *position,
                                                           struct slice context, struct err *e),
                                    void *ctx, struct err *e)
{
    struct db_stmt *s = l->position_each;
    db_bind_text(s, 1, slice_of(source));
    enum err_class class = ERR_OK;
    while (class == ERR_OK) {
        bool found = false;
        class = db_step(s, &found, e);
        if (class != ERR_OK || !found) {
            return ledger_fail(l, class);
        }
        struct tail_position position = take_position(s);
        class = each(ctx, &position, db_column_blob(s, 10), e);
    }
    db_reset(s);
    return class;
}
