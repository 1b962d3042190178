/* Shared by the files of the SQLite store only: one handle, its prepared statements, and the ops by subject.
 */
#ifndef CLOUD_STORE_SQLITE_H
#define CLOUD_STORE_SQLITE_H

#include "cloud/store/store.h"
#include "common/clock.h"
#include "common/db.h"

#include <assert.h>

enum { SQLITE_ITEMS_SEEN = 1 << 14, SQLITE_DEAD_MAX = 10000, SQLITE_UNKNOWN_MAX = 1000 };

/* Statements are prepared at first use and kept; variants of one take consecutive slots. */
enum sqlite_slot {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_CLOCK_PUT,
    SQL_CLOCK_GET,
    SQL_STORE_GET,
    SQL_STORE_UPDATE,
    SQL_STORE_INSERT,
    SQL_STORE_EACH,
    SQL_UNKNOWN_PUT,
    SQL_UNKNOWN_FORGET,
    SQL_UNKNOWN_TRIM,
    SQL_UNKNOWN_EACH,
    SQL_GAPS_DELETE,
    SQL_GAP_PUT,
    SQL_GAP_TOTAL_PUT,
    SQL_GAP_TOTAL_GET,
    SQL_GAP_EACH,
    SQL_STOCK_GET,
    SQL_STOCK_PUT,
    SQL_STOCK_REMOVE,
    SQL_STOCK_EACH,
    SQL_LEDGER_APPEND,
    SQL_LEDGER_AFTER,
    SQL_KEY_PUT,
    SQL_ITEM_GET,
    SQL_ITEM_INSERT,
    SQL_ITEM_UPDATE,
    SQL_WORDS_DELETE,
    SQL_WORDS_INSERT,
    SQL_EARLY_BYTES,
    SQL_EARLY_PUT,
    SQL_EARLY_HOLDS,
    SQL_EARLY_BEYOND,
    SQL_EARLY_DROP,
    SQL_DEAD_PUT,
    SQL_DEAD_TRIM,
    SQL_STAGE_PUT,
    SQL_STAGE_EACH,
    SQL_STAGE_CLEAR,
    SQL_COMMAND_PUT,
    SQL_COMMAND_GET,
    SQL_COMMAND_WAITING,
    SQL_COMMAND_EACH,
    SQL_ALERT_OPEN,
    SQL_ALERT_CLOSE,
    SQL_ALERT_ACKNOWLEDGE,
    SQL_ALERT_EACH,
    SQL_API_KEY_PUT,
    SQL_API_KEY_GET,
    SQL_API_KEY_EACH,
    SQL_IDEMPOTENCY_GET,
    SQL_IDEMPOTENCY_PUT,
    SQL_TRIM_STORES,
    SQL_TRIM_CARRY,
    SQL_TRIM_LEDGER,
    SQL_TRIM_KEYS,
    SQL_TRIM_DEAD,
    SQL_TRIM_COMMANDS,
    SQL_TRIM_ALERTS,
    SQL_TRIM_IDEMPOTENCY,
    SQL_QUERY_STOCK,
    SQL_QUERY_STOCK_LAST = SQL_QUERY_STOCK + 5,
    SQL_QUERY_LEDGER,
    SQL_QUERY_LEDGER_LAST = SQL_QUERY_LEDGER + 3,
    SQL_QUERY_ITEMS,
    SQL_QUERY_DEAD,
    SQL_COUNT
};

struct sqlite {
    struct db *db;
    const struct clock *clock;
    int64_t ledger_retention_ms, dead_retention_ms;
    struct store_time now; /* writer: the open transaction's; else the last one's */
    bool in_transaction;
    bool reader;
    uint64_t *items_seen; /* writer: hashes of items as they stand in the database, by hash modulo size */
    struct db_stmt *held; /* its row is what the last op gave out */
    struct db_stmt *statements[SQL_COUNT];
};

/* The statement of a slot, ready to be bound; ends the life of what the last op gave out. */
enum err_class sqlite_stmt(struct sqlite *s, int slot, const char *sql, struct db_stmt **out,
                           struct err *e) ERR_MUST_CHECK;
/* Steps once; the row, if there is one, stays readable until the next op. */
enum err_class sqlite_first(struct sqlite *s, struct db_stmt *stmt, bool *found,
                            struct err *e) ERR_MUST_CHECK;

/* For LIMIT: 0 = all. */
static inline int64_t sqlite_limit(unsigned limit)
{
    return limit == 0 ? -1 : (int64_t)limit;
}

static inline int64_t sqlite_signed(uint64_t value)
{
    return (int64_t)value;
}

static inline uint64_t sqlite_u64(struct db_stmt *stmt, int column)
{
    return (uint64_t)db_column_int(stmt, column);
}

/* store_row.c */
enum err_class sqlite_store_get(void *ctx, const char *store, struct store_row *out,
                                struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_store_put(void *ctx, const struct store_row *row, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_store_each(void *ctx, bool (*each)(void *, const struct store_row *), void *each_ctx,
                                 struct err *e) ERR_MUST_CHECK;
/* fleet.c: unknown stores and gaps */
enum err_class sqlite_unknown_put(void *ctx, const char *store, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_unknown_forget(struct sqlite *s, const char *store, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_unknown_each(void *ctx,
                                   bool (*each)(void *, const char *store, int64_t last_ms, uint64_t times),
                                   void *each_ctx, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_gaps_replace(void *ctx, const char *store, const struct store_gap *gaps, size_t count,
                                   uint64_t total, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_gap_each(void *ctx, const char *store, bool (*each)(void *, const struct store_gap *),
                               void *each_ctx, uint64_t *total, struct err *e) ERR_MUST_CHECK;
/* stock.c */
enum err_class sqlite_stock_get(void *ctx, struct slice store, struct slice item, struct slice location,
                                struct store_stock *out, bool *found, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_stock_put(void *ctx, const struct store_stock *row, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_stock_remove(void *ctx, struct slice store, struct slice item, struct slice location,
                                   struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_stock_each(void *ctx, struct slice store,
                                 bool (*each)(void *, const struct store_stock *), void *each_ctx,
                                 struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_stock_query(void *ctx, const struct store_stock_query *query,
                                  bool (*each)(void *, const struct store_stock *), void *each_ctx,
                                  struct err *e) ERR_MUST_CHECK;
/* ledger.c: movements and business keys */
enum err_class sqlite_ledger_append(void *ctx, const struct store_ledger_entry *entry,
                                    struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_ledger_sum_after(void *ctx, struct slice store, struct slice item,
                                       struct slice location, int64_t after_ms, int64_t *sum_e4,
                                       struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_ledger_each(void *ctx, const char *store, struct slice item, uint32_t after_generation,
                                  uint64_t after_seq, bool newest_first, unsigned limit,
                                  bool (*each)(void *, const struct store_ledger_entry *), void *each_ctx,
                                  struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_key_put(void *ctx, const struct store_key *key, bool *existed,
                              struct err *e) ERR_MUST_CHECK;
/* items.c */
enum err_class sqlite_item_put(void *ctx, struct slice item, struct slice description, struct slice gtin,
                               struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_item_each(void *ctx, struct slice query, struct slice after_item, unsigned limit,
                                bool (*each)(void *, struct slice item, struct slice description,
                                             struct slice gtin),
                                void *each_ctx, struct err *e) ERR_MUST_CHECK;
/* queues.c: early batches, the dead, stages of a repair */
enum err_class sqlite_early_put(void *ctx, const char *store, const struct store_early *early,
                                size_t bytes_max, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_early_next(void *ctx, const char *store, uint64_t seq, struct store_early *out,
                                 bool *found, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_early_drop(void *ctx, const char *store, uint64_t up_to_seq,
                                 struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_dead_put(void *ctx, const struct store_dead *dead, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_dead_each(void *ctx, int64_t before_id, unsigned limit,
                                bool (*each)(void *, const struct store_dead *), void *each_ctx,
                                struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_stage_put(void *ctx, const char *store, uint64_t command, uint64_t seq,
                                struct slice event, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_stage_each(void *ctx, const char *store, uint64_t command,
                                 bool (*each)(void *, struct slice event), void *each_ctx,
                                 struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_stage_clear(void *ctx, const char *store, struct err *e) ERR_MUST_CHECK;
/* commands.c */
enum err_class sqlite_command_put(void *ctx, const struct store_command *command,
                                  struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_command_get(void *ctx, uint64_t id, struct store_command *out, bool *found,
                                  struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_command_each_waiting(void *ctx, const char *store,
                                           bool (*each)(void *, const struct store_command *), void *each_ctx,
                                           struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_command_each(void *ctx, const char *store, unsigned limit,
                                   bool (*each)(void *, const struct store_command *), void *each_ctx,
                                   struct err *e) ERR_MUST_CHECK;
/* office.c: alerts, API keys, idempotency */
enum err_class sqlite_alert_open(void *ctx, const char *store, const char *kind, const char *text,
                                 bool *changed, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_alert_close(void *ctx, const char *store, const char *kind, bool *changed,
                                  struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_alert_acknowledge(void *ctx, int64_t id, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_alert_each(void *ctx, bool open_only, int64_t before_id, unsigned limit,
                                 bool (*each)(void *, const struct store_alert *), void *each_ctx,
                                 struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_api_key_put(void *ctx, const struct store_api_key *key, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_api_key_get(void *ctx, struct slice id, struct store_api_key *out, bool *found,
                                  struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_api_key_each(void *ctx, bool (*each)(void *, const struct store_api_key *),
                                   void *each_ctx, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_idempotency_get(void *ctx, struct slice key, struct slice *request_hash,
                                      struct slice *answer, bool *found, struct err *e) ERR_MUST_CHECK;
enum err_class sqlite_idempotency_put(void *ctx, struct slice key, struct slice request_hash,
                                      struct slice answer, struct err *e) ERR_MUST_CHECK;
/* trim.c */
enum err_class sqlite_trim(void *ctx, int64_t now_ms, unsigned max, unsigned *deleted,
                           struct err *e) ERR_MUST_CHECK;

#endif
