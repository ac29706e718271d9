/* runtime/journal/frame.c - see frame.h; offsets are those of docs/journal-format.md section 5.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/journal/frame.h"

#include "runtime/blake2b.h"
#include "runtime/mem.h"

static const uint8_t zeros[16];

static bool is_zero(const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (p[i])
            return false;
    return true;
}

uint32_t ktg_frame_crc(const struct ktg_frame_place *place, const uint8_t *p, uint32_t size)
{
    uint8_t bound[32];
    memcpy(bound, place->journal, 16);
    ktg_put_le64(bound + 16, place->segment_base);
    ktg_put_le64(bound + 24, place->offset);
    uint32_t crc = ktg_crc32c(0, bound, sizeof bound);
    crc = ktg_crc32c(crc, p + 12, size - 12);
    return ktg_crc32c(crc, p + 4, 4);
}

/* Shape of the record at p with `room` bytes left in its frame: its size, or 0 if it is none. */
static uint32_t record_shape(const uint8_t *p, uint64_t room)
{
    if (room < KTG_RECORD_HEADER)
        return 0;
    uint32_t size = ktg_get_le32(p), payload = ktg_get_le32(p + 8);
    uint16_t meta = ktg_get_le16(p + 6);
    if (size > room || ktg_frame_record_size(meta, payload) != size)
        return 0;
    if (p[4] == 0 || (p[5] & ~KTG_RECORD_ERASED) || ktg_get_le32(p + 12) != 0)
        return 0;
    size_t used = (size_t)KTG_RECORD_HEADER + meta + payload;
    return is_zero(p + used, size - used) ? size : 0;
}

bool ktg_frame_check(const struct ktg_frame_place *place, const uint8_t *p, uint64_t room,
                     struct ktg_frame *ret_f)
{
    if (room < KTG_FRAME_HEADER || memcmp(p, "KTGF", 4) != 0)
        return false;
    uint32_t size = ktg_get_le32(p + 4), count = ktg_get_le32(p + 12);
    if (size < KTG_FRAME_HEADER || size % 8 || size > room ||
        count > (size - KTG_FRAME_HEADER) / KTG_RECORD_HEADER)
        return false;
    ktg_position base = ktg_get_le64(p + 16);
    if (base == 0 || base > UINT64_MAX / 2 || ktg_get_le64(p + 40) != 0)
        return false;
    if (ktg_frame_crc(place, p, size) != ktg_get_le32(p + 8))
        return false;
    uint32_t at = KTG_FRAME_HEADER;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = record_shape(p + at, size - at);
        if (n == 0)
            return false;
        at += n;
    }
    if (at != size)
        return false;
    *ret_f = (struct ktg_frame){
        .bytes = p,
        .size = size,
        .count = count,
        .base = base,
        .recorded_at = (ktg_time)ktg_get_le64(p + 24),
        .tag = ktg_get_le64(p + 32),
        .prev = (const struct ktg_hash *)(p + 48),
        .chain = (const struct ktg_hash *)(p + 80),
    };
    return true;
}

struct ktg_frame_record ktg_frame_record_at(const uint8_t *frame, uint32_t at)
{
    const uint8_t *p = frame + at;
    uint16_t meta = ktg_get_le16(p + 6);
    return (struct ktg_frame_record){
        .size = ktg_get_le32(p),
        .kind = p[4],
        .flags = p[5],
        .id = p + 16,
        .salt = p + 32,
        .hash = (const struct ktg_hash *)(p + 48),
        .meta = ktg_bytes(p + KTG_RECORD_HEADER, meta),
        .payload = ktg_bytes(p + KTG_RECORD_HEADER + meta, ktg_get_le32(p + 8)),
    };
}

void ktg_frame_put_record(uint8_t *p, uint8_t kind, struct ktg_bytes meta, struct ktg_bytes payload,
                          const uint8_t *id)
{
    size_t size = (size_t)ktg_frame_record_size(meta.size, payload.size);
    memset(p, 0, KTG_RECORD_HEADER);
    ktg_put_le32(p, (uint32_t)size);
    p[4] = kind;
    ktg_put_le16(p + 6, (uint16_t)meta.size);
    ktg_put_le32(p + 8, (uint32_t)payload.size);
    if (id)
        memcpy(p + 16, id, 16);
    uint8_t *to = p + KTG_RECORD_HEADER;
    if (meta.size)
        memcpy(to, meta.data, meta.size);
    if (payload.size)
        memcpy(to + meta.size, payload.data, payload.size);
    size_t used = KTG_RECORD_HEADER + meta.size + payload.size;
    memset(p + used, 0, size - used);
}

void ktg_frame_work_done(struct ktg_frame_work *w)
{
    ktg_buf_done(&w->text);
    ktg_buf_done(&w->chain);
    ktg_free(w->content);
    ktg_free(w->at);
    *w = (struct ktg_frame_work){0};
}

/* Records are worked on a few at a time, so that they are still in the cache for the next step. */
enum { FEW = 64 };

/* Content hashes and record hashes of n records, n at most FEW. */
static int hash_few(const uint8_t *p, const uint32_t *at, uint32_t n, struct ktg_buf *text,
                    struct ktg_hash *content, struct ktg_hash *record)
{
    enum { HEAD = 56 }; /* salt 16, kind 1, zero 1, meta size 2, payload size 4, content hash 32 */
    struct ktg_bytes messages[FEW];
    size_t size = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *r = p + at[i];
        uint16_t meta = ktg_get_le16(r + 6);
        messages[i] = ktg_bytes(r + KTG_RECORD_HEADER + meta, ktg_get_le32(r + 8));
        size += (size_t)HEAD + meta;
    }
    ktg_blake2b_many(messages, n, content);
    ktg_buf_clear(text);
    uint8_t *to = ktg_buf_extend(text, size);
    if (!to)
        return KTG_ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *r = p + at[i];
        uint16_t meta = ktg_get_le16(r + 6);
        memcpy(to, r + 32, 16);
        to[16] = r[4];
        to[17] = 0;
        memcpy(to + 18, r + 6, 6);
        memcpy(to + 24, content[i].b, KTG_HASH_SIZE);
        memcpy(to + HEAD, r + KTG_RECORD_HEADER, meta);
        messages[i] = ktg_bytes(to, (size_t)HEAD + meta);
        to += HEAD + meta;
    }
    ktg_blake2b_many(messages, n, record);
    return KTG_OK;
}

/* What the chain hash covers, from a frame's own `prev` on. */
static void begin_chain(const uint8_t *p, struct ktg_buf *chain)
{
    ktg_buf_clear(chain);
    ktg_buf_put(chain, p + 48, KTG_HASH_SIZE);
    ktg_buf_put(chain, p + 12, 36);
}

static void chain_few(const uint8_t *p, const uint32_t *at, uint32_t n, struct ktg_buf *chain)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *r = p + at[i];
        uint16_t meta = ktg_get_le16(r + 6);
        uint8_t *to = ktg_buf_extend(chain, (size_t)64 + meta);
        if (!to)
            return;
        memcpy(to, r, 32);
        to[5] = 0;
        memcpy(to + 32, r + 48, KTG_HASH_SIZE);
        memcpy(to + 64, r + KTG_RECORD_HEADER, meta);
    }
}

static int end_chain(const struct ktg_buf *chain, struct ktg_hash *ret_hash)
{
    if (ktg_buf_check(chain))
        return KTG_ENOMEM;
    struct ktg_bytes all = ktg_buf_view(chain);
    *ret_hash = ktg_blake2b(&all, 1);
    return KTG_OK;
}

int ktg_frame_finish(uint8_t *p, uint32_t size, const uint32_t *at, uint32_t count,
                     ktg_position base, ktg_time recorded_at, uint64_t tag,
                     const struct ktg_hash *prev, bool salted, const struct ktg_frame_place *place,
                     struct ktg_frame_work *w)
{
    memset(p, 0, KTG_FRAME_HEADER);
    memcpy(p, "KTGF", 4);
    ktg_put_le32(p + 4, size);
    ktg_put_le32(p + 12, count);
    ktg_put_le64(p + 16, base);
    ktg_put_le64(p + 24, (uint64_t)recorded_at);
    ktg_put_le64(p + 32, tag);
    memcpy(p + 48, prev->b, KTG_HASH_SIZE);
    if (ktg_grow(&w->content, &w->content_cap, count, sizeof *w->content))
        return KTG_ENOMEM;
    begin_chain(p, &w->chain);
    for (uint32_t first = 0; first < count; first += FEW, at += FEW) {
        uint32_t n = count - first < FEW ? count - first : FEW;
        uint8_t salts[FEW][16];
        struct ktg_hash record[FEW];
        if (salted)
            ktg_random(salts, (size_t)n * 16);
        for (uint32_t i = 0; salted && i < n; i++)
            memcpy(p + at[i] + 32, salts[i], 16);
        if (hash_few(p, at, n, &w->text, w->content + first, record))
            return KTG_ENOMEM;
        for (uint32_t i = 0; i < n; i++)
            memcpy(p + at[i] + 48, record[i].b, KTG_HASH_SIZE);
        chain_few(p, at, n, &w->chain);
    }
    struct ktg_hash chain;
    if (end_chain(&w->chain, &chain))
        return KTG_ENOMEM;
    memcpy(p + 80, chain.b, sizeof chain.b);
    ktg_put_le32(p + 8, ktg_frame_crc(place, p, size));
    return KTG_OK;
}

int ktg_frame_walk(const struct ktg_frame *f, struct ktg_frame_work *w)
{
    uint32_t next = KTG_FRAME_HEADER;
    if (ktg_grow(&w->at, &w->at_cap, f->count, sizeof *w->at))
        return KTG_ENOMEM;
    for (uint32_t i = 0; i < f->count; next += ktg_get_le32(f->bytes + next))
        w->at[i++] = next;
    return KTG_OK;
}

int ktg_frame_prove(const struct ktg_frame *f, struct ktg_frame_work *w, ktg_position *ret_bad)
{
    if (ktg_frame_walk(f, w))
        return KTG_ENOMEM;
    begin_chain(f->bytes, &w->chain);
    for (uint32_t first = 0; first < f->count; first += FEW) {
        uint32_t n = f->count - first < FEW ? f->count - first : FEW;
        struct ktg_hash content[FEW], record[FEW];
        if (hash_few(f->bytes, w->at + first, n, &w->text, content, record))
            return KTG_ENOMEM;
        for (uint32_t i = 0; i < n; i++) {
            struct ktg_frame_record r = ktg_frame_record_at(f->bytes, w->at[first + i]);
            bool sound = r.flags & KTG_RECORD_ERASED
                             ? is_zero(r.salt, 16) && is_zero(r.payload.data, r.payload.size)
                             : memcmp(record[i].b, r.hash->b, KTG_HASH_SIZE) == 0;
            if (!sound) {
                *ret_bad = f->base + 1 + first + i;
                return KTG_OK;
            }
        }
        chain_few(f->bytes, w->at + first, n, &w->chain);
    }
    struct ktg_hash chain;
    if (end_chain(&w->chain, &chain))
        return KTG_ENOMEM;
    *ret_bad = memcmp(chain.b, f->chain->b, sizeof chain.b) == 0 ? 0 : f->base;
    return KTG_OK;
}

void ktg_frame_item(const struct ktg_frame *f, uint32_t at, uint32_t n, struct ktg_journal_item *to)
{
    *to = (struct ktg_journal_item){
        .pos = f->base + n,
        .base = f->base,
        .left = f->count - n,
        .recorded_at = f->recorded_at,
        .tag = f->tag,
        .chain = f->chain,
    };
    if (n == 0)
        return;
    struct ktg_frame_record r = ktg_frame_record_at(f->bytes, at);
    to->kind = r.kind;
    to->erased = r.flags & KTG_RECORD_ERASED;
    to->id = memcmp(r.id, zeros, 16) == 0 ? NULL : r.id;
    to->meta = r.meta;
    to->payload = r.payload;
    to->hash = r.hash;
}
