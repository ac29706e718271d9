/* rules/engine/made.c - see made.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/made.h"

#include "runtime/hash.h"
#include "schema/wire.h"

void ktg_made_id(const char *what, struct ktg_bytes of, ktg_time at, uint8_t to[static 16])
{
    uint8_t raw[8];
    ktg_put_be64(raw, (uint64_t)at);
    memset(to, 0xff, 16);
    if (what && !*what)
        to[15] = 0xfe;
    else if (what)
        ktg_blake2b_128((struct ktg_bytes[]){ktg_bytes_str(what), of, ktg_bytes(raw, 8)}, 3, to);
    ktg_put_be64(raw, (uint64_t)at << 16);
    memcpy(to, raw, 6);
    to[6] = (uint8_t)(0x70 | (to[6] & 0x0f));
    to[8] = (uint8_t)(0x80 | (to[8] & 0x3f));
}

static void put_event(const struct ktg_made *m, const uint8_t id[static 16], struct ktg_buf *b)
{
    ktg_wire_put_map(b, 6);
    ktg_wire_put_text(b, "data");
    ktg_buf_put_bytes(b, m->data);
    ktg_wire_put_text(b, "id");
    ktg_wire_put_bin(b, ktg_bytes(id, 16));
    ktg_wire_put_text(b, "occurred_at");
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, m->at);
    ktg_wire_put_int(b, KTG_MADE_OFFSET);
    ktg_wire_put_str_pair(b, "source", m->source);
    ktg_wire_put_text(b, "type");
    ktg_wire_put_text(b, m->type->name);
    ktg_wire_put_text(b, "v");
    ktg_wire_put_int(b, m->type->version);
}

int ktg_made_entry(const struct ktg_ruleset *rules, const struct ktg_made *m, struct ktg_arena *a,
                   struct ktg_entry *x)
{
    struct ktg_event *e = ktg_arena_alloc(a, sizeof *e);
    struct ktg_buf b = KTG_BUF_INIT;
    uint8_t id[16];
    ktg_made_id(m->what, m->of, m->at, id);
    put_event(m, id, &b);
    char *copy = b.bad || !e ? NULL : ktg_arena_strndup(a, (const char *)b.data, b.size);
    size_t size = b.size;
    ktg_buf_done(&b);
    if (!copy)
        return KTG_ENOMEM;
    if (ktg_event_read(ktg_ruleset_catalogue(rules), ktg_bytes(copy, size), e, NULL))
        return KTG_ECORRUPT;
    *x = (struct ktg_entry){.at = m->at,
                            .pos = m->pos,
                            .role = KTG_ROLE_HOLDER,
                            .traits = ktg_ruleset_traits(rules, e, a),
                            .event = e};
    memcpy(x->id + 1, id, 16);
    return x->traits ? KTG_OK : KTG_ENOMEM;
}
