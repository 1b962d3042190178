#include "common/slice.h"

#include <string.h>

struct slice slice_of(const char *text)
{
    return (struct slice){.data = text, .size = text == NULL ? 0 : strlen(text)};
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool slice_equal_text(struct slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool slice_equal_nocase(struct slice a, const char *text)
{
    struct slice b = slice_of(text);
    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

int slice_compare(struct slice a, struct slice b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static bool ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice s)
{
    while (s.size > 0 && ascii_space(s.data[0])) {
        s.data++;
        s.size--;
    }
    while (s.size > 0 && ascii_space(s.data[s.size - 1])) {
        s.size--;
    }
    return s;
}

bool slice_starts_with(struct slice s, const char *prefix)
{
    struct slice p = slice_of(prefix);
    return s.size >= p.size && slice_equal((struct slice){s.data, p.size}, p);
}

bool slice_copy(struct slice s, char *out, size_t capacity)
{
    if (capacity == 0) {
        return false;
    }
    if (s.size >= capacity) {
        out[0] = '\0';
        return false;
    }
    if (s.size > 0) {
        memcpy(out, s.data, s.size);
    }
    out[s.size] = '\0';
    return true;
}

bool slice_to_u64(struct slice s, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(s.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return s.size > 0;
}
