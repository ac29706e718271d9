/* rules/engine/run_entry.c - see run_entry.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/run_entry.h"

#include "rules/engine/made.h"
#include "schema/wire.h"

/* Fields of the types that stand for runs, absences and retirements, as the catalogue spells them; the latter two have the
 * second alone. */
static const char *const run_fields[] = {"expected", "until"};

static void put_instant(struct ktg_buf *b, const char *key, ktg_time at)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, at);
    ktg_wire_put_int(b, KTG_MADE_OFFSET);
}

void ktg_run_id(struct ktg_bytes source, ktg_time from, uint8_t to[static 16])
{
    ktg_made_id("run", source, from, to);
}

int ktg_run_entry(const struct ktg_ruleset *rules, const struct ktg_type *type,
                  struct ktg_bytes source, const struct ktg_run *r, struct ktg_arena *a,
                  struct ktg_entry *x)
{
    struct ktg_buf data = KTG_BUF_INIT;
    ktg_wire_put_map(&data, type->heartbeats ? KTG_COUNT(run_fields) : 1);
    if (type->heartbeats)
        put_instant(&data, run_fields[0], r->expected);
    put_instant(&data, run_fields[1], r->until);
    struct ktg_made m = {.what = type->heartbeats    ? "run"
                                 : type->retirements ? ""
                                                     : NULL,
                         .of = source,
                         .at = r->from,
                         .pos = r->pos,
                         .source = source,
                         .data = ktg_buf_view(&data),
                         .type = type};
    int rc = ktg_buf_check(&data);
    if (!rc)
        rc = ktg_made_entry(rules, &m, a, x);
    ktg_buf_done(&data);
    return rc;
}
