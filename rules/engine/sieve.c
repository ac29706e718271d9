/* rules/engine/sieve.c - see sieve.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/sieve.h"

#include "runtime/mem.h"

enum { BITS_EACH = 16, PROBES = 4, LEAST_WORDS = 1024 };

void ktg_sieve_size(struct ktg_sieve *s, size_t keys)
{
    size_t words = LEAST_WORDS;
    while (words < keys / 64 * 2 * BITS_EACH)
        words *= 2;
    ktg_free(s->bits);
    s->bits = ktg_calloc(words, sizeof *s->bits);
    s->words = s->bits ? words : 0;
    s->count = 0;
}

void ktg_sieve_done(struct ktg_sieve *s)
{
    ktg_free(s->bits);
    *s = (struct ktg_sieve)KTG_SIEVE_INIT;
}

static uint64_t probe(const struct ktg_sieve *s, uint64_t hash, uint64_t i)
{
    return ((hash >> 32) + i * (hash | 1)) & (s->words * 64 - 1);
}

void ktg_sieve_add(struct ktg_sieve *s, uint64_t hash)
{
    for (uint64_t i = 0; s->words && i < PROBES; i++) {
        uint64_t bit = probe(s, hash, i);
        s->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    s->count++;
}

bool ktg_sieve_may_have(const struct ktg_sieve *s, uint64_t hash)
{
    for (uint64_t i = 0; s->words && i < PROBES; i++) {
        uint64_t bit = probe(s, hash, i);
        if (!(s->bits[bit / 64] >> bit % 64 & 1))
            return false;
    }
    return true;
}

bool ktg_sieve_is_full(const struct ktg_sieve *s)
{
    return s->words && s->count > s->words * 64 / BITS_EACH;
}
