/* JSON lines: one object a line, each field named after its POSLog element (TLOG "JSON lines"). */
#include "tests/tillsim/txn.h"

static void put_key(struct sim_text *out, const char *key)
{
    sim_text_put_char(out, '"');
    sim_text_put(out, key);
    sim_text_put(out, "\":");
}

/* ,"key":"value" with a value that needs no escaping */
static void put_plain(struct sim_text *out, const char *key, const char *value)
{
    sim_text_put_char(out, ',');
    put_key(out, key);
    sim_text_put_char(out, '"');
    sim_text_put(out, value);
    sim_text_put_char(out, '"');
}

static void put_moment(struct sim_text *out, const char *key, struct sim_moment m)
{
    sim_text_put_char(out, ',');
    put_key(out, key);
    sim_text_put_char(out, '"');
    sim_civil_put_offset(out, m);
    sim_text_put_char(out, '"');
}

static void put_flag(struct sim_text *out, const char *key, bool value, bool wordy)
{
    if (!value && !wordy) {
        return;
    }
    sim_text_put_char(out, ',');
    put_key(out, key);
    sim_text_put(out, value ? "true" : "false");
}

static void put_header(const struct sim_txn *t, struct sim_text *out)
{
    sim_text_put(out, "{");
    if (t->damage != SIM_DAMAGE_NO_STORE) {
        put_key(out, "RetailStoreID");
        sim_text_put_json(out, t->store);
        sim_text_put_char(out, ',');
    }
    put_key(out, "WorkstationID");
    sim_text_put_json(out, t->workstation);
    if (t->damage != SIM_DAMAGE_NO_SEQUENCE) {
        sim_text_put_char(out, ',');
        put_key(out, "SequenceNumber");
        sim_text_put_u64(out, t->sequence);
    }
    sim_text_put(out, ",\"BusinessDayDate\":\"");
    sim_civil_put_date(out, t->day);
    sim_text_put_char(out, '"');
    put_moment(out, "BeginDateTime", t->begin);
    put_moment(out, "EndDateTime", t->end);
    put_flag(out, "TrainingModeFlag", t->status == SIM_STATUS_TRAINING, t->wordy);
    put_flag(out, "CancelFlag", t->status == SIM_STATUS_CANCELLED, t->wordy);
    put_flag(out, "OfflineFlag", t->offline, t->wordy);
}

static const char *item_type(enum sim_item_type type)
{
    switch (type) {
    case SIM_TYPE_STOCK:
        return "Stock";
    case SIM_TYPE_DEPOSIT:
        return "Deposit";
    case SIM_TYPE_FEE:
        return "Fee";
    case SIM_TYPE_SERVICE:
        return "Service";
    case SIM_TYPE_BOTTLE_REFUND:
        return "DepositRefund";
    }
    return "";
}

static void put_quantity(const struct sim_txn *t, const struct sim_line *line, const char *key,
                         struct sim_text *out)
{
    sim_text_put_char(out, ',');
    put_key(out, key);
    if (t->damage == SIM_DAMAGE_QUANTITY) {
        sim_text_put(out, "1e308");
        return;
    }
    if (!line->plain_number) {
        sim_text_put_char(out, '"');
    }
    sim_text_put_e4(out, line->quantity_e4, line->decimals);
    if (!line->plain_number) {
        sim_text_put_char(out, '"');
    }
}

static void put_unit_and_words(const struct sim_txn *t, const struct sim_line *line, struct sim_text *out)
{
    const struct sim_item *item = line->item;
    if (t->wordy || item->weighed) {
        put_plain(out, "UnitOfMeasureCode", item->uom);
    }
    if (t->damage == SIM_DAMAGE_UTF8) {
        sim_text_put(out, ",\"Description\":\"\xff\"");
    } else if (item->description[0]) {
        sim_text_put(out, ",\"Description\":");
        sim_text_put_json(out, item->description);
    }
}

static void put_goods(const struct sim_txn *t, const struct sim_line *line, struct sim_text *out)
{
    put_key(out, line->kind == SIM_LINE_RETURN ? "Return" : "Sale");
    sim_text_put(out, "{\"ItemID\":");
    sim_text_put_json(out, line->item->id);
    if (t->wordy || line->type != SIM_TYPE_STOCK) {
        put_plain(out, "ItemType", item_type(line->type));
    }
    if (t->wordy && line->item->alias[0]) {
        sim_text_put(out, ",\"POSIdentity\":{\"POSItemID\":");
        sim_text_put_json(out, line->item->alias);
        sim_text_put_char(out, '}');
    }
    put_quantity(t, line, "Quantity", out);
    put_unit_and_words(t, line, out);
    const char *method = sim_disposal_method(line->disposal);
    if (method) {
        sim_text_put(out, ",\"Disposal\":{\"Method\":\"");
        sim_text_put(out, method);
        sim_text_put(out, "\"}");
    }
    sim_text_put_char(out, '}');
}

static void put_tender(const struct sim_txn *t, const struct sim_line *line, struct sim_text *out)
{
    sim_text_put(out, "\"Tender\":{\"TenderType\":");
    sim_text_put(out, t->card.digits[0] ? "\"CreditDebit\"" : "\"Cash\"");
    sim_text_put(out, ",\"Amount\":\"");
    sim_text_put_cents(out, line->amount_cents);
    sim_text_put_char(out, '"');
    if (t->card.digits[0]) {
        bool track = t->card.shown[0] == '%' || t->card.shown[0] == ';';
        sim_text_put(out, ",\"CreditDebit\":{\"CardType\":\"Credit\",");
        put_key(out, track ? "TrackData" : "PrimaryAccountNumber");
        sim_text_put_json(out, t->card.shown);
        sim_text_put_char(out, '}');
    }
    sim_text_put_char(out, '}');
}

static void put_lines(const struct sim_txn *t, struct sim_text *out)
{
    sim_text_put(out, "\"LineItem\":[");
    for (uint32_t i = 0; i < t->line_count; i++) {
        const struct sim_line *line = &t->lines[i];
        sim_text_put(out, i ? ",{\"SequenceNumber\":" : "{\"SequenceNumber\":");
        sim_text_put_u64(out, line->number);
        put_flag(out, "VoidFlag", line->voided, t->wordy);
        sim_text_put_char(out, ',');
        if (line->item) {
            put_goods(t, line, out);
        } else {
            put_tender(t, line, out);
        }
        sim_text_put_char(out, '}');
    }
    sim_text_put_char(out, ']');
}

static const char *status_word(const struct sim_txn *t)
{
    if (t->damage == SIM_DAMAGE_STATUS) {
        return "Unheard";
    }
    switch (t->status) {
    case SIM_STATUS_FINISHED:
    case SIM_STATUS_TRAINING:
    case SIM_STATUS_CANCELLED:
        return t->wordy ? "Finished" : NULL;
    case SIM_STATUS_SUSPENDED:
        return "Suspended";
    case SIM_STATUS_VOIDED:
        return "TransactionVoided";
    case SIM_STATUS_IN_PROCESS:
        return "InProcess";
    }
    return NULL;
}

static void put_retail(const struct sim_txn *t, struct sim_text *out)
{
    const char *status = status_word(t);
    sim_text_put(out, ",\"RetailTransaction\":{");
    if (status) {
        sim_text_put(out, "\"TransactionStatus\":\"");
        sim_text_put(out, status);
        sim_text_put(out, "\",");
    }
    put_lines(t, out);
    sim_text_put_char(out, '}');
}

static void put_receipt(const struct sim_txn *t, struct sim_text *out)
{
    sim_text_put(out, ",\"InventoryControlTransaction\":{\"ReceiveInventory\":{\"DocumentID\":");
    sim_text_put_json(out, t->document);
    sim_text_put(out, ",\"LineItem\":[");
    for (uint32_t i = 0; i < t->line_count; i++) {
        const struct sim_line *line = &t->lines[i];
        sim_text_put(out, i ? ",{\"SequenceNumber\":" : "{\"SequenceNumber\":");
        sim_text_put_u64(out, line->number);
        sim_text_put(out, ",\"ItemID\":");
        sim_text_put_json(out, line->item->id);
        put_quantity(t, line, "QuantityReceived", out);
        put_unit_and_words(t, line, out);
        sim_text_put_char(out, '}');
    }
    sim_text_put(out, "]}}");
}

void sim_txn_write_jsonl(const struct sim_txn *t, struct sim_text *out)
{
    size_t start = out->size;
    put_header(t, out);
    switch (t->kind) {
    case SIM_TXN_RETAIL:
        put_retail(t, out);
        break;
    case SIM_TXN_CONTROL:
        sim_text_put(out, ",\"ControlTransaction\":{\"ReasonCode\":\"SignOn\"}");
        break;
    case SIM_TXN_RECEIPT:
        put_receipt(t, out);
        break;
    }
    sim_text_put_char(out, '}');
    if (t->damage == SIM_DAMAGE_SYNTAX) {
        out->size = start + (out->size - start) / 2;
    }
    sim_text_put_char(out, '\n');
}
