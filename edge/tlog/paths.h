/* The allow-list of the transaction builder: which elements of a POSLog transaction are read at all, by path,
 * and where their text belongs. What is not listed is never copied (invariant 8), so that RewardBasis/ItemID
 * or Tax/SequenceNumber cannot be taken for the line's. */
#ifndef EDGE_TLOG_PATHS_H
#define EDGE_TLOG_PATHS_H

#include "edge/tlog/raw.h"

/* A kind of element by what may stand in it. */
enum place {
    PLACE_RECORD,
    PLACE_TRANSACTION,
    PLACE_UNIT,
    PLACE_UNIT_ID,
    PLACE_RETAIL,
    PLACE_LINK,
    PLACE_LINE,
    PLACE_GOODS,
    PLACE_IDENTITY,
    PLACE_QUANTITY,
    PLACE_DISPOSAL,
    PLACE_INVENTORY,
    PLACE_RECEIPT,
    PLACE_RECEIPT_LINE,
    PLACE_OTHER, /* known by name; nothing in it is read */
    PLACE_TEXT,  /* nothing but text */
    PLACE_COUNT,
};

/* What an element says. */
enum value {
    VALUE_NONE,    /* a container */
    VALUE_PRESENT, /* a container that sets a bool by being there */
    VALUE_TEXT,
    VALUE_FLAG,
    VALUE_BEGIN, /* a time; the earliest counts */
    VALUE_END,   /* a time; the latest counts */
    VALUE_LINK,  /* the reason of a link to another transaction */
};

/* How a text may be kept. */
enum keep {
    KEEP_CODE,  /* a short text, masked */
    KEEP_ID,    /* identifies: never altered, so what would have to be masked is a fault */
    KEEP_ITEM,  /* an id that may be a GTIN, whatever the Luhn test says of it */
    KEEP_ALIAS, /* a code that may be a GTIN */
    KEEP_WORDS, /* free text: masked, control characters blanked, cut */
    KEEP_TIME,  /* its grammar, checked, holds no card number */
};

/* The struct of edge/tlog/raw.h it belongs to. */
enum owner { OWNER_NONE, OWNER_TXN, OWNER_UNIT, OWNER_LINE, OWNER_GOODS };

struct path {
    enum place parent;
    struct slice name; /* local */
    enum place place;
    enum value value;
    enum keep keep;
    enum owner owner;
    size_t offset; /* of the field in its owner */
    uint64_t bit;  /* one of its parent's rows; the builder gives it */
    bool many;     /* may stand more than once in its parent */
    enum goods goods;
};

enum { PATH_CHILDREN_MAX = 63, PATHS_MAX = 96 };

/* The rows of one parent are neighbours. */
struct path_range {
    const struct path *first;
    size_t count;
};
struct path_range paths_below(enum place parent);

static inline bool path_takes_text(const struct path *path)
{
    return path->value >= VALUE_TEXT;
}

#endif
