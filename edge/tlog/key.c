/* The business key of a record (TLOG POSLog "Business key"). */
#include "edge/tlog/raw.h"

struct slice raw_local_part(struct slice code)
{
    for (size_t i = code.size; i > 0; i--) {
        if (code.data[i - 1] == ':') {
            return (struct slice){code.data + i, code.size - i};
        }
    }
    return code;
}

static bool unit_is_store(const struct raw_unit *unit)
{
    struct slice type = raw_local_part(unit->type);
    return slice_equal_nocase(type, "RetailStore") || slice_equal_nocase(type, "Store");
}

/* The retail store's unit among several: the one that says so, else the only one that says nothing. */
static enum err_class store_of_units(const struct raw_txn *raw, struct slice *store, struct err *e)
{
    size_t typed = 0;
    size_t untyped = 0;
    const struct raw_unit *typed_unit = NULL;
    const struct raw_unit *untyped_unit = NULL;
    for (size_t i = 0; i < raw->unit_count; i++) {
        const struct raw_unit *unit = &raw->units[i];
        if (unit->id.size > 0 && unit_is_store(unit)) {
            typed++;
            typed_unit = unit;
        } else if (unit->id.size > 0 && unit->type.size == 0) {
            untyped++;
            untyped_unit = unit;
        }
    }
    if (typed > 1 || (typed == 0 && untyped > 1)) {
        return err_set(e, ERR_INVALID, "several BusinessUnits and none is the retail store's alone");
    }
    const struct raw_unit *unit = typed == 1 ? typed_unit : untyped_unit;
    if (unit == NULL) {
        return err_set(e, ERR_INVALID, "no store: RetailStoreID and BusinessUnit/UnitID are missing");
    }
    *store = unit->id;
    return ERR_OK;
}

static enum err_class read_day(const struct raw_txn *raw, struct txn *out, struct err *e)
{
    if (raw->day.size > 0) {
        if (!when_parse_date(raw->day, &out->business_day)) {
            return err_set(e, ERR_INVALID, "BusinessDayDate is not a date (YYYY-MM-DD, from 1970 on)");
        }
        return ERR_OK;
    }
    const struct when *when = raw->begin.text.size > 0 ? &raw->begin : &raw->end;
    if (when->text.size == 0) {
        return err_set(e, ERR_INVALID,
                       "no business day: BusinessDayDate, BeginDateTime and EndDateTime are missing");
    }
    out->business_day = when->day;
    return ERR_OK;
}

static enum err_class read_sequence(const struct raw_txn *raw, struct txn *out, struct err *e)
{
    if (raw->sequence.size == 0) {
        return err_set(e, ERR_INVALID, "SequenceNumber is missing");
    }
    if (!slice_to_u64(raw->sequence, &out->sequence) || out->sequence > UINT32_MAX) {
        out->sequence = 0;
        return err_set(e, ERR_INVALID, "SequenceNumber is not a number from 0 to %u", UINT32_MAX);
    }
    return ERR_OK;
}

static void read_times(const struct raw_txn *raw, struct txn *out)
{
    const struct when *own = raw->end.text.size > 0 ? &raw->end : &raw->begin;
    out->begin = raw->begin.text;
    out->end = raw->end.text;
    out->local_s = own->text.size > 0 ? own->local_s : INT64_MIN;
    out->utc_offset_s = own->utc_offset_s;
    out->has_offset = own->has_offset;
}

enum err_class raw_key(const struct raw_txn *raw, struct txn *out, struct err *e)
{
    struct err first = {.class = ERR_OK};
    struct err later;
    read_times(raw, out);
    out->store = raw->store;
    if (raw->store.size == 0) {
        (void)store_of_units(raw, &out->store, &first);
    }
    if (read_day(raw, out, &later) != ERR_OK && first.class == ERR_OK) {
        first = later;
    }
    if (read_sequence(raw, out, &later) != ERR_OK && first.class == ERR_OK) {
        first = later;
    }
    if (raw->workstation.size == 0 && first.class == ERR_OK) {
        (void)err_set(&first, ERR_INVALID, "WorkstationID is missing");
    }
    if (first.class == ERR_OK) {
        out->workstation = raw->workstation;
        return ERR_OK;
    }
    /* a key is whole or not there: quarantine must not claim a number for the wrong day */
    return err_set(e, first.class, "%s", first.message);
}
