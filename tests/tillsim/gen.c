#include "tests/tillsim/gen.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { OPENS_S = 8 * 3600, CLOSES_S = 24 * 3600 + 2400, PAUSE_MAX_S = 20, OFFSET_MIN = 60, E4 = 10000 };

bool sim_gen_open(struct sim_gen *g, const struct sim_gen_config *config, struct sim_fail *f)
{
    if (config->registers < 1 || config->registers > SIM_REGISTERS_MAX) {
        return sim_fail_set(f, "%u registers: choose between 1 and %d", config->registers, SIM_REGISTERS_MAX);
    }
    memset(g, 0, sizeof *g);
    g->config = *config;
    g->rng = sim_rng_of(config->seed, config->store_number);
    g->day = config->start_day;
    g->second = OPENS_S;
    g->offset_min = OFFSET_MIN;
    for (uint32_t i = 0; i < config->registers; i++) {
        snprintf(g->registers[i].id, sizeof g->registers[i].id, "%u", i + 1);
        g->registers[i].last = sim_rng_below(&g->rng, 500);
        g->registers[i].signed_day = -1;
    }
    return true;
}

void sim_gen_set_now(struct sim_gen *g, struct sim_moment now)
{
    g->wall = true;
    g->day = sim_civil_day_of(now);
    g->second = now.local_s % SIM_DAY_SECONDS;
    g->offset_min = now.offset_min;
}

static void advance(struct sim_gen *g)
{
    if (g->wall) {
        return;
    }
    g->second += 1 + sim_rng_below(&g->rng, PAUSE_MAX_S);
    if (g->second > CLOSES_S) {
        g->day++;
        g->second = OPENS_S;
    }
}

/* Popular goods stand at the front of the catalogue. */
static const struct sim_item *pick_item(struct sim_gen *g)
{
    uint32_t a = sim_rng_below(&g->rng, g->config.catalogue->count);
    uint32_t b = sim_rng_below(&g->rng, g->config.catalogue->count);
    return &g->config.catalogue->items[a < b ? a : b];
}

static int64_t pick_quantity(struct sim_gen *g, struct sim_line *line)
{
    if (!line->item->weighed) {
        return E4 * (sim_rng_chance(&g->rng, 850) ? 1 : sim_rng_between(&g->rng, 1, 6));
    }
    int64_t step = g->config.format == SIM_FORMAT_NCR_ACS ? 100 : sim_rng_chance(&g->rng, 900) ? 10 : 1;
    line->decimals = sim_rng_chance(&g->rng, 200) ? 3 : 0;
    return sim_rng_between(&g->rng, 500 / step, 50000 / step) * step;
}

static struct sim_line *add_goods(struct sim_gen *g, struct sim_txn *t, enum sim_line_kind kind,
                                  const struct sim_item *item, enum sim_item_type type)
{
    struct sim_line *line = sim_txn_add(t, kind);
    line->item = item;
    line->type = type;
    line->quantity_e4 = type == SIM_TYPE_STOCK ? pick_quantity(g, line) : E4;
    line->plain_number = sim_rng_chance(&g->rng, 300);
    line->amount_cents = item->price_cents * line->quantity_e4 / E4;
    return line;
}

static void add_void(struct sim_txn *t, const struct sim_line *original)
{
    struct sim_line copy = *original;
    struct sim_line *line = sim_txn_add(t, SIM_LINE_VOID);
    copy.kind = SIM_LINE_VOID;
    copy.number = line->number;
    *line = copy;
}

static void add_sale(struct sim_gen *g, struct sim_txn *t)
{
    struct sim_line *line = add_goods(g, t, SIM_LINE_SALE, pick_item(g), SIM_TYPE_STOCK);
    bool taken_back = sim_rng_chance(&g->rng, 25);
    bool acs = g->config.format == SIM_FORMAT_NCR_ACS;
    line->voided = taken_back && !acs;
    uint32_t index = t->line_count - 1;
    if (sim_rng_chance(&g->rng, 30)) {
        add_goods(g, t, SIM_LINE_SALE, &g->config.catalogue->deposit, SIM_TYPE_DEPOSIT);
    }
    if (taken_back && acs) {
        add_void(t, &t->lines[index]);
    }
}

static void add_return(struct sim_gen *g, struct sim_txn *t)
{
    struct sim_line *line = add_goods(g, t, SIM_LINE_RETURN, pick_item(g), SIM_TYPE_STOCK);
    bool plain = sim_rng_chance(&g->rng, 500);
    line->disposal =
        plain ? SIM_DISPOSAL_NONE : (enum sim_disposal)sim_rng_below(&g->rng, SIM_DISPOSAL_UNDECIDED + 1);
}

static void add_payment(struct sim_gen *g, struct sim_txn *t)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < t->line_count; i++) {
        total += t->lines[i].amount_cents;
    }
    sim_txn_add(t, SIM_LINE_TENDER)->amount_cents = total;
    if (g->config.cards) {
        sim_card_make(&g->rng, &t->card);
    }
    if (g->config.format != SIM_FORMAT_NCR_ACS) {
        return;
    }
    if (sim_rng_chance(&g->rng, 500)) {
        sim_txn_add(t, SIM_LINE_MEMBERSHIP);
    }
    const struct sim_line *first = t->lines[0].item ? &t->lines[0] : &t->lines[1];
    if (first->item && sim_rng_chance(&g->rng, 250)) {
        struct sim_line *reward = sim_txn_add(t, SIM_LINE_REWARD);
        reward->item = first->item;
        reward->amount_cents = first->amount_cents;
    }
}

static void fill_sales(struct sim_gen *g, struct sim_txn *t)
{
    static const uint8_t LINES[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 5, 6, 8};
    t->kind = SIM_TXN_RETAIL;
    if (g->config.format == SIM_FORMAT_NCR_ACS && sim_rng_chance(&g->rng, 500)) {
        sim_txn_add(t, SIM_LINE_TAX)->amount_cents = sim_rng_below(&g->rng, 300);
    }
    uint32_t count = LINES[sim_rng_below(&g->rng, sizeof LINES)];
    for (uint32_t i = 0; i < count; i++) {
        if (sim_rng_chance(&g->rng, 40)) {
            add_return(g, t);
        } else {
            add_sale(g, t);
        }
    }
    add_payment(g, t);
}

/* A retail transaction without goods: counted, and moves nothing. */
static void fill_no_goods(struct sim_gen *g, struct sim_txn *t)
{
    const struct sim_catalogue *c = g->config.catalogue;
    t->kind = SIM_TXN_RETAIL;
    if (g->config.format == SIM_FORMAT_NCR_ACS) {
        add_goods(g, t, SIM_LINE_SALE, &c->bottle_refund, SIM_TYPE_BOTTLE_REFUND);
    } else if (sim_rng_chance(&g->rng, 500)) {
        add_goods(g, t, SIM_LINE_SALE, &c->fee, SIM_TYPE_FEE);
    } else {
        add_goods(g, t, SIM_LINE_SALE, &c->service, SIM_TYPE_SERVICE);
    }
    add_payment(g, t);
}

static void fill_receipt(struct sim_gen *g, struct sim_txn *t)
{
    t->kind = SIM_TXN_RECEIPT;
    /* as unique as the business key, whoever goes on with the log later */
    snprintf(t->document, sizeof t->document, "R-%d-%s-%u", t->day, t->workstation, t->sequence);
    uint32_t count = 1 + sim_rng_below(&g->rng, 6);
    for (uint32_t i = 0; i < count; i++) {
        struct sim_line *line = sim_txn_add(t, SIM_LINE_RECEIPT);
        line->item = pick_item(g);
        line->quantity_e4 = E4 * sim_rng_between(&g->rng, 10, 200);
    }
}

static void fill_content(struct sim_gen *g, struct sim_txn *t)
{
    uint32_t dice = sim_rng_below(&g->rng, 1000);
    t->status = dice < 10   ? SIM_STATUS_TRAINING
                : dice < 25 ? SIM_STATUS_CANCELLED
                : dice < 35 ? SIM_STATUS_SUSPENDED
                : dice < 40 ? SIM_STATUS_VOIDED
                            : SIM_STATUS_FINISHED;
    if (dice < 40 || dice >= 75) {
        fill_sales(g, t);
    } else if (dice < 45) {
        t->kind = SIM_TXN_CONTROL;
    } else if (dice < 60) {
        fill_receipt(g, t);
    } else {
        fill_no_goods(g, t);
    }
}

static void fill_header(struct sim_gen *g, struct sim_txn *t, const struct sim_gen_register *at)
{
    int64_t midnight = (int64_t)g->day * SIM_DAY_SECONDS;
    int64_t jitter = g->wall ? 0 : sim_rng_between(&g->rng, -4, 4);
    snprintf(t->store, sizeof t->store, "%s", g->config.store);
    memcpy(t->workstation, at->id, sizeof t->workstation);
    t->sequence = at->last;
    t->day = g->day;
    t->end = (struct sim_moment){midnight + g->second + jitter, g->offset_min};
    t->begin = (struct sim_moment){t->end.local_s - sim_rng_between(&g->rng, 10, 90), g->offset_min};
    t->offline = sim_rng_chance(&g->rng, 10);
    t->wordy = sim_rng_chance(&g->rng, 125);
}

/* A left-out number is followed at once by the register's next, so that the gap can be seen. */
static void leave_gap(struct sim_gen *g, struct sim_gen_register *at)
{
    at->last++;
    g->gap = (struct sim_gap){.here = true, .day = g->day, .sequence = at->last};
    memcpy(g->gap.workstation, at->id, sizeof g->gap.workstation);
    g->gap_due = false;
}

static void make_fresh(struct sim_gen *g, struct sim_txn *t)
{
    advance(g);
    memset(t, 0, offsetof(struct sim_txn, lines));
    t->line_count = 0;
    uint32_t index = g->gap_due ? g->gap_register : sim_rng_below(&g->rng, g->config.registers);
    struct sim_gen_register *at = &g->registers[index];
    if (g->gap_due) {
        leave_gap(g, at);
    }
    at->last++;
    fill_header(g, t, at);
    if (at->signed_day != g->day) {
        at->signed_day = g->day;
        t->kind = SIM_TXN_CONTROL;
    } else {
        fill_content(g, t);
    }
    g->done++;
    g->gap_due = g->config.gap_every && g->done % g->config.gap_every == 0;
    g->gap_register = index;
}

static bool is_plain_sale(const struct sim_txn *t)
{
    if (t->kind != SIM_TXN_RETAIL || t->status != SIM_STATUS_FINISHED) {
        return false;
    }
    for (uint32_t i = 0; i < t->line_count; i++) {
        if (t->lines[i].kind == SIM_LINE_SALE && t->lines[i].type == SIM_TYPE_STOCK && !t->lines[i].voided) {
            return true;
        }
    }
    return false;
}

/* Turns *t into the trap and holds the good record back for the next call. */
static void set_trap(struct sim_gen *g, struct sim_txn *t)
{
    if (!is_plain_sale(t)) {
        return;
    }
    if ((g->config.traps & SIM_TRAP_MALFORMED) && sim_rng_chance(&g->rng, 10)) {
        g->held = *t;
        g->held_ready = true;
        t->damage = (enum sim_damage)(1 + sim_rng_below(&g->rng, SIM_DAMAGE_COUNT));
    } else if ((g->config.traps & SIM_TRAP_IN_PROCESS) && sim_rng_chance(&g->rng, 10)) {
        g->held = *t;
        g->held_ready = true;
        t->status = SIM_STATUS_IN_PROCESS;
    }
}

static void remember(struct sim_gen *g, const struct sim_txn *t)
{
    if ((g->config.traps & SIM_TRAP_REPEAT) && is_plain_sale(t) && !t->damage) {
        g->recent[g->recent_count++ % SIM_RECENT] = *t;
    }
}

static bool repeat(struct sim_gen *g, struct sim_txn *out)
{
    if (!(g->config.traps & SIM_TRAP_REPEAT) || !g->recent_count || !sim_rng_chance(&g->rng, 20)) {
        return false;
    }
    uint32_t held = g->recent_count < SIM_RECENT ? g->recent_count : SIM_RECENT;
    *out = g->recent[sim_rng_below(&g->rng, held)];
    return true;
}

bool sim_gen_next(struct sim_gen *g, struct sim_txn *out)
{
    g->gap.here = false;
    if (g->held_ready) {
        g->held_ready = false;
        *out = g->held;
    } else if (repeat(g, out)) {
        return true;
    } else if (g->config.transactions && g->done == g->config.transactions) {
        return false;
    } else {
        make_fresh(g, out);
        set_trap(g, out);
    }
    remember(g, out);
    return true;
}
