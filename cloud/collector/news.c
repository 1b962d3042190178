#include "cloud/collector/news.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 8192,
    ENTRIES_MAX = 4096,
    ALERTS_MAX = 256,
    TEXT_BYTES_MAX = 4 << 20,
    ALERT_BYTES_MAX = 256
};

struct alert {
    char store[STORE_ID_MAX + 1];
    char kind[32];
    char text[ALERT_BYTES_MAX];
    bool open;
};

struct news {
    struct collector_watch watch;
    struct store_stock rows[ROWS_MAX];
    struct store_ledger_entry entries[ENTRIES_MAX];
    struct alert alerts[ALERTS_MAX];
    size_t row_count, entry_count, alert_count;
    size_t text_used;
    char text[TEXT_BYTES_MAX];
};

enum err_class news_open(struct news **out, const struct collector_watch *watch, struct err *e)
{
    struct news *n = calloc(1, sizeof *n); /* pages come with use */
    if (n == NULL) {
        return err_set(e, ERR_FATAL, "no memory for news");
    }
    if (watch != NULL) {
        n->watch = *watch;
    }
    *out = n;
    return ERR_OK;
}

void news_close(struct news *n)
{
    free(n);
}

static bool keep(struct news *n, struct slice *text)
{
    if (text->size > TEXT_BYTES_MAX - n->text_used) {
        return false;
    }
    char *at = n->text + n->text_used;
    if (text->size > 0) {
        memcpy(at, text->data, text->size);
    }
    n->text_used += text->size;
    text->data = at;
    return true;
}

void news_stock(struct news *n, const struct store_stock *row)
{
    if (n->watch.stock == NULL || n->row_count == ROWS_MAX) {
        return;
    }
    struct store_stock copy = *row;
    if (keep(n, &copy.store) && keep(n, &copy.item) && keep(n, &copy.location) && keep(n, &copy.uom)) {
        n->rows[n->row_count++] = copy;
    }
}

void news_movement(struct news *n, const struct store_ledger_entry *entry)
{
    if (n->watch.movement == NULL || n->entry_count == ENTRIES_MAX) {
        return;
    }
    struct store_ledger_entry copy = *entry;
    if (keep(n, &copy.store) && keep(n, &copy.item) && keep(n, &copy.location) && keep(n, &copy.uom) &&
        keep(n, &copy.workstation) && keep(n, &copy.reason) && keep(n, &copy.document)) {
        n->entries[n->entry_count++] = copy;
    }
}

void news_alert(struct news *n, const char *store, const char *kind, const char *text, bool open)
{
    if (n->watch.alert == NULL || n->alert_count == ALERTS_MAX) {
        return;
    }
    struct alert *alert = &n->alerts[n->alert_count++];
    (void)snprintf(alert->store, sizeof alert->store, "%s", store);
    (void)snprintf(alert->kind, sizeof alert->kind, "%s", kind);
    (void)snprintf(alert->text, sizeof alert->text, "%s", text);
    alert->open = open;
}

void news_tell(struct news *n, const struct store_time *now)
{
    for (size_t i = 0; i < n->row_count; i++) {
        n->watch.stock(n->watch.ctx, &n->rows[i], now);
    }
    for (size_t i = 0; i < n->entry_count; i++) {
        n->watch.movement(n->watch.ctx, &n->entries[i], now);
    }
    for (size_t i = 0; i < n->alert_count; i++) {
        const struct alert *alert = &n->alerts[i];
        n->watch.alert(n->watch.ctx, alert->store, alert->kind, alert->text, alert->open, now);
    }
    news_forget(n);
}

void news_forget(struct news *n)
{
    n->row_count = n->entry_count = n->alert_count = 0;
    n->text_used = 0;
}
