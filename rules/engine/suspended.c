/* rules/engine/suspended.c - the picture and the numbered invariants are in suspended.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/suspended.h"

#include "rules/engine/made.h"
#include "rules/engine/pack.h"
#include "schema/wire.h"

#define SOURCE "SYSTEM.CORRELATION.1"

static const char *const whys[] = {
    [KTG_SUSPENDED_BUDGET] = "budget", [KTG_SUSPENDED_PRECISION] = "precision"};
/* Fields of the type that stands for suspended rules, as the catalogue spells them, in order. */
enum { FLOOR, HELD, OF, OWNER, RIGHT, RULE, WHY };
static const char *const fields[] = {
    [FLOOR] = "floor", [HELD] = "held", [OF] = "of",  [OWNER] = "owner",
    [RIGHT] = "right", [RULE] = "rule", [WHY] = "why"};

const char *ktg_suspended_why_name(enum ktg_suspended_why why)
{
    return whys[why];
}

void ktg_suspension_encode(const struct ktg_suspension *s, struct ktg_buf *to)
{
    ktg_buf_put(to, s->version, sizeof s->version);
    ktg_pack_u8(to, (uint8_t)s->why);
    ktg_pack_u8(to, s->held);
    ktg_pack_u32(to, s->counted.right);
    ktg_pack_u32(to, s->counted.of);
    ktg_pack_u32(to, s->floor);
    ktg_pack_i64(to, s->at);
    ktg_pack_u64(to, s->pos);
}

int ktg_suspension_decode(struct ktg_bytes value, struct ktg_suspension *ret_s)
{
    struct ktg_unpack u = ktg_unpack_open(value);
    struct ktg_suspension s;
    const uint8_t *version = ktg_unpack_raw(&u, sizeof s.version);
    uint8_t why = ktg_unpack_u8(&u);
    s.held = ktg_unpack_u8(&u);
    s.counted.right = ktg_unpack_u32(&u);
    s.counted.of = ktg_unpack_u32(&u);
    s.floor = ktg_unpack_u32(&u);
    s.at = ktg_unpack_i64(&u);
    s.pos = ktg_unpack_u64(&u);
    if (!ktg_unpack_done(&u) || why >= KTG_SUSPENDED_WHYS)
        return KTG_ECORRUPT;
    memcpy(s.version, version, sizeof s.version);
    s.why = (enum ktg_suspended_why)why;
    *ret_s = s;
    return KTG_OK;
}

bool ktg_suspension_holds(const struct ktg_suspension *s, const struct ktg_rule *r,
                          const struct ktg_floor *floor)
{
    uint8_t version[16];
    ktg_rule_version_hash(r, version);
    return memcmp(version, s->version, sizeof version) == 0 &&
           (s->why != KTG_SUSPENDED_PRECISION || ktg_precision_is_below(s->counted, floor));
}

static void put_fields(const struct ktg_suspension *s, const struct ktg_rule *r, const char *owner,
                       struct ktg_buf *b)
{
    bool counted = s->why == KTG_SUSPENDED_PRECISION;
    if (counted)
        ktg_wire_put_int_pair(b, fields[FLOOR], s->floor);
    ktg_wire_put_bool_pair(b, fields[HELD], s->held);
    if (counted)
        ktg_wire_put_int_pair(b, fields[OF], s->counted.of);
    if (owner)
        ktg_wire_put_str_pair(b, fields[OWNER], ktg_bytes_str(owner));
    if (counted)
        ktg_wire_put_int_pair(b, fields[RIGHT], s->counted.right);
    ktg_wire_put_str_pair(b, fields[RULE], ktg_bytes_str(ktg_rule_name(r)));
    ktg_wire_put_str_pair(b, fields[WHY], ktg_bytes_str(whys[s->why]));
}

static uint32_t pairs(const struct ktg_suspension *s)
{
    return s->why == KTG_SUSPENDED_PRECISION ? 6 : 3;
}

int ktg_suspension_entry(const struct ktg_ruleset *rules, const struct ktg_type *type,
                         const struct ktg_rule *r, const struct ktg_suspension *s,
                         struct ktg_arena *a, struct ktg_entry *ret_x)
{
    struct ktg_buf data = KTG_BUF_INIT;
    const char *owner = ktg_rule_text(r, "owner");
    ktg_wire_put_map(&data, pairs(s) + (owner != NULL));
    put_fields(s, r, owner, &data);
    struct ktg_made m = {.what = "suspension",
                         .of = ktg_bytes_str(ktg_rule_name(r)),
                         .at = s->at,
                         .pos = s->pos,
                         .source = KTG_LIT(SOURCE),
                         .data = ktg_buf_view(&data),
                         .type = type};
    int rc = ktg_buf_check(&data);
    if (!rc)
        rc = ktg_made_entry(rules, &m, a, ret_x);
    ktg_buf_done(&data);
    return rc;
}

void ktg_suspension_put(const struct ktg_suspension *s, const struct ktg_rule *r,
                        struct ktg_buf *to)
{
    ktg_wire_put_map(to, pairs(s) + 1);
    ktg_wire_put_int_pair(to, "at", s->at);
    put_fields(s, r, NULL, to);
}
