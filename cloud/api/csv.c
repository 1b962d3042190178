#include "cloud/api/csv.h"

#include <string.h>

/* One field from *rest into out; *last: it ended its line. */
static enum err_class read_field(struct csv *c, char out[CSV_FIELD_BYTES], bool *last, struct err *e)
{
    size_t n = 0;
    bool quoted = c->rest.size > 0 && c->rest.data[0] == '"', open = quoted;
    size_t i = quoted ? 1 : 0;
    *last = true;
    for (; i < c->rest.size; i++) {
        char ch = c->rest.data[i];
        if (open && ch == '"' && i + 1 < c->rest.size && c->rest.data[i + 1] == '"') {
            i++;
        } else if (open && ch == '"') {
            open = false;
            continue;
        } else if (!open && (ch == ',' || ch == '\n')) {
            *last = ch == '\n';
            i++;
            break;
        } else if (!open && quoted && ch != '\r') {
            return err_set(e, ERR_INVALID, "line %zu: text behind a closing quote", c->line);
        }
        if (!open && ch == '\r') {
            continue;
        }
        if (ch == '\0' || n + 1 == CSV_FIELD_BYTES) {
            return err_set(e, ERR_INVALID, "line %zu: a field is longer than %d bytes or holds a NUL",
                           c->line, CSV_FIELD_BYTES - 1);
        }
        out[n++] = ch;
    }
    out[n] = '\0';
    c->rest.data += i;
    c->rest.size -= i;
    return open ? err_set(e, ERR_INVALID, "line %zu: a quoted field has no end", c->line) : ERR_OK;
}

/* All fields of one line. */
static enum err_class read_line(struct csv *c, size_t *count, struct err *e)
{
    bool last = false;
    *count = 0;
    c->line++;
    while (!last) {
        if (*count == CSV_COLUMNS_MAX) {
            return err_set(e, ERR_INVALID, "line %zu: more than %d columns", c->line, CSV_COLUMNS_MAX);
        }
        enum err_class class = read_field(c, c->fields[*count], &last, e);
        if (class != ERR_OK) {
            return class;
        }
        ++*count;
    }
    return ERR_OK;
}

static int find(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

enum err_class csv_begin(struct csv *c, struct slice text, const char *const *wanted, size_t required,
                         struct err *e)
{
    *c = (struct csv){.rest = text};
    if (slice_starts_with(c->rest, "\xef\xbb\xbf")) {
        c->rest.data += 3;
        c->rest.size -= 3;
    }
    enum err_class class = read_line(c, &c->columns, e);
    if (class != ERR_OK) {
        return class;
    }
    for (size_t i = 0; i < CSV_COLUMNS_MAX; i++) {
        c->order[i] = -1;
    }
    for (size_t i = 0; i < c->columns; i++) {
        int at = find(wanted, c->fields[i]);
        if (at < 0 || c->order[at] >= 0) {
            return err_set(e, ERR_INVALID, "line 1: the column \"%s\" is unknown or stands twice",
                           c->fields[i]);
        }
        c->order[at] = (int)i;
    }
    for (size_t i = 0; i < required; i++) {
        if (c->order[i] < 0) {
            return err_set(e, ERR_INVALID, "line 1: the column \"%s\" is missing", wanted[i]);
        }
    }
    return ERR_OK;
}

enum err_class csv_next(struct csv *c, bool *end, struct err *e)
{
    size_t count = 0;
    do {
        *end = c->rest.size == 0;
        if (*end) {
            return ERR_OK;
        }
        enum err_class class = read_line(c, &count, e);
        if (class != ERR_OK) {
            return class;
        }
    } while (count == 1 && c->fields[0][0] == '\0');
    if (count != c->columns) {
        return err_set(e, ERR_INVALID, "line %zu: %zu columns, the header has %zu", c->line, count,
                       c->columns);
    }
    return ERR_OK;
}

struct slice csv_field(const struct csv *c, size_t wanted)
{
    int at = c->order[wanted];
    return at < 0 ? (struct slice){0} : slice_of(c->fields[at]);
}
