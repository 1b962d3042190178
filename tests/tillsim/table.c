#include "tests/tillsim/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 1024 };

struct sim_table sim_table_of(size_t entry_bytes, size_t key_bytes)
{
    return (struct sim_table){.entry_bytes = entry_bytes, .key_bytes = key_bytes};
}

void sim_table_free(struct sim_table *t)
{
    free(t->entries);
    free(t->slots);
    *t = sim_table_of(t->entry_bytes, t->key_bytes);
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ (h >> 32);
}

static uint64_t hash(const char *key, size_t size)
{
    uint64_t h = size, word;
    for (; size >= sizeof word; key += sizeof word, size -= sizeof word) {
        memcpy(&word, key, sizeof word);
        h = mix(h ^ word) + 0x9E3779B97F4A7C15u;
    }
    word = 0;
    memcpy(&word, key, size);
    return mix(h ^ word);
}

static char *entry_at(const struct sim_table *t, size_t index)
{
    return (char *)t->entries + index * t->entry_bytes;
}

/* The slot that holds the key, or the free one where it belongs. Slots hold index + 1; 0 is free. */
static size_t slot_of(const struct sim_table *t, const void *key)
{
    size_t slot = (size_t)hash(key, t->key_bytes) & (t->slot_count - 1);
    while (t->slots[slot] && memcmp(entry_at(t, t->slots[slot] - 1), key, t->key_bytes) != 0) {
        slot = (slot + 1) & (t->slot_count - 1);
    }
    return slot;
}

static void grow(struct sim_table *t)
{
    t->slot_count = t->slot_count ? t->slot_count * 2 : SLOTS_FIRST;
    t->capacity = t->slot_count / 2;
    uint32_t *slots = calloc(t->slot_count, sizeof *slots);
    void *entries = realloc(t->entries, t->capacity * t->entry_bytes);
    if (!slots || !entries || t->capacity > UINT32_MAX / 2) {
        fprintf(stderr, "tillsim: no memory for %zu entries\n", t->capacity);
        abort();
    }
    free(t->slots);
    t->slots = slots;
    t->entries = entries;
    for (size_t i = 0; i < t->count; i++) {
        t->slots[slot_of(t, entry_at(t, i))] = (uint32_t)i + 1;
    }
}

void *sim_table_put(struct sim_table *t, const void *entry, bool *fresh)
{
    if (t->count == t->capacity) {
        grow(t);
    }
    size_t slot = slot_of(t, entry);
    bool is_new = t->slots[slot] == 0;
    if (fresh) {
        *fresh = is_new;
    }
    if (is_new) {
        memcpy(entry_at(t, t->count), entry, t->entry_bytes);
        t->slots[slot] = (uint32_t)++t->count;
    }
    return entry_at(t, t->slots[slot] - 1);
}

void *sim_table_find(const struct sim_table *t, const void *key)
{
    if (!t->count) {
        return NULL;
    }
    uint32_t held = t->slots[slot_of(t, key)];
    return held ? entry_at(t, held - 1) : NULL;
}

size_t sim_table_index(const struct sim_table *t, const void *entry)
{
    return (size_t)((const char *)entry - (const char *)t->entries) / t->entry_bytes;
}
