/* rules/engine/run_entry.c - see run_entry.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/run_entry.h"

#include "runtime/hash.h"
#include "schema/wire.h"

/* Fields of the type that stands for runs, as the catalogue spells them. */
static const char *const run_fields[] = {"expected", "until"};

static void put_instant(struct ktg_buf *b, const char *key, ktg_time at)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, at);
    ktg_wire_put_int(b, 420); /* a heartbeat has no zone: western Indonesian time */
}

/* A name for the run that depends on nothing but it: UUIDv7 (RFC 9562), the rest a hash. */
void ktg_run_id(struct ktg_bytes source, ktg_time from, uint8_t to[static 16])
{
    uint8_t at[8];
    ktg_put_be64(at, (uint64_t)from);
    ktg_blake2b_128((struct ktg_bytes[]){KTG_LIT("run"), source, ktg_bytes(at, 8)}, 3, to);
    ktg_put_be64(at, (uint64_t)from << 16);
    memcpy(to, at, 6);
    to[6] = (uint8_t)(0x70 | (to[6] & 0x0f));
    to[8] = (uint8_t)(0x80 | (to[8] & 0x3f));
}

int ktg_run_entry(const struct ktg_catalogue *c, const struct ktg_ruleset *rules,
                  const struct ktg_type *type, struct ktg_bytes source, const struct ktg_run *r,
                  struct ktg_arena *a, struct ktg_entry *x)
{
    struct ktg_event *e = ktg_arena_alloc(a, sizeof *e);
    struct ktg_buf b = KTG_BUF_INIT;
    uint8_t id[16];
    ktg_run_id(source, r->from, id);
    ktg_wire_put_map(&b, 6);
    ktg_wire_put_text(&b, "data");
    ktg_wire_put_map(&b, KTG_COUNT(run_fields));
    put_instant(&b, run_fields[0], r->expected);
    put_instant(&b, run_fields[1], r->until);
    ktg_wire_put_text(&b, "id");
    ktg_wire_put_bin(&b, ktg_bytes(id, sizeof id));
    put_instant(&b, "occurred_at", r->from);
    ktg_wire_put_text(&b, "source");
    ktg_wire_put_str(&b, source);
    ktg_wire_put_text(&b, "type");
    ktg_wire_put_text(&b, type->name);
    ktg_wire_put_text(&b, "v");
    ktg_wire_put_int(&b, type->version);
    char *copy = b.bad || !e ? NULL : ktg_arena_strndup(a, (const char *)b.data, b.size);
    size_t size = b.size;
    ktg_buf_done(&b);
    if (!copy)
        return KTG_ENOMEM;
    if (ktg_event_read(c, ktg_bytes(copy, size), e, NULL))
        return KTG_ECORRUPT;
    *x = (struct ktg_entry){.at = r->from,
                            .pos = r->pos,
                            .role = KTG_ROLE_HOLDER,
                            .traits = ktg_ruleset_traits(rules, e, a),
                            .event = e};
    memcpy(x->id + 1, id, 16);
    return x->traits ? KTG_OK : KTG_ENOMEM;
}
