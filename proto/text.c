#include "proto/text.h"

#include <string.h>

static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The bytes of the UTF-8 character that begins at data, 0 if it is malformed (overlong, a surrogate, past
 * U+10FFFF, cut off). */
static size_t character_size(const unsigned char *data, size_t size)
{
    unsigned char lead = data[0];
    if (lead < 0x80) {
        return 1;
    }
    size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || size < wanted) {
        return 0;
    }
    for (size_t i = 1; i < wanted; i++) {
        if (!continues(data[i])) {
            return 0;
        }
    }
    bool overlong = (lead == 0xe0 && data[1] < 0xa0) || (lead == 0xf0 && data[1] < 0x90);
    bool surrogate = lead == 0xed && data[1] >= 0xa0;
    bool too_high = lead == 0xf4 && data[1] >= 0x90;
    return overlong || surrogate || too_high ? 0 : wanted;
}

static bool is_control(const unsigned char *data, size_t size)
{
    return size == 1 ? data[0] < 0x20 || data[0] == 0x7f : data[0] == 0xc2 && data[1] < 0xa0;
}

bool text_valid(struct slice text)
{
    const unsigned char *data = (const unsigned char *)text.data;
    size_t at = 0;
    while (at < text.size) {
        if (data[at] >= 0x20 && data[at] < 0x7f) {
            at++;
            continue;
        }
        size_t size = character_size(data + at, text.size - at);
        if (size == 0 || is_control(data + at, size)) {
            return false;
        }
        at += size;
    }
    return true;
}

size_t text_clean(struct slice text, size_t max, char *out)
{
    const unsigned char *data = (const unsigned char *)text.data;
    size_t at = 0;
    size_t used = 0;
    while (at < text.size) {
        size_t size = character_size(data + at, text.size - at);
        bool replaced = size == 0 || is_control(data + at, size);
        size_t written = replaced ? 1 : size;
        if (used + written > max) {
            break;
        }
        if (replaced) {
            out[used] = size == 0 ? '?' : ' ';
        } else {
            memcpy(out + used, data + at, size);
        }
        used += written;
        at += size == 0 ? 1 : size;
    }
    out[used] = '\0';
    return used;
}
