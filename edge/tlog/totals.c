#include "edge/tlog/totals.h"

#include "common/hash.h"
#include "proto/qty.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_FIRST = 256 };

static int compare(const void *left, const void *right)
{
    const struct total *a = left;
    const struct total *b = right;
    int order = slice_compare(a->store, b->store);
    order = order != 0 ? order : slice_compare(a->item, b->item);
    order = order != 0 ? order : slice_compare(a->location, b->location);
    return order != 0 ? order : slice_compare(a->uom, b->uom);
}

static uint64_t hash_of(const struct total *key)
{
    uint64_t hash = hash64_seeded(key->store, key->store.size);
    hash = hash64_seeded(key->item, hash);
    hash = hash64_seeded(key->location, hash);
    return hash64_seeded(key->uom, hash);
}

static uint32_t *slot_of(const struct totals *t, const struct total *key)
{
    size_t i = (size_t)hash_of(key) & (t->index_size - 1);
    while (t->index[i] != 0 && compare(&t->rows[t->index[i] - 1], key) != 0) {
        i = (i + 1) & (t->index_size - 1);
    }
    return &t->index[i];
}

static enum err_class grow(struct totals *t, struct err *e)
{
    size_t capacity = t->capacity == 0 ? ROWS_FIRST : t->capacity * 2;
    struct total *rows = realloc(t->rows, capacity * sizeof *rows);
    t->rows = rows != NULL ? rows : t->rows;
    uint32_t *index = calloc(capacity * 2, sizeof *index);
    if (rows == NULL || index == NULL) {
        free(index);
        return err_set(e, ERR_FATAL, "out of memory for the totals of %zu items", t->count);
    }
    free(t->index);
    t->capacity = capacity;
    t->index = index;
    t->index_size = capacity * 2;
    for (size_t i = 0; i < t->count; i++) {
        *slot_of(t, &t->rows[i]) = (uint32_t)i + 1;
    }
    return ERR_OK;
}

static struct slice copy(char **at, struct slice s)
{
    struct slice kept = {*at, s.size};
    if (s.size > 0) {
        memcpy(*at, s.data, s.size);
    }
    (*at)[s.size] = '\0';
    *at += s.size + 1;
    return kept;
}

static enum err_class add_row(struct totals *t, const struct total *key, struct err *e)
{
    char *text = malloc(key->store.size + key->item.size + key->location.size + key->uom.size + 4);
    if (text == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for the totals of %zu items", t->count);
    }
    char *at = text;
    struct total *row = &t->rows[t->count++];
    row->text = text;
    row->store = copy(&at, key->store);
    row->item = copy(&at, key->item);
    row->location = copy(&at, key->location);
    row->uom = copy(&at, key->uom);
    row->quantity_e4 = 0;
    return ERR_OK;
}

enum err_class totals_add(struct totals *t, const struct total *key, struct err *e)
{
    enum err_class class = t->count == t->capacity ? grow(t, e) : ERR_OK;
    if (class != ERR_OK) {
        return class;
    }
    uint32_t *slot = slot_of(t, key);
    if (*slot == 0) {
        class = add_row(t, key, e);
        if (class != ERR_OK) {
            return class;
        }
        *slot = (uint32_t)t->count;
    }
    struct total *row = &t->rows[*slot - 1];
    if (!qty_add(row->quantity_e4, key->quantity_e4, &row->quantity_e4)) {
        return err_set(e, ERR_FULL, "the total of item %s is beyond what a quantity holds", row->item.data);
    }
    return ERR_OK;
}

void totals_sort(struct totals *t)
{
    if (t->count > 0) {
        qsort(t->rows, t->count, sizeof *t->rows, compare);
    }
}

void totals_free(struct totals *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->rows[i].text);
    }
    free(t->rows);
    free(t->index);
    *t = (struct totals){.rows = NULL};
}
