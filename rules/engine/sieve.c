/* rules/engine/sieve.c - see sieve.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/sieve.h"

#include "runtime/mem.h"

enum { BITS_EACH = 16, PROBES = 4, LEAST_WORDS = 1024 };

static bool add_layer(struct ktg_sieve *s, size_t words)
{
    struct ktg_sieve_layer fresh = {.bits = NULL, .words = words};
    if (s->count < KTG_SIEVE_LAYERS)
        fresh.bits = ktg_calloc(words, sizeof *fresh.bits);
    if (fresh.bits)
        s->layers[s->count++] = fresh;
    return fresh.bits != NULL;
}

void ktg_sieve_size(struct ktg_sieve *s, size_t keys)
{
    size_t words = LEAST_WORDS;
    while (words < keys / 64 * 2 * BITS_EACH)
        words *= 2;
    ktg_sieve_done(s);
    (void)add_layer(s, words); /* none says yes */
}

void ktg_sieve_done(struct ktg_sieve *s)
{
    while (s->count)
        ktg_free(s->layers[--s->count].bits);
}

static uint64_t probe(const struct ktg_sieve_layer *l, uint64_t hash, uint64_t i)
{
    return ((hash >> 32) + i * (hash | 1)) & (l->words * 64 - 1);
}

void ktg_sieve_add(struct ktg_sieve *s, uint64_t hash)
{
    if (!s->count)
        return;
    struct ktg_sieve_layer *l = &s->layers[s->count - 1];
    for (uint64_t i = 0; i < PROBES; i++) {
        uint64_t bit = probe(l, hash, i);
        l->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    if (++l->count > l->words * 64 / BITS_EACH)
        (void)add_layer(s, l->words * 2); /* without one this is overfull */
}

static bool layer_may_have(const struct ktg_sieve_layer *l, uint64_t hash)
{
    for (uint64_t i = 0; i < PROBES; i++) {
        uint64_t bit = probe(l, hash, i);
        if (!(l->bits[bit / 64] >> bit % 64 & 1))
            return false;
    }
    return true;
}

bool ktg_sieve_may_have(const struct ktg_sieve *s, uint64_t hash)
{
    bool may = !s->count;
    for (size_t i = s->count; !may && i-- > 0;)
        may = layer_may_have(&s->layers[i], hash);
    return may;
}
