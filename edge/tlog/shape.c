/* The shape of a record: what a person needs to see why it was refused, without one byte of what it says. */
#include "edge/tlog/decoder.h"

struct shape {
    struct slice record;
    size_t at;
    size_t max;
    struct buf *out;
    enum err_class error;
    char last; /* runs are drawn together */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void put(struct shape *s, char c)
{
    if (s->error == ERR_OK && s->out->size < s->max) {
        s->error = buf_append(s->out, &c, 1);
    }
}

/* Text: runs of digits as 9, of letters as x, of white space as one space; punctuation stays. */
static void put_text(struct shape *s, char c)
{
    bool control = (unsigned char)c < 0x20 || c == 0x7f;
    char shown = is_digit(c)                                  ? '9'
                 : (is_letter(c) || (unsigned char)c >= 0x80) ? 'x'
                 : (c == ' ' || control)                      ? ' '
                                                              : c;
    bool run = shown == '9' || shown == 'x' || shown == ' ';
    if (!run || shown != s->last) {
        put(s, shown);
    }
    s->last = shown;
}

static bool is_name(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == ':' || c == '-' || c == '.';
}

/* Names: letters stay, digits do not. */
static void put_name(struct shape *s, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = s->record.data[s->at + i];
        put(s, is_digit(c) ? '9' : c);
    }
    s->at += size;
    s->last = '\0';
}

static size_t name_size(const struct shape *s, size_t from)
{
    size_t end = from;
    while (end < s->record.size && is_name(s->record.data[end])) {
        end++;
    }
    return end - from;
}

static char char_at(const struct shape *s, size_t at)
{
    return at < s->record.size ? s->record.data[at] : '\0';
}

/* The name of a tag right behind '<' or '</', or of an attribute before '="'. */
static size_t xml_name(const struct shape *s)
{
    size_t size = name_size(s, s->at);
    char before = s->at > 0 ? s->record.data[s->at - 1] : '\0';
    bool closing = before == '/' && s->at > 1 && s->record.data[s->at - 2] == '<';
    char after = char_at(s, s->at + size);
    bool tag = (before == '<' || closing) &&
               (after == '>' || after == '/' || after == ' ' || after == '\n' || after == '\r');
    bool attribute = before == ' ' && after == '=' && char_at(s, s->at + size + 1) == '"';
    return size > 0 && is_letter(s->record.data[s->at]) && (tag || attribute) ? size : 0;
}

/* The name of a member: a string of name characters alone that a colon follows. */
static size_t json_name(const struct shape *s)
{
    size_t size = name_size(s, s->at);
    char before = s->at > 0 ? s->record.data[s->at - 1] : '\0';
    size_t end = s->at + size + 1;
    while (char_at(s, end) == ' ') {
        end++;
    }
    bool member = before == '"' && char_at(s, s->at + size) == '"' && char_at(s, end) == ':';
    return size > 0 && is_letter(s->record.data[s->at]) && member ? size : 0;
}

enum err_class tlog_shape(struct slice record, size_t max, struct buf *out)
{
    struct shape s = {.record = slice_trim(record), .max = out->size + max, .out = out, .error = ERR_OK};
    bool json = s.record.size > 0 && s.record.data[0] != '<';
    while (s.at < s.record.size && s.out->size < s.max && s.error == ERR_OK) {
        size_t name = json ? json_name(&s) : xml_name(&s);
        if (name > 0) {
            put_name(&s, name);
        } else {
            put_text(&s, s.record.data[s.at++]);
        }
    }
    return s.error;
}
