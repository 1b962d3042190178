#include "cloud/ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 16, PATH_BYTES = 64, WIDTH_MAX = 48 };

struct ctl_table {
    const struct ctl_column *columns;
    size_t column_count, row_count, row_capacity;
    char **cells; /* row_count × column_count */
    size_t widths[COLUMNS_MAX];
    bool colour;
};

/* Columns on a terminal: bytes that do not continue a UTF-8 character. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static const struct json_in *follow(const struct json_in *object, const char *path)
{
    char name[PATH_BYTES];
    while (object != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");
        if (size >= sizeof name) {
            return NULL;
        }
        memcpy(name, path, size);
        name[size] = '\0';
        object = json_in_member(object, name);
        path += size + (path[size] == '.');
    }
    return object;
}

/* "–" for what is unknown: never 0, never empty. */
static char *cell_text(const struct json_in *value)
{
    const char *text = value == NULL ? NULL : json_in_scalar(value);
    if (value != NULL && json_in_is_array(value)) {
        char *count;
        return asprintf(&count, "%zu", json_in_size(value)) < 0 ? NULL : count;
    }
    return strdup(text == NULL || text[0] == '\0' ? "–" : text);
}

struct ctl_table *ctl_table_open(const struct ctl_column *columns, bool colour)
{
    struct ctl_table *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    t->columns = columns;
    t->colour = colour;
    while (columns[t->column_count].title != NULL && t->column_count < COLUMNS_MAX) {
        t->widths[t->column_count] = width_of(columns[t->column_count].title);
        t->column_count++;
    }
    return t;
}

static bool room_for_row(struct ctl_table *t)
{
    if (t->row_count < t->row_capacity) {
        return true;
    }
    size_t capacity = t->row_capacity == 0 ? 64 : 2 * t->row_capacity;
    char **cells = realloc(t->cells, capacity * t->column_count * sizeof *cells);
    if (cells == NULL) {
        return false;
    }
    t->cells = cells;
    t->row_capacity = capacity;
    return true;
}

void ctl_table_row(struct ctl_table *t, const struct json_in *object)
{
    if (t == NULL || !room_for_row(t)) {
        (void)ctl_fail(CTL_FAILED, "out of memory for the table");
        return;
    }
    char **row = t->cells + t->row_count++ * t->column_count;
    for (size_t i = 0; i < t->column_count; i++) {
        row[i] = cell_text(follow(object, t->columns[i].path));
        size_t width = row[i] == NULL ? 0 : width_of(row[i]);
        width = width > WIDTH_MAX ? WIDTH_MAX : width;
        t->widths[i] = width > t->widths[i] ? width : t->widths[i];
    }
}

static void print_cell(const struct ctl_table *t, size_t column, const char *text, bool last)
{
    size_t width = width_of(text), pad = t->widths[column] > width ? t->widths[column] - width : 0;
    if (t->columns[column].right) {
        printf("%*s%s%s", (int)pad, "", text, last ? "" : "  ");
    } else {
        printf("%s%*s%s", text, last ? 0 : (int)pad, "", last ? "" : "  ");
    }
}

void ctl_table_print(struct ctl_table *t, const char *when_empty)
{
    if (t == NULL) {
        return;
    }
    if (t->row_count == 0 && when_empty[0] != '\0') {
        printf("%s\n", when_empty);
    } else if (t->row_count > 0) {
        fputs(t->colour ? "\033[1m" : "", stdout);
        for (size_t i = 0; i < t->column_count; i++) {
            print_cell(t, i, t->columns[i].title, i + 1 == t->column_count);
        }
        puts(t->colour ? "\033[0m" : "");
    }
    for (size_t r = 0; r < t->row_count; r++) {
        char **row = t->cells + r * t->column_count;
        for (size_t i = 0; i < t->column_count; i++) {
            print_cell(t, i, row[i] == NULL ? "" : row[i], i + 1 == t->column_count);
            free(row[i]);
        }
        putchar('\n');
    }
    free(t->cells);
    free(t);
}

static void print_members(const struct json_in *object, const char *prefix)
{
    char name[2 * PATH_BYTES];
    for (size_t i = 0; i < json_in_members(object); i++) {
        const struct json_in *value;
        const char *member = json_in_member_at(object, i, &value);
        snprintf(name, sizeof name, "%s%s", prefix, member);
        if (json_in_members(value) > 0) {
            size_t used = strlen(name);
            snprintf(name + used, sizeof name - used, ".");
            print_members(value, name);
            continue;
        }
        char *text = cell_text(value);
        printf("%-28s %s\n", name, text == NULL ? "" : text);
        free(text);
    }
}

void ctl_print_members(const struct json_in *object)
{
    print_members(object, "");
}
