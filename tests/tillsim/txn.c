#include "tests/tillsim/txn.h"

#include <assert.h>
#include <stddef.h>

struct sim_line *sim_txn_add(struct sim_txn *t, enum sim_line_kind kind)
{
    assert(t->line_count < SIM_LINES_MAX);
    struct sim_line *line = &t->lines[t->line_count++];
    *line = (struct sim_line){.kind = kind, .number = t->line_count};
    return line;
}

void sim_txn_write(const struct sim_txn *t, enum sim_format format, struct sim_text *out)
{
    switch (format) {
    case SIM_FORMAT_JSONL:
        sim_txn_write_jsonl(t, out);
        return;
    case SIM_FORMAT_NCR_ACS:
        sim_txn_write_acs(t, out);
        return;
    }
}

const char *sim_txn_file_head(enum sim_format format)
{
    return format == SIM_FORMAT_JSONL ? ""
                                      : "<POSLog xmlns:poslog=\"http://www.nrf-arts.org/IXRetail/namespace/\""
                                        " xmlns=\"http://www.nrf-arts.org/IXRetail/namespace/\""
                                        " xmlns:acs=\"http://www.ncr.com/rsd/acs/tlog/markup/poslog/2.1\""
                                        " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"> ";
}

const char *sim_disposal_method(enum sim_disposal d)
{
    switch (d) {
    case SIM_DISPOSAL_NONE:
        return NULL;
    case SIM_DISPOSAL_RETURN_TO_STOCK:
        return "ReturnToStock";
    case SIM_DISPOSAL_WRITE_OFF:
        return "WriteOff";
    case SIM_DISPOSAL_REPAIR:
        return "Repair";
    case SIM_DISPOSAL_RETURN_TO_SUPPLIER:
        return "ReturnToSupplier";
    case SIM_DISPOSAL_WASTE:
        return "Waste";
    case SIM_DISPOSAL_UNDECIDED:
        return "Undecided";
    }
    return NULL;
}
