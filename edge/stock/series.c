#include "edge/stock/series.h"

#include "common/hash.h"
#include "proto/topic.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2 * SERIES_WORKSTATIONS_MAX };

struct run {
    int64_t no; /* 0: none yet */
    int32_t first_day, last_day;
    uint64_t first, last;
};

struct workstation {
    int64_t id;
    struct run newest;
    bool dirty; /* newest differs from the table */
    uint8_t name_size;
    char name[WORKSTATION_MAX];
};

struct series {
    struct db *db;
    struct db_stmt *names, *name_put, *newest, *older, *put, *gap_put, *gap_find, *gap_drop, *gaps,
        *gaps_trim, *trim;
    size_t count, recent; /* recent: the workstation asked for last */
    struct workstation workstations[SERIES_WORKSTATIONS_MAX];
    uint16_t slots[SLOTS]; /* by hash of the name; index + 1, 0: free */
};

static enum err_class prepare(struct series *s, struct err *e)
{
    const struct {
        struct db_stmt **out;
        const char *sql;
    } statements[] = {
        {&s->names, "SELECT id, name FROM workstation ORDER BY id"},
        {&s->name_put, "INSERT INTO workstation (name) VALUES (?1)"},
        {&s->newest, "SELECT no, first_day, last_day, first, last FROM series WHERE workstation = ?1"
                     " ORDER BY no DESC LIMIT 1"},
        {&s->older,
         "SELECT no, first_day, last_day, first, last FROM series WHERE workstation = ?1 AND no < ?2"
         " ORDER BY no DESC"},
        {&s->put, "INSERT INTO series VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET"
                  " first_day = ?3, last_day = ?4, first = ?5, last = ?6"},
        {&s->gap_put, "INSERT INTO gap VALUES (?1, ?2, ?3, ?4, ?5)"},
        {&s->gap_find, "SELECT first, last, day FROM gap WHERE workstation = ?1 AND no = ?2 AND first <= ?3"
                       " ORDER BY first DESC LIMIT 1"},
        {&s->gap_drop, "DELETE FROM gap WHERE workstation = ?1 AND no = ?2 AND first = ?3"},
        {&s->gaps, "SELECT name, gap.day, first, last FROM gap JOIN workstation ON id = workstation"
                   " ORDER BY gap.day, name, first"},
        {&s->gaps_trim, "DELETE FROM gap WHERE day < ?1"},
        {&s->trim, "DELETE FROM series WHERE last_day < ?1 AND no < (SELECT max(no) FROM series AS newer"
                   " WHERE newer.workstation = series.workstation)"},
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        enum err_class class = db_prepare(s->db, statements[i].out, statements[i].sql, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

enum err_class series_open(struct series **out, struct db *db, struct err *e)
{
    *out = NULL;
    struct series *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for sequence numbers");
    }
    s->db = db;
    enum err_class class = prepare(s, e);
    if (class == ERR_OK) {
        class = series_reload(s, e);
    }
    if (class != ERR_OK) {
        series_close(s);
        return class;
    }
    *out = s;
    return ERR_OK;
}

void series_close(struct series *s)
{
    free(s); /* the statements are the database's */
}

static struct slice name_of(const struct workstation *w)
{
    return (struct slice){w->name, w->name_size};
}

static struct workstation *by_id(struct series *s, int64_t id)
{
    /* ids are given as 1, 2, 3 …, in the order in which they stand here */
    assert(id >= 1 && (size_t)id <= s->count && s->workstations[id - 1].id == id);
    return &s->workstations[id - 1];
}

static size_t slot_of(const struct series *s, struct slice name)
{
    size_t slot = hash64(name) % SLOTS;
    while (s->slots[slot] != 0 && !slice_equal(name_of(&s->workstations[s->slots[slot] - 1]), name)) {
        slot = (slot + 1) % SLOTS;
    }
    return slot;
}

static void add_name(struct series *s, struct slice name)
{
    size_t slot = slot_of(s, name);
    struct workstation *w = &s->workstations[s->count];
    *w = (struct workstation){.id = (int64_t)s->count + 1, .name_size = (uint8_t)name.size};
    memcpy(w->name, name.data, name.size);
    s->slots[slot] = (uint16_t)++s->count;
}

static struct run take_run(struct db_stmt *stmt)
{
    return (struct run){.no = db_column_int(stmt, 0),
                        .first_day = (int32_t)db_column_int(stmt, 1),
                        .last_day = (int32_t)db_column_int(stmt, 2),
                        .first = (uint64_t)db_column_int(stmt, 3),
                        .last = (uint64_t)db_column_int(stmt, 4)};
}

static enum err_class load_names(struct series *s, struct err *e)
{
    bool found = true;
    while (found) {
        enum err_class class = db_step(s->names, &found, e);
        if (class != ERR_OK) {
            return class;
        }
        struct slice name = found ? db_column_text(s->names, 1) : SLICE("");
        bool sound = name.size <= WORKSTATION_MAX && s->count < SERIES_WORKSTATIONS_MAX &&
                     (!found || db_column_int(s->names, 0) == (int64_t)s->count + 1);
        if (!sound) {
            db_reset(s->names);
            return err_set(e, ERR_FATAL,
                           "the table of workstations does not hold together: the database is damaged");
        }
        if (found) {
            add_name(s, name);
        }
    }
    return ERR_OK;
}

enum err_class series_reload(struct series *s, struct err *e)
{
    s->count = s->recent = 0;
    memset(s->slots, 0, sizeof s->slots);
    enum err_class class = load_names(s, e);
    for (size_t i = 0; class == ERR_OK && i < s->count; i++) {
        db_bind_int(s->newest, 1, s->workstations[i].id);
        bool found = false;
        class = db_step(s->newest, &found, e);
        if (found) {
            s->workstations[i].newest = take_run(s->newest);
            db_reset(s->newest);
        }
    }
    return class;
}

enum err_class series_workstation(struct series *s, struct slice name, int64_t *id, struct err *e)
{
    assert(name.size > 0 && name.size <= WORKSTATION_MAX);
    if (s->recent < s->count && slice_equal(name_of(&s->workstations[s->recent]), name)) {
        *id = s->workstations[s->recent].id;
        return ERR_OK;
    }
    size_t slot = slot_of(s, name);
    if (s->slots[slot] == 0) {
        if (s->count == SERIES_WORKSTATIONS_MAX) {
            return err_set(e, ERR_INVALID, "more than %d workstations in this log: is it one store's?",
                           SERIES_WORKSTATIONS_MAX);
        }
        db_bind_text(s->name_put, 1, name);
        enum err_class class = db_run(s->name_put, e);
        if (class != ERR_OK) {
            return class;
        }
        add_name(s, name);
    }
    s->recent = s->slots[slot] - 1U;
    *id = s->workstations[s->recent].id;
    return ERR_OK;
}

static enum err_class put_run(struct series *s, int64_t workstation, const struct run *run, struct err *e)
{
    db_bind_int(s->put, 1, workstation);
    db_bind_int(s->put, 2, run->no);
    db_bind_int(s->put, 3, run->first_day);
    db_bind_int(s->put, 4, run->last_day);
    db_bind_int(s->put, 5, (int64_t)run->first);
    db_bind_int(s->put, 6, (int64_t)run->last);
    return db_run(s->put, e);
}

enum err_class series_flush(struct series *s, struct err *e)
{
    for (size_t i = 0; i < s->count; i++) {
        struct workstation *w = &s->workstations[i];
        enum err_class class = w->dirty ? put_run(s, w->id, &w->newest, e) : ERR_OK;
        if (class != ERR_OK) {
            return class;
        }
        w->dirty = false;
    }
    return ERR_OK;
}

static enum err_class put_gap(struct series *s, int64_t workstation, int64_t no, struct ledger_gap gap,
                              struct err *e)
{
    if (gap.first > gap.last) {
        return ERR_OK;
    }
    db_bind_int(s->gap_put, 1, workstation);
    db_bind_int(s->gap_put, 2, no);
    db_bind_int(s->gap_put, 3, (int64_t)gap.first);
    db_bind_int(s->gap_put, 4, (int64_t)gap.last);
    db_bind_int(s->gap_put, 5, gap.business_day);
    return db_run(s->gap_put, e);
}

/* A number between first and last: if it was missing, it no longer is. */
static enum err_class fill(struct series *s, int64_t workstation, int64_t no, uint64_t number, struct err *e)
{
    db_bind_int(s->gap_find, 1, workstation);
    db_bind_int(s->gap_find, 2, no);
    db_bind_int(s->gap_find, 3, (int64_t)number);
    bool found = false;
    enum err_class class = db_step(s->gap_find, &found, e);
    if (class != ERR_OK || !found) {
        return class;
    }
    struct ledger_gap gap = {.first = (uint64_t)db_column_int(s->gap_find, 0),
                             .last = (uint64_t)db_column_int(s->gap_find, 1),
                             .business_day = (int32_t)db_column_int(s->gap_find, 2)};
    db_reset(s->gap_find);
    if (number > gap.last) {
        return ERR_OK;
    }
    db_bind_int(s->gap_drop, 1, workstation);
    db_bind_int(s->gap_drop, 2, no);
    db_bind_int(s->gap_drop, 3, (int64_t)gap.first);
    class = db_run(s->gap_drop, e);
    struct ledger_gap below = gap;
    below.last = number - 1;
    struct ledger_gap above = gap;
    above.first = number + 1;
    if (class == ERR_OK && number > gap.first) {
        class = put_gap(s, workstation, no, below, e);
    }
    return class == ERR_OK ? put_gap(s, workstation, no, above, e) : class;
}

/* Takes the number into a series, at either end or within. *changed: its bounds are others now. */
static enum err_class take_in(struct series *s, int64_t workstation, struct run *run, int32_t day,
                              uint64_t number, bool *changed, struct err *e)
{
    struct run before = *run;
    enum err_class class = ERR_OK;
    if (number > run->last) {
        class = put_gap(
            s, workstation, run->no,
            (struct ledger_gap){.first = run->last + 1, .last = number - 1, .business_day = run->last_day},
            e);
        run->last = number;
    } else if (number < run->first) {
        class =
            put_gap(s, workstation, run->no,
                    (struct ledger_gap){.first = number + 1, .last = run->first - 1, .business_day = day}, e);
        run->first = number;
    } else {
        class = fill(s, workstation, run->no, number, e);
    }
    run->first_day = day < run->first_day ? day : run->first_day;
    run->last_day = day > run->last_day ? day : run->last_day;
    *changed = before.first != run->first || before.last != run->last || before.first_day != run->first_day ||
               before.last_day != run->last_day;
    return class;
}

/* Whether a number of this day can be of this series. */
static bool belongs(const struct run *run, int32_t day, uint64_t number)
{
    bool restarted = day > run->last_day && number < run->last;
    bool too_low = number < run->first && run->first - number > SERIES_LATE_MAX;
    return day >= run->first_day && !restarted && !too_low;
}

/* An older series that the late number belongs to. *run is left alone when there is none. */
static enum err_class find_older(struct series *s, const struct workstation *w, int32_t day, uint64_t number,
                                 struct run *run, bool *found, struct err *e)
{
    *found = false;
    db_bind_int(s->older, 1, w->id);
    db_bind_int(s->older, 2, w->newest.no);
    enum err_class class = ERR_OK;
    while (class == ERR_OK && !*found) {
        bool row = false;
        class = db_step(s->older, &row, e);
        if (class != ERR_OK || !row) {
            return class;
        }
        struct run older = take_run(s->older);
        *found = belongs(&older, day, number) && day <= older.last_day;
        if (*found) {
            *run = older;
        }
    }
    db_reset(s->older);
    return class;
}

static enum err_class start_anew(struct series *s, struct workstation *w, int32_t day, uint64_t number,
                                 struct err *e)
{
    enum err_class class = w->dirty ? put_run(s, w->id, &w->newest, e) : ERR_OK;
    w->newest = (struct run){
        .no = w->newest.no + 1, .first_day = day, .last_day = day, .first = number, .last = number};
    w->dirty = true;
    return class;
}

/* A number that does not simply follow the one before. */
static enum err_class use_out_of_turn(struct series *s, struct workstation *w, int32_t day, uint64_t number,
                                      struct err *e)
{
    struct run *newest = &w->newest;
    bool own = belongs(newest, day, number);
    bool leap =
        number > newest->last && day == newest->first_day; /* may be a late one of the series before */
    /* an older log read after a newer one: the same series, further back */
    bool before = day < newest->first_day && number < newest->first;
    struct run older;
    bool found = false;
    bool changed = false;
    enum err_class class = own && !leap ? ERR_OK : find_older(s, w, day, number, &older, &found, e);
    if (class == ERR_OK && found) {
        class = take_in(s, w->id, &older, day, number, &changed, e);
        return class == ERR_OK && changed ? put_run(s, w->id, &older, e) : class;
    }
    if (class == ERR_OK && (own || before)) {
        class = take_in(s, w->id, newest, day, number, &changed, e);
        w->dirty = w->dirty || changed;
        return class;
    }
    return class == ERR_OK ? start_anew(s, w, day, number, e) : class;
}

enum err_class series_use(struct series *s, int64_t workstation, int32_t day, uint64_t number, struct err *e)
{
    struct workstation *w = by_id(s, workstation);
    struct run *run = &w->newest;
    if (run->no == 0) {
        return start_anew(s, w, day, number, e);
    }
    if (number == run->last + 1 && day >= run->last_day) {
        run->last = number;
        run->last_day = day;
        w->dirty = true;
        return ERR_OK;
    }
    if (number == run->last && day == run->last_day) {
        return ERR_OK;
    }
    return use_out_of_turn(s, w, day, number, e);
}

enum err_class series_each_gap(struct series *s, bool (*each)(void *ctx, const struct ledger_gap *gap),
                               void *ctx, uint64_t *total, struct err *e)
{
    *total = 0;
    bool go_on = true;
    bool found = true;
    enum err_class class = ERR_OK;
    while (class == ERR_OK && found) {
        class = db_step(s->gaps, &found, e);
        if (class == ERR_OK && found) {
            struct ledger_gap gap = {.workstation = db_column_text(s->gaps, 0),
                                     .business_day = (int32_t)db_column_int(s->gaps, 1),
                                     .first = (uint64_t)db_column_int(s->gaps, 2),
                                     .last = (uint64_t)db_column_int(s->gaps, 3)};
            *total += gap.last - gap.first + 1;
            go_on = go_on && each(ctx, &gap);
        }
    }
    return class;
}

enum err_class series_trim(struct series *s, int64_t day, struct err *e)
{
    db_bind_int(s->gaps_trim, 1, day);
    enum err_class class = db_run(s->gaps_trim, e);
    if (class == ERR_OK) {
        db_bind_int(s->trim, 1, day);
        class = db_run(s->trim, e);
    }
    return class;
}
