/* rules/engine/sieve.h - has a key ever been seen?  No is certain, yes is not (a Bloom filter).
 *
 * Most look-ups of the engine ask for what is not there: a correction of this event, another name of this person.  A bit
 * array of 16 bits a key answers those without a walk through the store; about one in 400 is asked in vain.
 * (1) Nothing is ever taken out.  (2) A fault of memory makes it say yes more often: slower, never wrong.
 * (3) What is full gets another layer, twice as large, so that nobody waits until all keys are read again.
 * Bloom, Space/time trade-offs in hash coding with allowable errors, CACM 13 (1970); two halves of one hash in place of
 * four: Kirsch, Mitzenmacher, Less hashing, same performance (2006); layers: Almeida et al., Scalable Bloom filters (2007).
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_SIEVE_H
#define KTG_RULES_ENGINE_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KTG_SIEVE_LAYERS = 32 };

struct ktg_sieve {
    struct ktg_sieve_layer {
        uint64_t *bits;
        size_t words, count; /* words: a power of two */
    } layers[KTG_SIEVE_LAYERS];
    size_t count; /* of layers; 0: says yes to everything */
};
#define KTG_SIEVE_INIT \
    {                  \
        .count = 0     \
    }

void ktg_sieve_size(struct ktg_sieve *s, size_t keys); /* anew and empty, for twice as many */
void ktg_sieve_done(struct ktg_sieve *s);
/* The hash of the key (ktg_hash64). */
void ktg_sieve_add(struct ktg_sieve *s, uint64_t hash);
bool ktg_sieve_may_have(const struct ktg_sieve *s, uint64_t hash);

#endif
