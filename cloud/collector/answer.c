/* Acks and commands, made when all of the transaction is applied, published when it has committed. */
#include "cloud/collector/state.h"
#include "common/hash.h"

#include <string.h>

enum { COMMANDS_MAX = 4, RESEND_MS = 1000, HOLE_DOUBLINGS_MAX = 5 };

/* protobuf-c's strings are not const; packing only reads them. */
static char *text_of(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* ---- the ack ---- */

/* The hole is named once it is old enough, and again with growing pauses. */
static bool name_hole(struct collector *c, struct site *site)
{
    struct store_row *row = &site->row;
    if (row->hole_first == 0 || c->now.ms - row->hole_since_ms < c->options.hole_ms) {
        return false;
    }
    unsigned doublings = row->hole_asked < HOLE_DOUBLINGS_MAX ? row->hole_asked : HOLE_DOUBLINGS_MAX;
    int64_t pause_ms = c->options.hole_ms << doublings;
    if (row->hole_asked > 0 && c->now.ms - row->hole_asked_ms < pause_ms && c->now.ms >= row->hole_asked_ms) {
        return false;
    }
    row->hole_asked++;
    row->hole_asked_ms = c->now.ms;
    site->dirty = true;
    return true;
}

static enum err_class add(struct collector *c, enum topic_kind kind, const struct site *site,
                          const ProtobufCMessage *message, struct err *e)
{
    struct err full;
    enum err_class class = outbox_add(c->outbox, kind, site->row.store, message, &full);
    if (class == ERR_FULL) {
        log_warn(c->log, "collector", "store %s: an answer is left out: %s", site->row.store, full.message);
        return ERR_OK; /* the next heartbeat asks again */
    }
    return class == ERR_OK ? ERR_OK : err_set(e, class, "%s", full.message);
}

static enum err_class add_ack(struct collector *c, struct site *site, struct err *e)
{
    const struct store_row *row = &site->row;
    Tillwire__V1__Ack ack;
    Tillwire__V1__Run run;
    Tillwire__V1__Range hole, *holes[] = {&hole};
    tillwire__v1__ack__init(&ack);
    tillwire__v1__run__init(&run);
    tillwire__v1__range__init(&hole);
    bool lives = site->enrolled && site->answer_generation != 0 && site->answer_generation == row->generation;
    run.counter = site->answer_run_counter;
    run.id = site->answer_run_id;
    ack.store = text_of(row->store);
    ack.generation = site->answer_generation;
    ack.run = &run;
    ack.heartbeat_no = site->answer_no;
    ack.centre_ms = c->now.ms;
    ack.clock_epoch = c->now.epoch;
    ack.applied_seq = lives ? row->seq : site->answer_seq;
    ack.applied_chain = lives ? row->chain : site->answer_chain;
    ack.closed = site->closed;
    ack.unknown_store = !site->enrolled;
    if (lives && name_hole(c, site)) {
        hole.first = row->hole_first;
        hole.last = row->hole_last;
        ack.missing = holes;
        ack.n_missing = 1;
    }
    return add(c, TOPIC_ACK, site, &ack.base, e);
}

/* ---- restore: first provisioning has nothing to bring ---- */

static enum err_class add_restore(struct collector *c, struct site *site, struct err *e)
{
    const struct store_row *row = &site->row;
    Tillwire__V1__Command command;
    Tillwire__V1__RestorePart part;
    Tillwire__V1__Run run;
    Tillwire__V1__Mark mark;
    tillwire__v1__command__init(&command);
    tillwire__v1__restore_part__init(&part);
    tillwire__v1__run__init(&run);
    tillwire__v1__mark__init(&mark);
    run.counter = row->offered_run_counter;
    run.id = row->offered_run_id;
    part.birth = row->offered_birth;
    part.run = &run;
    part.generation = row->offered_generation;
    part.mark = &mark;
    part.part = part.parts = 1;
    command.store = text_of(row->store);
    /* the same part again is the same command */
    command.id =
        hash64_seeded((struct slice){(const char *)&part.birth, sizeof part.birth}, part.generation) | 1;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_RESTORE;
    command.restore = &part;
    return add(c, TOPIC_COMMAND, site, &command.base, e);
}

/* ---- commands ---- */

struct waiting {
    struct collector *c;
    const struct store_row *row;
    size_t count;
    struct store_command commands[COMMANDS_MAX];
    size_t offsets[COMMANDS_MAX]; /* of their payloads in the scratch buffer */
};

/* Opening stock waits for an open repair, and for one that operators must look into: Σ does not know what was
 * not decoded. What is held back takes no other command's turn. */
static bool held_back(const struct store_row *row, const struct store_command *command)
{
    return command->kind == TILLWIRE__V1__COMMAND__BODY_OPENING && (row->repair_id != 0 || row->mismatch);
}

static bool pick(void *ctx, const struct store_command *command)
{
    struct waiting *w = ctx;
    int64_t age_ms = w->c->now.ms - command->sent_ms;
    bool due = (command->sent_ms == 0 || age_ms >= RESEND_MS || age_ms < 0) && !held_back(w->row, command);
    size_t offset = w->c->scratch.size;
    if (due && buf_append_slice(&w->c->scratch, command->payload) == ERR_OK) {
        w->offsets[w->count] = offset;
        w->commands[w->count++] = *command;
    }
    return w->count < COMMANDS_MAX;
}

static enum err_class close_command(struct collector *c, struct store_command *command, const char *why,
                                    struct err *e)
{
    command->state = COMMAND_REFUSED;
    command->outcome = slice_of(why);
    command->answered_ms = c->now.ms;
    return STORE(c, command_put, command, e);
}

/* Rule 10: Σ and the cursor are those of this very moment. *impossible: why it can never be sent. */
static enum err_class complete_opening(struct collector *c, const struct site *site,
                                       Tillwire__V1__Opening *opening, Tillwire__V1__Mark *mark,
                                       const char **impossible, struct err *e)
{
    tillwire__v1__mark__init(mark);
    mark->generation = site->row.generation;
    mark->seq = site->row.seq;
    mark->chain = site->row.chain;
    opening->cursor = mark;
    for (size_t i = 0; i < opening->n_rows; i++) {
        Tillwire__V1__OpeningRow *row = opening->rows[i];
        struct slice location = row->location[0] != '\0' ? slice_of(row->location) : SLICE("floor");
        enum err_class class = STORE(c, ledger_sum_after, site_id(site), slice_of(row->item), location,
                                     opening->as_of_ms, &row->moved_since_e4, e);
        if (class == ERR_INVALID) {
            *impossible = "the sum of an item's movements does not fit in 64 bits";
            return ERR_OK;
        }
        if (class != ERR_OK) {
            return class;
        }
    }
    return ERR_OK;
}

static enum err_class send(struct collector *c, struct site *site, struct store_command *stored,
                           struct err *e)
{
    Tillwire__V1__Command *command;
    Tillwire__V1__Mark mark;
    struct err wrong;
    const char *impossible = NULL;
    arena_reset(c->event);
    enum err_class class = wire_unpack_command(c->event, stored->payload, &command, &wrong);
    if (class != ERR_OK) {
        return class == ERR_INVALID ? close_command(c, stored, wrong.message, e)
                                    : err_set(e, class, "%s", wrong.message);
    }
    command->generation = site->row.generation;
    if (command->body_case == TILLWIRE__V1__COMMAND__BODY_OPENING) {
        if (command->opening->as_of_ms < site->row.repaired_ms) {
            return close_command(c, stored,
                                 "as of a time before the last repair: what moved since cannot be known", e);
        }
        class = complete_opening(c, site, command->opening, &mark, &impossible, e);
    }
    if (class == ERR_OK && impossible != NULL) {
        return close_command(c, stored, impossible, e);
    }
    if (class == ERR_OK) {
        class = add(c, TOPIC_COMMAND, site, &command->base, e);
    }
    stored->sent_ms = c->now.ms;
    return class == ERR_OK ? STORE(c, command_put, stored, e) : class;
}

static enum err_class add_commands(struct collector *c, struct site *site, struct err *e)
{
    if (site->row.generation == 0 || site->row.seq == 0) {
        return ERR_OK; /* nothing before seq 1 is applied */
    }
    struct waiting w = {.c = c, .row = &site->row};
    buf_clear(&c->scratch);
    enum err_class class = STORE(c, command_each_waiting, site->row.store, pick, &w, e);
    for (size_t i = 0; i < w.count && class == ERR_OK; i++) {
        struct store_command *command = &w.commands[i];
        command->store = site_id(site);
        command->outcome = SLICE("");
        command->payload.data = c->scratch.data + w.offsets[i];
        class = send(c, site, command, e);
    }
    return class;
}

enum err_class answer_all(struct collector *c, struct err *e)
{
    enum err_class class = ERR_OK;
    for (size_t i = 0; i < c->site_count && class == ERR_OK; i++) {
        struct site *site = &c->sites[i];
        bool commands = site->commands_due || (site->answer && !site->closed && !site->restore);
        if (site->answer) {
            class = add_ack(c, site, e);
        }
        if (class == ERR_OK && site->enrolled && site->restore) {
            class = add_restore(c, site, e);
        }
        if (class == ERR_OK && site->enrolled && commands) {
            class = add_commands(c, site, e);
        }
    }
    return class;
}
