#include "common/json.h"

#include <inttypes.h>
#include <string.h>

void json_begin(struct json *j, struct buf *out)
{
    *j = (struct json){.out = out, .error = ERR_OK, .empty = true};
}

enum err_class json_end(struct json *j)
{
    if (j->error == ERR_OK && (j->depth != 0 || j->empty)) {
        j->error = ERR_FATAL;
    }
    return j->error;
}

static void put(struct json *j, const char *data, size_t size)
{
    if (j->error == ERR_OK) {
        j->error = buf_append(j->out, data, size);
    }
}

/* What stands before a value: a comma between the values of an array; in an object its key is there already.
 */
static void before_value(struct json *j)
{
    bool in_object = j->depth > 0 && j->closer[j->depth - 1] == '}';
    bool second_on_top = j->depth == 0 && !j->empty;
    if (j->error == ERR_OK && (in_object != j->after_key || second_on_top)) {
        j->error = ERR_FATAL;
    }
    if (!in_object && !j->empty) {
        put(j, ",", 1);
    }
    j->after_key = false;
    j->empty = false;
}

static void open_level(struct json *j, const char *opener, char closer)
{
    before_value(j);
    if (j->depth == JSON_DEPTH_MAX) {
        j->error = ERR_FATAL;
    }
    if (j->error != ERR_OK) {
        return;
    }
    put(j, opener, 1);
    j->closer[j->depth++] = closer;
    j->empty = true;
}

static void close_level(struct json *j, char closer)
{
    if (j->error == ERR_OK && (j->depth == 0 || j->closer[j->depth - 1] != closer || j->after_key)) {
        j->error = ERR_FATAL;
    }
    if (j->error != ERR_OK) {
        return;
    }
    put(j, &closer, 1);
    j->depth--;
    j->empty = false;
}

void json_object(struct json *j)
{
    open_level(j, "{", '}');
}

void json_object_end(struct json *j)
{
    close_level(j, '}');
}

void json_array(struct json *j)
{
    open_level(j, "[", ']');
}

void json_array_end(struct json *j)
{
    close_level(j, ']');
}

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Bytes of the valid UTF-8 sequence of more than one byte at the front of s (Unicode, table 3-7); 0: none. */
static size_t utf8_sequence(struct slice s)
{
    unsigned char byte[4] = {0};
    memcpy(byte, s.data, s.size < sizeof byte ? s.size : sizeof byte);
    if (byte[0] >= 0xC2 && byte[0] <= 0xDF) {
        return is_continuation(byte[1]) ? 2 : 0;
    }
    if ((byte[0] & 0xF0) == 0xE0) {
        bool overlong = byte[0] == 0xE0 && byte[1] < 0xA0;
        bool surrogate = byte[0] == 0xED && byte[1] > 0x9F;
        bool valid = is_continuation(byte[1]) && is_continuation(byte[2]) && !overlong && !surrogate;
        return valid ? 3 : 0;
    }
    if (byte[0] >= 0xF0 && byte[0] <= 0xF4) {
        bool overlong = byte[0] == 0xF0 && byte[1] < 0x90;
        bool beyond = byte[0] == 0xF4 && byte[1] > 0x8F;
        bool valid = is_continuation(byte[1]) && is_continuation(byte[2]) && is_continuation(byte[3]);
        return valid && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7F && c != '"' && c != '\\';
}

static void put_escaped(struct json *j, char c)
{
    static const char letter[] = {
        ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    static const char hex[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;
    if (byte < sizeof letter && letter[byte] != '\0') {
        put(j, (char[]){'\\', letter[byte]}, 2);
    } else {
        put(j, (char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
    }
}

/* Bytes at the front of s that go out as they are: plain ASCII, or one sequence of UTF-8; 0: none. */
static size_t unchanged(struct slice s)
{
    size_t size = 0;
    while (size < s.size && is_plain(s.data[size])) {
        size++;
    }
    return size > 0 ? size : utf8_sequence(s);
}

static void put_string(struct json *j, struct slice value)
{
    put(j, "\"", 1);
    while (value.size > 0) {
        size_t size = unchanged(value);
        if (size > 0) {
            put(j, value.data, size);
        } else if ((unsigned char)value.data[0] < 0x80) {
            put_escaped(j, value.data[0]);
            size = 1;
        } else {
            put(j, "\xEF\xBF\xBD", 3);
            size = 1;
        }
        value.data += size;
        value.size -= size;
    }
    put(j, "\"", 1);
}

void json_key(struct json *j, const char *key)
{
    if (j->error == ERR_OK && (j->depth == 0 || j->closer[j->depth - 1] != '}' || j->after_key)) {
        j->error = ERR_FATAL;
    }
    if (!j->empty) {
        put(j, ",", 1);
    }
    put_string(j, slice_of(key));
    put(j, ":", 1);
    j->after_key = true;
    j->empty = false;
}

void json_text(struct json *j, struct slice value)
{
    before_value(j);
    put_string(j, value);
}

void json_raw(struct json *j, struct slice value)
{
    before_value(j);
    put(j, value.data, value.size);
}

void json_u64(struct json *j, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    json_raw(j, (struct slice){digits + at, sizeof digits - at});
}

void json_int(struct json *j, int64_t value)
{
    if (value >= 0) {
        json_u64(j, (uint64_t)value);
        return;
    }
    before_value(j);
    if (j->error == ERR_OK) {
        j->error = buf_printf(j->out, "%" PRId64, value);
    }
}

void json_bool(struct json *j, bool value)
{
    json_raw(j, value ? SLICE("true") : SLICE("false"));
}

void json_null(struct json *j)
{
    json_raw(j, SLICE("null"));
}
