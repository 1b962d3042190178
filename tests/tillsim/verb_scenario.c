#include "tests/tillsim/log.h"
#include "tests/tillsim/options.h"
#include "tests/tillsim/report.h"
#include "tests/tillsim/scenario.h"
#include "tests/tillsim/state.h"
#include "tests/tillsim/verbs.h"

enum { NOON_S = 12 * 3600, OFFSET_MIN = 60 };

static bool remember(const char *dir, const struct sim_txn *t, bool wall, struct sim_fail *f)
{
    struct sim_state state;
    if (!sim_state_open(&state, dir, t->store, f)) {
        return false;
    }
    state.wall = wall;
    state.day = t->day;
    state.time = t->end;
    sim_state_register(&state, t->workstation)->last = t->sequence;
    bool saved = sim_state_save(&state, f);
    sim_state_close(&state);
    return saved;
}

static bool write_record(const char *dir, const struct sim_txn *t, bool wall, struct sim_fail *f)
{
    struct sim_log log;
    bool written = sim_log_open(&log, dir, t->store, SIM_FORMAT_JSONL, t->sequence == 1, f);
    if (written) {
        sim_log_add(&log, t);
        written = sim_log_flush(&log, f) && remember(dir, t, wall, f);
    }
    sim_log_close(&log);
    return written;
}

static bool scenario_run(const char *dir, int32_t day, struct sim_fail *f)
{
    struct sim_report report;
    bool wall = day < 0;
    struct sim_moment at =
        wall ? sim_civil_now() : (struct sim_moment){(int64_t)day * SIM_DAY_SECONDS + NOON_S, OFFSET_MIN};
    bool going = sim_report_open(&report, dir, true, false, f);
    for (uint32_t i = 0; going && i < SIM_SCENARIO_RECORDS; i++) {
        struct sim_txn t;
        sim_scenario_record(i, at, &t);
        going = write_record(dir, &t, wall, f) && sim_report_add(&report, &t, f);
    }
    going = going && sim_report_finish(&report, f);
    sim_report_close(&report);
    return going;
}

int sim_verb_scenario(int argc, const char *const *argv)
{
    const char *dir = NULL;
    int32_t day = -1;
    bool help = false;
    const struct sim_option table[] = {
        {"out", SIM_OPTION_TEXT, &dir, "DIR", "folder to write to; its stores must have no log yet"},
        {"start-day", SIM_OPTION_DAY, &day, "YYYY-MM-DD", "business day (today, and the machine's clock)"},
    };
    const struct sim_options options = {"scenario", "Store_1 … Store_5, nine records with known totals",
                                        table, sizeof table / sizeof table[0]};
    struct sim_fail f = {0};
    bool parsed = sim_options_parse(&options, argc, argv, &help, &f);
    if (parsed && help) {
        sim_options_help(&options, stdout);
        return SIM_EXIT_DONE;
    }
    if (parsed && !dir) {
        parsed = sim_fail_set(&f, "--out is missing: the folder to write to");
    }
    bool done = parsed && scenario_run(dir, day, &f);
    if (!done) {
        fprintf(stderr, "tillsim scenario: %s\n", f.message);
    }
    return !parsed ? SIM_EXIT_USAGE : done ? SIM_EXIT_DONE : SIM_EXIT_FAILED;
}
