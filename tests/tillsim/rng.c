#include "tests/tillsim/rng.h"

#include <assert.h>

uint64_t sim_rng_next(struct sim_rng *r)
{
    r->state += 0x9E3779B97F4A7C15u;
    uint64_t z = r->state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

struct sim_rng sim_rng_of(uint64_t seed, uint64_t stream)
{
    struct sim_rng r = {seed};
    uint64_t mixed = sim_rng_next(&r);
    r.state = mixed ^ (stream * 0xD1B54A32D192ED03u);
    r.state = sim_rng_next(&r);
    return r;
}

uint32_t sim_rng_below(struct sim_rng *r, uint32_t bound)
{
    assert(bound > 0);
    return (uint32_t)(((sim_rng_next(r) >> 32) * bound) >> 32);
}

int64_t sim_rng_between(struct sim_rng *r, int64_t low, int64_t high)
{
    assert(low <= high && high - low < UINT32_MAX);
    return low + sim_rng_below(r, (uint32_t)(high - low + 1));
}

bool sim_rng_chance(struct sim_rng *r, uint32_t per_mille)
{
    return sim_rng_below(r, 1000) < per_mille;
}
