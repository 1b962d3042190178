/* Items and their words. */
#include "cloud/store/sqlite.h"
#include "common/hash.h"

enum { WORDS_BYTES_MAX = 2048, GTIN_DIGITS = 14 };

static uint64_t item_hash(struct slice item, struct slice description, struct slice gtin)
{
    uint64_t hash = hash64_seeded(gtin, hash64_seeded(description, hash64(item)));
    return hash == 0 ? 1 : hash;
}

static enum err_class words(struct sqlite *s, int slot, const char *sql, int64_t id, struct slice description,
                            struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(s, slot, sql, &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, id);
    db_bind_text(stmt, 2, description);
    return db_run(stmt, e);
}

static enum err_class words_add(struct sqlite *s, int64_t id, struct slice description, struct err *e)
{
    return words(s, SQL_WORDS_INSERT, "INSERT INTO item_words (rowid, description) VALUES (?1, ?2)", id,
                 description, e);
}

static enum err_class insert_item(struct sqlite *s, struct slice item, struct slice description,
                                  struct slice gtin, struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        s, SQL_ITEM_INSERT, "INSERT INTO item (item, description, gtin) VALUES (?1, ?2, ?3)", &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, item);
    db_bind_text(stmt, 2, description);
    db_bind_text(stmt, 3, gtin);
    class = db_run(stmt, e);
    return class == ERR_OK ? words_add(s, db_last_rowid(s->db), description, e) : class;
}

/* What is empty leaves what is known as it is. */
static enum err_class update_item(struct sqlite *s, int64_t id, struct slice description, struct slice gtin,
                                  struct err *e)
{
    struct db_stmt *stmt;
    enum err_class class = sqlite_stmt(
        s, SQL_ITEM_UPDATE,
        "UPDATE item SET description = iif(?2 = '', description, ?2), gtin = iif(?3 = '', gtin, ?3)"
        " WHERE id = ?1",
        &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_int(stmt, 1, id);
    db_bind_text(stmt, 2, description);
    db_bind_text(stmt, 3, gtin);
    return db_run(stmt, e);
}

static enum err_class write_item(struct sqlite *s, struct slice item, struct slice description,
                                 struct slice gtin, struct err *e)
{
    struct db_stmt *stmt;
    bool found;
    enum err_class class =
        sqlite_stmt(s, SQL_ITEM_GET, "SELECT id, description, gtin FROM item WHERE item = ?1", &stmt, e);
    if (class == ERR_OK) {
        db_bind_text(stmt, 1, item);
        class = db_step(stmt, &found, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    if (!found) {
        return insert_item(s, item, description, gtin, e);
    }
    int64_t id = db_column_int(stmt, 0);
    struct slice old = db_column_text(stmt, 1);
    bool new_words = description.size != 0 && !slice_equal(old, description);
    bool new_gtin = gtin.size != 0 && !slice_equal(db_column_text(stmt, 2), gtin);
    if (new_words) { /* the index forgets by the old text, which must still be readable */
        class = words(s, SQL_WORDS_DELETE,
                      "INSERT INTO item_words (item_words, rowid, description) VALUES ('delete', ?1, ?2)", id,
                      old, e);
    }
    db_reset(stmt);
    if (class == ERR_OK && (new_words || new_gtin)) {
        class = update_item(s, id, description, gtin, e);
    }
    return class == ERR_OK && new_words ? words_add(s, id, description, e) : class;
}

enum err_class sqlite_item_put(void *ctx, struct slice item, struct slice description, struct slice gtin,
                               struct err *e)
{
    struct sqlite *s = ctx;
    uint64_t hash = item_hash(item, description, gtin);
    uint64_t *seen = &s->items_seen[hash % SQLITE_ITEMS_SEEN];
    if (*seen == hash) {
        return ERR_OK;
    }
    enum err_class class = write_item(s, item, description, gtin, e);
    if (class == ERR_OK) {
        *seen = hash;
    }
    return class;
}

/* Each word of the query becomes a quoted prefix: nothing of it is read as the index's own syntax. */
static bool match_expression(struct slice query, struct buf *out)
{
    bool ok = true;
    for (size_t i = 0; i < query.size && ok;) {
        size_t end = i;
        while (end < query.size && query.data[end] != ' ') {
            end++;
        }
        ok = end == i || buf_append(out, "\"", 1) == ERR_OK;
        for (size_t at = i; at < end && ok; at++) {
            char c = query.data[at];
            ok = buf_append(out, c == '"' ? "\"\"" : &query.data[at], c == '"' ? 2 : 1) == ERR_OK;
        }
        ok = ok && (end == i || buf_append(out, "\"* ", 3) == ERR_OK);
        i = end + 1;
    }
    return ok;
}

/* A GTIN of 8, 12 or 13 digits is the one of 14 with zeros before it. */
static void gtin_of(struct slice query, char out[GTIN_DIGITS + 1])
{
    uint64_t number;
    out[0] = '\0';
    if (query.size >= 8 && query.size <= GTIN_DIGITS && slice_to_u64(query, &number)) {
        size_t zeros = GTIN_DIGITS - query.size;
        for (size_t i = 0; i < GTIN_DIGITS; i++) {
            out[i] = i < zeros ? '0' : query.data[i - zeros];
        }
        out[GTIN_DIGITS] = '\0';
    }
}

#define ITEMS_SQL                                                                                           \
    "SELECT item, description, gtin FROM item WHERE item > ?1 AND (?2 = '' OR substr(item, 1, length(?2)) " \
    "= ?2"                                                                                                  \
    " OR (gtin <> '' AND gtin = ?3) OR (?4 <> '' AND id IN (SELECT rowid FROM item_words WHERE item_words " \
    "MATCH ?4)))"                                                                                           \
    " ORDER BY item LIMIT ?5"

enum err_class sqlite_item_each(void *ctx, struct slice query, struct slice after_item, unsigned limit,
                                bool (*each)(void *, struct slice item, struct slice description,
                                             struct slice gtin),
                                void *each_ctx, struct err *e)
{
    struct db_stmt *stmt;
    char gtin[GTIN_DIGITS + 1];
    BUF_AUTO struct buf match = BUF_INIT(WORDS_BYTES_MAX);
    query = slice_trim(query);
    if (!match_expression(query, &match)) {
        return err_set(e, ERR_INVALID, "the search text is too long: at most about %d bytes",
                       WORDS_BYTES_MAX / 2);
    }
    gtin_of(query, gtin);
    enum err_class class = sqlite_stmt(ctx, SQL_QUERY_ITEMS, ITEMS_SQL, &stmt, e);
    if (class != ERR_OK) {
        return class;
    }
    db_bind_text(stmt, 1, after_item);
    db_bind_text(stmt, 2, query);
    db_bind_text(stmt, 3, slice_of(gtin));
    db_bind_text(stmt, 4, buf_slice(&match));
    db_bind_int(stmt, 5, sqlite_limit(limit));
    bool found = true;
    while (class == ERR_OK && found) {
        class = db_step(stmt, &found, e);
        if (class == ERR_OK && found &&
            !each(each_ctx, db_column_text(stmt, 0), db_column_text(stmt, 1), db_column_text(stmt, 2))) {
            db_reset(stmt);
            break;
        }
    }
    db_reset(stmt); /* the bound texts end here */
    return class;
}
