#include "edge/stock/rows.h"

#include "common/hash.h"
#include "proto/digest.h"
#include "proto/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 512, WAYS = 8, ROWS_MAX = SETS * WAYS };

struct rows {
    struct db *db;
    struct meta *meta;
    struct db_stmt *find, *insert, *update, *describe, *recompute, *each, *each_of_item;
    uint32_t clock;
    uint64_t keys[SETS][WAYS]; /* 0: free */
    struct row rows[SETS][WAYS];
    size_t listed_count;
    uint16_t listed[ROWS_MAX]; /* rows that may be dirty, each once */
};

static enum err_class prepare(struct rows *r, struct err *e)
{
    const struct {
        struct db_stmt **out;
        const char *sql;
    } statements[] = {
        {&r->find,
         "SELECT on_hand_e4, held_e4, carried_e4, carried_held_e4, recorded_e4, basis, basis_ms, uom,"
         " description FROM stock WHERE item = ?1 AND location = ?2"},
        {&r->insert, "INSERT INTO stock VALUES (?1, ?2, 0, 0, 0, 0, 0, 0, 0, 'EA', '')"},
        {&r->update, "UPDATE stock SET on_hand_e4 = ?3, held_e4 = ?4, carried_e4 = ?5, carried_held_e4 = ?6,"
                     " recorded_e4 = ?7, basis = ?8, basis_ms = ?9 WHERE item = ?1 AND location = ?2"},
        {&r->describe, "UPDATE stock SET uom = ?3, description = coalesce(?4, description)"
                       " WHERE item = ?1 AND location = ?2"},
        {&r->each,
         "SELECT on_hand_e4, held_e4, carried_e4, carried_held_e4, recorded_e4, basis, basis_ms, uom,"
         " description, item, location FROM stock ORDER BY item, location"},
        {&r->each_of_item,
         "SELECT on_hand_e4, held_e4, carried_e4, carried_held_e4, recorded_e4, basis, basis_ms, uom,"
         " description, item, location FROM stock WHERE item = ?1 ORDER BY location"},
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        enum err_class class = db_prepare(r->db, statements[i].out, statements[i].sql, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

enum err_class rows_open(struct rows **out, struct db *db, struct meta *meta, struct err *e)
{
    *out = NULL;
    struct rows *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for stock rows");
    }
    r->db = db;
    r->meta = meta;
    enum err_class class = prepare(r, e);
    if (class != ERR_OK) {
        rows_close(r);
        return class;
    }
    *out = r;
    return ERR_OK;
}

void rows_close(struct rows *r)
{
    free(r); /* the statements are the database's */
}

static struct slice item_of(const struct row *row)
{
    return (struct slice){row->item, row->item_size};
}

static struct slice location_of(const struct row *row)
{
    return (struct slice){row->location, row->location_size};
}

static uint64_t digest_of(const struct row *row)
{
    return digest_row_hash(&(struct digest_row){.item = item_of(row),
                                                .location = location_of(row),
                                                .on_hand_e4 = row->on_hand_e4,
                                                .held_e4 = row->held_e4,
                                                .basis = (uint8_t)row->basis});
}

static bool is_negative(const struct row *row)
{
    return row->on_hand_e4 < 0 && row->basis != TILLWIRE__V1__BASIS__BASIS_NONE;
}

static void take_columns(struct db_stmt *s, struct row *row)
{
    row->on_hand_e4 = db_column_int(s, 0);
    row->held_e4 = db_column_int(s, 1);
    row->carried_e4 = db_column_int(s, 2);
    row->carried_held_e4 = db_column_int(s, 3);
    row->recorded_e4 = db_column_int(s, 4);
    row->basis = (Tillwire__V1__Basis)db_column_int(s, 5);
    row->basis_ms = db_column_int(s, 6);
    row->uom = hash64(db_column_text(s, 7));
    row->description = hash64(db_column_text(s, 8));
}

static enum err_class write_row(struct rows *r, struct row *row, struct err *e)
{
    struct db_stmt *s = r->update;
    db_bind_text(s, 1, item_of(row));
    db_bind_text(s, 2, location_of(row));
    db_bind_int(s, 3, row->on_hand_e4);
    db_bind_int(s, 4, row->held_e4);
    db_bind_int(s, 5, row->carried_e4);
    db_bind_int(s, 6, row->carried_held_e4);
    db_bind_int(s, 7, row->recorded_e4);
    db_bind_int(s, 8, row->basis);
    db_bind_int(s, 9, row->basis_ms);
    enum err_class class = db_run(s, e);
    if (class == ERR_OK) {
        row->dirty = false;
    }
    return class;
}

enum err_class rows_flush(struct rows *r, struct err *e)
{
    struct row *all = &r->rows[0][0];
    for (size_t i = 0; i < r->listed_count; i++) {
        struct row *row = &all[r->listed[i]];
        enum err_class class = row->dirty ? write_row(r, row, e) : ERR_OK;
        if (class != ERR_OK) {
            return class;
        }
    }
    for (size_t i = 0; i < r->listed_count; i++) {
        all[r->listed[i]].listed = false;
    }
    r->listed_count = 0;
    return ERR_OK;
}

void rows_forget(struct rows *r)
{
    memset(r->keys, 0, sizeof r->keys);
    for (size_t i = 0; i < r->listed_count; i++) {
        struct row *row = &(&r->rows[0][0])[r->listed[i]];
        row->dirty = row->listed = false;
    }
    r->listed_count = 0;
}

static uint64_t key_of(struct slice item, struct slice location)
{
    return hash64_seeded(item, hash64(location)) | 1;
}

static unsigned set_of(uint64_t key)
{
    return (unsigned)(key >> 32) % SETS;
}

static struct row *in_memory(struct rows *r, uint64_t key, struct slice item, struct slice location)
{
    unsigned set = set_of(key);
    for (unsigned way = 0; way < WAYS; way++) {
        struct row *row = &r->rows[set][way];
        if (r->keys[set][way] == key && slice_equal(item_of(row), item) &&
            slice_equal(location_of(row), location)) {
            row->used = ++r->clock;
            return row;
        }
    }
    return NULL;
}

/* A free place of the set, or the one used longest ago, written out if need be. */
static enum err_class make_room(struct rows *r, uint64_t key, struct row **out, struct err *e)
{
    unsigned set = set_of(key);
    unsigned oldest = 0;
    for (unsigned way = 0; way < WAYS; way++) {
        if (r->keys[set][way] == 0) {
            oldest = way;
            break;
        }
        if (r->clock - r->rows[set][way].used > r->clock - r->rows[set][oldest].used) {
            oldest = way;
        }
    }
    struct row *row = &r->rows[set][oldest];
    enum err_class class = row->dirty ? write_row(r, row, e) : ERR_OK;
    if (class == ERR_OK) {
        r->keys[set][oldest] = 0;
        *out = row;
    }
    return class;
}

static void place_row(struct rows *r, uint64_t key, struct row *row, const struct row *content)
{
    bool listed = row->listed;
    *row = *content;
    row->listed = listed;
    row->dirty = false;
    row->used = ++r->clock;
    (&r->keys[0][0])[row - &r->rows[0][0]] = key;
}

static void name_row(struct row *row, struct slice item, struct slice location)
{
    assert(item.size > 0 && item.size <= ITEM_ID_MAX && location.size > 0 && location.size <= LOCATION_MAX);
    memcpy(row->item, item.data, item.size);
    memcpy(row->location, location.data, location.size);
    row->item_size = (uint8_t)item.size;
    row->location_size = (uint8_t)location.size;
}

static enum err_class load_row(struct rows *r, struct slice item, struct slice location, struct row *out,
                               bool *found, struct err *e)
{
    db_bind_text(r->find, 1, item);
    db_bind_text(r->find, 2, location);
    enum err_class class = db_step(r->find, found, e);
    if (class != ERR_OK || !*found) {
        return class;
    }
    name_row(out, item, location);
    take_columns(r->find, out);
    db_reset(r->find);
    out->digest = digest_of(out);
    return ERR_OK;
}

enum err_class rows_find(struct rows *r, struct slice item, struct slice location, struct row **out,
                         struct err *e)
{
    uint64_t key = key_of(item, location);
    *out = in_memory(r, key, item, location);
    if (*out != NULL) {
        return ERR_OK;
    }
    struct row content = {0};
    bool found = false;
    enum err_class class = load_row(r, item, location, &content, &found, e);
    struct row *place = NULL;
    if (class == ERR_OK && found) {
        class = make_room(r, key, &place, e);
    }
    if (place != NULL) {
        place_row(r, key, place, &content);
        *out = place;
    }
    return class;
}

static enum err_class create_row(struct rows *r, struct slice item, struct slice location, struct row **out,
                                 struct err *e)
{
    db_bind_text(r->insert, 1, item);
    db_bind_text(r->insert, 2, location);
    enum err_class class = db_run(r->insert, e);
    struct row *place = NULL;
    uint64_t key = key_of(item, location);
    if (class == ERR_OK) {
        class = make_room(r, key, &place, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    struct row content = {.uom = hash64(SLICE("EA")), .description = hash64(SLICE(""))};
    name_row(&content, item, location);
    content.digest = digest_of(&content);
    place_row(r, key, place, &content);
    r->meta->digest += content.digest;
    r->meta->row_count++;
    *out = place;
    return ERR_OK;
}

enum err_class rows_get(struct rows *r, struct slice item, struct slice location, struct row **out,
                        struct err *e)
{
    enum err_class class = rows_find(r, item, location, out, e);
    return class == ERR_OK && *out == NULL ? create_row(r, item, location, out, e) : class;
}

void rows_touch(struct rows *r, struct row *row)
{
    row->dirty = true;
    if (!row->listed) {
        row->listed = true;
        r->listed[r->listed_count++] = (uint16_t)(row - &r->rows[0][0]);
    }
}

void rows_set(struct rows *r, struct row *row, int64_t on_hand_e4, int64_t held_e4, Tillwire__V1__Basis basis)
{
    r->meta->negatives -= is_negative(row);
    r->meta->digest -= row->digest;
    row->on_hand_e4 = on_hand_e4;
    row->held_e4 = held_e4;
    row->basis = basis;
    row->digest = digest_of(row);
    r->meta->digest += row->digest;
    r->meta->negatives += is_negative(row);
    rows_touch(r, row);
}

enum err_class rows_describe(struct rows *r, struct row *row, struct slice uom, struct slice description,
                             bool *changed, struct err *e)
{
    uint64_t uom_hash = hash64(uom);
    uint64_t description_hash = description.size == 0 ? row->description : hash64(description);
    *changed = description_hash != row->description;
    if (!*changed && uom_hash == row->uom) {
        return ERR_OK;
    }
    char mended_uom[WIRE_TEXT_MAX + 1];
    char mended[WIRE_TEXT_MAX + 1];
    db_bind_text(r->describe, 1, item_of(row));
    db_bind_text(r->describe, 2, location_of(row));
    db_bind_text(r->describe, 3, (struct slice){mended_uom, text_clean(uom, WIRE_TEXT_MAX, mended_uom)});
    if (*changed) {
        db_bind_text(r->describe, 4, (struct slice){mended, text_clean(description, WIRE_TEXT_MAX, mended)});
    } else {
        db_bind_null(r->describe, 4);
    }
    row->uom = uom_hash;
    row->description = description_hash;
    return db_run(r->describe, e);
}

enum err_class rows_each(struct rows *r, struct slice item,
                         enum err_class (*each)(void *ctx, const struct row *row,
                                                const struct rows_text *text, bool *go_on, struct err *e),
                         void *ctx, struct err *e)
{
    enum err_class class = rows_flush(r, e);
    struct db_stmt *s = item.size == 0 ? r->each : r->each_of_item;
    if (class == ERR_OK && item.size > 0) {
        db_bind_text(s, 1, item);
    }
    bool go_on = true;
    while (class == ERR_OK && go_on) {
        bool found = false;
        class = db_step(s, &found, e);
        if (class != ERR_OK || !found) {
            return class;
        }
        struct row row = {0};
        take_columns(s, &row);
        struct rows_text text = {.item = db_column_text(s, 9),
                                 .location = db_column_text(s, 10),
                                 .uom = db_column_text(s, 7),
                                 .description = db_column_text(s, 8)};
        name_row(&row, text.item, text.location);
        class = each(ctx, &row, &text, &go_on, e);
    }
    db_reset(s);
    return class;
}

static enum err_class add_up(void *ctx, const struct row *row, const struct rows_text *text, bool *go_on,
                             struct err *e)
{
    (void)text;
    (void)go_on;
    (void)e;
    struct rows_sum *sum = ctx;
    sum->digest += digest_of(row);
    sum->rows++;
    sum->negatives += is_negative(row);
    return ERR_OK;
}

enum err_class rows_recompute(struct rows *r, struct rows_sum *out, struct err *e)
{
    *out = (struct rows_sum){0};
    return rows_each(r, SLICE(""), add_up, out, e);
}
