/* What the watch is told once the transaction has committed. Bounded: of a larger transaction the rest goes
 * untold (the dashboard's ring holds no more than this either). For the collector's own files. */
#ifndef CLOUD_COLLECTOR_NEWS_H
#define CLOUD_COLLECTOR_NEWS_H

#include "cloud/collector/collector.h"

struct news;

enum err_class news_open(struct news **out, const struct collector_watch *watch,
                         struct err *e) ERR_MUST_CHECK;
void news_close(struct news *n);

void news_stock(struct news *n, const struct store_stock *row);
void news_movement(struct news *n, const struct store_ledger_entry *entry);
void news_alert(struct news *n, const char *store, const char *kind, const char *text, bool open);

void news_tell(struct news *n, const struct store_time *now); /* and forgets */
void news_forget(struct news *n);

#endif
