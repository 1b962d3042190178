#include "edge/tlog/profile.h"

#include "edge/tlog/txn.h"
#include "proto/qty.h"

#include <string.h>

/* A till never sells more of one item in one line; beyond it stands an operator number, a price or a fault.
 */
#define QUANTITY_MAX_E4 (INT64_C(100000) * QTY_SCALE)

static const struct tlog_profile PROFILES[] = {
    {.name = "standard",
     .void_lines = VOID_SKIP_LINE,
     .quantity_max_e4 = QUANTITY_MAX_E4,
     .lines_max = TXN_LINES_MAX},
    {.name = "ncr-acs",
     .void_lines = VOID_SIGNED_LINE,
     .weight_attribute = "weightItem",
     .weight_uom = "LB",
     .linked_entry = "Linked",
     .quantity_max_e4 = QUANTITY_MAX_E4,
     .lines_max = TXN_LINES_MAX},
};

const struct tlog_profile *tlog_profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof PROFILES / sizeof PROFILES[0]; i++) {
        if (strcmp(PROFILES[i].name, name) == 0) {
            return &PROFILES[i];
        }
    }
    return NULL;
}

const char *tlog_profile_names(void)
{
    return "standard, ncr-acs";
}

const struct tlog_profile *tlog_profile_unsettled(void)
{
    static const struct tlog_profile UNSETTLED = {.name = "auto",
                                                  .void_lines = VOID_UNSETTLED,
                                                  .quantity_max_e4 = QUANTITY_MAX_E4,
                                                  .lines_max = TXN_LINES_MAX};
    return &UNSETTLED;
}
