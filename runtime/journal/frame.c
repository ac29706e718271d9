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
    ktg_free(w->messages);
    ktg_free(w->hashes);
    *w = (struct ktg_frame_work){0};
}

/* Content hashes to w->hashes[0..count), record hashes to w->hashes[count..2 count). */
static int hash_records(const uint8_t *p, uint32_t count, struct ktg_frame_work *w)
{
    enum { HEAD = 56 }; /* salt 16, kind 1, zero 1, meta size 2, payload size 4, content hash 32 */
    if (count == 0)
        return KTG_OK;
    if (ktg_grow(&w->messages, &w->messages_cap, count, sizeof *w->messages) ||
        ktg_grow(&w->hashes, &w->hashes_cap, (size_t)count * 2, sizeof *w->hashes))
        return KTG_ENOMEM;
    size_t text = 0;
    const uint8_t *r = p + KTG_FRAME_HEADER;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t meta = ktg_get_le16(r + 6);
        w->messages[i] = ktg_bytes(r + KTG_RECORD_HEADER + meta, ktg_get_le32(r + 8));
        text += (size_t)HEAD + meta;
        r += ktg_get_le32(r);
    }
    ktg_blake2b_many(w->messages, count, w->hashes);
    ktg_buf_clear(&w->text);
    uint8_t *to = ktg_buf_extend(&w->text, text);
    if (!to)
        return KTG_ENOMEM;
    r = p + KTG_FRAME_HEADER;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t meta = ktg_get_le16(r + 6);
        memcpy(to, r + 32, 16);
        to[16] = r[4];
        to[17] = 0;
        memcpy(to + 18, r + 6, 6);
        memcpy(to + 24, w->hashes[i].b, KTG_HASH_SIZE);
        memcpy(to + HEAD, r + KTG_RECORD_HEADER, meta);
        w->messages[i] = ktg_bytes(to, (size_t)HEAD + meta);
        to += HEAD + meta;
        r += ktg_get_le32(r);
    }
    ktg_blake2b_many(w->messages, count, w->hashes + count);
    return KTG_OK;
}

/* Chain hash of a checked or just filled frame, from its own `prev`. */
static int hash_chain(const uint8_t *p, struct ktg_buf *scratch, struct ktg_hash *ret_chain)
{
    uint32_t count = ktg_get_le32(p + 12), at = KTG_FRAME_HEADER;
    ktg_buf_clear(scratch);
    ktg_buf_put(scratch, p + 48, KTG_HASH_SIZE);
    ktg_buf_put(scratch, p + 12, 36);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *r = p + at;
        uint16_t meta = ktg_get_le16(r + 6);
        uint8_t *to = ktg_buf_extend(scratch, (size_t)64 + meta);
        if (!to)
            return KTG_ENOMEM;
        memcpy(to, r, 32);
        to[5] = 0;
        memcpy(to + 32, r + 48, KTG_HASH_SIZE);
        memcpy(to + 64, r + KTG_RECORD_HEADER, meta);
        at += ktg_get_le32(r);
    }
    if (ktg_buf_check(scratch))
        return KTG_ENOMEM;
    struct ktg_bytes all = ktg_buf_view(scratch);
    *ret_chain = ktg_blake2b(&all, 1);
    return KTG_OK;
}

int ktg_frame_finish(uint8_t *p, uint32_t size, uint32_t count, ktg_position base,
                     ktg_time recorded_at, uint64_t tag, const struct ktg_hash *prev, bool salted,
                     const struct ktg_frame_place *place, struct ktg_frame_work *w)
{
    memset(p, 0, KTG_FRAME_HEADER);
    memcpy(p, "KTGF", 4);
    ktg_put_le32(p + 4, size);
    ktg_put_le32(p + 12, count);
    ktg_put_le64(p + 16, base);
    ktg_put_le64(p + 24, (uint64_t)recorded_at);
    ktg_put_le64(p + 32, tag);
    memcpy(p + 48, prev->b, KTG_HASH_SIZE);
    uint8_t *r = p + KTG_FRAME_HEADER;
    if (salted && count) {
        ktg_buf_clear(&w->text);
        uint8_t *salts = ktg_buf_extend(&w->text, (size_t)count * 16);
        if (!salts)
            return KTG_ENOMEM;
        ktg_random(salts, (size_t)count * 16);
        for (uint32_t i = 0; i < count; i++, r += ktg_get_le32(r))
            memcpy(r + 32, salts + (size_t)i * 16, 16);
    }
    int rc = hash_records(p, count, w);
    if (rc)
        return rc;
    r = p + KTG_FRAME_HEADER;
    for (uint32_t i = 0; i < count; i++, r += ktg_get_le32(r))
        memcpy(r + 48, w->hashes[count + i].b, KTG_HASH_SIZE);
    struct ktg_hash chain;
    rc = hash_chain(p, &w->text, &chain);
    if (rc)
        return rc;
    memcpy(p + 80, chain.b, sizeof chain.b);
    ktg_put_le32(p + 8, ktg_frame_crc(place, p, size));
    return KTG_OK;
}

int ktg_frame_prove(const struct ktg_frame *f, struct ktg_frame_work *w, ktg_position *ret_bad)
{
    int rc = hash_records(f->bytes, f->count, w);
    if (rc)
        return rc;
    uint32_t at = KTG_FRAME_HEADER;
    for (uint32_t i = 0; i < f->count; i++) {
        struct ktg_frame_record r = ktg_frame_record_at(f->bytes, at);
        at += r.size;
        bool sound = r.flags & KTG_RECORD_ERASED
                         ? is_zero(r.salt, 16) && is_zero(r.payload.data, r.payload.size)
                         : memcmp(w->hashes[f->count + i].b, r.hash->b, KTG_HASH_SIZE) == 0;
        if (!sound) {
            *ret_bad = f->base + 1 + i;
            return KTG_OK;
        }
    }
    struct ktg_hash chain;
    rc = hash_chain(f->bytes, &w->text, &chain);
    if (rc)
        return rc;
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
