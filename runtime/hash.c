/* runtime/hash.c - see hash.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/hash.h"

#include <assert.h>
#include <sodium.h>

static void blake2b(const struct ktg_bytes *parts, size_t count, uint8_t *to, size_t size)
{
    crypto_generichash_state s;
    crypto_generichash_init(&s, NULL, 0, size);
    for (size_t i = 0; i < count; i++)
        crypto_generichash_update(&s, parts[i].data, parts[i].size);
    crypto_generichash_final(&s, to, size);
}

struct ktg_hash ktg_blake2b(const struct ktg_bytes *parts, size_t count)
{
    struct ktg_hash h;
    blake2b(parts, count, h.b, sizeof h.b);
    return h;
}

void ktg_blake2b_128(const struct ktg_bytes *parts, size_t count, uint8_t to[static 16])
{
    blake2b(parts, count, to, 16);
}

void ktg_random(void *to, size_t size)
{
    int failed = sodium_init(); /* safe to call again; chooses the source of randomness once */
    assert(failed >= 0);
    (void)failed;
    if (size <= 256) {
        randombytes_buf(to, size);
        return;
    }
    uint8_t seed
        [randombytes_SEEDBYTES]; /* one call to the system, then ChaCha20: many salts are cheap */
    randombytes_buf(seed, sizeof seed);
    randombytes_buf_deterministic(to, size, seed);
    sodium_memzero(seed, sizeof seed);
}
