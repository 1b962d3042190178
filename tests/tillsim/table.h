/* A hash table of fixed-size entries whose key is their first bytes: entries in one array, in order of
 * arrival. */
#ifndef TILLSIM_TABLE_H
#define TILLSIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_table {
    void *entries; /* count entries; moves when it grows */
    uint32_t *slots;
    size_t entry_bytes, key_bytes;
    size_t count, capacity, slot_count;
};

struct sim_table sim_table_of(size_t entry_bytes, size_t key_bytes);
void sim_table_free(struct sim_table *t);

/* The entry with this key; a new one is a copy of *entry, and *fresh (may be NULL) says so. Entries stay
 * where they are until the next put. At most 2^31 entries; out of memory ends the program. */
void *sim_table_put(struct sim_table *t, const void *entry, bool *fresh);

void *sim_table_find(const struct sim_table *t, const void *key); /* NULL when there is none */
size_t sim_table_index(const struct sim_table *t, const void *entry);

#endif
