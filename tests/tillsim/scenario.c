#include "tests/tillsim/scenario.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct sim_item ITEMS[] = {
    {.id = "Item_1", .description = "ITEM ONE", .uom = "EA"},
    {.id = "Item_2", .description = "ITEM TWO", .uom = "EA"},
    {.id = "Item_3", .description = "ITEM THREE", .uom = "EA"},
};

static const struct {
    int store, item;
    int change; /* whole units; received when positive, sold when negative */
} RECORDS[SIM_SCENARIO_RECORDS] = {
    {1, 1, 10}, {2, 1, 10},  {3, 1, 10}, {4, 1, 10},  {5, 1, 10},
    {1, 2, 10}, {1, 2, -10}, {1, 3, 20}, {1, 3, -10},
};

static uint32_t sequence_of(uint32_t index)
{
    uint32_t sequence = 1;
    for (uint32_t i = 0; i < index; i++) {
        sequence += RECORDS[i].store == RECORDS[index].store;
    }
    return sequence;
}

void sim_scenario_record(uint32_t index, struct sim_moment at, struct sim_txn *out)
{
    assert(index < SIM_SCENARIO_RECORDS);
    bool received = RECORDS[index].change > 0;
    memset(out, 0, sizeof *out);
    snprintf(out->store, sizeof out->store, "Store_%d", RECORDS[index].store);
    snprintf(out->workstation, sizeof out->workstation, "1");
    out->sequence = sequence_of(index);
    out->day = sim_civil_day_of(at);
    out->begin = out->end = at;
    out->kind = received ? SIM_TXN_RECEIPT : SIM_TXN_RETAIL;
    if (received) {
        snprintf(out->document, sizeof out->document, "R-%u", index + 1);
    }
    struct sim_line *line = sim_txn_add(out, received ? SIM_LINE_RECEIPT : SIM_LINE_SALE);
    line->item = &ITEMS[RECORDS[index].item - 1];
    line->quantity_e4 = INT64_C(10000) * (received ? RECORDS[index].change : -RECORDS[index].change);
}
