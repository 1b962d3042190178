#include "edge/stock/keys.h"

#include <stdlib.h>

struct keys {
    struct db *db;
    struct db_stmt *claim, *find, *release, *claim_line, *find_line, *keep_net, *each, *trim, *trim_lines;
};

static enum err_class prepare(struct keys *k, struct err *e)
{
    const struct {
        struct db_stmt **out;
        const char *sql;
    } statements[] = {
        {&k->claim,
         "INSERT INTO txn_key VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL) ON CONFLICT DO NOTHING"},
        {&k->find,
         "SELECT day, workstation, sequence, version, decoder_version, content_hash, verdict, own_ms, seq"
         " FROM txn_key WHERE day = ?1 AND workstation = ?2 AND sequence = ?3"},
        {&k->release, "DELETE FROM txn_key WHERE day = ?1 AND workstation = ?2 AND sequence = ?3"},
        {&k->claim_line, "INSERT INTO document_line VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"},
        {&k->find_line, "SELECT seq FROM document_line WHERE document = ?1 AND line = ?2"},
        {&k->keep_net, "UPDATE txn_key SET net = ?5"
                       " WHERE day = ?1 AND workstation = ?2 AND sequence = ?3 AND seq = ?4"},
        {&k->each,
         "SELECT day, workstation, sequence, version, decoder_version, content_hash, verdict, own_ms, seq,"
         " name, net FROM txn_key CROSS JOIN workstation ON id = workstation WHERE seq >= ?1"
         " ORDER BY day, workstation, sequence"},
        {&k->trim, "DELETE FROM txn_key WHERE (day, workstation, sequence) IN"
                   " (SELECT day, workstation, sequence FROM txn_key WHERE day < ?1 LIMIT ?2)"},
        {&k->trim_lines, "DELETE FROM document_line WHERE (document, line) IN"
                         " (SELECT document, line FROM document_line WHERE day < ?1 LIMIT ?2)"},
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        enum err_class class = db_prepare(k->db, statements[i].out, statements[i].sql, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

enum err_class keys_open(struct keys **out, struct db *db, struct err *e)
{
    *out = NULL;
    struct keys *k = calloc(1, sizeof *k);
    if (k == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for keys");
    }
    k->db = db;
    enum err_class class = prepare(k, e);
    if (class != ERR_OK) {
        keys_close(k);
        return class;
    }
    *out = k;
    return ERR_OK;
}

void keys_close(struct keys *k)
{
    free(k); /* the statements are the database's */
}

static void bind_key(struct db_stmt *s, const struct key *key)
{
    db_bind_int(s, 1, key->day);
    db_bind_int(s, 2, key->workstation);
    db_bind_int(s, 3, (int64_t)key->sequence);
}

static struct key take_key(struct db_stmt *s)
{
    return (struct key){
        .day = (int32_t)db_column_int(s, 0),
        .workstation = db_column_int(s, 1),
        .sequence = (uint64_t)db_column_int(s, 2),
        .version = (uint32_t)db_column_int(s, 3),
        .decoder_version = (uint32_t)db_column_int(s, 4),
        .content_hash = (uint64_t)db_column_int(s, 5),
        .verdict = (Tillwire__V1__Verdict)db_column_int(s, 6),
        .own_ms = db_column_int(s, 7),
        .seq = (uint64_t)db_column_int(s, 8),
    };
}

enum err_class keys_claim(struct keys *k, const struct key *key, bool *claimed, struct key *known,
                          struct err *e)
{
    struct db_stmt *s = k->claim;
    bind_key(s, key);
    db_bind_int(s, 4, key->version);
    db_bind_int(s, 5, key->decoder_version);
    db_bind_int(s, 6, (int64_t)key->content_hash);
    db_bind_int(s, 7, key->verdict);
    db_bind_int(s, 8, key->own_ms);
    db_bind_int(s, 9, (int64_t)key->seq);
    enum err_class class = db_run(s, e);
    *claimed = class == ERR_OK && db_changes(k->db) == 1;
    if (class != ERR_OK || *claimed) {
        return class;
    }
    bind_key(k->find, key);
    bool found = false;
    class = db_step(k->find, &found, e);
    if (class == ERR_OK && !found) {
        return err_set(e, ERR_FATAL, "a business key is there and is not: the database is damaged");
    }
    if (found) {
        *known = take_key(k->find);
        db_reset(k->find);
    }
    return class;
}

enum err_class keys_release(struct keys *k, const struct key *key, struct err *e)
{
    bind_key(k->release, key);
    return db_run(k->release, e);
}

enum err_class keys_claim_line(struct keys *k, struct slice document, struct slice line, int32_t day,
                               uint64_t seq, bool *counted_before, struct err *e)
{
    *counted_before = false;
    db_bind_text(k->claim_line, 1, document);
    db_bind_text(k->claim_line, 2, line);
    db_bind_int(k->claim_line, 3, day);
    db_bind_int(k->claim_line, 4, (int64_t)seq);
    enum err_class class = db_run(k->claim_line, e);
    if (class != ERR_OK || db_changes(k->db) == 1) {
        return class;
    }
    db_bind_text(k->find_line, 1, document);
    db_bind_text(k->find_line, 2, line);
    bool found = false;
    class = db_step(k->find_line, &found, e);
    if (found) {
        *counted_before = (uint64_t)db_column_int(k->find_line, 0) != seq;
        db_reset(k->find_line);
    }
    return class;
}

enum err_class keys_keep_net(struct keys *k, const struct key *key, struct slice net, struct err *e)
{
    bind_key(k->keep_net, key);
    db_bind_int(k->keep_net, 4, (int64_t)key->seq);
    db_bind_blob(k->keep_net, 5, net);
    return db_run(k->keep_net, e);
}

enum err_class keys_each(struct keys *k, uint64_t seq,
                         enum err_class (*each)(void *ctx, const struct key *key, struct slice workstation,
                                                const struct slice *net, struct err *e),
                         void *ctx, struct err *e)
{
    db_bind_int(k->each, 1, (int64_t)seq);
    enum err_class class = ERR_OK;
    while (class == ERR_OK) {
        bool found = false;
        class = db_step(k->each, &found, e);
        if (class != ERR_OK || !found) {
            return class;
        }
        struct key key = take_key(k->each);
        struct slice net = db_column_blob(k->each, 10);
        class = each(ctx, &key, db_column_text(k->each, 9), db_column_is_null(k->each, 10) ? NULL : &net, e);
    }
    db_reset(k->each);
    return class;
}

enum err_class keys_trim(struct keys *k, int64_t day, unsigned max, struct err *e)
{
    db_bind_int(k->trim, 1, day);
    db_bind_int(k->trim, 2, max);
    enum err_class class = db_run(k->trim, e);
    if (class == ERR_OK) {
        db_bind_int(k->trim_lines, 1, day);
        db_bind_int(k->trim_lines, 2, max);
        class = db_run(k->trim_lines, e);
    }
    return class;
}
