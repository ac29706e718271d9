/* runtime/blake2b.c - see blake2b.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/blake2b.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { LANES = 4, BLOCK = 128 };

#define WIDE static inline __attribute__((target("avx2"), always_inline))

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

struct lanes {
    uint64_t h[8][LANES] __attribute__((aligned(32)));
    uint64_t t[LANES] __attribute__((aligned(32)));    /* bytes taken in, this block included */
    uint64_t last[LANES] __attribute__((aligned(32))); /* all ones in the last block */
    const uint8_t *block[LANES];
};

WIDE __m256i rotate(__m256i x, int n)
{
    const __m256i by24 = _mm256_setr_epi8(3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10, 3,
                                          4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10);
    const __m256i by16 = _mm256_setr_epi8(2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9, 2,
                                          3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    switch (n) {
    case 32:
        return _mm256_shuffle_epi32(x, _MM_SHUFFLE(2, 3, 0, 1));
    case 24:
        return _mm256_shuffle_epi8(x, by24);
    case 16:
        return _mm256_shuffle_epi8(x, by16);
    default: /* 63 */
        return _mm256_xor_si256(_mm256_srli_epi64(x, 63), _mm256_add_epi64(x, x));
    }
}

WIDE void mix(__m256i v[16], int a, int b, int c, int d, __m256i x, __m256i y)
{
    v[a] = _mm256_add_epi64(_mm256_add_epi64(v[a], v[b]), x);
    v[d] = rotate(_mm256_xor_si256(v[d], v[a]), 32);
    v[c] = _mm256_add_epi64(v[c], v[d]);
    v[b] = rotate(_mm256_xor_si256(v[b], v[c]), 24);
    v[a] = _mm256_add_epi64(_mm256_add_epi64(v[a], v[b]), y);
    v[d] = rotate(_mm256_xor_si256(v[d], v[a]), 16);
    v[c] = _mm256_add_epi64(v[c], v[d]);
    v[b] = rotate(_mm256_xor_si256(v[b], v[c]), 63);
}

/* Words of the four blocks, word i of each lane in m[i]. */
WIDE void load_words(const struct lanes *l, __m256i m[16])
{
    for (int i = 0; i < 16; i += 4) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(l->block[0] + i * 8));
        __m256i b = _mm256_loadu_si256((const __m256i *)(l->block[1] + i * 8));
        __m256i c = _mm256_loadu_si256((const __m256i *)(l->block[2] + i * 8));
        __m256i d = _mm256_loadu_si256((const __m256i *)(l->block[3] + i * 8));
        __m256i ab0 = _mm256_unpacklo_epi64(a, b), ab1 = _mm256_unpackhi_epi64(a, b);
        __m256i cd0 = _mm256_unpacklo_epi64(c, d), cd1 = _mm256_unpackhi_epi64(c, d);
        m[i] = _mm256_permute2x128_si256(ab0, cd0, 0x20);
        m[i + 1] = _mm256_permute2x128_si256(ab1, cd1, 0x20);
        m[i + 2] = _mm256_permute2x128_si256(ab0, cd0, 0x31);
        m[i + 3] = _mm256_permute2x128_si256(ab1, cd1, 0x31);
    }
}

__attribute__((target("avx2"))) static void compress(struct lanes *l)
{
    __m256i m[16], v[16], h[8];
    load_words(l, m);
    for (int i = 0; i < 8; i++) {
        v[i] = h[i] = _mm256_load_si256((const __m256i *)l->h[i]);
        v[i + 8] = _mm256_set1_epi64x((long long)iv[i]);
    }
    v[12] = _mm256_xor_si256(v[12], _mm256_load_si256((const __m256i *)l->t));
    v[14] = _mm256_xor_si256(v[14], _mm256_load_si256((const __m256i *)l->last));
#pragma GCC unroll 12
    for (int r = 0; r < 12; r++) {
        const uint8_t *s = sigma[r % 10];
        mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++)
        _mm256_store_si256((__m256i *)l->h[i],
                           _mm256_xor_si256(h[i], _mm256_xor_si256(v[i], v[i + 8])));
}

static void hash_lanes(const struct ktg_bytes *messages, size_t count, struct ktg_hash *to)
{
    struct lanes l;
    uint8_t tail[LANES][BLOCK];
    struct ktg_bytes left[LANES] = {{0}};
    size_t which[LANES], next = 0;
    bool busy[LANES] = {false};
    for (size_t done = 0; done < count;) {
        for (int k = 0; k < LANES; k++) {
            if (!busy[k]) { /* take the next message; with none left the lane works on zeros */
                for (int i = 0; i < 8; i++)
                    l.h[i][k] = iv[i];
                l.h[0][k] ^= 0x01010000 ^ KTG_HASH_SIZE; /* no key, fan-out 1, depth 1 */
                l.t[k] = 0;
                if (next < count) {
                    busy[k] = true;
                    which[k] = next;
                    left[k] = messages[next++];
                }
            }
            bool last = !busy[k] || left[k].size <= BLOCK;
            l.last[k] = last ? UINT64_MAX : 0;
            if (last) {
                size_t n = busy[k] ? left[k].size : 0;
                memset(tail[k] + n, 0, BLOCK - n);
                if (n)
                    memcpy(tail[k], left[k].data, n);
                l.block[k] = tail[k];
                l.t[k] += n;
            } else {
                l.block[k] = left[k].data;
                left[k].data += BLOCK;
                left[k].size -= BLOCK;
                l.t[k] += BLOCK;
            }
        }
        compress(&l);
        for (int k = 0; k < LANES; k++) {
            if (!busy[k] || !l.last[k])
                continue;
            for (int i = 0; i < KTG_HASH_SIZE / 8; i++)
                ktg_put_le64(to[which[k]].b + i * 8, l.h[i][k]);
            busy[k] = false;
            done++;
        }
    }
}

static bool has_lanes(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
static bool has_lanes(void)
{
    return false;
}
static void hash_lanes(const struct ktg_bytes *messages, size_t count, struct ktg_hash *to)
{
    (void)messages;
    (void)count;
    (void)to;
}
#endif

void ktg_blake2b_many(const struct ktg_bytes *messages, size_t count, struct ktg_hash *to)
{
    if (count > 1 && has_lanes()) {
        hash_lanes(messages, count, to);
        return;
    }
    for (size_t i = 0; i < count; i++)
        to[i] = ktg_blake2b(&messages[i], 1);
}
