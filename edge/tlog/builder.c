#include "edge/tlog/builder.h"

#include "common/buf.h"
#include "common/hash.h"
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
};

struct place_frame {
    const struct path *path;
    uint64_t seen;    /* children entered, by their row below this place */
    uint64_t members; /* children named as members */
    size_t text_start;
};

struct builder {
    const struct tlog_profile *profile;
    struct path_range below[PLACE_COUNT];
    struct path weighed; /* the profile's attribute of a weighed line */
    struct place_frame frames[FRAMES_MAX];
    size_t depth;   /* frames in use */
    size_t ignored; /* levels below the last frame that are not listed */
    struct buf text;
    struct field_target target;
    size_t goods_capacity;
    struct txn_line *lines;
    struct err fault;
};

enum err_class builder_open(struct builder **out, const struct tlog_profile *profile, struct err *e)
{
    struct builder *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for a transaction builder");
    }
    b->profile = profile;
    b->text = BUF_INIT(TEXT_BYTES_MAX);
    for (int place = 0; place < PLACE_COUNT; place++) {
        b->below[place] = paths_below((enum place)place);
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
    struct path_range range = b->below[place];
    for (size_t i = 0; i < range.count; i++) {
        if (slice_equal(name, range.first[i].name)) {
            return &range.first[i];
        }
    }
    return place == PLACE_LINE && name.size > 0 && slice_equal(name, b->weighed.name) ? &b->weighed : NULL;
}

const struct path *builder_root(const struct builder *b)
{
    return b->below[PLACE_RECORD].first;
}

static uint64_t path_bit(const struct builder *b, const struct path *path)
{
    return path == &b->weighed ? 0 : UINT64_C(1) << (path - b->below[path->parent].first);
}

void builder_member(struct builder *b, const struct path *path)
{
    if (path == NULL || b->ignored > 0) {
        return;
    }
    uint64_t bit = path_bit(b, path);
    if ((top(b)->members & bit) != 0) {
        builder_fail(b, "%s is there twice in one object", path->name.data);
    }
    top(b)->members |= bit;
}

/* Room for one more goods line and its stock change. */
static struct raw_goods *push_goods(struct builder *b, enum goods kind)
{
    if (b->target.raw.goods_count == b->goods_capacity) {
        size_t capacity = b->goods_capacity == 0 ? GOODS_FIRST : b->goods_capacity * 2;
        struct raw_goods *goods = realloc(b->target.raw.goods, capacity * sizeof *goods);
        b->target.raw.goods = goods != NULL ? goods : b->target.raw.goods;
        struct txn_line *lines = realloc(b->lines, capacity * sizeof *lines);
        b->lines = lines != NULL ? lines : b->lines;
        if (goods == NULL || lines == NULL) {
            builder_fail(b, "out of memory for the lines of one transaction");
            return NULL;
        }
        b->goods_capacity = capacity;
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
    uint64_t bit = path_bit(b, path);
    if (!path->many && (top(b)->seen & bit) != 0) {
        builder_fail(b, "%s is there twice", path->name.data);
    }
    top(b)->seen |= bit;
    if (!open_element(b, path)) {
        b->ignored++;
        return true;
    }
    assert(b->depth < FRAMES_MAX);
    b->frames[b->depth++] = (struct place_frame){.path = path, .text_start = b->text.size};
    return true;
}

void builder_text(struct builder *b, struct slice text)
{
    if (b->ignored > 0 || !path_takes_text(top(b)->path)) {
        return;
    }
    assert(b->text.size + text.size < b->text.capacity);
    if (buf_append_slice(&b->text, text) != ERR_OK) {
        builder_fail(b, "text longer than the record it came from");
    }
}

/* The text of an element that ends, without white space around it. */
static struct slice text_since(const struct builder *b, size_t start, size_t end)
{
    return slice_trim((struct slice){b->text.data + start, end - start});
}

/* The text of an element is one piece: what a child left behind it is not part of it. */
static void skip_child_text(struct builder *b, const struct place_frame *child)
{
    struct place_frame *parent = top(b);
    if (!path_takes_text(parent->path)) {
        return;
    }
    if (text_since(b, parent->text_start, child->text_start).size > 0) {
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
    struct place_frame frame = b->frames[--b->depth];
    char *text = NULL;
    size_t size = 0;
    if (path_takes_text(frame.path)) {
        struct slice trimmed = text_since(b, frame.text_start, b->text.size);
        text = b->text.data + (trimmed.data - b->text.data);
        size = trimmed.size;
    }
    struct err fault;
    if (field_store(&b->target, frame.path, text, size, &fault) != ERR_OK) {
        builder_fail(b, "%s", fault.message);
    }
    skip_child_text(b, &frame);
}

/* Over all that decides what the record means; times and descriptions do not. */
static uint64_t hash_text(struct slice text, uint64_t seed)
{
    return hash64_seeded(text, seed ^ text.size);
}

static uint64_t content_hash(const struct txn *txn)
{
    struct {
        uint64_t action, flags, lines;
    } head = {txn->action, txn->flags, txn->line_count};
    uint64_t hash = hash64((struct slice){(const char *)&head, sizeof head});
    hash = hash_text(txn->status, hash);
    for (size_t i = 0; i < txn->line_count; i++) {
        const struct txn_line *line = &txn->lines[i];
        struct {
            uint64_t kind, line;
            int64_t quantity_e4;
        } fixed = {(uint64_t)line->kind, line->line, line->quantity_e4};
        hash = hash64_seeded((struct slice){(const char *)&fixed, sizeof fixed}, hash);
        hash = hash_text(line->item, hash);
        hash = hash_text(line->location, hash);
        hash = hash_text(line->uom, hash);
        if (line->document.size > 0) {
            hash = hash_text(line->document, hash);
            hash = hash_text(line->document_line, hash);
        }
    }
    return hash;
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
        out->content_hash = content_hash(out);
    }
    return class;
}
