/* runtime/bytes.h - slices of memory that somebody else owns, byte order, checksums.
 *
 * A `struct ktg_bytes` is a view: whoever hands it out says until when it is valid.
 * Pure.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_BYTES_H
#define KTG_RUNTIME_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "runtime/err.h"

struct ktg_bytes {
    const uint8_t *data;
    size_t size;
};

#define KTG_BYTES_NONE ((struct ktg_bytes){NULL, 0})
#define KTG_LIT(s)     ((struct ktg_bytes){(const uint8_t *)(s), sizeof(s) - 1})

static inline struct ktg_bytes ktg_bytes(const void *data, size_t size)
{
    return (struct ktg_bytes){data, size};
}
static inline struct ktg_bytes ktg_bytes_str(const char *s)
{
    return ktg_bytes(s, strlen(s));
}
static inline bool ktg_bytes_eq(struct ktg_bytes a, struct ktg_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
static inline bool ktg_bytes_is(struct ktg_bytes a, const char *s)
{
    if (a.size && (char)a.data[0] != *s) /* mostly it is another one */
        return false;
    return ktg_bytes_eq(a, ktg_bytes_str(s));
}
/* Bytewise; a prefix sorts before what it begins. */
static inline int ktg_bytes_cmp(struct ktg_bytes a, struct ktg_bytes b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    if (n && a.data[0] != b.data[0]) /* decides most, without a call */
        return a.data[0] < b.data[0] ? -1 : 1;
    int c = n > 1 ? memcmp(a.data + 1, b.data + 1, n - 1) : 0;
    return c ? c : (a.size > b.size) - (a.size < b.size);
}
/* The same against a text, without its length. */
static inline int ktg_bytes_cmp_str(struct ktg_bytes a, const char *s)
{
    for (size_t i = 0; i < a.size; i++) {
        uint8_t c = (uint8_t)s[i];
        if (a.data[i] != c || c == 0) /* at the end of s the rest of a is more */
            return a.data[i] < c ? -1 : 1;
    }
    return s[a.size] ? -1 : 0;
}

/* The finaliser of SplitMix64 (Steele, Lea, Flood 2014): each bit of x changes half of the answer's. */
static inline uint64_t ktg_mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}
/* For hash tables in memory only; never stored, never in an answer. */
uint64_t ktg_hash64(const void *data, size_t size, uint64_t seed);

/* CRC-32C (Castagnoli), RFC 3720 appendix B.4: crc of "123456789" is 0xE3069283.  Start with 0. */
uint32_t ktg_crc32c(uint32_t crc, const void *data, size_t size);

void ktg_hex(const void *data, size_t size, char *to); /* writes 2*size characters and a NUL */
KTG_MUST_CHECK int ktg_unhex(const char *from, size_t chars,
                             void *to); /* KTG_EINVALID: odd or not hex */

#define KTG_DEFINE_ENDIAN(bits, order, swap)                            \
    static inline uint##bits##_t ktg_get_##order##bits(const void *p)   \
    {                                                                   \
        uint##bits##_t v;                                               \
        memcpy(&v, p, sizeof v);                                        \
        return swap(v);                                                 \
    }                                                                   \
    static inline void ktg_put_##order##bits(void *p, uint##bits##_t v) \
    {                                                                   \
        v = swap(v);                                                    \
        memcpy(p, &v, sizeof v);                                        \
    }
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "little-endian machines only, so far"
#endif
#define KTG_SAME(v) (v)
KTG_DEFINE_ENDIAN(16, le, KTG_SAME)
KTG_DEFINE_ENDIAN(32, le, KTG_SAME)
KTG_DEFINE_ENDIAN(64, le, KTG_SAME)
KTG_DEFINE_ENDIAN(16, be, __builtin_bswap16)
KTG_DEFINE_ENDIAN(32, be, __builtin_bswap32)
KTG_DEFINE_ENDIAN(64, be, __builtin_bswap64)

#endif
