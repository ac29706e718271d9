/* producers/simulate/random.h - chance that repeats: SplitMix64, integers only.
 * Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
 *
 * Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_SIMULATE_RANDOM_H
#define KTG_PRODUCERS_SIMULATE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct ktg_random_stream {
    uint64_t state;
};

static inline uint64_t ktg_random_next(struct ktg_random_stream *r)
{
    uint64_t z = (r->state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* A stream of its own for the n-th thing of a kind, so that one more draw here moves nothing there.
 */
static inline struct ktg_random_stream ktg_random_split(uint64_t seed, uint64_t kind, uint64_t n)
{
    struct ktg_random_stream r = {seed};
    r.state = ktg_random_next(&r) ^ (kind * UINT64_C(0xD6E8FEB86659FD93));
    r.state = ktg_random_next(&r) ^ n;
    ktg_random_next(&r);
    return r;
}

/* least..most, both included. */
static inline int64_t ktg_random_between(struct ktg_random_stream *r, int64_t least, int64_t most)
{
    uint64_t range = (uint64_t)(most - least) + 1;
    return least + (int64_t)((ktg_random_next(r) >> 32) * range >> 32); /* ranges below 2^32 */
}

static inline bool ktg_random_chance(struct ktg_random_stream *r, int percent)
{
    return ktg_random_between(r, 1, 100) <= percent;
}

#endif
