#include "edge/stock/net.h"

#include <string.h>

struct slice net_location(const Tillwire__V1__Movement *m)
{
    return m->location[0] == '\0' ? SLICE("floor") : slice_of(m->location);
}

static void strip(Tillwire__V1__Movement *m)
{
    m->held_delta_e4 = m->on_hand_e4 = m->held_e4 = m->basis_ms = m->own_ms = 0;
    m->basis = TILLWIRE__V1__BASIS__BASIS_NONE;
    m->line = 0;
}

static void swap(Tillwire__V1__Movement **a, Tillwire__V1__Movement **b)
{
    Tillwire__V1__Movement *kept = *a;
    *a = *b;
    *b = kept;
}

size_t net_reduce(Tillwire__V1__Event *event)
{
    Tillwire__V1__Movement **all = event->movements;
    size_t count = 0;
    for (size_t i = 0; i < event->n_movements; i++) {
        if (!movement_is_recorded(all[i]->kind)) {
            continue;
        }
        size_t same = 0;
        while (same < count && (strcmp(all[same]->item, all[i]->item) != 0 ||
                                strcmp(all[same]->location, all[i]->location) != 0)) {
            same++;
        }
        if (same < count) {
            all[same]->on_hand_delta_e4 += all[i]->on_hand_delta_e4;
            continue;
        }
        strip(all[i]);
        swap(&all[count++], &all[i]);
    }
    return count;
}

enum err_class net_pack(Tillwire__V1__Event *event, struct buf *out, struct err *e)
{
    Tillwire__V1__KeyState state;
    tillwire__v1__key_state__init(&state);
    state.n_net_lines = net_reduce(event);
    state.net_lines = event->movements;
    return wire_pack(&state.base, out, e);
}
