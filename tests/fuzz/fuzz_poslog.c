/* Any bytes as a POSLog record. */
#include "tests/fuzz/tlog_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tlog_decoder *d;
    if (d == NULL) {
        d = open_or_abort("poslog", "ncr-acs", 0);
    }
    return decode_any(
        d, data, size,
        SLICE("<Transaction><RetailStoreID>S</RetailStoreID><WorkstationID>1</WorkstationID><SequenceNumber>1"
              "</SequenceNumber><BusinessDayDate>2026-11-24</BusinessDayDate><RetailTransaction><LineItem>"
              "<Sale><ItemID>A</ItemID><Quantity>1</Quantity></Sale></LineItem></RetailTransaction>"
              "</Transaction>"));
}
