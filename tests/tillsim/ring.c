#include "tests/tillsim/ring.h"

#include "tests/tillsim/log.h"
#include "tests/tillsim/state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { PAUSE_S = 60 };

/* A log without a memory of its registers may hold any number: only a register of a new name is safe. */
static const char *pick_workstation(const struct sim_ring *r, const struct sim_state *s, bool has_log,
                                    char *fresh)
{
    if (r->workstation) {
        return r->workstation;
    }
    if (s->register_count) {
        return s->registers[0].id;
    }
    snprintf(fresh, SIM_WORKSTATION_BYTES, "%s%lld", has_log ? "R" : "",
             has_log ? (long long)time(NULL) : 1LL);
    return fresh;
}

/* The moment of the sale: now, or a minute after the latest one where the tills have a clock of their own. */
static void advance(struct sim_state *s)
{
    if (s->wall) {
        s->time = sim_civil_now();
        s->day = sim_civil_day_of(s->time);
    } else {
        s->time.local_s += PAUSE_S;
    }
}

static void fill_txn(const struct sim_ring *r, const struct sim_state *s, const struct sim_gen_register *at,
                     struct sim_txn *t)
{
    memset(t, 0, sizeof *t);
    snprintf(t->store, sizeof t->store, "%s", r->store);
    memcpy(t->workstation, at->id, sizeof t->workstation);
    t->sequence = at->last;
    t->day = s->day;
    t->begin = t->end = s->time;
    t->begin.local_s -= 5;
    struct sim_line *line = sim_txn_add(t, r->is_return ? SIM_LINE_RETURN : SIM_LINE_SALE);
    line->item = &r->item;
    line->quantity_e4 = r->quantity_e4;
}

/* Writes what the log lacks, its head when it is new, and the record, together. */
static bool append(struct sim_log *log, struct sim_rung *out, struct sim_fail *f)
{
    struct stat status;
    if (fstat(log->fd, &status) != 0) {
        return sim_fail_set(f, "%s: %s", log->path, strerror(errno));
    }
    out->offset = (long long)status.st_size + (long long)log->text.size;
    sim_txn_write(&out->txn, log->format, &out->record);
    sim_text_put_bytes(&log->text, out->record.data, out->record.size);
    memcpy(out->path, log->path, sizeof out->path);
    return sim_log_flush(log, f);
}

static bool ring_locked(const struct sim_ring *r, struct sim_state *s, struct sim_rung *out,
                        struct sim_fail *f)
{
    enum sim_format format = r->format;
    bool has_log = sim_log_find(r->dir, r->store, &format);
    if (format == SIM_FORMAT_NCR_ACS && strcmp(r->item.uom, "EA") != 0 && strcmp(r->item.uom, "LB") != 0) {
        return sim_fail_set(f, "unit %s: an ncr-acs log knows only EA and, for weighed goods, LB",
                            r->item.uom);
    }
    char fresh[SIM_WORKSTATION_BYTES];
    struct sim_gen_register *at = sim_state_register(s, pick_workstation(r, s, has_log, fresh));
    if (!at) {
        return sim_fail_set(f, "%s: %d registers are remembered, no more fit", s->path, SIM_REGISTERS_MAX);
    }
    at->last++;
    advance(s);
    fill_txn(r, s, at, &out->txn);
    struct sim_log log;
    bool rung = sim_log_open(&log, r->dir, r->store, format, false, f) && append(&log, out, f) &&
                sim_state_save(s, f);
    sim_log_close(&log);
    return rung;
}

bool sim_ring(const struct sim_ring *r, struct sim_rung *out, struct sim_fail *f)
{
    struct sim_state state;
    memset(out, 0, sizeof *out);
    bool rung = sim_state_open(&state, r->dir, r->store, f) && ring_locked(r, &state, out, f);
    sim_state_close(&state);
    if (!rung) {
        sim_text_free(&out->record);
    }
    return rung;
}
