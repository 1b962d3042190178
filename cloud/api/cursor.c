#include "cloud/api/request.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum { RAW_BYTES_MAX = (CURSOR_TEXT_BYTES - 1) / 4 * 3 };

static size_t encode(const unsigned char *raw, size_t size, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits =
            (uint32_t)raw[i] << 16 | (left > 1 ? (uint32_t)raw[i + 1] << 8 : 0) | (left > 2 ? raw[i + 2] : 0);
        for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++) {
            out[n++] = alphabet[bits >> (18 - 6 * k) & 63];
        }
    }
    out[n] = '\0';
    return n;
}

static bool decode(const char *text, unsigned char *raw, size_t *size)
{
    uint32_t bits = 0;
    unsigned held = 0;
    *size = 0;
    for (; *text != '\0'; text++) {
        const char *at = strchr(alphabet, *text);
        if (at == NULL) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(at - alphabet);
        held += 6;
        if (held >= 8) {
            held -= 8;
            raw[(*size)++] = (unsigned char)(bits >> held);
        }
    }
    return true;
}

void cursor_format(const struct slice *parts, size_t count, char out[CURSOR_TEXT_BYTES])
{
    unsigned char raw[RAW_BYTES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = parts[i].size;
        if (size > 255 || n + 1 + size > sizeof raw) {
            size = 0; /* ids are far shorter; a part that does not fit begins its column anew */
        }
        raw[n++] = (unsigned char)size;
        memcpy(raw + n, size > 0 ? parts[i].data : "", size);
        n += size;
    }
    encode(raw, n, out);
}

bool cursor_parse(const char *text, struct slice *parts, size_t count, char store[CURSOR_TEXT_BYTES])
{
    size_t size, at = 0;
    if (strlen(text) >= CURSOR_TEXT_BYTES || !decode(text, (unsigned char *)store, &size)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t part = at < size ? (unsigned char)store[at] : 256;
        if (at + 1 + part > size) {
            return false;
        }
        parts[i] = (struct slice){store + at + 1, part};
        at += 1 + part;
    }
    return at == size;
}
