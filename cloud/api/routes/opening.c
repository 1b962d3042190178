/* PUT /v1/opening-stock: a CSV for any number of stores, checked whole before anything is ordered. */
#include "cloud/api/csv.h"
#include "cloud/api/rfc3339.h"
#include "cloud/api/route.h"
#include "proto/qty.h"

#include <stdlib.h>
#include <string.h>

enum { OPENING_ROWS_MAX = 200000 };

struct opening_line {
    char store[STORE_ID_MAX + 1], item[ITEM_ID_MAX + 1], location[LOCATION_MAX + 1], uom[17];
    int64_t quantity_e4;
    size_t line;
};

struct opening_file {
    struct opening_line *lines;
    size_t count, capacity;
    int64_t as_of_ms;
};

enum { COLUMN_STORE, COLUMN_ITEM, COLUMN_QUANTITY, COLUMN_LOCATION, COLUMN_UOM };
static const char *const columns[] = {"store", "item", "quantity", "location", "uom", NULL};

static struct opening_line *add_line(struct opening_file *f, struct err *e)
{
    if (f->count == f->capacity) {
        size_t capacity = f->capacity == 0 ? 256 : f->capacity * 2;
        struct opening_line *grown =
            f->count >= OPENING_ROWS_MAX ? NULL : realloc(f->lines, capacity * sizeof *grown);
        if (grown == NULL) {
            err_set(e, ERR_INVALID, "more than %d rows; split the file", OPENING_ROWS_MAX);
            return NULL;
        }
        f->lines = grown;
        f->capacity = capacity;
    }
    return &f->lines[f->count++];
}

static enum err_class take_line(const struct csv *c, struct opening_line *l, struct err *e)
{
    struct slice location = csv_field(c, COLUMN_LOCATION), uom = csv_field(c, COLUMN_UOM);
    l->line = c->line;
    if (!store_id_valid(csv_field(c, COLUMN_STORE)) ||
        !slice_copy(csv_field(c, COLUMN_STORE), l->store, sizeof l->store)) {
        return err_set(e, ERR_INVALID, "line %zu: \"%.*s\" is not a store id", c->line, 40,
                       c->fields[c->order[COLUMN_STORE]]);
    }
    if (csv_field(c, COLUMN_ITEM).size == 0 ||
        !slice_copy(csv_field(c, COLUMN_ITEM), l->item, sizeof l->item)) {
        return err_set(e, ERR_INVALID, "line %zu: an item of 1 to %d bytes is wanted", c->line, ITEM_ID_MAX);
    }
    if (!slice_copy(location.size > 0 ? location : SLICE("floor"), l->location, sizeof l->location) ||
        !slice_copy(uom.size > 0 ? uom : SLICE("EA"), l->uom, sizeof l->uom)) {
        return err_set(e, ERR_INVALID, "line %zu: location or uom is too long", c->line);
    }
    enum err_class class = qty_parse(csv_field(c, COLUMN_QUANTITY), &l->quantity_e4, e);
    return class == ERR_OK ? ERR_OK : err_prefix(e, "line %zu, quantity", c->line);
}

static enum err_class read_file(struct opening_file *f, struct slice text, struct err *e)
{
    struct csv c;
    bool end = false;
    enum err_class class = csv_begin(&c, text, columns, COLUMN_QUANTITY + 1, e);
    while (class == ERR_OK) {
        class = csv_next(&c, &end, e);
        if (class != ERR_OK || end) {
            break;
        }
        struct opening_line *line = add_line(f, e);
        class = line == NULL ? ERR_INVALID : take_line(&c, line, e);
    }
    return class == ERR_OK && f->count == 0 ? err_set(e, ERR_INVALID, "no rows behind the header") : class;
}

static int by_key(const void *a, const void *b)
{
    const struct opening_line *x = a, *y = b;
    int order = strcmp(x->store, y->store);
    order = order != 0 ? order : strcmp(x->item, y->item);
    return order != 0 ? order : strcmp(x->location, y->location);
}

/* After sorting: no row twice, every store enrolled and the caller's to order for. */
static bool check_lines(struct api_request *r, struct api_reply *reply, const struct opening_file *f)
{
    struct store_row row;
    struct err e = {0};
    for (size_t i = 0; i < f->count; i++) {
        const struct opening_line *l = &f->lines[i], *before = i > 0 ? &f->lines[i - 1] : NULL;
        if (before != NULL && by_key(before, l) == 0) {
            reply_problem(reply, 422, "invalid", "lines %zu and %zu name the same store, item and location",
                          before->line, l->line);
            return false;
        }
        if (before != NULL && strcmp(before->store, l->store) == 0) {
            continue;
        }
        if (!request_may_see(r, reply, l->store)) {
            return false;
        }
        if (r->slot->reader.ops->store_get(r->slot->reader.ctx, l->store, &row, &e) != ERR_OK) {
            reply_problem(reply, 422, "invalid", "line %zu: store %s is not enrolled", l->line, l->store);
            return false;
        }
    }
    return true;
}

struct opening_job {
    const struct opening_file *file;
    struct collector_opening *rows;
    unsigned commands;
    size_t stores;
};

static enum err_class order_openings(void *ctx, struct collector *c, const struct store_writer *store,
                                     struct err *e)
{
    struct opening_job *job = ctx;
    const struct opening_file *f = job->file;
    (void)store;
    for (size_t first = 0, end; first < f->count; first = end) {
        for (end = first; end < f->count && strcmp(f->lines[end].store, f->lines[first].store) == 0; end++) {
            const struct opening_line *l = &f->lines[end];
            job->rows[end - first] = (struct collector_opening){slice_of(l->item), slice_of(l->location),
                                                                slice_of(l->uom), l->quantity_e4};
        }
        unsigned commands = 0;
        uint64_t first_id;
        enum err_class class = collector_opening_stock(c, f->lines[first].store, f->as_of_ms, job->rows,
                                                       end - first, &commands, &first_id, e);
        if (class != ERR_OK) {
            return class;
        }
        job->commands += commands;
        job->stores++;
    }
    return ERR_OK;
}

static void order(struct api_request *r, struct api_reply *reply, const struct opening_file *f)
{
    struct err e = {0};
    struct opening_job job = {.file = f, .rows = calloc(f->count, sizeof *job.rows)};
    enum err_class class = job.rows == NULL ? err_set(&e, ERR_FULL, "out of memory for %zu rows", f->count)
                                            : worker_call(r->api->worker, order_openings, &job, &e);
    free(job.rows);
    if (class != ERR_OK) {
        reply_error(reply, &e);
        return;
    }
    struct json j;
    reply_json(reply, &j);
    reply->status = 202;
    json_object(&j);
    json_key(&j, "rows");
    json_u64(&j, f->count);
    json_key(&j, "stores");
    json_u64(&j, job.stores);
    json_key(&j, "commands");
    json_int(&j, job.commands);
    json_key(&j, "as_of");
    json_time(&j, f->as_of_ms);
    json_object_end(&j);
    reply_json_end(reply, &j);
}

void handle_opening(struct api_request *r, struct api_reply *reply)
{
    struct opening_file f = {0};
    struct err e = {0};
    const char *as_of = request_arg(r, "as_of");
    if (as_of == NULL || !rfc3339_parse(slice_of(as_of), &f.as_of_ms)) {
        reply_problem(reply, 400, "bad-parameter",
                      "as_of=2026-11-24T06:00:00Z is wanted: when the stock was as the file says");
        return;
    }
    if (f.as_of_ms > clock_wall_ms(r->api->clock)) {
        reply_problem(reply, 422, "invalid", "as_of %s lies in the future", as_of);
        return;
    }
    if (read_file(&f, buf_slice(&r->body), &e) != ERR_OK) {
        reply_problem(reply, 422, "invalid", "%s", e.message);
    } else {
        qsort(f.lines, f.count, sizeof *f.lines, by_key);
        if (check_lines(r, reply, &f)) {
            order(r, reply, &f);
        }
    }
    free(f.lines);
}
