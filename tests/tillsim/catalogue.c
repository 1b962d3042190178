#include "tests/tillsim/catalogue.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const GOODS[] = {
    "APPLE HONEYCRISP", "SALT & VINEGAR CRISPS", "MILK 3.5%",      "CRÈME BRÛLÉE",
    "BAGUETTE",         "SOUP BAR CUP",          "BOLT 1/2\" M8",  "AVOCADO HASS",
    "OAT DRINK",        "JALAPEÑO <HOT>",        "FROZEN VEGGIES", "LEMONADE",
    "ESPRESSO BEANS",   "BATTERY AA 4x",         "T-SHIRT L",      "NOTEBOOK A5",
    "CHEDDAR MILD",     "饺子 DUMPLINGS",
};
enum { GOODS_COUNT = sizeof GOODS / sizeof GOODS[0] };

/* Fourteen digits with the GTIN check digit (weights 3, 1 from the right). */
static void gtin_of(uint64_t body, char out[15])
{
    unsigned sum = 0;
    uint64_t rest = body;
    for (int i = 12; i >= 0; i--, rest /= 10) {
        out[i] = (char)('0' + rest % 10);
        sum += (unsigned)(rest % 10) * (i % 2 == 0 ? 3 : 1);
    }
    out[13] = (char)('0' + (10 - sum % 10) % 10);
    out[14] = '\0';
}

static void item_fill(struct sim_item *item, enum sim_format format, uint32_t n, const char *words)
{
    uint64_t body = item->weighed ? 6000u + n : 400638100000u + n;
    gtin_of(body, item->alias);
    if (format == SIM_FORMAT_NCR_ACS) {
        snprintf(item->id, sizeof item->id, "%s", item->alias);
    } else {
        snprintf(item->id, sizeof item->id, "%u", 100000 + n);
    }
    snprintf(item->description, sizeof item->description, "%s %u", words, n);
    const char *weight = format == SIM_FORMAT_NCR_ACS ? "LB" : n % 12 == 0 ? "LBR" : "KGM";
    snprintf(item->uom, sizeof item->uom, "%s", item->weighed ? weight : "EA");
    item->price_cents = (int32_t)(49 + n * 37 % 2950);
}

bool sim_catalogue_open(struct sim_catalogue *c, enum sim_format format, uint32_t count, struct sim_fail *f)
{
    *c = (struct sim_catalogue){0};
    if (count < 1 || count > SIM_CATALOGUE_MAX) {
        return sim_fail_set(f, "%u items: choose between 1 and %d", count, SIM_CATALOGUE_MAX);
    }
    c->items = calloc(count, sizeof *c->items);
    if (!c->items) {
        return sim_fail_set(f, "no memory for %u items", count);
    }
    c->count = count;
    for (uint32_t n = 0; n < count; n++) {
        c->items[n].weighed = n % 6 == 0;
        item_fill(&c->items[n], format, n, GOODS[n % GOODS_COUNT]);
    }
    item_fill(&c->deposit, format, SIM_CATALOGUE_MAX + 1, "BOTTLE DEPOSIT");
    item_fill(&c->fee, format, SIM_CATALOGUE_MAX + 2, "BAG FEE");
    item_fill(&c->service, format, SIM_CATALOGUE_MAX + 3, "GIFT WRAPPING");
    item_fill(&c->bottle_refund, format, SIM_CATALOGUE_MAX + 4, "BOTTLE REFUND");
    return true;
}

void sim_catalogue_add_card(struct sim_catalogue *c, const char *digits)
{
    struct sim_item *item = &c->items[c->count > 1 ? 1 : 0];
    snprintf(item->description, sizeof item->description, "GIFT CARD %s", digits);
}

void sim_catalogue_close(struct sim_catalogue *c)
{
    free(c->items);
    *c = (struct sim_catalogue){0};
}
