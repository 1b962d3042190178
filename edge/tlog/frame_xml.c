/* One record a Transaction element, of any prefix, wherever it stands (docs/formats/poslog.md). Nothing is
 * passed over in silence but white space, comments, instructions and elements that hold no transaction: text
 * without a place, a DOCTYPE or a stray end tag become records of their own, which decoding refuses. */
#include "edge/tlog/frame.h"
#include "edge/tlog/xml_token.h"

#include <string.h>

enum {
    XML_DECLARATION_BYTES = 6, /* as much of it as tells */
    NAME_BYTES_MAX = 1024,     /* longer is no name */
    OPENING_BYTES_MAX = 16,    /* of a comment, CDATA section or instruction */
};

static bool is_transaction(struct slice name)
{
    return name.size == 11 && memcmp(name.data, "Transaction", 11) == 0;
}

static struct slice rest_of(struct slice data, size_t from)
{
    return (struct slice){data.data + from, data.size - from};
}

/* The root's local name; empty when there is none. */
static struct slice root_name(const struct frame_state *state)
{
    return state->root[0] == '<' ? xml_local_name(slice_of(state->root), 1) : (struct slice){NULL, 0};
}

/* An XML declaration, whole or not: a document begins. */
static bool begins_document(struct slice markup)
{
    return markup.size >= XML_DECLARATION_BYTES && slice_starts_with(markup, "<?xml") &&
           xml_name_ends(markup.data[5]);
}

/* --- within a record --- */

struct scan {
    bool found; /* [0, size) is the record */
    size_t size;
    size_t stop;   /* not found: the last markup that could not be read to its end */
    size_t nested; /* where the first Transaction within it begins; 0: none */
};

/* What one piece of markup within a record means for its end. */
enum step { STEP_ON, STEP_CUT, STEP_OPENS, STEP_CLOSES, STEP_BROKEN };

/* Steps over the markup at `at`; *next is where to look on. */
static enum step step_over(struct slice root, struct slice data, size_t at, size_t *next)
{
    struct slice rest = rest_of(data, at);
    char c = rest.size > 1 ? rest.data[1] : '\0';
    *next = at + 2;
    if (c == '?' && rest.size < XML_DECLARATION_BYTES) {
        return STEP_CUT;
    }
    if (begins_document(rest)) {
        return STEP_BROKEN;
    }
    if (c == '!' || c == '?') {
        struct xml_token token = xml_token(rest);
        if (token.kind == XML_TOKEN_CUT && token.cut != XML_TOKEN_DECLARATION) {
            return STEP_CUT;
        }
        bool whole = token.kind != XML_TOKEN_CUT && token.kind != XML_TOKEN_DECLARATION;
        *next = whole ? at + token.size : *next;
        return STEP_ON;
    }
    struct slice start = {rest.data, rest.size < NAME_BYTES_MAX ? rest.size : NAME_BYTES_MAX};
    struct slice name = xml_local_name(start, c == '/' ? 2 : 1);
    if (rest.size < 3 || (name.data + name.size == rest.data + rest.size && rest.size < NAME_BYTES_MAX)) {
        return STEP_CUT;
    }
    if (!is_transaction(name)) {
        return root.size > 0 && slice_equal(name, root) ? STEP_BROKEN : STEP_ON;
    }
    struct xml_token token = xml_token(rest);
    *next = at + token.size;
    switch (token.kind) {
    case XML_TOKEN_CUT:
        return STEP_CUT;
    case XML_TOKEN_START:
        return STEP_OPENS;
    case XML_TOKEN_END:
        return STEP_CLOSES;
    case XML_TOKEN_EMPTY:
    case XML_TOKEN_COMMENT:
    case XML_TOKEN_CDATA:
    case XML_TOKEN_INSTRUCTION:
    case XML_TOKEN_DECLARATION:
        break;
    }
    return STEP_ON;
}

/* Finds the end of the record that data starts with. A record that was broken off (the till lost its power)
 * shows by what cannot be within one: the root's tags, an XML declaration, a Transaction right behind a
 * nested one. It then ends there. */
static struct scan scan_record(struct slice root, struct slice data)
{
    struct scan scan = {.found = false};
    size_t depth = 0;
    size_t next = 0;
    bool after_nested = false;
    const char *mark = data.data;
    while (mark != NULL) {
        size_t at = (size_t)(mark - data.data);
        enum step step = step_over(root, data, at, &next);
        if (step == STEP_CUT) {
            scan.stop = at;
            return scan;
        }
        if (step == STEP_BROKEN || (step == STEP_OPENS && after_nested)) {
            scan.found = true;
            scan.size = scan.nested > 0 ? scan.nested : at;
            return scan;
        }
        if (step == STEP_OPENS) {
            scan.nested = depth == 1 && scan.nested == 0 ? at : scan.nested;
            depth++;
        }
        if (step == STEP_CLOSES) {
            depth--;
        }
        after_nested = step == STEP_CLOSES && depth == 1;
        if (depth == 0) { /* also: an empty element */
            scan.found = true;
            scan.size = next;
            return scan;
        }
        mark = next < data.size ? memchr(data.data + next, '<', data.size - next) : NULL;
    }
    scan.stop = data.size;
    return scan;
}

static struct frame record_at(struct frame_state *state, struct slice data, size_t at, bool ended, size_t max)
{
    struct slice rest = rest_of(data, at);
    struct slice seen = {rest.data, rest.size < max ? rest.size : max};
    struct scan scan = scan_record(root_name(state), seen);
    struct frame frame = {.kind = FRAME_RECORD, .skip = at, .size = scan.size};
    if (scan.found) {
        return frame;
    }
    if (seen.size < max && !ended) {
        return (struct frame){.kind = FRAME_MORE, .skip = at};
    }
    if (scan.nested > 0) { /* it never ended, but another began */
        frame.size = scan.nested;
        return frame;
    }
    if (seen.size < max) {
        frame.size = rest.size;
        return frame;
    }
    state->skipping = true;
    state->inside = INSIDE_NONE;
    return (struct frame){.kind = FRAME_TOO_LONG, .skip = at, .size = scan.stop > 0 ? scan.stop : 1};
}

/* --- skipping a record past the ceiling --- */

static enum frame_inside inside_of(enum xml_token_kind kind)
{
    switch (kind) {
    case XML_TOKEN_COMMENT:
        return INSIDE_COMMENT;
    case XML_TOKEN_CDATA:
        return INSIDE_CDATA;
    case XML_TOKEN_INSTRUCTION:
        return INSIDE_INSTRUCTION;
    case XML_TOKEN_CUT:
    case XML_TOKEN_START:
    case XML_TOKEN_EMPTY:
    case XML_TOKEN_END:
    case XML_TOKEN_DECLARATION:
        break;
    }
    return INSIDE_NONE;
}

static struct frame skipped(struct frame_state *state, size_t size)
{
    state->skipping = false;
    state->inside = INSIDE_NONE;
    return (struct frame){.kind = FRAME_SKIPPED, .skip = size};
}

/* Leaves what state says we are inside of; false: its end is not in the data. */
static bool leave_inside(struct frame_state *state, struct slice data, size_t *at)
{
    static const char *const ENDS[] = {"", "-->", "]]>", "?>", "<"};
    const char *end = ENDS[state->inside];
    size_t length = strlen(end);
    if (state->inside == INSIDE_NONE) {
        return true;
    }
    const char *found = data.size > 0 ? memmem(data.data, data.size, end, length) : NULL;
    if (found == NULL) {
        size_t kept = length > 2 ? length - 1 : 1; /* its end may be half there; and frame_skip_but_one */
        *at = data.size > kept ? data.size - kept : 0;
        return false;
    }
    *at = (size_t)(found - data.data) + (state->inside == INSIDE_JUNK ? 0 : length);
    return true;
}

/* The markup at `at` goes on past the data: how much of it can be passed over. */
static size_t pass_over(struct frame_state *state, struct slice data, size_t at)
{
    struct xml_token token = xml_token(rest_of(data, at));
    enum frame_inside inside = token.kind == XML_TOKEN_CUT ? inside_of(token.cut) : INSIDE_NONE;
    if (inside == INSIDE_NONE || data.size - at < OPENING_BYTES_MAX) {
        return at;
    }
    state->inside = inside;
    return data.size - 2; /* its end may be half there */
}

static struct frame skip_record(struct frame_state *state, struct slice data, bool ended)
{
    size_t at = 0;
    bool junk = state->inside == INSIDE_JUNK;
    if (!leave_inside(state, data, &at)) {
        return ended ? skipped(state, data.size) : (struct frame){.kind = FRAME_MORE, .skip = at};
    }
    if (junk) {
        return skipped(state, at);
    }
    state->inside = INSIDE_NONE;
    struct slice root = root_name(state);
    const char *mark = NULL;
    while (at < data.size && (mark = memchr(data.data + at, '<', data.size - at)) != NULL) {
        size_t next = 0;
        at = (size_t)(mark - data.data);
        switch (step_over(root, data, at, &next)) {
        case STEP_ON:
        case STEP_OPENS:
            at = next;
            break;
        case STEP_CLOSES:
            return skipped(state, next);
        case STEP_BROKEN:
            return skipped(state, at);
        case STEP_CUT:
            return ended ? skipped(state, data.size)
                         : (struct frame){.kind = FRAME_MORE, .skip = pass_over(state, data, at)};
        }
    }
    return ended ? skipped(state, data.size)
                 : (struct frame){.kind = FRAME_MORE, .skip = frame_skip_but_one(data)};
}

/* --- between records --- */

static bool is_space(struct slice rest, size_t *size)
{
    char c = rest.data[0];
    *size = slice_starts_with(rest, "\xef\xbb\xbf") ? 3 : 1;
    return *size == 3 || c == ' ' || (c >= '\t' && c <= '\r');
}

static void begin_document(struct frame_state *state, struct slice declaration)
{
    struct slice encoding = xml_attribute(declaration, "encoding");
    state->root[0] = '\0';
    state->root_seen = false;
    state->wrapped = false;
    if (slice_equal_nocase(encoding, "utf-8")) {
        encoding.size = 0;
    }
    if (!slice_copy(encoding, state->encoding, sizeof state->encoding)) {
        (void)slice_copy(SLICE("unknown"), state->encoding, sizeof state->encoding);
    }
}

static void open_wrapper(struct frame_state *state, struct slice tag, struct xml_token token)
{
    bool root = !state->root_seen || slice_equal(token.name, root_name(state));
    state->wrapped = !root && token.kind == XML_TOKEN_START;
    if (root) {
        struct slice kept = {tag.data, tag.size < FRAME_ROOT_BYTES_MAX ? tag.size : FRAME_ROOT_BYTES_MAX - 1};
        (void)slice_copy(kept, state->root, sizeof state->root);
        state->root_seen = true;
    }
}

struct between {
    size_t at;
    size_t last_end; /* of the end tags that nothing follows: not passed, for the till may overwrite them */
};

static struct frame wait_for_more(const struct between *b, struct slice data, bool ended)
{
    size_t skip = b->last_end < b->at ? b->last_end : b->at;
    return (struct frame){.kind = FRAME_MORE, .skip = ended ? data.size : skip};
}

/* Text between records: passed over within an element that holds no transaction, else a record to be refused.
 */
static bool text_between(struct frame_state *state, struct between *b, struct slice data, bool ended,
                         size_t max, struct frame *out)
{
    struct slice rest = rest_of(data, b->at);
    const char *mark = memchr(rest.data, '<', rest.size);
    size_t size = mark != NULL ? (size_t)(mark - rest.data) : rest.size;
    if (state->wrapped) {
        b->at += size;
        return false;
    }
    if (size >= max) {
        state->skipping = true;
        state->inside = INSIDE_JUNK;
        *out = (struct frame){.kind = FRAME_TOO_LONG, .skip = b->at, .size = max};
    } else if (mark == NULL && !ended) {
        *out = (struct frame){.kind = FRAME_MORE, .skip = b->at};
    } else {
        *out = (struct frame){.kind = FRAME_RECORD, .skip = b->at, .size = size};
    }
    return true;
}

static struct frame cut_between(struct frame_state *state, const struct between *b, struct slice data,
                                bool ended, size_t max, struct xml_token token)
{
    size_t size = data.size - b->at;
    if (size >= max) {
        state->skipping = true;
        state->inside = inside_of(token.cut) != INSIDE_NONE ? inside_of(token.cut) : INSIDE_JUNK;
        return (struct frame){.kind = FRAME_TOO_LONG, .skip = b->at, .size = max - 2};
    }
    if (ended) {
        return (struct frame){.kind = FRAME_RECORD, .skip = b->at, .size = size};
    }
    return wait_for_more(b, data, ended);
}

/* One piece of markup between records; true: *out is the answer. */
static bool markup_between(struct frame_state *state, struct between *b, struct slice data, bool ended,
                           size_t max, struct frame *out)
{
    struct slice rest = rest_of(data, b->at);
    struct xml_token token = xml_token((struct slice){rest.data, rest.size < max ? rest.size : max});
    *out = (struct frame){.kind = FRAME_RECORD, .skip = b->at, .size = token.size};
    switch (token.kind) {
    case XML_TOKEN_CUT:
        *out = token.cut == XML_TOKEN_START && is_transaction(token.name)
                   ? record_at(state, data, b->at, ended, max)
                   : cut_between(state, b, data, ended, max, token);
        return true;
    case XML_TOKEN_DECLARATION:
    case XML_TOKEN_CDATA:
        return true;
    case XML_TOKEN_START:
    case XML_TOKEN_EMPTY:
        if (is_transaction(token.name)) {
            *out = record_at(state, data, b->at, ended, max);
            return true;
        }
        open_wrapper(state, (struct slice){rest.data, token.size}, token);
        b->last_end = SIZE_MAX;
        break;
    case XML_TOKEN_END:
        if (is_transaction(token.name)) {
            return true;
        }
        state->wrapped = false;
        b->last_end = b->at < b->last_end ? b->at : b->last_end;
        break;
    case XML_TOKEN_INSTRUCTION:
        if (begins_document(rest)) {
            begin_document(state, (struct slice){rest.data, token.size});
            b->last_end = SIZE_MAX;
        }
        break;
    case XML_TOKEN_COMMENT:
        break;
    }
    b->at += token.size;
    return false;
}

static struct frame next_record(struct frame_state *state, struct slice data, bool ended, size_t max)
{
    struct between b = {.at = 0, .last_end = SIZE_MAX};
    struct frame frame;
    while (b.at < data.size) {
        size_t space = 0;
        if (is_space(rest_of(data, b.at), &space)) {
            b.at += space;
            continue;
        }
        bool answered = data.data[b.at] == '<' ? markup_between(state, &b, data, ended, max, &frame)
                                               : text_between(state, &b, data, ended, max, &frame);
        if (answered) {
            return frame;
        }
    }
    return wait_for_more(&b, data, ended);
}

struct frame frame_xml(struct frame_state *state, struct slice data, bool ended, size_t record_bytes_max)
{
    struct frame frame =
        state->skipping ? skip_record(state, data, ended) : next_record(state, data, ended, record_bytes_max);
    frame.lines = frame_count_lines((struct slice){data.data, frame.skip + frame.size});
    return frame;
}
