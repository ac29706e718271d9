/* rules/engine/standing.c - see standing.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/standing.h"

#include "rules/engine/pack.h"

#define VERSION 2
enum { TOLD = 1, UNKNOWN = 2, POSTED = 4 };
enum { LEAST = 80 }; /* bytes of a finding */

static void encode_one(const struct ktg_standing *f, struct ktg_buf *to)
{
    ktg_buf_put(to, f->label, 16);
    ktg_buf_put(to, f->anchor, 16);
    ktg_pack_u64(to, f->anchor_pos);
    ktg_pack_i64(to, f->from);
    ktg_pack_i64(to, f->until);
    ktg_pack_u32(to, (uint32_t)f->offset_min);
    ktg_pack_u32(to, f->rev);
    ktg_pack_u8(to, (uint8_t)((f->told ? TOLD : 0) | (f->unknown ? UNKNOWN : 0) |
                              (f->is_posted ? POSTED : 0)));
    ktg_pack_u32(to, (uint32_t)f->level);
    ktg_pack_bytes(to, f->key);
    ktg_pack_bytes(to, f->evidence);
    ktg_pack_u64(to, f->evidence_total);
    ktg_pack_bytes(to, f->values);
    ktg_pack_bytes(to, f->heed);
    ktg_pack_bytes(to, f->route);
    if (f->unknown) {
        ktg_pack_bytes(to, f->unknown_source);
        ktg_pack_i64(to, f->unknown_since);
    }
    if (f->is_posted) {
        ktg_buf_put(to, f->posted_key, 16);
        ktg_buf_put(to, f->posted_hash, 16);
        ktg_pack_i64(to, f->posted_from);
        ktg_pack_u32(to, (uint32_t)f->target_count);
        for (size_t i = 0; i < f->target_count; i++) {
            ktg_pack_bytes(to, f->targets[i].kind);
            ktg_pack_bytes(to, f->targets[i].subject);
        }
    }
}

int ktg_standing_bytes(const struct ktg_standing *f, size_t *ret_bytes)
{
    struct ktg_buf b = KTG_BUF_INIT;
    encode_one(f, &b);
    int rc = ktg_buf_check(&b);
    *ret_bytes = b.size;
    ktg_buf_done(&b);
    return rc;
}

static void raw_into(struct ktg_unpack *u, uint8_t to[static 16])
{
    const uint8_t *p = ktg_unpack_raw(u, 16);
    if (p)
        memcpy(to, p, 16);
}

static int decode_one(struct ktg_unpack *u, struct ktg_arena *a, struct ktg_standing *f)
{
    *f = (struct ktg_standing){0};
    raw_into(u, f->label);
    raw_into(u, f->anchor);
    f->anchor_pos = ktg_unpack_u64(u);
    f->from = ktg_unpack_i64(u);
    f->until = ktg_unpack_i64(u);
    f->offset_min = (int32_t)ktg_unpack_u32(u);
    f->rev = ktg_unpack_u32(u);
    uint8_t flags = ktg_unpack_u8(u);
    f->told = flags & TOLD;
    f->unknown = flags & UNKNOWN;
    f->is_posted = flags & POSTED;
    f->level = (int32_t)ktg_unpack_u32(u);
    f->key = ktg_unpack_bytes(u);
    f->evidence = ktg_unpack_bytes(u);
    f->evidence_total = ktg_unpack_u64(u);
    f->values = ktg_unpack_bytes(u);
    f->heed = ktg_unpack_bytes(u);
    f->route = ktg_unpack_bytes(u);
    if (f->unknown) {
        f->unknown_source = ktg_unpack_bytes(u);
        f->unknown_since = ktg_unpack_i64(u);
    }
    if (f->is_posted) {
        raw_into(u, f->posted_key);
        raw_into(u, f->posted_hash);
        f->posted_from = ktg_unpack_i64(u);
        f->target_count = ktg_unpack_count(u, 8);
        struct ktg_target *t = ktg_arena_alloc(a, f->target_count * sizeof *t + 1);
        if (!t)
            return KTG_ENOMEM;
        for (size_t i = 0; i < f->target_count; i++) {
            t[i].kind = ktg_unpack_bytes(u);
            t[i].subject = ktg_unpack_bytes(u);
        }
        f->targets = t;
    }
    return KTG_OK;
}

int ktg_answers_decode(struct ktg_bytes value, struct ktg_arena *a, struct ktg_answers *ret_x)
{
    struct ktg_answers x = {0};
    if (!value.size) {
        *ret_x = x;
        return KTG_OK;
    }
    struct ktg_unpack u = ktg_unpack_open(value);
    if (ktg_unpack_u8(&u) != VERSION)
        return KTG_ECORRUPT;
    ktg_unpack_i64(&u); /* wake: of the parts */
    x.count = x.cap = ktg_unpack_count(&u, 20);
    x.parts = ktg_arena_zalloc(a, x.count * sizeof *x.parts + 1);
    if (!x.parts)
        return KTG_ENOMEM;
    for (size_t p = 0; p < x.count && !u.bad; p++) {
        struct ktg_answers_part *part = &x.parts[p];
        part->rule = ktg_unpack_bytes(&u);
        part->wake = ktg_unpack_i64(&u);
        part->count = ktg_unpack_u32(&u);
        part->raw = ktg_unpack_bytes(&u);
    }
    if (!ktg_unpack_done(&u))
        return KTG_ECORRUPT;
    *ret_x = x;
    return KTG_OK;
}

int ktg_answers_open(struct ktg_answers_part *part, struct ktg_arena *a)
{
    struct ktg_unpack u = ktg_unpack_open(part->raw);
    if (part->findings || !part->count)
        return KTG_OK;
    if (part->count > part->raw.size / LEAST)
        return KTG_ECORRUPT;
    struct ktg_standing *list = ktg_arena_alloc(a, part->count * sizeof *list);
    int rc = list ? KTG_OK : KTG_ENOMEM;
    for (size_t i = 0; !rc && i < part->count; i++)
        rc = decode_one(&u, a, &list[i]);
    if (!rc && !ktg_unpack_done(&u))
        rc = KTG_ECORRUPT;
    if (!rc)
        ktg_answers_replace(part, list, part->count);
    return rc;
}

void ktg_answers_replace(struct ktg_answers_part *part, struct ktg_standing *findings, size_t count)
{
    part->findings = findings;
    part->count = count;
    part->raw = KTG_BYTES_NONE;
}

static bool is_kept(const struct ktg_answers_part *p)
{
    return p->count || p->wake != KTG_NEVER;
}

void ktg_answers_encode(const struct ktg_answers *x, struct ktg_buf *to)
{
    ktg_time wake = KTG_NEVER;
    uint32_t kept = 0;
    for (size_t p = 0; p < x->count; p++) {
        kept += is_kept(&x->parts[p]);
        wake = x->parts[p].wake < wake ? x->parts[p].wake : wake;
    }
    if (!kept)
        return;
    ktg_pack_u8(to, VERSION);
    ktg_pack_i64(to, wake);
    ktg_pack_u32(to, kept);
    for (size_t p = 0; p < x->count; p++) {
        const struct ktg_answers_part *part = &x->parts[p];
        if (!is_kept(part))
            continue;
        ktg_pack_bytes(to, part->rule);
        ktg_pack_i64(to, part->wake);
        ktg_pack_u32(to, (uint32_t)part->count);
        if (part->raw.size) {
            ktg_pack_bytes(to, part->raw);
            continue;
        }
        size_t at = to->size;
        ktg_pack_u32(to, 0);
        for (size_t i = 0; i < part->count; i++)
            encode_one(&part->findings[i], to);
        if (!to->bad)
            ktg_put_le32(to->data + at, (uint32_t)(to->size - at - 4));
    }
}

ktg_time ktg_answers_wake(struct ktg_bytes value)
{
    struct ktg_unpack u = ktg_unpack_open(value);
    bool ours = ktg_unpack_u8(&u) == VERSION;
    ktg_time wake = ktg_unpack_i64(&u);
    return ours && !u.bad ? wake : KTG_NEVER;
}

static size_t lower(const struct ktg_answers *x, struct ktg_bytes rule)
{
    size_t lo = 0, hi = x->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (ktg_bytes_cmp(x->parts[mid].rule, rule) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct ktg_answers_part *ktg_answers_part(const struct ktg_answers *x, struct ktg_bytes rule)
{
    size_t i = lower(x, rule);
    return i < x->count && ktg_bytes_eq(x->parts[i].rule, rule) ? &x->parts[i] : NULL;
}

struct ktg_answers_part *ktg_answers_part_put(struct ktg_answers *x, struct ktg_arena *a,
                                              struct ktg_bytes rule)
{
    size_t i = lower(x, rule);
    if (i < x->count && ktg_bytes_eq(x->parts[i].rule, rule))
        return &x->parts[i];
    if (x->count == x->cap) {
        size_t cap = x->cap ? x->cap * 2 : 4;
        struct ktg_answers_part *more = ktg_arena_alloc(a, cap * sizeof *more);
        if (!more)
            return NULL;
        if (x->count)
            memcpy(more, x->parts, x->count * sizeof *more);
        x->parts = more;
        x->cap = cap;
    }
    memmove(x->parts + i + 1, x->parts + i, (x->count - i) * sizeof *x->parts);
    x->parts[i] = (struct ktg_answers_part){.rule = rule, .wake = KTG_NEVER};
    x->count++;
    return &x->parts[i];
}
