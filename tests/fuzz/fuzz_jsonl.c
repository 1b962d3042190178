/* Any bytes as a record of JSON lines. */
#include "tests/fuzz/tlog_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tlog_decoder *d;
    if (d == NULL) {
        d = open_or_abort("jsonl", "standard", 0);
    }
    return decode_any(
        d, data, size,
        SLICE("{\"RetailStoreID\":\"S\",\"WorkstationID\":\"1\",\"SequenceNumber\":1,\"BusinessDayDate\":"
              "\"2026-11-24\",\"RetailTransaction\":{\"LineItem\":{\"Sale\":{\"ItemID\":\"A\","
              "\"Quantity\":1}}}}\n"));
}
