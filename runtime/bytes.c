/* runtime/bytes.c - see bytes.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/bytes.h"

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

uint64_t ktg_hash64(const void *data, size_t size, uint64_t seed)
{
    const uint8_t *p = data;
    uint64_t h = seed ^ (0x9e3779b97f4a7c15u * (size + 1));
    for (; size >= 8; p += 8, size -= 8)
        h = ktg_mix64(h ^ ktg_get_le64(p)) + 0x9e3779b97f4a7c15u;
    uint64_t tail = 0;
    if (size)
        memcpy(&tail, p, size);
    return ktg_mix64(h ^ tail);
}

#ifdef __SSE4_2__
uint32_t ktg_crc32c(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t c = ~crc;
    for (; size >= 8; p += 8, size -= 8)
        c = _mm_crc32_u64(c, ktg_get_le64(p));
    for (; size; p++, size--)
        c = _mm_crc32_u8((uint32_t)c, *p);
    return ~(uint32_t)c;
}
#else
uint32_t ktg_crc32c(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = data;
    uint32_t c = ~crc;
    while (size--) {
        c ^= *p++;
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (0x82f63b78u & -(c & 1)); /* the polynomial, reflected */
    }
    return ~c;
}
#endif

void ktg_hex(const void *data, size_t size, char *to)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[p[i] >> 4];
        *to++ = digits[p[i] & 15];
    }
    *to = 0;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int ktg_unhex(const char *from, size_t chars, void *to)
{
    uint8_t *p = to;
    if (chars % 2)
        return KTG_EINVALID;
    for (size_t i = 0; i < chars; i += 2) {
        int hi = nibble(from[i]), lo = nibble(from[i + 1]);
        if (hi < 0 || lo < 0)
            return KTG_EINVALID;
        *p++ = (uint8_t)(hi << 4 | lo);
    }
    return KTG_OK;
}
