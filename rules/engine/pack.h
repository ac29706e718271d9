/* rules/engine/pack.h - little-endian numbers and length-prefixed bytes in records of the state.
 *
 * (1) A reader that runs over the end turns bad, stays bad and gives zeros; ask once, at the end.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_PACK_H
#define KTG_RULES_ENGINE_PACK_H

#include "runtime/buf.h"
#include "runtime/bytes.h"

static inline void ktg_pack_u8(struct ktg_buf *b, uint8_t v)
{
    ktg_buf_put_u8(b, v);
}
static inline void ktg_pack_u32(struct ktg_buf *b, uint32_t v)
{
    uint8_t raw[4];
    ktg_put_le32(raw, v);
    ktg_buf_put(b, raw, sizeof raw);
}
static inline void ktg_pack_u64(struct ktg_buf *b, uint64_t v)
{
    uint8_t raw[8];
    ktg_put_le64(raw, v);
    ktg_buf_put(b, raw, sizeof raw);
}
static inline void ktg_pack_i64(struct ktg_buf *b, int64_t v)
{
    ktg_pack_u64(b, (uint64_t)v);
}
static inline void ktg_pack_bytes(struct ktg_buf *b, struct ktg_bytes v)
{
    ktg_pack_u32(b, (uint32_t)v.size);
    ktg_buf_put_bytes(b, v);
}

struct ktg_unpack {
    const uint8_t *at, *end;
    bool bad;
};
static inline struct ktg_unpack ktg_unpack_open(struct ktg_bytes b)
{
    return (struct ktg_unpack){b.data, b.data + b.size, false};
}
/* `size` raw bytes, or NULL (bad). */
static inline const uint8_t *ktg_unpack_raw(struct ktg_unpack *u, size_t size)
{
    if (u->bad || size > (size_t)(u->end - u->at)) {
        u->bad = true;
        return NULL;
    }
    const uint8_t *p = u->at;
    u->at += size;
    return p;
}
static inline uint8_t ktg_unpack_u8(struct ktg_unpack *u)
{
    const uint8_t *p = ktg_unpack_raw(u, 1);
    return p ? *p : 0;
}
static inline uint32_t ktg_unpack_u32(struct ktg_unpack *u)
{
    const uint8_t *p = ktg_unpack_raw(u, 4);
    return p ? ktg_get_le32(p) : 0;
}
static inline uint64_t ktg_unpack_u64(struct ktg_unpack *u)
{
    const uint8_t *p = ktg_unpack_raw(u, 8);
    return p ? ktg_get_le64(p) : 0;
}
static inline int64_t ktg_unpack_i64(struct ktg_unpack *u)
{
    return (int64_t)ktg_unpack_u64(u);
}
static inline struct ktg_bytes ktg_unpack_bytes(struct ktg_unpack *u)
{
    uint32_t size = ktg_unpack_u32(u);
    const uint8_t *p = ktg_unpack_raw(u, size);
    return p ? ktg_bytes(p, size) : KTG_BYTES_NONE;
}
/* A count of things of at least `least` bytes each: a false count cannot make the reader allocate. */
static inline uint32_t ktg_unpack_count(struct ktg_unpack *u, size_t least)
{
    uint32_t n = ktg_unpack_u32(u);
    if (!u->bad && (size_t)n * least > (size_t)(u->end - u->at))
        u->bad = true;
    return u->bad ? 0 : n;
}
static inline bool ktg_unpack_done(const struct ktg_unpack *u)
{
    return !u->bad && u->at == u->end;
}

#endif
