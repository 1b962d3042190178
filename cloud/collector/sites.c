/* The stores that the open transaction touches: each read once, each written once. */
#include "cloud/collector/state.h"
#include "common/hash.h"

#include <assert.h>
#include <string.h>

enum { SLOTS = 2 * SITES_MAX };

static enum err_class load(struct collector *c, const char *store, struct site *site, struct err *e)
{
    struct buf heartbeat = site->heartbeat;
    buf_clear(&heartbeat);
    *site = (struct site){.heartbeat = heartbeat};
    struct err unknown;
    enum err_class class = STORE(c, store_get, store, &site->row, &unknown);
    if (class == ERR_INVALID) {
        (void)slice_copy(slice_of(store), site->row.store, sizeof site->row.store);
        return ERR_OK;
    }
    if (class != ERR_OK) {
        return err_set(e, class, "%s", unknown.message);
    }
    site->enrolled = true;
    return sites_set_heartbeat(site, site->row.heartbeat, e);
}

enum err_class sites_set_heartbeat(struct site *site, struct slice payload, struct err *e)
{
    buf_clear(&site->heartbeat);
    if (buf_append_slice(&site->heartbeat, payload) != ERR_OK) {
        return err_set(e, ERR_FATAL, "no memory for a heartbeat of %zu bytes", payload.size);
    }
    site->row.heartbeat = buf_slice(&site->heartbeat);
    return ERR_OK;
}

enum err_class sites_get(struct collector *c, const char *store, struct site **out, struct err *e)
{
    size_t at = hash64(slice_of(store)) % SLOTS;
    for (; c->site_slots[at] != 0; at = (at + 1) % SLOTS) {
        struct site *site = &c->sites[c->site_slots[at] - 1];
        if (strcmp(site->row.store, store) == 0) {
            *out = site;
            return ERR_OK;
        }
    }
    assert(c->site_count < SITES_MAX);
    struct site *site = &c->sites[c->site_count];
    enum err_class class = load(c, store, site, e);
    if (class == ERR_OK) {
        c->site_slots[at] = (uint16_t)++c->site_count;
        *out = site;
    }
    return class;
}

enum err_class sites_flush(struct collector *c, struct err *e)
{
    for (size_t i = 0; i < c->site_count; i++) {
        struct site *site = &c->sites[i];
        if (site->enrolled && site->dirty) {
            enum err_class class = STORE(c, store_put, &site->row, e);
            if (class != ERR_OK) {
                return class;
            }
        }
    }
    return ERR_OK;
}

void sites_tell(struct collector *c)
{
    for (size_t i = 0; c->watch.store != NULL && i < c->site_count; i++) {
        if (c->sites[i].enrolled && c->sites[i].dirty) {
            c->watch.store(c->watch.ctx, &c->sites[i].row, &c->now);
        }
    }
}

void sites_forget(struct collector *c)
{
    if (c->site_count > 0) {
        memset(c->site_slots, 0, sizeof c->site_slots);
    }
    c->site_count = 0;
}
