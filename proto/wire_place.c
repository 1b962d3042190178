#include "proto/wire.h"

#include "proto/wire_check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum place_property {
    PLACE_STORE,
    PLACE_GENERATION,
    PLACE_RUN, /* counter in decimal, '-', id in hexadecimal */
    PLACE_FIRST_SEQ,
    PLACE_COUNT,
    PLACE_PREV_CHAIN, /* chains: 16 hexadecimal digits */
    PLACE_CHAIN,
};

static const char *const place_names[WIRE_PLACE_PROPERTIES] = {
    [PLACE_STORE] = "store",         [PLACE_GENERATION] = "generation", [PLACE_RUN] = "run",
    [PLACE_FIRST_SEQ] = "first_seq", [PLACE_COUNT] = "count",           [PLACE_PREV_CHAIN] = "prev_chain",
    [PLACE_CHAIN] = "chain",
};

void wire_place_format(const struct batch_place *place, struct place_text *text,
                       struct bus_property out[WIRE_PLACE_PROPERTIES])
{
    char(*values)[WIRE_PLACE_TEXT] = text->values;
    (void)snprintf(values[PLACE_STORE], WIRE_PLACE_TEXT, "%s", place->store);
    (void)snprintf(values[PLACE_GENERATION], WIRE_PLACE_TEXT, "%" PRIu32, place->generation);
    (void)snprintf(values[PLACE_RUN], WIRE_PLACE_TEXT, "%" PRIu64 "-%016" PRIx64, place->run_counter,
                   place->run_id);
    (void)snprintf(values[PLACE_FIRST_SEQ], WIRE_PLACE_TEXT, "%" PRIu64, place->first_seq);
    (void)snprintf(values[PLACE_COUNT], WIRE_PLACE_TEXT, "%" PRIu64, place->count);
    (void)snprintf(values[PLACE_PREV_CHAIN], WIRE_PLACE_TEXT, "%016" PRIx64, place->prev_chain);
    (void)snprintf(values[PLACE_CHAIN], WIRE_PLACE_TEXT, "%016" PRIx64, place->chain);
    for (int i = 0; i < WIRE_PLACE_PROPERTIES; i++) {
        out[i] = (struct bus_property){.name = place_names[i], .value = values[i]};
    }
}

static bool parse_number(struct slice text, uint64_t min, uint64_t max, uint64_t *out)
{
    return slice_to_u64(text, out) && *out >= min && *out <= max;
}

static bool parse_hex64(struct slice text, uint64_t *out)
{
    if (text.size != 16) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < text.size; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = memchr(digits, text.data[i], 16);
        if (digit == NULL) {
            return false;
        }
        *out = *out << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

static bool parse_run(struct slice text, struct batch_place *out)
{
    const char *dash = text.size == 0 ? NULL : memchr(text.data, '-', text.size);
    if (dash == NULL) {
        return false;
    }
    struct slice counter = {text.data, (size_t)(dash - text.data)};
    struct slice id = {dash + 1, text.size - counter.size - 1};
    return parse_number(counter, 1, WIRE_SEQ_MAX, &out->run_counter) && parse_hex64(id, &out->run_id);
}

static bool parse_property(enum place_property property, struct slice value, struct batch_place *out)
{
    uint64_t number;
    switch (property) {
    case PLACE_STORE:
        return store_id_valid(value) && slice_copy(value, out->store, sizeof out->store);
    case PLACE_GENERATION:
        if (!parse_number(value, 1, UINT32_MAX, &number)) {
            return false;
        }
        out->generation = (uint32_t)number;
        return true;
    case PLACE_RUN:
        return parse_run(value, out);
    case PLACE_FIRST_SEQ:
        return parse_number(value, 1, WIRE_SEQ_MAX, &out->first_seq);
    case PLACE_COUNT:
        return parse_number(value, 1, WIRE_BATCH_BYTES_MAX, &out->count);
    case PLACE_PREV_CHAIN:
        return parse_hex64(value, &out->prev_chain);
    case PLACE_CHAIN:
        return parse_hex64(value, &out->chain);
    }
    return false;
}

/* The property's number, WIRE_PLACE_PROPERTIES for one that is not ours. */
static unsigned find_property(const char *name)
{
    unsigned i = 0;
    while (i < WIRE_PLACE_PROPERTIES && strcmp(name, place_names[i]) != 0) {
        i++;
    }
    return i;
}

enum err_class wire_place_parse(const struct bus_property *properties, size_t count, struct batch_place *out,
                                struct err *e)
{
    *out = (struct batch_place){0};
    unsigned seen = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned property = find_property(properties[i].name);
        if (property == WIRE_PLACE_PROPERTIES) {
            continue;
        }
        if (seen & 1U << property) {
            return err_set(e, ERR_INVALID, "property %s: given twice", place_names[property]);
        }
        seen |= 1U << property;
        if (!parse_property((enum place_property)property, slice_of(properties[i].value), out)) {
            return err_set(e, ERR_INVALID, "property %s: malformed", place_names[property]);
        }
    }
    for (unsigned i = 0; i < WIRE_PLACE_PROPERTIES; i++) {
        if (!(seen & 1U << i)) {
            return err_set(e, ERR_INVALID, "property %s: missing", place_names[i]);
        }
    }
    if (out->count - 1 > WIRE_SEQ_MAX - out->first_seq) {
        return err_set(e, ERR_INVALID, "property count: last seq out of range");
    }
    return ERR_OK;
}
