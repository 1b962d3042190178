#include "edge/tlog/field.h"

#include "proto/card.h"
#include "proto/text.h"

enum {
    CARD_DIGITS_MIN = 13,
    CODE_BYTES_MAX = 64,
    WORDS_BYTES_MAX = 200,
};

/* Line ends, tabs and the other control characters (C0, DEL, C1) become spaces. */
static void blank_controls(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned char next = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        if (c < 0x20 || c == 0x7f) {
            text[i] = ' ';
        } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
            text[i] = ' ';
            text[++i] = ' ';
        }
    }
}

/* The size of valid text cut to at most max bytes between two characters. */
static size_t cut(struct slice text, size_t max)
{
    if (text.size <= max) {
        return text.size;
    }
    while (max > 0 && ((unsigned char)text.data[max] & 0xc0) == 0x80) {
        max--;
    }
    return max;
}

/* Nothing but printable ASCII, as nearly all there is. */
static bool is_plain(const char *text, size_t size)
{
    unsigned other = 0;
    for (size_t i = 0; i < size; i++) {
        other |= (unsigned char)(text[i] - 0x20) > 0x7e - 0x20;
    }
    return other == 0;
}

/* Masks what may be masked; false: it has the shape of a card number and may not be altered. */
static bool mask(enum keep keep, char *text, struct slice s)
{
    if (s.size < CARD_DIGITS_MIN) {
        return true;
    }
    switch (keep) {
    case KEEP_TIME:
        return true;
    case KEEP_ID:
        return !card_found(s);
    case KEEP_ITEM:
        return card_exempt_item(s) || !card_found(s);
    case KEEP_ALIAS:
        if (card_exempt_item(s)) {
            return true;
        }
        break;
    case KEEP_CODE:
    case KEEP_WORDS:
        break;
    }
    (void)card_mask(text, s.size);
    return true;
}

static enum err_class make_safe(const struct path *path, char *text, struct slice *s, struct err *e)
{
    const char *name = path->name.data;
    bool words = path->keep == KEEP_WORDS;
    if (s->size < CARD_DIGITS_MIN && is_plain(text, s->size)) {
        return ERR_OK;
    }
    if (words) {
        blank_controls(text, s->size);
    }
    if (!text_valid(*s)) {
        return err_set(e, ERR_INVALID, "%s is not valid UTF-8, or holds control characters", name);
    }
    /* before the cut: half a card number is not to be left */
    if (!mask(path->keep, text, *s)) {
        return err_set(e, ERR_INVALID, "%s has the shape of a card number", name);
    }
    if (words) {
        s->size = cut(*s, WORDS_BYTES_MAX);
    } else if (s->size > CODE_BYTES_MAX) {
        return err_set(e, ERR_INVALID, "%s is longer than %d bytes", name, CODE_BYTES_MAX);
    }
    return ERR_OK;
}

static void *field_of(struct field_target *t, const struct path *path)
{
    char *owner = NULL;
    switch (path->owner) {
    case OWNER_NONE:
        return NULL;
    case OWNER_TXN:
        owner = (char *)&t->raw;
        break;
    case OWNER_UNIT:
        owner = (char *)&t->raw.units[t->raw.unit_count - 1];
        break;
    case OWNER_LINE:
        owner = (char *)&t->line;
        break;
    case OWNER_GOODS:
        owner = (char *)&t->raw.goods[t->raw.goods_count - 1];
        break;
    }
    return owner + path->offset;
}

static enum err_class read_flag(const struct path *path, struct slice text, bool *out, struct err *e)
{
    if (slice_equal_nocase(text, "true") || slice_equal_text(text, "1")) {
        *out = true;
    } else if (text.size > 0 && !slice_equal_nocase(text, "false") && !slice_equal_text(text, "0")) {
        return err_set(e, ERR_INVALID, "%s is neither true nor false", path->name.data);
    }
    return ERR_OK;
}

static enum err_class read_time(const struct path *path, struct slice text, struct when *out, struct err *e)
{
    struct when when;
    if (text.size == 0) {
        return ERR_OK;
    }
    if (!when_parse(text, &when)) {
        return err_set(e, ERR_INVALID, "%s is not a date and time", path->name.data);
    }
    bool earlier = when_before(&when, out);
    bool later = when_before(out, &when);
    if (out->text.size == 0 || (path->value == VALUE_BEGIN ? earlier : later)) {
        *out = when;
    }
    return ERR_OK;
}

/* A LineItem ends: what it says holds for all goods in it, wherever in the line it stood. */
static void end_line(struct field_target *t)
{
    for (size_t i = t->line_goods; i < t->raw.goods_count; i++) {
        t->raw.goods[i].line = t->line;
    }
}

static void end_receipt(struct field_target *t)
{
    for (size_t i = t->receipt_goods; i < t->raw.goods_count; i++) {
        t->raw.goods[i].document = t->raw.document;
    }
}

void field_end(struct field_target *t, const struct path *path)
{
    if (path->value == VALUE_PRESENT) {
        *(bool *)field_of(t, path) = true;
    } else if (path->place == PLACE_LINE || path->place == PLACE_RECEIPT_LINE) {
        end_line(t);
    } else if (path->place == PLACE_RECEIPT) {
        end_receipt(t);
    }
}

static void store_text(struct field_target *t, const struct path *path, struct slice text,
                       struct slice *field)
{
    if (text.size == 0) {
        return;
    }
    if (field->size == 0) {
        *field = text;
    }
    if (path->place == PLACE_QUANTITY) {
        t->raw.goods[t->raw.goods_count - 1].quantities++;
    }
}

enum err_class field_store(struct field_target *t, const struct path *path, char *text, size_t size,
                           struct err *e)
{
    struct slice s = {text, size};
    enum err_class class = make_safe(path, text, &s, e);
    if (class != ERR_OK) {
        return class;
    }
    void *field = field_of(t, path);
    switch (path->value) {
    case VALUE_TEXT:
        store_text(t, path, s, field);
        return ERR_OK;
    case VALUE_FLAG:
        return read_flag(path, s, field, e);
    case VALUE_BEGIN:
    case VALUE_END:
        return read_time(path, s, field, e);
    case VALUE_LINK:
        *(bool *)field |= slice_equal_nocase(raw_local_part(s), "Voided") ||
                          slice_equal_nocase(raw_local_part(s), "PostVoided");
        return ERR_OK;
    case VALUE_NONE:
    case VALUE_PRESENT:
        break;
    }
    return ERR_OK;
}
