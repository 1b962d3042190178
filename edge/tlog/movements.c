/* From goods lines to stock changes: void convention, item types, returns, receipts (TLOG POSLog "Lines"). */
#include "edge/tlog/raw.h"
#include "proto/qty.h"

enum { ITEM_BYTES_MAX = 64 };

static enum err_class bad(struct err *e, const struct raw_goods *goods, const char *what)
{
    return err_set(e, ERR_INVALID, "LineItem %u: %s", goods->ordinal, what);
}

/* A line that is there but moves nothing, whatever else it says. */
static bool moves_nothing(const struct raw_goods *goods, const struct tlog_profile *profile)
{
    bool stock = goods->item_type.size == 0 || slice_equal_nocase(goods->item_type, "Stock");
    bool linked = profile->linked_entry != NULL &&
                  slice_equal_nocase(raw_local_part(goods->line.entry), profile->linked_entry);
    bool skipped_void = goods->line.voided && profile->void_lines == VOID_SKIP_LINE;
    return !stock || linked || goods->line.cancelled || skipped_void;
}

static enum err_class read_location(const struct raw_goods *goods, struct slice *out, struct err *e)
{
    static const struct {
        const char *method;
        const char *location;
    } DISPOSALS[] = {
        {"ReturnToStock", "floor"}, {"WriteOff", "damaged"},         {"Waste", "damaged"},
        {"Repair", "returns"},      {"ReturnToSupplier", "returns"}, {"Undecided", "returns"},
    };
    *out = SLICE("floor");
    if (goods->goods != GOODS_RETURN || goods->disposal.size == 0) {
        return ERR_OK;
    }
    for (size_t i = 0; i < sizeof DISPOSALS / sizeof DISPOSALS[0]; i++) {
        if (slice_equal_nocase(goods->disposal, DISPOSALS[i].method)) {
            *out = slice_of(DISPOSALS[i].location);
            return ERR_OK;
        }
    }
    return bad(e, goods, "unknown Disposal Method");
}

static enum err_class read_item(const struct raw_goods *goods, struct txn_line *line, struct err *e)
{
    line->alias = goods->alias;
    line->item = goods->item.size > 0 ? goods->item : goods->alias;
    if (line->item.size == 0) {
        return bad(e, goods, "neither ItemID nor POSIdentity/POSItemID");
    }
    if (line->item.size > ITEM_BYTES_MAX || line->alias.size > ITEM_BYTES_MAX) {
        return bad(e, goods, "ItemID or POSItemID is longer than 64 bytes");
    }
    return ERR_OK;
}

static enum err_class read_quantity(const struct raw_goods *goods, const struct tlog_profile *profile,
                                    int64_t *out, struct err *e)
{
    struct err why;
    if (goods->quantities > 1) {
        return bad(e, goods, "several quantities, and the profile does not say which one counts");
    }
    if (goods->quantity.size == 0) {
        return bad(e, goods, "no quantity");
    }
    if (qty_parse(goods->quantity, out, &why) != ERR_OK) {
        return bad(e, goods, why.message);
    }
    if (*out > profile->quantity_max_e4 || *out < -profile->quantity_max_e4) {
        return bad(e, goods, "quantity beyond the profile's sanity limit");
    }
    return ERR_OK;
}

static struct slice read_uom(const struct raw_goods *goods, const struct tlog_profile *profile)
{
    if (goods->quantity_uom.size > 0) {
        return goods->quantity_uom;
    }
    if (goods->uom.size > 0) {
        return goods->uom;
    }
    return goods->line.weighed && profile->weight_uom != NULL ? slice_of(profile->weight_uom) : SLICE("EA");
}

static enum err_class set_void(const struct raw_goods *goods, const struct tlog_profile *profile,
                               int64_t quantity_e4, struct txn_line *line, struct err *e)
{
    if (profile->void_lines != VOID_SIGNED_LINE) {
        return bad(e, goods, "a voided line, and vendors write them in opposite ways: name a profile");
    }
    if (quantity_e4 > 0) {
        return bad(e, goods, "a voided line with a positive quantity: not this profile's way to void");
    }
    line->kind = TILLWIRE__V1__MOVEMENT_KIND__VOID;
    line->quantity_e4 = goods->goods == GOODS_RETURN ? quantity_e4 : -quantity_e4;
    return ERR_OK;
}

static enum err_class set_change(const struct raw_goods *goods, const struct tlog_profile *profile,
                                 int64_t quantity_e4, struct txn_line *line, struct err *e)
{
    if (goods->line.voided) {
        return set_void(goods, profile, quantity_e4, line, e);
    }
    switch (goods->goods) {
    case GOODS_SALE:
    case GOODS_DELIVERY:
    case GOODS_PICKUP:
        /* some vendors write a return as a sale of a negative quantity */
        line->kind =
            quantity_e4 < 0 ? TILLWIRE__V1__MOVEMENT_KIND__RETURN : TILLWIRE__V1__MOVEMENT_KIND__SALE;
        line->quantity_e4 = -quantity_e4;
        return ERR_OK;
    case GOODS_RETURN:
        line->kind = TILLWIRE__V1__MOVEMENT_KIND__RETURN;
        line->quantity_e4 = quantity_e4;
        return quantity_e4 < 0 ? bad(e, goods, "a Return with a negative quantity") : ERR_OK;
    case GOODS_RECEIPT:
        line->kind = TILLWIRE__V1__MOVEMENT_KIND__RECEIPT;
        line->quantity_e4 = quantity_e4;
        return quantity_e4 < 0 ? bad(e, goods, "a negative QuantityReceived") : ERR_OK;
    case GOODS_UNSUPPORTED:
    case GOODS_NONE:
        break;
    }
    return bad(e, goods, "layaways and customer orders are not supported yet");
}

static enum err_class read_line(const struct raw_goods *goods, const struct tlog_profile *profile,
                                struct txn_line *line, struct err *e)
{
    int64_t quantity_e4 = 0;
    uint64_t number = 0;
    *line = (struct txn_line){.description = goods->description, .document = goods->document};
    enum err_class class = read_item(goods, line, e);
    if (class == ERR_OK) {
        class = read_quantity(goods, profile, &quantity_e4, e);
    }
    if (class == ERR_OK) {
        class = read_location(goods, &line->location, e);
    }
    if (class == ERR_OK) {
        class = set_change(goods, profile, quantity_e4, line, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    line->uom = read_uom(goods, profile);
    if (slice_to_u64(goods->line.number, &number) && number <= UINT32_MAX) {
        line->line = (uint32_t)number;
    }
    if (line->document.size > 0) {
        line->document_line = goods->line.number;
        if (line->document_line.size == 0) {
            return bad(e, goods, "a receipt with a DocumentID needs a SequenceNumber on each line");
        }
    }
    return ERR_OK;
}

static bool is_web_order(enum goods goods)
{
    return goods == GOODS_DELIVERY || goods == GOODS_PICKUP;
}

static bool same_goods(const struct raw_goods *a, const struct raw_goods *b)
{
    return slice_equal(a->item.size > 0 ? a->item : a->alias, b->item.size > 0 ? b->item : b->alias) &&
           slice_equal(a->quantity, b->quantity) && a->line.voided == b->line.voided &&
           a->line.cancelled == b->line.cancelled;
}

/* A web order may carry a Sale and a SaleForDelivery (or SaleForPickup) of the same goods, in one line or in
 * two: the goods leave once. True when goods[index] is the n-th of such lines and there is an n-th Sale that
 * says the same. */
static bool sold_beside(const struct raw_txn *raw, size_t index)
{
    size_t sales = 0;
    size_t earlier = 0;
    for (size_t i = 0; i < raw->goods_count; i++) {
        const struct raw_goods *other = &raw->goods[i];
        if (same_goods(other, &raw->goods[index])) {
            sales += other->goods == GOODS_SALE ? 1 : 0;
            earlier += i < index && is_web_order(other->goods) ? 1 : 0;
        }
    }
    return earlier < sales;
}

/* Several kinds of goods in one LineItem say nothing certain, save the web order's pair. */
static enum err_class check_pair(const struct raw_goods *a, const struct raw_goods *b, struct err *e)
{
    bool pair = (a->goods == GOODS_SALE && is_web_order(b->goods)) ||
                (b->goods == GOODS_SALE && is_web_order(a->goods));
    if (a->ordinal != b->ordinal || (pair && same_goods(a, b))) {
        return ERR_OK;
    }
    return bad(e, a, "several of Sale, Return and the like in one line, and they differ");
}

enum err_class raw_movements(const struct raw_txn *raw, const struct tlog_profile *profile,
                             struct txn_line *lines, size_t *count, struct err *e)
{
    *count = 0;
    for (size_t i = 0; i < raw->goods_count; i++) {
        const struct raw_goods *goods = &raw->goods[i];
        enum err_class class = i > 0 ? check_pair(&raw->goods[i - 1], goods, e) : ERR_OK;
        if (class != ERR_OK) {
            return class;
        }
        if (moves_nothing(goods, profile) || (is_web_order(goods->goods) && sold_beside(raw, i))) {
            continue;
        }
        class = read_line(goods, profile, &lines[*count], e);
        if (class != ERR_OK) {
            return class;
        }
        *count += lines[*count].quantity_e4 != 0 ? 1 : 0;
    }
    return ERR_OK;
}
