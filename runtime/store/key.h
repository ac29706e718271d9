/* runtime/store/key.h - composite keys whose bytewise order is the order of their parts.
 *
 *     key = text "IMI.ENTIKONG.1" 00 | i64 occurred_at (sign bit flipped, big-endian) | u64 seq
 * (big-endian)
 *
 * (1) Integers are big-endian; signed ones have their sign bit flipped, so -1 sorts before 0.
 * (2) Text ends with a NUL and holds none, so "a" sorts before "ab" whatever follows.
 * (3) A key that grows over KTG_KEY_MAX is marked and is refused when it is used: ktg_key_view
 * gives no key, and put answers KTG_EINVALID.
 *
 * Pure.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_STORE_KEY_H
#define KTG_RUNTIME_STORE_KEY_H

#include "runtime/store/txn.h"

struct ktg_key {
    size_t size;
    bool bad;
    uint8_t b[KTG_KEY_MAX];
};

static inline void ktg_key_init(struct ktg_key *k)
{
    k->size = 0;
    k->bad = false;
}
static inline void ktg_key_put(struct ktg_key *k, const void *data, size_t size)
{
    if (k->bad || size > sizeof k->b - k->size) {
        k->bad = true;
        return;
    }
    if (size)
        memcpy(k->b + k->size, data, size);
    k->size += size;
}
static inline void ktg_key_put_u8(struct ktg_key *k, uint8_t v)
{
    ktg_key_put(k, &v, 1);
}
static inline void ktg_key_put_u32(struct ktg_key *k, uint32_t v)
{
    uint8_t b[4];
    ktg_put_be32(b, v);
    ktg_key_put(k, b, sizeof b);
}
static inline void ktg_key_put_u64(struct ktg_key *k, uint64_t v)
{
    uint8_t b[8];
    ktg_put_be64(b, v);
    ktg_key_put(k, b, sizeof b);
}
static inline void ktg_key_put_i64(struct ktg_key *k, int64_t v)
{
    ktg_key_put_u64(k, (uint64_t)v ^ (UINT64_C(1) << 63));
}
static inline void ktg_key_put_text(struct ktg_key *k, struct ktg_bytes text)
{
    if (text.size && memchr(text.data, 0, text.size))
        k->bad = true;
    ktg_key_put(k, text.data, text.size);
    ktg_key_put_u8(k, 0);
}
/* Valid as long as the key is not changed; empty when bad. */
static inline struct ktg_bytes ktg_key_view(const struct ktg_key *k)
{
    return k->bad ? KTG_BYTES_NONE : ktg_bytes(k->b, k->size);
}
static inline int64_t ktg_key_get_i64(const void *p)
{
    return (int64_t)(ktg_get_be64(p) ^ (UINT64_C(1) << 63));
}

#endif
