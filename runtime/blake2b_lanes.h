/* runtime/blake2b_lanes.h - BLAKE2b over LANES messages at once; included by blake2b.c once for each width.
 *
 *   message  0 | 1 | ... | LANES - 1      a lane that is done takes the next message; with none left it works on zeros
 *
 * Before the include: LANES, LANES_TARGET (the instructions it is compiled for), LANES_NAME (of the function it makes).
 * Without them it is empty.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifdef LANES
#define LANES_JOIN_(a, b) a##b
#define LANES_JOIN(a, b)  LANES_JOIN_(a, b)
#define OF(name)          LANES_JOIN(LANES_NAME, name)
#define WIDE              static inline __attribute__((target(LANES_TARGET), always_inline))

typedef uint64_t OF(_words) __attribute__((vector_size(LANES * 8)));
typedef uint8_t OF(_bytes) __attribute__((vector_size(LANES * 8)));

struct OF(_lanes) {
    OF(_words)
    h[8], t, last; /* t: bytes taken in, this block included; last: all ones in the last block */
    const uint8_t *block[LANES];
};

/* Right by n bits; where no instruction rotates, a shuffle does it by whole bytes. */
WIDE OF(_words) OF(_rotate)(OF(_words) x, int n)
{
#if LANES == 4
    if (n % 8 == 0) {
        OF(_bytes) from;
        for (int i = 0; i < LANES * 8; i++)
            from[i] = (uint8_t)(i / 8 * 8 + (i + n / 8) % 8);
        return (OF(_words))_mm256_shuffle_epi8((__m256i)x, (__m256i)from);
    }
    return x >> n ^ (x + x); /* 63 */
#else
    return x >> n | x << (64 - n);
#endif
}

WIDE void OF(_mix)(OF(_words) v[16], int a, int b, int c, int d, OF(_words) x, OF(_words) y)
{
    v[a] = v[a] + v[b] + x;
    v[d] = OF(_rotate)(v[d] ^ v[a], 32);
    v[c] = v[c] + v[d];
    v[b] = OF(_rotate)(v[b] ^ v[c], 24);
    v[a] = v[a] + v[b] + y;
    v[d] = OF(_rotate)(v[d] ^ v[a], 16);
    v[c] = v[c] + v[d];
    v[b] = OF(_rotate)(v[b] ^ v[c], 63);
}

__attribute__((target(LANES_TARGET))) static void OF(_compress)(struct OF(_lanes) * l)
{
    OF(_words) m[16], v[16];
    for (int i = 0; i < 16; i++)
        for (int k = 0; k < LANES; k++)
            m[i][k] = ktg_get_le64(l->block[k] + i * 8);
    for (int i = 0; i < 8; i++) {
        v[i] = l->h[i];
        v[i + 8] = (OF(_words)){0} + iv[i];
    }
    v[12] ^= l->t;
    v[14] ^= l->last;
#pragma GCC unroll 12
    for (int r = 0; r < 12; r++) {
        const uint8_t *s = sigma[r % 10];
        OF(_mix)(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        OF(_mix)(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        OF(_mix)(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        OF(_mix)(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        OF(_mix)(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        OF(_mix)(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        OF(_mix)(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        OF(_mix)(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++)
        l->h[i] ^= v[i] ^ v[i + 8];
}

__attribute__((target(LANES_TARGET))) static void LANES_NAME(const struct ktg_bytes *messages,
                                                             size_t count, struct ktg_hash *to)
{
    struct OF(_lanes) l;
    uint8_t tail[LANES][BLOCK];
    struct ktg_bytes left[LANES] = {{0}};
    size_t which[LANES], next = 0;
    bool busy[LANES] = {false};
    for (size_t done = 0; done < count;) {
        for (int k = 0; k < LANES; k++) {
            if (!busy[k]) {
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
        OF(_compress)(&l);
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

#undef WIDE
#undef OF
#undef LANES_JOIN
#undef LANES_JOIN_
#undef LANES_NAME
#undef LANES_TARGET
#undef LANES
#endif
