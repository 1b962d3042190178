/* What the files of the ledger share. Nobody else includes this. */
#ifndef EDGE_STOCK_STATE_H
#define EDGE_STOCK_STATE_H

#include "common/db.h"
#include "edge/stock/events.h"
#include "edge/stock/keys.h"
#include "edge/stock/meta.h"
#include "edge/stock/rows.h"
#include "edge/stock/series.h"

#include "edge/stock/ledger.h"

enum { LEDGER_MS_PER_DAY = 86400000, LEDGER_KEY_DAYS = 90, RESTORE_PARTS_MAX = 1024 };

/* The parts of a restore that are in; all of one mark. */
struct restore_state {
    uint32_t generation, parts;
    uint64_t mark_seq, mark_chain;
    uint32_t mark_generation;
    uint32_t count; /* of parts that are in */
    bool in[RESTORE_PARTS_MAX];
};

struct ledger {
    struct db *db;
    const struct clock *clock;
    const struct zone *zone;
    int retention_days;
    bool in_batch;
    bool failed; /* after ERR_FATAL: only closing is left */

    struct meta meta; /* as of now, the batch included */
    struct meta
        committed; /* as the database has it (the centre's mark and time excepted: they are written lazily) */
    int64_t wall_ms, boot_ms; /* when the batch began: the time of all its events */

    struct rows *rows;
    struct keys *keys;
    struct series *series;
    struct events *events;

    struct db_stmt *begin, *commit, *meta_write;
    struct db_stmt *quarantine_put, *quarantine_drop, *quarantine_each;
    struct db_stmt *position_put, *position_drop, *position_each;
    struct db_stmt *command_find, *command_put, *command_each, *command_trim;
    struct db_stmt *part_put, *part_get, *part_each, *part_clear;
    struct db_stmt *mark_put, *mark_find, *mark_newest, *mark_trim;

    struct restore_state restore;
    int64_t marked_ms; /* centre time of the newest row in `mark` */
    bool mark_due;     /* a row (applied_seq, greatest_centre_ms) goes into `mark` with the next commit */
};

struct command_answer {
    uint64_t command;
    Tillwire__V1__CommandDone__Outcome outcome;
    const char *reason;
    uint32_t rows_done, rows_passed_over;
};

/* Notes how a write or read went. What is neither passing nor a full disk ends the ledger's life: nothing
 * that was checked before can be refused by the database (ERR_INVALID there is damage too). */
enum err_class ledger_fail(struct ledger *l, enum err_class class) ERR_MUST_CHECK;

/* ERR_INVALID outside a batch, or while nothing may be booked (generation 0). */
enum err_class ledger_writable(const struct ledger *l, struct err *e) ERR_MUST_CHECK;

/* quarantine.c */
enum err_class quarantine_prepare(struct ledger *l, struct err *e) ERR_MUST_CHECK;
/* position.c */
enum err_class position_prepare(struct ledger *l, struct err *e) ERR_MUST_CHECK;
/* command.c */
enum err_class command_prepare(struct ledger *l, struct err *e) ERR_MUST_CHECK;
enum err_class command_trim(struct ledger *l,
                            struct err *e) ERR_MUST_CHECK; /* those whose answers retention deleted */
/* Remembers the answer that was just emitted, so that the command is not executed again. */
enum err_class command_answered(struct ledger *l, const struct command_answer *answer,
                                struct err *e) ERR_MUST_CHECK;
/* Emits a CommandDone, whose movements `movements` (packed, in order) follow, and remembers it. */
enum err_class command_done(struct ledger *l, const struct command_answer *answer, struct slice movements,
                            struct err *e) ERR_MUST_CHECK;
/* Ids of commands answered by events of from_seq and later. */
enum err_class command_each_id(struct ledger *l, uint64_t from_seq,
                               enum err_class (*each)(void *ctx, uint64_t id, struct err *e), void *ctx,
                               struct err *e) ERR_MUST_CHECK;
/* opening.c, repair.c, restore.c: in a batch. ERR_INVALID: nothing was changed. */
enum err_class opening_execute(struct ledger *l, uint64_t id, const Tillwire__V1__Opening *opening,
                               struct err *e) ERR_MUST_CHECK;
enum err_class repair_execute(struct ledger *l, uint64_t id, const Tillwire__V1__Repair *repair,
                              struct err *e) ERR_MUST_CHECK;
enum err_class restore_execute(struct ledger *l, const Tillwire__V1__RestorePart *part,
                               struct err *e) ERR_MUST_CHECK;
enum err_class restore_prepare(struct ledger *l, struct err *e) ERR_MUST_CHECK;
enum err_class restore_reload(struct ledger *l, struct err *e) ERR_MUST_CHECK; /* which parts are in */
/* trim.c */
enum err_class trim_prepare(struct ledger *l, struct err *e) ERR_MUST_CHECK;
enum err_class trim_write_mark(struct ledger *l, struct err *e) ERR_MUST_CHECK;

/* Business days below this are unprovable; INT64_MIN when nothing was counted yet. */
int64_t ledger_horizon(const struct ledger *l);
/* Neither below the horizon nor ahead of every clock. */
bool ledger_day_sound(const struct ledger *l, int32_t day);

#endif
