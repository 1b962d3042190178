/* Digests (PROTOCOL rule 5): this centre's own, computed from its own rows, against the store's. */
#include "cloud/collector/state.h"
#include "proto/digest.h"

enum err_class verify_failed(struct collector *c, struct site *site, const char *how, struct err *e)
{
    struct store_row *row = &site->row;
    if (row->repair_id != 0) {
        return ERR_OK; /* while one is open no comparison opens another */
    }
    bool news = !row->mismatch;
    row->mismatch = true;
    row->verified_seq = 0;
    site->dirty = true;
    enum err_class class = ERR_OK;
    if (news) {
        class = collector_alert(c, site, "mismatch", e, "%s, at seq %llu", how, (unsigned long long)row->seq);
    }
    return class == ERR_OK ? repair_open(c, site, row->seq + 1, REPAIR_MISMATCH, e) : class;
}

enum err_class verify_compare(struct collector *c, struct site *site, uint64_t digest, struct err *e)
{
    struct store_row *row = &site->row;
    if (digest != row->digest) {
        return verify_failed(c, site, "the digest of our rows differs from the store's", e);
    }
    row->verified_seq = row->seq;
    row->verified_ms = c->now.ms;
    site->dirty = true;
    if (row->repair_id != 0) {
        return ERR_OK; /* what it passed over may have moved nothing, yet held keys */
    }
    row->repair_failures = 0;
    if (!row->mismatch) {
        return ERR_OK;
    }
    row->mismatch = false;
    enum err_class class = collector_alert_over(c, site, "mismatch", e);
    return class == ERR_OK ? collector_alert_over(c, site, "repair-failed", e) : class;
}

struct sum {
    uint64_t digest, rows;
};

static bool add_row(void *ctx, const struct store_stock *row)
{
    struct sum *sum = ctx;
    const struct digest_row value = {.item = row->item,
                                     .location = row->location,
                                     .on_hand_e4 = row->on_hand_e4,
                                     .held_e4 = row->held_e4,
                                     .basis = (uint8_t)row->basis};
    sum->digest += digest_row_hash(&value);
    sum->rows++;
    return true;
}

enum err_class verify_recompute(struct collector *c, struct site *site, struct err *e)
{
    struct store_row *row = &site->row;
    struct sum sum = {0};
    enum err_class class = collector_flush_cells(c, e);
    if (class == ERR_OK) {
        class = STORE(c, stock_each, site_id(site), add_row, &sum, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    row->recomputed_ms = c->now.ms;
    site->dirty = true;
    if (sum.digest == row->digest && sum.rows == row->row_count) {
        return ERR_OK;
    }
    row->digest = sum.digest;
    row->row_count = sum.rows;
    return verify_failed(c, site, "our rows are not what the events made of them", e);
}
