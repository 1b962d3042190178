/* Random numbers from a seed: the same seed gives the same numbers on every machine (splitmix64). A value. */
#ifndef TILLSIM_RNG_H
#define TILLSIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct sim_rng {
    uint64_t state;
};

/* An independent stream per (seed, stream), so that one store's log does not depend on the others'. */
struct sim_rng sim_rng_of(uint64_t seed, uint64_t stream);

uint64_t sim_rng_next(struct sim_rng *r);
uint32_t sim_rng_below(struct sim_rng *r, uint32_t bound);             /* 0 … bound−1; bound > 0 */
int64_t sim_rng_between(struct sim_rng *r, int64_t low, int64_t high); /* both included */
bool sim_rng_chance(struct sim_rng *r, uint32_t per_mille);

#endif
