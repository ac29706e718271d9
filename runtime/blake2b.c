/* runtime/blake2b.c - see blake2b.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/blake2b.h"

static void one_by_one(const struct ktg_bytes *messages, size_t count, struct ktg_hash *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = ktg_blake2b(&messages[i], 1);
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { BLOCK = 128 };

static const uint64_t iv[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* RFC 7693 section 2.7 */
static const uint8_t sigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

#define LANES        4
#define LANES_TARGET "avx2"
#define LANES_NAME   four
#include "runtime/blake2b_lanes.h"

#define LANES        8
#define LANES_TARGET "avx512f"
#define LANES_NAME   eight
#include "runtime/blake2b_lanes.h"

void ktg_blake2b_lanes(const struct ktg_bytes *messages, size_t count, unsigned most,
                       struct ktg_hash *to)
{
    if (count > 4 && most >= 8 && __builtin_cpu_supports("avx512f"))
        eight(messages, count, to);
    else if (count > 1 && most >= 4 && __builtin_cpu_supports("avx2"))
        four(messages, count, to);
    else
        one_by_one(messages, count, to);
}
#else
void ktg_blake2b_lanes(const struct ktg_bytes *messages, size_t count, unsigned most,
                       struct ktg_hash *to)
{
    (void)most;
    one_by_one(messages, count, to);
}
#endif

void ktg_blake2b_many(const struct ktg_bytes *messages, size_t count, struct ktg_hash *to)
{
    ktg_blake2b_lanes(messages, count, 8, to);
}
