#include "tests/tillsim/fleet.h"

#include "tests/tillsim/log.h"
#include "tests/tillsim/state.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { LOG_BYTES_HELD = 1 << 20, PROGRESS_EVERY = 4096, FORMATS = 2, NS = 1000000000 };

struct fleet {
    const struct sim_fleet_config *config;
    struct sim_catalogue catalogues[FORMATS];
    struct sim_report report;
    int64_t started_ns, told_ns;
    uint64_t written;
};

struct till {
    struct sim_gen gen;
    struct sim_log log;
    struct sim_state state;
    struct sim_txn txn;
    bool done;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

bool sim_fleet_format_parse(const char *text, enum sim_fleet_format *out)
{
    static const char *const NAMES[] = {"jsonl", "ncr-acs", "mixed"};
    for (int i = 0; i <= SIM_FLEET_MIXED; i++) {
        if (strcmp(text, NAMES[i]) == 0) {
            *out = (enum sim_fleet_format)i;
            return true;
        }
    }
    return false;
}

void sim_fleet_store(uint64_t number, char out[SIM_STORE_BYTES])
{
    snprintf(out, SIM_STORE_BYTES, "S%03u", (unsigned)number);
}

enum sim_format sim_fleet_format_of(enum sim_fleet_format format, uint64_t number)
{
    switch (format) {
    case SIM_FLEET_JSONL:
        return SIM_FORMAT_JSONL;
    case SIM_FLEET_NCR_ACS:
        return SIM_FORMAT_NCR_ACS;
    case SIM_FLEET_MIXED:
        return number % 2 ? SIM_FORMAT_JSONL : SIM_FORMAT_NCR_ACS;
    }
    return SIM_FORMAT_JSONL;
}

static bool is_wall(const struct sim_fleet_config *c)
{
    return c->rate > 0 && c->start_day < 0;
}

static bool fleet_open(struct fleet *fl, const struct sim_fleet_config *c, struct sim_fail *f)
{
    *fl = (struct fleet){.config = c, .started_ns = now_ns(), .told_ns = now_ns()};
    fl->report.ledger.fd = fl->report.gaps.fd = fl->report.cards.fd = -1;
    for (int format = 0; format < FORMATS; format++) {
        if (!sim_catalogue_open(&fl->catalogues[format], (enum sim_format)format, (uint32_t)c->items, f)) {
            return false;
        }
    }
    return true;
}

/* The report is open by now: it lists the card. */
static void add_gift_card(struct fleet *fl)
{
    struct sim_card card;
    struct sim_rng rng = sim_rng_of(fl->config->seed, 0);
    sim_card_make(&rng, &card);
    memcpy(card.shown, card.digits, sizeof card.digits);
    for (int format = 0; format < FORMATS; format++) {
        sim_catalogue_add_card(&fl->catalogues[format], card.digits);
    }
    sim_report_card(&fl->report, &card);
}

static void fleet_close(struct fleet *fl)
{
    sim_report_close(&fl->report);
    for (int format = 0; format < FORMATS; format++) {
        sim_catalogue_close(&fl->catalogues[format]);
    }
}

/* Where an earlier run, or `tillsim ring`, left the registers and their clock. */
static bool till_continue(struct till *t, enum sim_format format, bool has_log, struct sim_fail *f)
{
    if (!has_log) {
        return true;
    }
    if (format != t->gen.config.format) {
        return sim_fail_set(f, "store %s writes the other format: choose the same --format",
                            t->gen.config.store);
    }
    if (!t->state.known) {
        return sim_fail_set(f, "%s is missing: nobody knows which numbers the log holds", t->state.path);
    }
    sim_state_to_gen(&t->state, &t->gen);
    t->gen.day = t->state.day;
    t->gen.second = t->state.time.local_s - (int64_t)t->state.day * SIM_DAY_SECONDS;
    return true;
}

static bool till_open(struct fleet *fl, struct till *t, uint64_t number, struct sim_fail *f)
{
    const struct sim_fleet_config *c = fl->config;
    t->log.fd = t->state.fd = -1;
    struct sim_gen_config gen = {
        .seed = c->seed,
        .store_number = (uint32_t)number,
        .format = sim_fleet_format_of(c->format, number),
        .catalogue = &fl->catalogues[sim_fleet_format_of(c->format, number)],
        .registers = (uint32_t)c->registers,
        .start_day = c->start_day < 0 ? SIM_START_DAY : c->start_day,
        .transactions = c->transactions,
        .gap_every = c->gaps ? c->transactions / (c->gaps + 1) : 0,
        .traps = c->traps,
        .cards = c->cards,
    };
    sim_fleet_store(number, gen.store);
    enum sim_format format = gen.format;
    bool has_log = c->append && sim_log_find(c->dir, gen.store, &format);
    if (!sim_gen_open(&t->gen, &gen, f) || !sim_state_open(&t->state, c->dir, gen.store, f) ||
        !till_continue(t, format, has_log, f) ||
        !sim_log_open(&t->log, c->dir, gen.store, gen.format, !has_log, f)) {
        return false;
    }
    if (is_wall(c)) {
        sim_gen_set_now(&t->gen, sim_civil_now());
    }
    return sim_state_from_gen(&t->state, &t->gen, f) && sim_state_save(&t->state, f);
}

static void till_close(struct till *t)
{
    sim_log_close(&t->log);
    sim_state_close(&t->state);
}

static void tell(struct fleet *fl, const char *store)
{
    int64_t now = now_ns();
    if (fl->config->quiet || now - fl->told_ns < 2 * (int64_t)NS) {
        return;
    }
    fl->told_ns = now;
    fprintf(stderr, "tillsim: %llu records written, at %s\n", (unsigned long long)fl->written, store);
}

/* One record into the log's buffer and the model; false in *more when the store has no further one. */
static bool till_record(struct fleet *fl, struct till *t, bool *more, struct sim_fail *f)
{
    *more = sim_gen_next(&t->gen, &t->txn);
    if (!*more) {
        return true;
    }
    sim_log_add(&t->log, &t->txn);
    if (++fl->written % PROGRESS_EVERY == 0) {
        tell(fl, t->gen.config.store);
    }
    if (t->gen.gap.here && !sim_report_gap(&fl->report, t->txn.store, &t->gen.gap, f)) {
        return false;
    }
    return sim_report_add(&fl->report, &t->txn, f);
}

static bool write_backlog(struct fleet *fl, struct till *t, struct sim_fail *f)
{
    for (bool more = true; more;) {
        if (!till_record(fl, t, &more, f)) {
            return false;
        }
        if ((!more || t->log.text.size >= LOG_BYTES_HELD) && !sim_log_flush(&t->log, f)) {
            return false;
        }
    }
    return sim_state_from_gen(&t->state, &t->gen, f) && sim_state_save(&t->state, f);
}

static bool run_backlog(struct fleet *fl, struct sim_fail *f)
{
    struct till *t = calloc(1, sizeof *t);
    if (!t) {
        return sim_fail_set(f, "no memory for a store");
    }
    bool going = true;
    for (uint64_t number = 1; going && number <= fl->config->stores; number++) {
        going = till_open(fl, t, number, f) && write_backlog(fl, t, f);
        till_close(t);
    }
    free(t);
    return going;
}

/* The store's next record as one write(2), under the lock that `tillsim ring` takes too. */
static bool write_live(struct fleet *fl, struct till *t, struct sim_fail *f)
{
    bool more = true;
    if (!sim_state_lock(&t->state, f)) {
        return false;
    }
    sim_state_to_gen(&t->state, &t->gen);
    if (is_wall(fl->config)) {
        sim_gen_set_now(&t->gen, sim_civil_now());
    }
    bool written = till_record(fl, t, &more, f) && (!more || sim_log_flush(&t->log, f)) &&
                   sim_state_from_gen(&t->state, &t->gen, f) && sim_state_save(&t->state, f);
    sim_state_unlock(&t->state);
    t->done = !more;
    return written;
}

/* Waits for the moment, or for a signal to stop: true then. */
static bool stopped_before(int64_t due_ns, const sigset_t *stop)
{
    for (;;) {
        int64_t left = due_ns - now_ns();
        struct timespec wait = {0};
        if (left > 0) {
            wait = (struct timespec){left / NS, left % NS};
        }
        if (sigtimedwait(stop, NULL, &wait) > 0) {
            return true;
        }
        if (errno == EAGAIN) {
            return false;
        }
    }
}

static bool live_loop(struct fleet *fl, struct till *tills, const sigset_t *stop, struct sim_fail *f)
{
    uint64_t open = fl->config->stores, turn = 0;
    int64_t start = now_ns();
    for (uint64_t n = 0; open; n++) {
        if (stopped_before(start + (int64_t)((double)n / fl->config->rate * NS), stop)) {
            return true;
        }
        while (tills[turn % fl->config->stores].done) {
            turn++;
        }
        struct till *t = &tills[turn++ % fl->config->stores];
        if (!write_live(fl, t, f)) {
            return false;
        }
        open -= t->done;
    }
    return true;
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool open_live(struct fleet *fl, struct till *tills, struct sim_fail *f)
{
    for (uint64_t i = 0; i < fl->config->stores; i++) {
        if (!till_open(fl, &tills[i], i + 1, f)) {
            return false;
        }
        if (tills[i].log.text.size && !sim_log_flush(&tills[i].log, f)) {
            return false;
        }
        sim_state_unlock(&tills[i].state);
    }
    return true;
}

static bool run_live(struct fleet *fl, struct sim_fail *f)
{
    sigset_t stop, before;
    struct till *tills = calloc(fl->config->stores, sizeof *tills);
    if (!tills) {
        return sim_fail_set(f, "no memory for %llu stores", (unsigned long long)fl->config->stores);
    }
    for (uint64_t i = 0; i < fl->config->stores; i++) {
        tills[i].log.fd = tills[i].state.fd = -1;
    }
    raise_file_limit();
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, &before);
    bool done = open_live(fl, tills, f) && live_loop(fl, tills, &stop, f);
    sigprocmask(SIG_SETMASK, &before, NULL);
    for (uint64_t i = 0; i < fl->config->stores; i++) {
        till_close(&tills[i]);
    }
    free(tills);
    return done;
}

static bool config_check(const struct sim_fleet_config *c, struct sim_fail *f)
{
    if (c->stores < 1 || c->stores > SIM_STORES_MAX) {
        return sim_fail_set(f, "--stores: choose between 1 and %d", SIM_STORES_MAX);
    }
    if (c->items < 1 || c->items > SIM_CATALOGUE_MAX) {
        return sim_fail_set(f, "--items: choose between 1 and %d", SIM_CATALOGUE_MAX);
    }
    if (c->registers < 1 || c->registers > SIM_REGISTERS_MAX) {
        return sim_fail_set(f, "--registers: choose between 1 and %d", SIM_REGISTERS_MAX);
    }
    if (!c->transactions && !(c->rate > 0)) {
        return sim_fail_set(f, "--transactions 0 means without end, which needs a --rate");
    }
    if (c->gaps && c->transactions <= c->gaps) {
        return sim_fail_set(f, "--gap: fewer than --transactions, which must not be 0");
    }
    return true;
}

static void tell_end(const struct fleet *fl)
{
    struct sim_tally t = sim_report_total(&fl->report);
    if (fl->config->quiet) {
        return;
    }
    fprintf(stderr,
            "tillsim: %llu records in %.1f s under %s: %llu counted, %llu ignored, %llu quarantined, "
            "%llu duplicates; %llu movements\n",
            (unsigned long long)fl->written, (double)(now_ns() - fl->started_ns) / NS, fl->config->dir,
            (unsigned long long)t.verdicts[SIM_COUNTED], (unsigned long long)t.verdicts[SIM_IGNORED],
            (unsigned long long)t.verdicts[SIM_QUARANTINED], (unsigned long long)t.verdicts[SIM_DUPLICATE],
            (unsigned long long)t.movements);
}

static bool run(struct fleet *fl, struct sim_fail *f)
{
    const struct sim_fleet_config *c = fl->config;
    if (!sim_report_open(&fl->report, c->dir, c->ledger, c->cards, f)) {
        return false;
    }
    if (c->cards) {
        add_gift_card(fl);
    }
    return (c->rate > 0 ? run_live(fl, f) : run_backlog(fl, f)) && sim_report_finish(&fl->report, f);
}

bool sim_fleet_run(const struct sim_fleet_config *config, struct sim_fail *f)
{
    struct fleet fl;
    if (!config_check(config, f)) {
        return false;
    }
    bool done = fleet_open(&fl, config, f) && run(&fl, f);
    if (done) {
        tell_end(&fl);
    }
    fleet_close(&fl);
    return done;
}
