/* rules/engine/posted.c - see posted.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/posted.h"

#include "rules/engine/pack.h"
#include "runtime/hash.h"

#define VERSION 1

void ktg_posted_key(struct ktg_bytes kind, const uint8_t id[static 16], uint8_t to[static 16])
{
    ktg_blake2b_128((struct ktg_bytes[]){kind, ktg_bytes("", 1), ktg_bytes(id, 16)}, 3, to);
}

void ktg_posted_encode(const struct ktg_posted *p, const char *rule, struct ktg_buf *to)
{
    ktg_pack_u8(to, VERSION);
    ktg_pack_bytes(to, ktg_bytes_str(rule));
    ktg_buf_put(to, p->id, 16);
    ktg_pack_i64(to, p->from);
    ktg_pack_i64(to, p->until);
    ktg_pack_i64(to, p->offset_min);
    ktg_pack_bytes(to, p->source);
    ktg_pack_bytes(to, p->subject);
    ktg_pack_bytes(to, p->person);
    ktg_pack_bytes(to, p->values);
    ktg_pack_bytes(to, p->place);
    ktg_pack_i64(to, p->level);
    ktg_pack_i64(to, p->weight);
    ktg_buf_put(to, p->root, 16);
    ktg_pack_u64(to, p->root_pos);
    ktg_pack_u32(to, (uint32_t)p->evidence_count);
    for (size_t i = 0; i < p->evidence_count; i++) {
        ktg_buf_put(to, p->evidence[i], 16);
        ktg_pack_i64(to, p->evidence_at[i]);
        ktg_pack_u64(to, p->evidence_pos[i]);
    }
    ktg_pack_u32(to, (uint32_t)p->agency_count);
    for (size_t i = 0; i < p->agency_count; i++)
        ktg_pack_bytes(to, p->agencies[i]);
}

static void id_into(struct ktg_unpack *u, uint8_t to[static 16])
{
    const uint8_t *p = ktg_unpack_raw(u, 16);
    if (p)
        memcpy(to, p, 16);
}

int ktg_posted_decode(struct ktg_bytes value, const struct ktg_ruleset *rs, struct ktg_arena *a,
                      struct ktg_posted *ret_p)
{
    struct ktg_unpack u = ktg_unpack_open(value);
    struct ktg_posted p = {0};
    if (ktg_unpack_u8(&u) != VERSION)
        return KTG_ECORRUPT;
    const struct ktg_rule *rule = ktg_ruleset_find(rs, ktg_unpack_bytes(&u));
    if (!rule)
        return KTG_ENOTFOUND;
    p.rule = ktg_rule_index(rule);
    id_into(&u, p.id);
    p.from = ktg_unpack_i64(&u);
    p.until = ktg_unpack_i64(&u);
    p.offset_min = (int)ktg_unpack_i64(&u);
    p.source = ktg_unpack_bytes(&u);
    p.subject = ktg_unpack_bytes(&u);
    p.person = ktg_unpack_bytes(&u);
    p.values = ktg_unpack_bytes(&u);
    p.place = ktg_unpack_bytes(&u);
    p.level = (int)ktg_unpack_i64(&u);
    p.weight = (int)ktg_unpack_i64(&u);
    id_into(&u, p.root);
    p.root_pos = ktg_unpack_u64(&u);
    p.evidence_count = ktg_unpack_count(&u, 32);
    uint8_t(*ids)[16] = ktg_arena_alloc(a, p.evidence_count * 16 + 1);
    ktg_time *at = ktg_arena_alloc(a, p.evidence_count * sizeof *at + 1);
    uint64_t *pos = ktg_arena_alloc(a, p.evidence_count * sizeof *pos + 1);
    if (!ids || !at || !pos)
        return KTG_ENOMEM;
    for (size_t i = 0; i < p.evidence_count; i++) {
        id_into(&u, ids[i]);
        at[i] = ktg_unpack_i64(&u);
        pos[i] = ktg_unpack_u64(&u);
    }
    p.evidence = (const uint8_t(*)[16])ids;
    p.evidence_at = at;
    p.evidence_pos = pos;
    p.agency_count = ktg_unpack_count(&u, 4);
    struct ktg_bytes *agencies = ktg_arena_alloc(a, p.agency_count * sizeof *agencies + 1);
    if (!agencies)
        return KTG_ENOMEM;
    for (size_t i = 0; i < p.agency_count; i++)
        agencies[i] = ktg_unpack_bytes(&u);
    p.agencies = agencies;
    if (!ktg_unpack_done(&u))
        return KTG_ECORRUPT;
    *ret_p = p;
    return KTG_OK;
}
