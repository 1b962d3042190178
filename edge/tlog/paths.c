#include "edge/tlog/paths.h"

#include <assert.h>
#include <stddef.h>

#define ROW(parent_, name_, place_) \
    .parent = PLACE_##parent_, .name = {name_, sizeof(name_) - 1}, .place = PLACE_##place_
#define TXN(field) .owner = OWNER_TXN, .offset = offsetof(struct raw_txn, field)
#define UNIT(field) .owner = OWNER_UNIT, .offset = offsetof(struct raw_unit, field)
#define LINE(field) .owner = OWNER_LINE, .offset = offsetof(struct raw_line, field)
#define GOODS(field) .owner = OWNER_GOODS, .offset = offsetof(struct raw_goods, field)
#define TEXT(keep_) .value = VALUE_TEXT, .keep = KEEP_##keep_
#define TIME(which) .value = VALUE_##which, .keep = KEEP_TIME, .many = true
#define FLAG .value = VALUE_FLAG
#define PRESENT .value = VALUE_PRESENT
#define MANY .many = true
#define SELLS(name_, goods_)                             \
    {                                                    \
        ROW(LINE, name_, GOODS), .goods = GOODS_##goods_ \
    }

/* Attributes stand in the same table as elements: JSON has none, and writes them as members. */
static const struct path TABLE[] = {
    {ROW(RECORD, "Transaction", TRANSACTION)},

    {ROW(TRANSACTION, "RetailStoreID", TEXT), TEXT(ID), TXN(store)},
    {ROW(TRANSACTION, "WorkstationID", TEXT), TEXT(ID), TXN(workstation)},
    {ROW(TRANSACTION, "SequenceNumber", TEXT), TEXT(ID), TXN(sequence)},
    {ROW(TRANSACTION, "BusinessDayDate", TEXT), TEXT(CODE), TXN(day)},
    {ROW(TRANSACTION, "BeginDateTime", TEXT), TIME(BEGIN), TXN(begin)},
    {ROW(TRANSACTION, "EndDateTime", TEXT), TIME(END), TXN(end)},
    {ROW(TRANSACTION, "TrainingModeFlag", TEXT), FLAG, TXN(training)},
    {ROW(TRANSACTION, "CancelFlag", TEXT), FLAG, TXN(cancelled)},
    {ROW(TRANSACTION, "SuspendFlag", TEXT), FLAG, TXN(suspended)},
    {ROW(TRANSACTION, "OfflineFlag", TEXT), FLAG, TXN(offline)},
    {ROW(TRANSACTION, "BusinessUnit", UNIT), MANY},
    {ROW(TRANSACTION, "RetailTransaction", RETAIL), PRESENT, TXN(retail)},
    {ROW(TRANSACTION, "InventoryControlTransaction", INVENTORY), PRESENT, TXN(inventory)},
    {ROW(TRANSACTION, "ControlTransaction", OTHER), PRESENT, TXN(control), MANY},
    {ROW(TRANSACTION, "TenderControlTransaction", OTHER), PRESENT, TXN(control), MANY},
    {ROW(TRANSACTION, "TransactionLink", LINK), MANY},

    {ROW(UNIT, "TypeCode", TEXT), TEXT(CODE), UNIT(type)},
    {ROW(UNIT, "UnitID", UNIT_ID), TEXT(ID), UNIT(id)},
    {ROW(UNIT_ID, "TypeCode", TEXT), TEXT(CODE), UNIT(type)},

    {ROW(RETAIL, "TransactionStatus", TEXT), TEXT(CODE), TXN(status)},
    {ROW(RETAIL, "LineItem", LINE), MANY},
    {ROW(RETAIL, "TransactionLink", LINK), MANY},
    {ROW(LINK, "ReasonCode", TEXT), .value = VALUE_LINK, TXN(reverses)},

    {ROW(LINE, "SequenceNumber", TEXT), TEXT(ID), LINE(number)},
    {ROW(LINE, "VoidFlag", TEXT), FLAG, LINE(voided)},
    {ROW(LINE, "CancelFlag", TEXT), FLAG, LINE(cancelled)},
    {ROW(LINE, "DeleteFlag", TEXT), FLAG, LINE(cancelled)},
    {ROW(LINE, "EntryMethod", TEXT), TEXT(CODE), LINE(entry)},
    SELLS("Sale", SALE),
    SELLS("Return", RETURN),
    SELLS("SaleForDelivery", DELIVERY),
    SELLS("SaleForPickup", PICKUP),
    SELLS("Layaway", UNSUPPORTED),
    SELLS("PreviousLayaway", UNSUPPORTED),
    SELLS("CustomerOrderForDelivery", UNSUPPORTED),
    SELLS("CustomerOrderForPickup", UNSUPPORTED),
    SELLS("PreviousCustomerOrder", UNSUPPORTED),

    {ROW(GOODS, "ItemType", TEXT), TEXT(CODE), GOODS(item_type)},
    {ROW(GOODS, "ItemID", TEXT), TEXT(ITEM), GOODS(item)},
    {ROW(GOODS, "POSIdentity", IDENTITY), MANY},
    {ROW(GOODS, "Description", TEXT), TEXT(WORDS), GOODS(description), MANY},
    {ROW(GOODS, "Quantity", QUANTITY), TEXT(CODE), GOODS(quantity), MANY},
    {ROW(GOODS, "UnitOfMeasureCode", TEXT), TEXT(CODE), GOODS(uom)},
    {ROW(GOODS, "Disposal", DISPOSAL)},

    {ROW(IDENTITY, "POSItemID", TEXT), TEXT(ALIAS), GOODS(alias)},
    {ROW(QUANTITY, "UnitOfMeasureCode", TEXT), TEXT(CODE), GOODS(quantity_uom)},
    {ROW(DISPOSAL, "Method", TEXT), TEXT(CODE), GOODS(disposal)},

    {ROW(INVENTORY, "ReceiveInventory", RECEIPT), MANY},
    {ROW(INVENTORY, "Transfer", OTHER), PRESENT, TXN(inventory_other), MANY},
    {ROW(INVENTORY, "ReturnToVendor", OTHER), PRESENT, TXN(inventory_other), MANY},
    {ROW(INVENTORY, "InventoryCount", OTHER), PRESENT, TXN(inventory_other), MANY},
    {ROW(INVENTORY, "InventoryAdjustment", OTHER), PRESENT, TXN(inventory_other), MANY},
    {ROW(INVENTORY, "InventoryLoss", OTHER), PRESENT, TXN(inventory_other), MANY},

    {ROW(RECEIPT, "DocumentID", TEXT), TEXT(ID), TXN(document)},
    {ROW(RECEIPT, "LineItem", RECEIPT_LINE), MANY},

    {ROW(RECEIPT_LINE, "SequenceNumber", TEXT), TEXT(ID), LINE(number)},
    {ROW(RECEIPT_LINE, "VoidFlag", TEXT), FLAG, LINE(voided)},
    {ROW(RECEIPT_LINE, "CancelFlag", TEXT), FLAG, LINE(cancelled)},
    {ROW(RECEIPT_LINE, "DeleteFlag", TEXT), FLAG, LINE(cancelled)},
    {ROW(RECEIPT_LINE, "ItemID", TEXT), TEXT(ITEM), GOODS(item)},
    {ROW(RECEIPT_LINE, "POSIdentity", IDENTITY), MANY},
    {ROW(RECEIPT_LINE, "Description", TEXT), TEXT(WORDS), GOODS(description), MANY},
    {ROW(RECEIPT_LINE, "QuantityReceived", QUANTITY), TEXT(CODE), GOODS(quantity), MANY},
    {ROW(RECEIPT_LINE, "UnitOfMeasureCode", TEXT), TEXT(CODE), GOODS(uom)},
};

struct path_range paths_below(enum place parent)
{
    struct path_range range = {.first = TABLE};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (TABLE[i].parent != parent) {
            continue;
        }
        range.first = range.count == 0 ? &TABLE[i] : range.first;
        assert(range.first + range.count == &TABLE[i]);
        range.count++;
    }
    assert(range.count <= PATH_CHILDREN_MAX);
    return range;
}
