/* rules/engine/record.c - see record.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/record.h"

#define HEADER   12
#define VERSION  2
#define TIE_BITS 22
#define MS_BITS  42

static uint64_t clamp(int64_t v, unsigned bits)
{
    int64_t most = (int64_t)((UINT64_C(1) << bits) - 1);
    return (uint64_t)(v < 0 ? 0 : v > most ? most : v);
}

uint64_t ktg_packed_key(ktg_time at, const uint8_t id[static 16])
{
    if (at < 0)
        return 0; /* years that fit no key sort by `order` */
    if (at >> MS_BITS)
        return UINT64_MAX;
    int64_t made = (int64_t)(ktg_get_be64(id) >> 16); /* UUIDv7: 48 bits of ms */
    int64_t tie = made - at + 1024;
    return (uint64_t)at << TIE_BITS | clamp(tie, TIE_BITS);
}

struct ktg_packed ktg_packed_make(ktg_time at, const uint8_t id[static 16], uint64_t pos,
                                  uint32_t type, uint32_t role)
{
    return (struct ktg_packed){.key = ktg_packed_key(at, id),
                               .word = (type & 0xfff) << 20 | (role & 0xff) << 12 |
                                       (uint32_t)(pos >> 32 & 0xff),
                               .pos = (uint32_t)pos};
}

int ktg_record_open(struct ktg_bytes value, struct ktg_record *ret_r)
{
    struct ktg_record r = {0};
    if (value.size) {
        if (value.size < HEADER || value.data[0] != VERSION)
            return KTG_ECORRUPT;
        r.has_older = value.data[1] != 0;
        r.count = ktg_get_le32(value.data + 4);
        r.posted_count = ktg_get_le32(value.data + 8);
        if (value.size != HEADER + r.count * KTG_PACKED_SIZE + r.posted_count * KTG_POSTED_REF)
            return KTG_ECORRUPT;
        r.entries = value.data + HEADER;
        r.posted = r.entries + r.count * KTG_PACKED_SIZE;
    }
    *ret_r = r;
    return KTG_OK;
}

struct ktg_packed ktg_record_at(const struct ktg_record *r, size_t i)
{
    const uint8_t *p = r->entries + i * KTG_PACKED_SIZE;
    return (struct ktg_packed){ktg_get_le64(p), ktg_get_le32(p + 8), ktg_get_le32(p + 12)};
}

static void put_at(uint8_t *p, struct ktg_packed v)
{
    ktg_put_le64(p, v.key);
    ktg_put_le32(p + 8, v.word);
    ktg_put_le32(p + 12, v.pos);
}

void ktg_record_posted_at(const struct ktg_record *r, size_t i, ktg_time *ret_from,
                          uint8_t ret_id[static 16])
{
    const uint8_t *p = r->posted + i * KTG_POSTED_REF;
    *ret_from = (ktg_time)ktg_get_le64(p);
    memcpy(ret_id, p + 8, 16);
}

/* The first entry whose key is not below `key`. */
static size_t lower(const struct ktg_record *r, uint64_t key)
{
    size_t lo = 0, hi = r->count;
    if (hi && ktg_record_at(r, hi - 1).key < key) /* the usual case: in order */
        return hi;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (ktg_record_at(r, mid).key < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

uint64_t ktg_packed_key_since(ktg_time at)
{
    return at < 0 ? 0 : at >> MS_BITS ? UINT64_MAX : (uint64_t)at << TIE_BITS;
}

size_t ktg_record_since(const struct ktg_record *r, ktg_time at)
{
    return lower(r, ktg_packed_key_since(at));
}

static bool stands_after(const struct ktg_record *r, size_t i, struct ktg_packed p,
                         const struct ktg_record_order *order)
{
    struct ktg_packed there = ktg_record_at(r, i);
    int c = order->order(order->arg, ktg_packed_pos(there), ktg_packed_pos(p));
    return c > 0 || (c == 0 && ktg_packed_role(there) > ktg_packed_role(p));
}

/* Where `p` belongs.  Entries with equal keys are compared by what the journal says, which costs a look into it: the
 * last of them first, for most arrive in order, then by halves. */
static size_t place_of(const struct ktg_record *r, struct ktg_packed p,
                       const struct ktg_record_order *order)
{
    size_t lo = lower(r, p.key), hi = p.key == UINT64_MAX ? r->count : lower(r, p.key + 1);
    if (lo < hi && !stands_after(r, hi - 1, p, order))
        return hi;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (stands_after(r, mid, p, order))
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

/* Make a hole of `size` bytes at `offset`; a new record gets its header. */
static uint8_t *hole(struct ktg_buf *value, size_t offset, size_t size)
{
    if (!value->size) {
        uint8_t head[HEADER] = {VERSION};
        ktg_buf_put(value, head, sizeof head);
    }
    size_t tail = value->bad ? 0 : value->size - offset;
    if (!ktg_buf_extend(value, size))
        return NULL;
    memmove(value->data + offset + size, value->data + offset, tail);
    return value->data + offset;
}

static void count_add(struct ktg_buf *value, size_t at, uint32_t by)
{
    ktg_put_le32(value->data + at, ktg_get_le32(value->data + at) + by);
}

int ktg_record_insert(struct ktg_buf *value, struct ktg_packed p,
                      const struct ktg_record_order *order)
{
    struct ktg_record r;
    int rc = ktg_record_open(ktg_buf_view(value), &r);
    if (rc)
        return rc;
    size_t i = place_of(&r, p, order);
    uint8_t *at = hole(value, HEADER + i * KTG_PACKED_SIZE, KTG_PACKED_SIZE);
    if (!at)
        return KTG_ENOMEM;
    put_at(at, p);
    count_add(value, 4, 1);
    return KTG_OK;
}

/* Index of (pos, role) under its key, or count. */
static size_t find(const struct ktg_record *r, struct ktg_packed p)
{
    for (size_t i = lower(r, p.key); i < r->count; i++) {
        struct ktg_packed there = ktg_record_at(r, i);
        if (there.key != p.key)
            break;
        if (ktg_packed_pos(there) == ktg_packed_pos(p) &&
            ktg_packed_role(there) == ktg_packed_role(p))
            return i;
    }
    return r->count;
}

int ktg_record_mark(struct ktg_buf *value, struct ktg_packed p, bool dead)
{
    struct ktg_record r;
    int rc = ktg_record_open(ktg_buf_view(value), &r);
    if (rc)
        return rc;
    size_t i = find(&r, p);
    if (i == r.count)
        return KTG_ENOTFOUND;
    uint8_t *word = value->data + HEADER + i * KTG_PACKED_SIZE + 8;
    uint32_t w = ktg_get_le32(word) & ~KTG_PACKED_DEAD;
    ktg_put_le32(word, dead ? w | KTG_PACKED_DEAD : w);
    return KTG_OK;
}

int ktg_record_split(struct ktg_buf *value, size_t count, struct ktg_buf *to)
{
    size_t size = count * KTG_PACKED_SIZE;
    uint8_t head[HEADER] = {VERSION};
    ktg_put_le32(head + 4, (uint32_t)count);
    ktg_buf_put(to, head, sizeof head);
    ktg_buf_put(to, value->data + HEADER, size);
    int rc = ktg_buf_check(to);
    if (rc)
        return rc;
    memmove(value->data + HEADER, value->data + HEADER + size, value->size - HEADER - size);
    value->size -= size;
    count_add(value, 4, (uint32_t)-count);
    return KTG_OK;
}

void ktg_record_set_older(struct ktg_buf *value)
{
    value->data[1] = 1;
}

static int posted_cmp(const struct ktg_record *r, size_t i, ktg_time from,
                      const uint8_t id[static 16])
{
    ktg_time at;
    uint8_t there[16];
    ktg_record_posted_at(r, i, &at, there);
    return at != from ? (at > from) - (at < from) : memcmp(there, id, 16);
}

int ktg_record_post(struct ktg_buf *value, ktg_time from, const uint8_t id[static 16])
{
    struct ktg_record r;
    int rc = ktg_record_open(ktg_buf_view(value), &r);
    if (rc)
        return rc;
    size_t i = r.posted_count;
    while (i > 0 && posted_cmp(&r, i - 1, from, id) >= 0) {
        if (posted_cmp(&r, --i, from, id) == 0)
            return KTG_OK;
    }
    uint8_t *at =
        hole(value, HEADER + r.count * KTG_PACKED_SIZE + i * KTG_POSTED_REF, KTG_POSTED_REF);
    if (!at)
        return KTG_ENOMEM;
    ktg_put_le64(at, (uint64_t)from);
    memcpy(at + 8, id, 16);
    count_add(value, 8, 1);
    return KTG_OK;
}

int ktg_record_unpost(struct ktg_buf *value, ktg_time from, const uint8_t id[static 16],
                      bool *ret_empty)
{
    struct ktg_record r;
    int rc = ktg_record_open(ktg_buf_view(value), &r);
    if (rc)
        return rc;
    for (size_t i = 0; i < r.posted_count; i++) {
        if (posted_cmp(&r, i, from, id) != 0)
            continue;
        size_t offset = HEADER + r.count * KTG_PACKED_SIZE + i * KTG_POSTED_REF;
        memmove(value->data + offset, value->data + offset + KTG_POSTED_REF,
                value->size - offset - KTG_POSTED_REF);
        value->size -= KTG_POSTED_REF;
        count_add(value, 8, (uint32_t)-1);
        *ret_empty = r.count == 0 && r.posted_count == 1;
        return KTG_OK;
    }
    return KTG_ENOTFOUND;
}
