/* Commands of the centre: executed at most once by id, in a transaction of their own (PROTOCOL rule 10). */
#include "edge/stock/encode.h"
#include "edge/stock/state.h"

enum { EVENT_COMMAND_DONE = 6, REASON_BYTES = 320 };

enum err_class command_prepare(struct ledger *l, struct err *e)
{
    enum err_class class =
        db_prepare(l->db, &l->command_find,
                   "SELECT seq, outcome, reason, rows_done, rows_passed_over FROM command WHERE id = ?1", e);
    if (class == ERR_OK) {
        class = db_prepare(
            l->db, &l->command_put,
            "INSERT INTO command VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET seq = ?2,"
            " outcome = ?3, reason = ?4, rows_done = ?5, rows_passed_over = ?6",
            e);
    }
    if (class == ERR_OK) {
        class =
            db_prepare(l->db, &l->command_each, "SELECT id FROM command WHERE seq >= ?1 ORDER BY seq, id", e);
    }
    if (class == ERR_OK) {
        class = db_prepare(l->db, &l->command_trim, "DELETE FROM command WHERE seq <= ?1", e);
    }
    return class;
}

enum err_class command_trim(struct ledger *l, struct err *e)
{
    db_bind_int(l->command_trim, 1, (int64_t)l->meta.trimmed_seq);
    return db_run(l->command_trim, e);
}

enum err_class command_answered(struct ledger *l, const struct command_answer *answer, struct err *e)
{
    struct db_stmt *s = l->command_put;
    db_bind_int(s, 1, (int64_t)answer->command);
    db_bind_int(s, 2, (int64_t)l->meta.seq);
    db_bind_int(s, 3, answer->outcome);
    db_bind_text(s, 4, slice_of(answer->reason));
    db_bind_int(s, 5, answer->rows_done);
    db_bind_int(s, 6, answer->rows_passed_over);
    return db_run(s, e);
}

enum err_class command_done(struct ledger *l, const struct command_answer *answer, struct slice movements,
                            struct err *e)
{
    char reason[REASON_BYTES];
    (void)slice_copy(slice_of(answer->reason), reason, sizeof reason);
    Tillwire__V1__CommandDone done;
    tillwire__v1__command_done__init(&done);
    done.command = answer->command;
    done.outcome = answer->outcome;
    done.reason = reason;
    done.rows_done = answer->rows_done;
    done.rows_passed_over = answer->rows_passed_over;
    struct buf *out = events_scratch(l->events);
    enum err_class class = encode_times(out, l->wall_ms, l->boot_ms);
    if (class == ERR_OK) {
        class = encode_body(out, EVENT_COMMAND_DONE, &done.base, SLICE(""));
    }
    if (class == ERR_OK) {
        class = buf_append_slice(out, movements);
    }
    if (class != ERR_OK) {
        return err_set(e, ERR_FATAL, "the answer to a command does not fit an event");
    }
    class = events_append(l->events, e);
    return class == ERR_OK ? command_answered(l, answer, e) : class;
}

enum err_class command_each_id(struct ledger *l, uint64_t from_seq,
                               enum err_class (*each)(void *ctx, uint64_t id, struct err *e), void *ctx,
                               struct err *e)
{
    db_bind_int(l->command_each, 1, (int64_t)from_seq);
    enum err_class class = ERR_OK;
    while (class == ERR_OK) {
        bool found = false;
        class = db_step(l->command_each, &found, e);
        if (class != ERR_OK || !found) {
            return class;
        }
        class = each(ctx, (uint64_t)db_column_int(l->command_each, 0), e);
    }
    db_reset(l->command_each);
    return class;
}

struct known {
    bool found;
    uint64_t seq;
    struct command_answer answer;
    char reason[REASON_BYTES];
};

static enum err_class find(struct ledger *l, uint64_t id, struct known *known, struct err *e)
{
    struct db_stmt *s = l->command_find;
    db_bind_int(s, 1, (int64_t)id);
    enum err_class class = db_step(s, &known->found, e);
    if (class != ERR_OK || !known->found) {
        return class;
    }
    known->seq = (uint64_t)db_column_int(s, 0);
    known->answer = (struct command_answer){
        .command = id,
        .outcome = (Tillwire__V1__CommandDone__Outcome)db_column_int(s, 1),
        .reason = known->reason,
        .rows_done = (uint32_t)db_column_int(s, 3),
        .rows_passed_over = (uint32_t)db_column_int(s, 4),
    };
    (void)slice_copy(db_column_text(s, 2), known->reason, sizeof known->reason);
    db_reset(s);
    return ERR_OK;
}

static enum err_class execute_new(struct ledger *l, const Tillwire__V1__Command *command, struct err *e)
{
    switch (command->body_case) {
    case TILLWIRE__V1__COMMAND__BODY_REPAIR:
        return repair_execute(l, command->id, command->repair, e);
    case TILLWIRE__V1__COMMAND__BODY_OPENING:
        return opening_execute(l, command->id, command->opening, e);
    case TILLWIRE__V1__COMMAND__BODY_RESTORE: /* by birth, not by id: execute() */
    case TILLWIRE__V1__COMMAND__BODY__NOT_SET:
    case _TILLWIRE__V1__COMMAND__BODY__CASE_IS_INT_SIZE:
        break;
    }
    const struct command_answer refused = {.command = command->id,
                                           .outcome = TILLWIRE__V1__COMMAND_DONE__OUTCOME__REFUSED,
                                           .reason =
                                               "this version of tillwire-edge does not know the command"};
    return command_done(l, &refused, SLICE(""), e);
}

/* A command that comes again although its answer was applied is answered anew: the answer may have been
 * poison. */
static enum err_class execute_known(struct ledger *l, const Tillwire__V1__Command *command,
                                    const struct known *known, struct err *e)
{
    bool dump = command->body_case == TILLWIRE__V1__COMMAND__BODY_REPAIR; /* its answer is the state of now */
    bool not_executed =
        known->answer.outcome == TILLWIRE__V1__COMMAND_DONE__OUTCOME__NOT_EXECUTED; /* sent anew */
    if (known->seq > l->meta.applied_seq) {
        return ERR_OK; /* the answer is on its way */
    }
    return dump || not_executed ? execute_new(l, command, e) : command_done(l, &known->answer, SLICE(""), e);
}

static enum err_class execute(struct ledger *l, const Tillwire__V1__Command *command, struct err *e)
{
    if (command->body_case == TILLWIRE__V1__COMMAND__BODY_RESTORE) {
        return restore_execute(l, command->restore, e);
    }
    if (l->meta.generation == 0) {
        return err_set(e, ERR_INVALID, "this database is new: it takes no command before it is restored");
    }
    if (command->generation != l->meta.generation) {
        return err_set(e, ERR_INVALID, "the command is for generation %u, this is %u", command->generation,
                       l->meta.generation);
    }
    struct known known = {0};
    enum err_class class = find(l, command->id, &known, e);
    if (class != ERR_OK) {
        return class;
    }
    return known.found ? execute_known(l, command, &known, e) : execute_new(l, command, e);
}

enum err_class ledger_execute(struct ledger *l, const Tillwire__V1__Command *command, struct err *e)
{
    enum err_class class = ledger_begin(l, e);
    if (class != ERR_OK) {
        return class;
    }
    class = execute(l, command, e);
    if (class == ERR_OK) {
        return ledger_commit(l, e);
    }
    ledger_rollback(l);
    return class == ERR_INVALID ? ERR_INVALID : ledger_fail(l, class);
}
