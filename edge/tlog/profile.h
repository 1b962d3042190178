/* What a vendor's dialect decides, as data (TLOG "Void conventions"). Built-in profiles: "standard",
 * "ncr-acs". */
#ifndef EDGE_TLOG_PROFILE_H
#define EDGE_TLOG_PROFILE_H

#include "common/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum void_convention {
    VOID_SKIP_LINE,   /* standard: the voided line itself carries the flag and does not count */
    VOID_SIGNED_LINE, /* ncr-acs: a later line with negative quantity: sum all lines */
    VOID_UNSETTLED,   /* nobody has said: a voided line is quarantined, not guessed */
};

struct tlog_profile {
    const char *name;
    enum void_convention void_lines;
    const char *weight_attribute; /* local name of a line's attribute that says "weighed"; NULL none */
    const char *weight_uom;       /* unit of such lines when the log names none */
    const char
        *linked_entry;       /* EntryMethod's local value of lines that move no stock (deposits); NULL none */
    int64_t quantity_max_e4; /* sanity limits: beyond → quarantined */
    uint32_t lines_max;
};

const struct tlog_profile *tlog_profile_find(const char *name); /* NULL: no such */
const char *tlog_profile_names(void);                           /* "standard, ncr-acs" */

/* For logs whose dialect nobody has named (`tillctl tlog explain`): quarantines what dialects would read in
 * different ways. */
const struct tlog_profile *tlog_profile_unsettled(void);

#endif
