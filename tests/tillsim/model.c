#include "tests/tillsim/model.h"

#include "tests/tillsim/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The business key; fixed width, every byte set, so that it can be hashed and compared as bytes. */
struct model_key {
    char workstation[SIM_WORKSTATION_BYTES + 3];
    uint32_t store, sequence;
    int32_t day;
};

struct sim_model {
    struct sim_table rows;    /* struct sim_row; its key is all but the quantity */
    struct sim_table keys;    /* struct model_key */
    struct sim_table tallies; /* struct sim_tally; its key is the store */
    struct sim_row *sorted;
    void (*movement)(void *arg, const struct sim_movement *v);
    void *arg;
};

struct sim_model *sim_model_open(void)
{
    struct sim_model *m = calloc(1, sizeof *m);
    if (!m) {
        fputs("tillsim: no memory for a model\n", stderr);
        abort();
    }
    m->rows = sim_table_of(sizeof(struct sim_row), offsetof(struct sim_row, quantity_e4));
    m->keys = sim_table_of(sizeof(struct model_key), sizeof(struct model_key));
    m->tallies = sim_table_of(sizeof(struct sim_tally), SIM_STORE_BYTES);
    return m;
}

void sim_model_close(struct sim_model *m)
{
    if (!m) {
        return;
    }
    sim_table_free(&m->rows);
    sim_table_free(&m->keys);
    sim_table_free(&m->tallies);
    free(m->sorted);
    free(m);
}

void sim_model_listen(struct sim_model *m, void (*movement)(void *arg, const struct sim_movement *v),
                      void *arg)
{
    m->movement = movement;
    m->arg = arg;
}

/* Fixed-width text with zeros behind it. */
static void fill(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);
    memset(out, 0, size);
    memcpy(out, text, length < size ? length : size - 1);
}

static struct sim_row row_key(const char *store, const char *item, const char *location, const char *uom)
{
    struct sim_row row;
    memset(&row, 0, sizeof row);
    fill(row.store, sizeof row.store, store);
    fill(row.item, sizeof row.item, item);
    fill(row.location, sizeof row.location, location);
    fill(row.uom, sizeof row.uom, uom);
    return row;
}

/* True when nobody claimed the key before. */
static bool claim(struct sim_model *m, const struct sim_txn *t, size_t store)
{
    struct model_key key;
    memset(&key, 0, sizeof key);
    fill(key.workstation, sizeof key.workstation, t->workstation);
    key.store = (uint32_t)store;
    key.sequence = t->sequence;
    key.day = t->day;
    bool fresh = false;
    sim_table_put(&m->keys, &key, &fresh);
    return fresh;
}

static const char *return_location(enum sim_disposal d)
{
    switch (d) {
    case SIM_DISPOSAL_NONE:
    case SIM_DISPOSAL_RETURN_TO_STOCK:
        return "floor";
    case SIM_DISPOSAL_WRITE_OFF:
    case SIM_DISPOSAL_WASTE:
        return "damaged";
    case SIM_DISPOSAL_REPAIR:
    case SIM_DISPOSAL_RETURN_TO_SUPPLIER:
    case SIM_DISPOSAL_UNDECIDED:
        return "returns";
    }
    return "";
}

/* What the line does to stock; false when nothing. */
static bool movement_of(const struct sim_line *line, struct sim_movement *v)
{
    if (!line->item || line->type != SIM_TYPE_STOCK || line->voided) {
        return false;
    }
    v->line = line->number;
    v->item = line->item->id;
    v->uom = line->item->uom;
    v->location = "floor";
    v->quantity_e4 = line->quantity_e4;
    switch (line->kind) {
    case SIM_LINE_SALE:
        v->kind = "sale";
        v->quantity_e4 = -line->quantity_e4;
        return true;
    case SIM_LINE_RETURN:
        v->kind = "return";
        v->location = return_location(line->disposal);
        return true;
    case SIM_LINE_VOID:
        v->kind = "void";
        return true;
    case SIM_LINE_RECEIPT:
        v->kind = "receipt";
        return true;
    case SIM_LINE_TENDER:
    case SIM_LINE_TAX:
    case SIM_LINE_MEMBERSHIP:
    case SIM_LINE_REWARD:
        return false;
    }
    return false;
}

static uint64_t count_movements(struct sim_model *m, const struct sim_txn *t)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < t->line_count; i++) {
        struct sim_movement v = {.txn = t};
        if (!movement_of(&t->lines[i], &v)) {
            continue;
        }
        struct sim_row key = row_key(t->store, v.item, v.location, v.uom);
        struct sim_row *row = sim_table_put(&m->rows, &key, NULL);
        row->quantity_e4 += v.quantity_e4;
        count++;
        if (m->movement) {
            m->movement(m->arg, &v);
        }
    }
    return count;
}

static enum sim_verdict judge(struct sim_model *m, const struct sim_txn *t, size_t store)
{
    if (t->damage != SIM_DAMAGE_NONE) {
        return SIM_QUARANTINED;
    }
    if (t->status == SIM_STATUS_IN_PROCESS || t->status == SIM_STATUS_SUSPENDED) {
        return SIM_IGNORED;
    }
    if (!claim(m, t, store)) {
        return SIM_DUPLICATE;
    }
    if (t->kind == SIM_TXN_CONTROL || t->status != SIM_STATUS_FINISHED) {
        return SIM_IGNORED;
    }
    return SIM_COUNTED;
}

enum sim_verdict sim_model_apply(struct sim_model *m, const struct sim_txn *t)
{
    struct sim_tally key;
    memset(&key, 0, sizeof key);
    fill(key.store, sizeof key.store, t->store);
    struct sim_tally *tally = sim_table_put(&m->tallies, &key, NULL);
    enum sim_verdict verdict = judge(m, t, sim_table_index(&m->tallies, tally));
    tally->verdicts[verdict]++;
    if (verdict == SIM_COUNTED) {
        tally->movements += count_movements(m, t);
    }
    return verdict;
}

int64_t sim_model_stock(const struct sim_model *m, const char *store, const char *item, const char *location,
                        const char *uom)
{
    struct sim_row key = row_key(store, item, location, uom);
    const struct sim_row *row = sim_table_find(&m->rows, &key);
    return row ? row->quantity_e4 : 0;
}

/* The key's fields stand in sorting order, zero-filled: comparing their bytes compares the fields. */
static int row_compare(const void *a, const void *b)
{
    return memcmp(a, b, offsetof(struct sim_row, quantity_e4));
}

const struct sim_row *sim_model_rows(struct sim_model *m, size_t *count)
{
    *count = m->rows.count;
    free(m->sorted);
    m->sorted = calloc(m->rows.count + 1, sizeof *m->sorted);
    if (!m->sorted) {
        fprintf(stderr, "tillsim: no memory for %zu rows\n", m->rows.count);
        abort();
    }
    if (*count) {
        memcpy(m->sorted, m->rows.entries, *count * sizeof *m->sorted);
        qsort(m->sorted, *count, sizeof *m->sorted, row_compare);
    }
    return m->sorted;
}

const struct sim_tally *sim_model_tallies(const struct sim_model *m, size_t *count)
{
    *count = m->tallies.count;
    return m->tallies.entries;
}
