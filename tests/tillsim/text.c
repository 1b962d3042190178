#include "tests/tillsim/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 256 << 20, TEXT_BYTES_FIRST = 4096, E4 = 10000 };

static void text_grow(struct sim_text *t, size_t extra)
{
    size_t capacity = t->capacity ? t->capacity : TEXT_BYTES_FIRST;
    while (capacity - t->size < extra) {
        capacity *= 2;
    }
    char *data = capacity <= TEXT_BYTES_MAX ? realloc(t->data, capacity) : NULL;
    if (!data) {
        fprintf(stderr, "tillsim: no memory for %zu bytes of text\n", capacity);
        abort();
    }
    t->data = data;
    t->capacity = capacity;
}

void sim_text_put_bytes(struct sim_text *t, const void *data, size_t size)
{
    if (t->capacity - t->size < size) {
        text_grow(t, size);
    }
    if (size) {
        memcpy(t->data + t->size, data, size);
    }
    t->size += size;
}

void sim_text_put(struct sim_text *t, const char *text)
{
    sim_text_put_bytes(t, text, strlen(text));
}

void sim_text_put_char(struct sim_text *t, char c)
{
    sim_text_put_bytes(t, &c, 1);
}

void sim_text_put_u64(struct sim_text *t, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    sim_text_put_bytes(t, digits + at, sizeof digits - at);
}

void sim_text_put_json(struct sim_text *t, const char *text)
{
    sim_text_put_char(t, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            sim_text_put_char(t, '\\');
        }
        sim_text_put_char(t, *text);
    }
    sim_text_put_char(t, '"');
}

static const char *xml_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void sim_text_put_xml(struct sim_text *t, const char *text)
{
    for (; *text; text++) {
        const char *entity = xml_entity(*text);
        if (entity) {
            sim_text_put(t, entity);
        } else {
            sim_text_put_char(t, *text);
        }
    }
}

/* The magnitude as unsigned, so that the most negative value is no special case. */
static uint64_t put_sign(struct sim_text *t, int64_t value)
{
    if (value >= 0) {
        return (uint64_t)value;
    }
    sim_text_put_char(t, '-');
    return 0 - (uint64_t)value;
}

void sim_text_put_e4(struct sim_text *t, int64_t value_e4, unsigned decimals_min)
{
    uint64_t magnitude = put_sign(t, value_e4);
    sim_text_put_u64(t, magnitude / E4);
    uint64_t rest = magnitude % E4;
    char places[4];
    for (size_t i = sizeof places; i-- > 0; rest /= 10) {
        places[i] = (char)('0' + rest % 10);
    }
    size_t shown = sizeof places;
    while (shown > decimals_min && places[shown - 1] == '0') {
        shown--;
    }
    if (shown) {
        sim_text_put_char(t, '.');
        sim_text_put_bytes(t, places, shown);
    }
}

void sim_text_put_cents(struct sim_text *t, int64_t cents)
{
    sim_text_put_e4(t, cents * 100, 2);
}

void sim_text_clear(struct sim_text *t)
{
    t->size = 0;
}

void sim_text_free(struct sim_text *t)
{
    free(t->data);
    *t = (struct sim_text){0};
}

int sim_text_parse_e4(const char *text, int64_t *out_e4)
{
    bool negative = *text == '-';
    const char *at = text + negative;
    int64_t value = 0;
    int whole = 0, decimals = 0;
    for (; isdigit((unsigned char)*at) && whole <= 9; whole++) {
        value = value * 10 + (*at++ - '0');
    }
    if (*at == '.') {
        for (at++; isdigit((unsigned char)*at) && decimals <= 4; decimals++) {
            value = value * 10 + (*at++ - '0');
        }
        if (!decimals) {
            return -1;
        }
    }
    if (*at || !whole || whole > 9 || decimals > 4) {
        return -1;
    }
    for (; decimals < 4; decimals++) {
        value *= 10;
    }
    *out_e4 = negative ? -value : value;
    return 0;
}
