#include "edge/ingest/contexts.h"

#include "common/buf.h"

#include <stdlib.h>

struct entry {
    uint64_t file_id;
    bool changed;
    struct buf now, committed;
};

struct contexts {
    struct entry *entries; /* oldest first; the newest is looked at first */
    size_t count, capacity;
};

enum err_class contexts_open(struct contexts **out, struct err *e)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? ERR_OK : err_set(e, ERR_FATAL, "ingest: out of memory");
}

static void drop(struct contexts *c, size_t at)
{
    buf_free(&c->entries[at].now);
    buf_free(&c->entries[at].committed);
    c->count--;
    for (size_t i = at; i < c->count; i++) {
        c->entries[i] = c->entries[i + 1];
    }
}

void contexts_close(struct contexts *c)
{
    if (c != NULL) {
        while (c->count > 0) {
            drop(c, c->count - 1);
        }
        free(c->entries);
        free(c);
    }
}

static struct entry *find(const struct contexts *c, uint64_t file_id)
{
    for (size_t i = c->count; i > 0; i--) {
        if (c->entries[i - 1].file_id == file_id) {
            return &c->entries[i - 1];
        }
    }
    return NULL;
}

struct slice contexts_get(const struct contexts *c, uint64_t file_id)
{
    const struct entry *entry = find(c, file_id);
    return entry != NULL ? buf_slice(&entry->now) : (struct slice){0};
}

static struct entry *add(struct contexts *c, uint64_t file_id)
{
    if (c->count == CONTEXTS_MAX) {
        drop(c, 0); /* of a file long gone; at worst it is framed anew where it stands */
    }
    if (c->count == c->capacity) {
        size_t capacity = c->capacity == 0 ? 16 : 2 * c->capacity;
        struct entry *entries = realloc(c->entries, capacity * sizeof *entries);
        if (entries == NULL) {
            return NULL;
        }
        c->entries = entries;
        c->capacity = capacity;
    }
    struct entry *entry = &c->entries[c->count++];
    *entry = (struct entry){
        .file_id = file_id, .now = BUF_INIT(CONTEXT_BYTES_MAX), .committed = BUF_INIT(CONTEXT_BYTES_MAX)};
    return entry;
}

static enum err_class copy(struct buf *to, struct slice from)
{
    buf_clear(to);
    return buf_append_slice(to, from);
}

enum err_class contexts_put(struct contexts *c, uint64_t file_id, struct slice context, struct err *e)
{
    struct entry *entry = find(c, file_id);
    entry = entry != NULL ? entry : add(c, file_id);
    if (entry == NULL) {
        return err_set(e, ERR_FATAL, "ingest: out of memory");
    }
    if (slice_equal(buf_slice(&entry->now), context)) {
        return ERR_OK;
    }
    entry->changed = true;
    /* what is held now must fit in the other direction too: a commit or rollback cannot fail */
    if (buf_reserve(&entry->committed, context.size) != ERR_OK ||
        buf_reserve(&entry->now, entry->committed.size) != ERR_OK || copy(&entry->now, context) != ERR_OK) {
        return err_set(e, ERR_FATAL, "ingest: a decoder context of %zu bytes cannot be kept", context.size);
    }
    return ERR_OK;
}

static void settle(struct contexts *c, bool forward)
{
    for (size_t i = 0; i < c->count; i++) {
        struct entry *entry = &c->entries[i];
        if (entry->changed) {
            struct buf *to = forward ? &entry->committed : &entry->now;
            (void)copy(to, buf_slice(forward ? &entry->now : &entry->committed));
            entry->changed = false;
        }
    }
}

void contexts_commit(struct contexts *c)
{
    settle(c, true);
}

void contexts_rollback(struct contexts *c)
{
    settle(c, false);
}
