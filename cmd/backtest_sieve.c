/* cmd/backtest_sieve.c - see backtest_sieve.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/backtest_sieve.h"

#include "schema/record.h"

int ktg_backtest_sieve_init(struct ktg_backtest_sieve *s, const struct ktg_ruleset *rs,
                            uint64_t mark)
{
    *s = (struct ktg_backtest_sieve){.rs = rs, .most = mark};
    for (size_t i = 0; i < ktg_ruleset_count(rs); i++)
        s->off |= ktg_rule_reads_sources(ktg_ruleset_rule(rs, i));
    return (s->passed = ktg_calloc(mark / 8 + 1, 1)) ? KTG_OK : KTG_ENOMEM;
}

void ktg_backtest_sieve_done(struct ktg_backtest_sieve *s)
{
    ktg_free(s->passed);
    ktg_arena_done(&s->arena);
}

static bool is_read(const struct ktg_backtest_sieve *s, const struct ktg_event *e)
{
    for (size_t i = 0; i < ktg_ruleset_count(s->rs); i++)
        if (ktg_rule_reads_type(ktg_ruleset_rule(s->rs, i), e->type->index))
            return true;
    return false;
}

static int ties_somebody(struct ktg_backtest_sieve *s, const struct ktg_event *e, bool *ret_does)
{
    const struct ktg_tie *ties;
    size_t count;
    ktg_arena_reset(&s->arena);
    int rc = ktg_event_ties(ktg_ruleset_catalogue(s->rs), e, &s->arena, &ties, &count);
    for (size_t i = 0; !rc && i < count; i++)
        *ret_does |= ties[i].count > 1;
    return rc;
}

int ktg_backtest_sieve_item(struct ktg_backtest_sieve *s, const struct ktg_journal_item *item,
                            bool *ret_needed, struct ktg_err *err)
{
    struct ktg_event e;
    struct ktg_record_meta meta;
    bool needed = false;
    *ret_needed = true;
    if (s->off || item->erased || item->kind != KTG_RECORD_EVENT || item->pos > s->most)
        return KTG_OK;
    int rc = ktg_event_read(ktg_ruleset_catalogue(s->rs), item->payload, &e, err);
    if (rc || (rc = ktg_record_meta_decode(item->meta, &meta)))
        return rc;
    if (e.type) {
        needed = is_read(s, &e);
        if (!needed && (rc = ties_somebody(s, &e, &needed)))
            return rc;
    }
    if (e.supersedes || e.retracts) {
        bool known = meta.target > 0 && meta.target <= s->most;
        bool passed = known && (s->passed[meta.target / 8] >> meta.target % 8 & 1);
        if (needed && passed)
            return KTG_EAGAIN;
        needed |= !passed;
    }
    if (!needed)
        s->passed[item->pos / 8] |= (uint8_t)(1u << item->pos % 8);
    *ret_needed = needed;
    return KTG_OK;
}
