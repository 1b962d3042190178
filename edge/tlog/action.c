/* What a record asks for: its status, its flags and its kind (TLOG POSLog). */
#include "edge/tlog/raw.h"

enum { STATUS_SHOWN_MAX = 40 };

struct status {
    const char *name;
    enum txn_action action;
    const char *reason;
};

/* Not final are those that a later record under the same number may follow. */
static const struct status STATUSES[] = {
    {"Finished", TXN_COUNT, ""},
    {"Canceled", TXN_IGNORE, "status Canceled"},
    {"TransactionVoided", TXN_IGNORE, "status TransactionVoided"},
    {"Voided", TXN_IGNORE, "status Voided"},
    {"Failed", TXN_IGNORE, "status Failed"},
    {"SuspendedDeleted", TXN_IGNORE, "status SuspendedDeleted"},
    {"Suspended", TXN_NOT_FINAL, "status Suspended"},
    {"SuspendedRetrieved", TXN_NOT_FINAL, "status SuspendedRetrieved"},
    {"InProcess", TXN_NOT_FINAL, "status InProcess"},
    {"InComplete", TXN_NOT_FINAL, "status InComplete"},
    {"Subtotal", TXN_NOT_FINAL, "status Subtotal"},
    {"Totaled", TXN_NOT_FINAL, "status Totaled"},
    {"Projection", TXN_NOT_FINAL, "status Projection"},
};

static enum err_class find_status(struct slice text, const struct status **out, struct err *e)
{
    *out = &STATUSES[0];
    if (text.size == 0) {
        return ERR_OK;
    }
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        if (slice_equal_nocase(text, STATUSES[i].name)) {
            *out = &STATUSES[i];
            return ERR_OK;
        }
    }
    if (slice_equal_nocase(text, "PostVoided")) {
        return err_set(e, ERR_INVALID,
                       "TransactionStatus PostVoided reverses another transaction: not supported yet");
    }
    int shown = (int)(text.size < STATUS_SHOWN_MAX ? text.size : STATUS_SHOWN_MAX);
    return err_set(e, ERR_INVALID, "unknown TransactionStatus '%.*s'", shown, text.data);
}

static uint32_t flags_of(const struct raw_txn *raw, enum txn_action action)
{
    uint32_t flags = 0;
    flags |= raw->training ? TILLWIRE__V1__TRANSACTION_FLAG__FLAG_TRAINING : 0;
    flags |= raw->offline ? TILLWIRE__V1__TRANSACTION_FLAG__FLAG_OFFLINE : 0;
    flags |= raw->cancelled ? TILLWIRE__V1__TRANSACTION_FLAG__FLAG_CANCELLED : 0;
    flags |= raw->suspended ? TILLWIRE__V1__TRANSACTION_FLAG__FLAG_SUSPENDED : 0;
    bool control = action == TXN_IGNORE && raw->control && !raw->retail && !raw->inventory;
    return flags | (control ? TILLWIRE__V1__TRANSACTION_FLAG__FLAG_CONTROL : 0);
}

static void decide(const struct raw_txn *raw, const struct status *status, struct txn *out)
{
    out->action = status->action;
    out->reason = slice_of(status->reason);
    if (out->action == TXN_NOT_FINAL) {
        return;
    }
    if (raw->suspended) {
        out->action = TXN_NOT_FINAL;
        out->reason = SLICE("suspended");
    } else if (out->action == TXN_COUNT && raw->training) {
        out->action = TXN_IGNORE;
        out->reason = SLICE("training");
    } else if (out->action == TXN_COUNT && raw->cancelled) {
        out->action = TXN_IGNORE;
        out->reason = SLICE("cancelled");
    } else if (out->action == TXN_COUNT && !raw->retail && !raw->inventory) {
        out->action = TXN_IGNORE;
        out->reason = SLICE("control");
    }
}

enum err_class raw_action(const struct raw_txn *raw, struct txn *out, struct err *e)
{
    const struct status *status = NULL;
    enum err_class class = find_status(raw->status, &status, e);
    if (class != ERR_OK) {
        return class;
    }
    if (!raw->retail && !raw->inventory && !raw->control) {
        return err_set(e, ERR_INVALID,
                       "no RetailTransaction, InventoryControlTransaction or ControlTransaction in it");
    }
    if (raw->retail && raw->inventory) {
        return err_set(e, ERR_INVALID,
                       "both a RetailTransaction and an InventoryControlTransaction in one record");
    }
    out->status = raw->status;
    decide(raw, status, out);
    out->flags = flags_of(raw, out->action);
    if (out->action == TXN_COUNT && raw->reverses) {
        return err_set(
            e, ERR_INVALID,
            "a TransactionLink with ReasonCode Voided reverses another transaction: not supported yet");
    }
    if (out->action == TXN_COUNT && raw->inventory_other) {
        return err_set(e, ERR_INVALID,
                       "of InventoryControlTransaction only ReceiveInventory is supported yet");
    }
    return ERR_OK;
}
