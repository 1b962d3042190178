#include "proto/control.h"

#include "common/json.h"

#include <string.h>

static const char *const names[] = {"status", "stock", "ledger", "sources", "gaps", "quarantine"};

enum { NAMES = sizeof names / sizeof names[0] };

const char *control_command_name(enum control_command command)
{
    return (size_t)command < NAMES ? names[command] : "";
}

/* --- a reader of one flat object of texts and counts --- */

struct reader {
    const char *at, *end;
};

static void skip_space(struct reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) != NULL && *r->at != '\0') {
        r->at++;
    }
}

static bool take(struct reader *r, char c)
{
    skip_space(r);
    if (r->at == r->end || *r->at != c) {
        return false;
    }
    r->at++;
    return true;
}

static bool take_hex(struct reader *r, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        if (r->at == r->end) {
            return false;
        }
        char c = *r->at++;
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *digit = c == '\0' ? NULL : strchr(digits, c);
        if (digit == NULL) {
            return false;
        }
        *out = *out * 16 + (unsigned)(digit - digits) % 16;
    }
    return true;
}

/* One escape, after its backslash, as UTF-8 into out (3 bytes); 0: not one of ours. */
static size_t take_escape(struct reader *r, char out[3])
{
    static const char escapes[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end || *r->at == '\0') {
        return 0;
    }
    char c = *r->at++;
    const char *known = strchr(escapes, c);
    if (known != NULL) {
        out[0] = means[known - escapes];
        return 1;
    }
    unsigned code = 0;
    if (c != 'u' || !take_hex(r, &code) || code == 0 || (code >= 0xd800 && code < 0xe000)) {
        return 0;
    }
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

static bool take_text(struct reader *r, char *out, size_t capacity)
{
    size_t size = 0;
    if (!take(r, '"')) {
        return false;
    }
    while (r->at < r->end && *r->at != '"') {
        char bytes[3] = {*r->at};
        size_t n = 1;
        if (*r->at++ == '\\') {
            n = take_escape(r, bytes);
        }
        if (n == 0 || (unsigned char)bytes[0] < 0x20 || size + n >= capacity) {
            return false;
        }
        memcpy(out + size, bytes, n);
        size += n;
    }
    out[size] = '\0';
    return take(r, '"');
}

static bool take_count(struct reader *r, uint64_t *out)
{
    skip_space(r);
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    return slice_to_u64((struct slice){start, (size_t)(r->at - start)}, out);
}

/* --- the request --- */

static enum err_class take_command(struct reader *r, struct control_request *out, bool *named, struct err *e)
{
    char name[16];
    if (!take_text(r, name, sizeof name)) {
        return err_set(e, ERR_INVALID, "command: not a name");
    }
    for (size_t i = 0; i < NAMES; i++) {
        if (strcmp(names[i], name) == 0) {
            out->command = (enum control_command)i;
            *named = true;
            return ERR_OK;
        }
    }
    return err_set(e, ERR_INVALID,
                   "command: \"%s\" is none of status, stock, ledger, sources, gaps, quarantine", name);
}

static enum err_class take_member(struct reader *r, struct control_request *out, bool *named, struct err *e)
{
    char key[16];
    uint64_t number = 0;
    if (!take_text(r, key, sizeof key) || !take(r, ':')) {
        return err_set(e, ERR_INVALID, "the request is not an object of known members");
    }
    if (strcmp(key, "command") == 0) {
        return take_command(r, out, named, e);
    }
    if (strcmp(key, "item") == 0) {
        return take_text(r, out->item, sizeof out->item)
                   ? ERR_OK
                   : err_set(e, ERR_INVALID, "item: not a text of at most %d bytes", ITEM_ID_MAX);
    }
    bool from = strcmp(key, "from") == 0, id = strcmp(key, "id") == 0, limit = strcmp(key, "limit") == 0;
    if (!from && !id && !limit) {
        return err_set(e, ERR_INVALID, "%s: no such member", key);
    }
    if (!take_count(r, &number) || (limit && number > CONTROL_LIMIT_MAX)) {
        return err_set(e, ERR_INVALID, "%s: not a number, or more than %d", key, CONTROL_LIMIT_MAX);
    }
    out->from = from ? number : out->from;
    out->id = id ? number : out->id;
    out->limit = limit ? (uint32_t)number : out->limit;
    return ERR_OK;
}

enum err_class control_request_parse(struct slice line, struct control_request *out, struct err *e)
{
    struct reader r = {line.data, line.data + line.size};
    *out = (struct control_request){0};
    bool named = false, more = true;
    if (line.size == 0 || line.size >= CONTROL_LINE_BYTES_MAX || !take(&r, '{')) {
        return err_set(e, ERR_INVALID, "a request is one JSON object on one line of less than %d bytes",
                       CONTROL_LINE_BYTES_MAX);
    }
    while (more) {
        enum err_class class = take_member(&r, out, &named, e);
        if (class != ERR_OK) {
            return class;
        }
        more = take(&r, ',');
    }
    bool closed = take(&r, '}');
    skip_space(&r);
    if (!closed || r.at != r.end || !named) {
        return err_set(e, ERR_INVALID, named ? "the request does not end as an object" : "command: missing");
    }
    return ERR_OK;
}

enum err_class control_request_format(const struct control_request *request, struct buf *out)
{
    struct json j;
    json_begin(&j, out);
    json_object(&j);
    json_key(&j, "command");
    json_text(&j, slice_of(control_command_name(request->command)));
    if (request->item[0] != '\0') {
        json_key(&j, "item");
        json_text(&j, slice_of(request->item));
    }
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"from", request->from}, {"id", request->id}, {"limit", request->limit}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (counts[i].value != 0) {
            json_key(&j, counts[i].key);
            json_u64(&j, counts[i].value);
        }
    }
    json_object_end(&j);
    enum err_class class = json_end(&j);
    return class == ERR_OK ? buf_append(out, "\n", 1) : class;
}
