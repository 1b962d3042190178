#include "edge/tlog/seen.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 1024 };

static struct seen *slot_of(const struct seen_set *set, uint64_t key)
{
    size_t i = (size_t)key & (set->capacity - 1);
    while (set->slots[i].key != 0 && set->slots[i].key != key) {
        i = (i + 1) & (set->capacity - 1);
    }
    return &set->slots[i];
}

static enum err_class grow(struct seen_set *set, struct err *e)
{
    struct seen_set bigger = {.capacity = set->capacity == 0 ? SLOTS_FIRST : set->capacity * 2,
                              .used = set->used};
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (bigger.slots == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for the keys of %zu transactions", set->used);
    }
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i].key != 0) {
            *slot_of(&bigger, set->slots[i].key) = set->slots[i];
        }
    }
    seen_free(set);
    *set = bigger;
    return ERR_OK;
}

enum err_class seen_put(struct seen_set *set, struct seen entry, const struct seen **found, struct err *e)
{
    if (set->used * 2 >= set->capacity) {
        enum err_class class = grow(set, e);
        if (class != ERR_OK) {
            return class;
        }
    }
    struct seen *slot = slot_of(set, entry.key);
    if (slot->key == 0) {
        *slot = entry;
        set->used++;
    }
    *found = slot;
    return ERR_OK;
}

void seen_free(struct seen_set *set)
{
    free(set->slots);
    *set = (struct seen_set){.slots = NULL};
}
