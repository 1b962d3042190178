#include "edge/tlog/builder.h"

#include "common/buf.h"
#include "edge/tlog/field.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_MAX = 12, /* the longest listed path is much shorter */
    GOODS_FIRST = 64,
    TEXT_BYTES_MAX = 1 << 30,
    SLOTS = 64, /* a power of two, more than any place has rows */
};

struct place_frame {
    const struct path *path;
    uint64_t seen; /* children entered, by their row below this place */
    size_t text_start;
};

struct builder {
    const struct tlog_profile *profile;
    struct path paths[PATHS_MAX];
    size_t path_count;
    const struct path *below[PLACE_COUNT]; /* the first of a place's own */
    uint8_t slots[PLACE_COUNT][SLOTS];     /* rows of a place by their name's hash; row + 1 */
    struct path weighed;                   /* the profile's attribute of a weighed line */
    struct place_frame frames[FRAMES_MAX];
    size_t depth;   /* frames in use */
    size_t ignored; /* levels below the last frame that are not listed */
    struct buf text;
    struct field_target target;
    size_t goods_capacity;
    struct txn_line *lines;
    struct err fault;
};

static size_t slot_of(struct slice name)
{
    if (name.size == 0) {
        return 0;
    }
    unsigned first = (unsigned char)name.data[0];
    unsigned last = (unsigned char)name.data[name.size - 1];
    return (name.size * 7 + first + 3 * last) % SLOTS;
}

static void index_place(struct builder *b, enum place place)
{
    struct path_range range = paths_below(place);
    struct path *rows = &b->paths[b->path_count];
    b->below[place] = rows;
    b->path_count += range.count;
    assert(b->path_count <= PATHS_MAX && range.count < SLOTS);
    for (size_t i = 0; i < range.count; i++) {
        size_t slot = slot_of(range.first[i].name);
        while (b->slots[place][slot] != 0) {
            slot = (slot + 1) % SLOTS;
        }
        b->slots[place][slot] = (uint8_t)(i + 1);
        rows[i] = range.first[i];
        rows[i].bit = UINT64_C(1) << i;
    }
}

enum err_class builder_open(struct builder **out, const struct tlog_profile *profile, struct err *e)
{
    struct builder *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for a transaction builder");
    }
    b->profile = profile;
    b->text = BUF_INIT(TEXT_BYTES_MAX);
    for (int place = 0; place < PLACE_COUNT; place++) {
        index_place(b, (enum place)place);
    }
    b->weighed = (struct path){.parent = PLACE_LINE,
                               .name = slice_of(profile->weight_attribute),
                               .place = PLACE_TEXT,
                               .value = VALUE_FLAG,
                               .owner = OWNER_LINE,
                               .offset = offsetof(struct raw_line, weighed),
                               .many = true};
    *out = b;
    return ERR_OK;
}

void builder_close(struct builder *b)
{
    if (b != NULL) {
        buf_free(&b->text);
        free(b->target.raw.goods);
        free(b->lines);
        free(b);
    }
}

enum err_class builder_begin(struct builder *b, size_t text_bytes_max, struct err *e)
{
    static const struct path RECORD = {.place = PLACE_RECORD};
    struct raw_goods *goods = b->target.raw.goods;
    buf_clear(&b->text);
    b->target.raw = (struct raw_txn){.goods = goods};
    b->frames[0] = (struct place_frame){.path = &RECORD};
    b->depth = 1;
    b->ignored = 0;
    b->fault.class = ERR_OK;
    /* reserved whole, so that slices into it stay where they are */
    if (buf_reserve(&b->text, text_bytes_max) != ERR_OK) {
        return err_set(e, ERR_FATAL, "out of memory for a record of %zu bytes", text_bytes_max);
    }
    return ERR_OK;
}

void builder_fail(struct builder *b, const char *format, ...)
{
    if (b->fault.class != ERR_OK) {
        return;
    }
    va_list args;
    va_start(args, format);
    b->fault.class = ERR_INVALID;
    (void)vsnprintf(b->fault.message, sizeof b->fault.message, format, args);
    va_end(args);
}

static struct place_frame *top(struct builder *b)
{
    return &b->frames[b->depth - 1];
}

const struct path *builder_find(const struct builder *b, struct slice name)
{
    if (b->ignored > 0) {
        return NULL;
    }
    enum place place = b->frames[b->depth - 1].path->place;
    const struct path *rows = b->below[place];
    const uint8_t *slots = b->slots[place];
    for (size_t slot = slot_of(name); slots[slot] != 0; slot = (slot + 1) % SLOTS) {
        const struct path *path = &rows[slots[slot] - 1];
        if (path->name.size == name.size && memcmp(path->name.data, name.data, name.size) == 0) {
            return path;
        }
    }
    return place == PLACE_LINE && name.size > 0 && slice_equal(name, b->weighed.name) ? &b->weighed : NULL;
}

const struct path *builder_root(const struct builder *b)
{
    return b->below[PLACE_RECORD];
}

static void note_seen(struct builder *b, const struct path *path)
{
    if (!path->many && (top(b)->seen & path->bit) != 0) {
        builder_fail(b, "%s is there twice", path->name.data);
    }
    top(b)->seen |= path->bit;
}

void builder_member(struct builder *b, const struct path *path)
{
    if (path != NULL && (top(b)->seen & path->bit) != 0) {
        builder_fail(b, "%s is there twice in one object", path->name.data);
    }
}

void builder_nothing(struct builder *b, const struct path *path)
{
    if (path != NULL && b->ignored == 0) {
        top(b)->seen |= path->bit;
    }
}

static bool grow_goods(struct builder *b)
{
    size_t capacity = b->goods_capacity == 0 ? GOODS_FIRST : b->goods_capacity * 2;
    struct raw_goods *goods = realloc(b->target.raw.goods, capacity * sizeof *goods);
    if (goods == NULL) {
        return false;
    }
    b->target.raw.goods = goods;
    struct txn_line *lines = realloc(b->lines, capacity * sizeof *lines);
    if (lines == NULL) {
        return false;
    }
    b->lines = lines;
    b->goods_capacity = capacity;
    return true;
}

/* Room for one more goods line and its stock change. */
static struct raw_goods *push_goods(struct builder *b, enum goods kind)
{
    if (b->target.raw.goods_count == b->goods_capacity && !grow_goods(b)) {
        b->fault.class = ERR_OK; /* whatever else was wrong with the record: it is not its fault */
        builder_fail(b, "out of memory for the lines of one transaction");
        b->fault.class = ERR_FATAL;
        return NULL;
    }
    struct raw_goods *goods = &b->target.raw.goods[b->target.raw.goods_count++];
    *goods = (struct raw_goods){.goods = kind, .ordinal = b->target.raw.line_count};
    return goods;
}

static void begin_line(struct builder *b)
{
    b->target.line = (struct raw_line){.voided = false};
    b->target.line_goods = b->target.raw.goods_count;
    b->target.raw.line_count++;
}

static bool lines_full(struct builder *b)
{
    uint32_t max = b->profile->lines_max < TXN_LINES_MAX ? b->profile->lines_max : TXN_LINES_MAX;
    if (b->target.raw.line_count <= max && b->target.raw.goods_count < TXN_LINES_MAX) {
        return false;
    }
    builder_fail(b, "more than %u lines in one transaction", max);
    return true;
}

/* What an element's beginning changes. false: nothing in it is wanted. */
static bool open_element(struct builder *b, const struct path *path)
{
    struct raw_txn *raw = &b->target.raw;
    if (path->place == PLACE_LINE || path->place == PLACE_RECEIPT_LINE) {
        begin_line(b);
        if (lines_full(b)) {
            return false;
        }
    }
    if (path->place == PLACE_RECEIPT_LINE) {
        return push_goods(b, GOODS_RECEIPT) != NULL;
    }
    if (path->place == PLACE_GOODS) {
        return !lines_full(b) && push_goods(b, path->goods) != NULL;
    }
    if (path->place == PLACE_RECEIPT) {
        raw->document = (struct slice){NULL, 0};
        b->target.receipt_goods = raw->goods_count;
    }
    if (path->place == PLACE_UNIT && raw->unit_count == RAW_UNITS_MAX) {
        builder_fail(b, "more than %d BusinessUnits", RAW_UNITS_MAX);
        return false;
    }
    raw->unit_count += path->place == PLACE_UNIT ? 1 : 0;
    return true;
}

bool builder_enter(struct builder *b, const struct path *path)
{
    if (b->depth + b->ignored > BUILDER_DEPTH_MAX) {
        builder_fail(b, "elements nested deeper than %d", BUILDER_DEPTH_MAX);
        return false;
    }
    if (b->ignored > 0 || path == NULL) {
        b->ignored++;
        return true;
    }
    note_seen(b, path);
    if (!open_element(b, path)) {
        b->ignored++;
        return true;
    }
    assert(b->depth < FRAMES_MAX);
    b->frames[b->depth++] = (struct place_frame){.path = path, .text_start = b->text.size};
    return true;
}

static void append(struct builder *b, struct slice text)
{
    assert(text.size < b->text.capacity - b->text.size); /* builder_begin reserved enough */
    if (text.size > 0) {
        memcpy(b->text.data + b->text.size, text.data, text.size);
        b->text.size += text.size;
    }
}

void builder_text(struct builder *b, struct slice text)
{
    if (b->ignored == 0 && path_takes_text(top(b)->path)) {
        append(b, text);
    }
}

/* [start, end) of the text without white space around it. */
static void trim(const struct buf *text, size_t *start, size_t *end)
{
    const unsigned char *data = (const unsigned char *)text->data;
    while (*start < *end && (data[*start] == ' ' || (data[*start] >= '\t' && data[*start] <= '\r'))) {
        (*start)++;
    }
    while (*start < *end && (data[*end - 1] == ' ' || (data[*end - 1] >= '\t' && data[*end - 1] <= '\r'))) {
        (*end)--;
    }
}

/* The text from `start` on is an element's, which ends. */
static void store(struct builder *b, const struct path *path, size_t start)
{
    struct err fault;
    size_t end = b->text.size;
    trim(&b->text, &start, &end);
    if (field_store(&b->target, path, b->text.data + start, end - start, &fault) != ERR_OK) {
        builder_fail(b, "%s", fault.message);
    }
}

/* The text of an element is one piece: what a child left behind it is not part of it. */
static void skip_child_text(struct builder *b, size_t child_start)
{
    struct place_frame *parent = top(b);
    if (!path_takes_text(parent->path)) {
        return;
    }
    size_t start = parent->text_start;
    trim(&b->text, &start, &child_start);
    if (start < child_start) {
        builder_fail(b, "%s has elements amid its text", parent->path->name.data);
    }
    parent->text_start = b->text.size;
}

void builder_leave(struct builder *b)
{
    if (b->ignored > 0) {
        b->ignored--;
        return;
    }
    assert(b->depth > 1);
    const struct place_frame *frame = &b->frames[--b->depth];
    if (path_takes_text(frame->path)) {
        store(b, frame->path, frame->text_start);
    } else {
        field_end(&b->target, frame->path);
    }
    skip_child_text(b, frame->text_start);
}

void builder_value(struct builder *b, const struct path *path, struct slice text)
{
    if (b->ignored > 0 || path == NULL) {
        return;
    }
    if (path->place != PLACE_TEXT) {
        if (builder_enter(b, path)) {
            builder_text(b, text);
            builder_leave(b);
        }
        return;
    }
    size_t start = b->text.size;
    note_seen(b, path);
    append(b, text);
    store(b, path, start);
    skip_child_text(b, start);
}

enum err_class builder_finish(struct builder *b, struct txn *out, struct err *e)
{
    const struct raw_txn *raw = &b->target.raw;
    *out = (struct txn){.action = TXN_COUNT, .lines = b->lines, .local_s = INT64_MIN};
    enum err_class class = raw_key(raw, out, e);
    if (b->fault.class != ERR_OK) {
        return err_set(e, b->fault.class, "%s", b->fault.message);
    }
    if (class == ERR_OK) {
        class = raw_action(raw, out, e);
    }
    if (class == ERR_OK && out->action == TXN_COUNT) {
        class = raw_movements(raw, b->profile, b->lines, &out->line_count, e);
    }
    if (class == ERR_OK) {
        out->content_hash = raw_content_hash(out);
    }
    return class;
}
