/* rules/engine/dispatch.c - see dispatch.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/dispatch.h"

typedef bool wants(const struct ktg_rule *r, int kind, int what);

static bool wants_type(const struct ktg_rule *r, int kind, int type)
{
    return (ktg_rule_kinds(r) >> kind & 1) && ktg_rule_reads_type(r, type);
}
static bool wants_finding(const struct ktg_rule *r, int kind, int rule)
{
    return (ktg_rule_kinds(r) >> kind & 1) && ktg_rule_reads_finding(r, rule);
}
static bool wants_kind(const struct ktg_rule *r, int kind, int unused)
{
    (void)unused;
    return ktg_rule_kinds(r) >> kind & 1;
}

static int fill(struct ktg_dispatch *d, const struct ktg_ruleset *rs, struct ktg_rule_list *to,
                wants *w, int kind, int what)
{
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) { /* count, then write */
        uint16_t *list = NULL;
        if (pass && count && !(list = ktg_arena_alloc(&d->arena, count * sizeof *list)))
            return KTG_ENOMEM;
        count = 0;
        for (size_t i = 0; i < d->rules; i++) {
            const struct ktg_rule *r = ktg_ruleset_rule(rs, i);
            if (ktg_rule_status(r) == KTG_RULE_OFF || !w(r, kind, what))
                continue;
            if (list)
                list[count] = (uint16_t)i;
            count++;
        }
        *to = (struct ktg_rule_list){list, NULL, list ? count : 0};
    }
    return KTG_OK;
}

static int fill_traits(struct ktg_dispatch *d, const struct ktg_ruleset *rs,
                       struct ktg_rule_list *to, int type)
{
    uint64_t *traits = ktg_arena_alloc(&d->arena, to->count * sizeof *traits + 1);
    for (size_t i = 0; traits && i < to->count; i++)
        traits[i] = ktg_rule_traits_read(ktg_ruleset_rule(rs, to->rules[i]), type);
    to->traits = traits;
    return traits ? KTG_OK : KTG_ENOMEM;
}

static void fill_lasting(struct ktg_dispatch *d, const struct ktg_rule *r)
{
    const struct ktg_reach *reach = ktg_rule_reach(r);
    for (size_t kind = 0; reach->is && kind < KTG_MAX_KINDS; kind++) {
        if (!(ktg_rule_kinds(r) >> kind & 1))
            continue;
        d->lasting_findings[kind] |= reach->findings;
        for (size_t t = 0; t < d->types; t++)
            d->lasting[kind * d->types + t] |= reach->types[t];
    }
}

int ktg_dispatch_init(struct ktg_dispatch *d, const struct ktg_ruleset *rs)
{
    *d = (struct ktg_dispatch){.types = ktg_catalogue_type_count(ktg_ruleset_catalogue(rs)),
                               .rules = ktg_ruleset_count(rs)};
    if (d->rules > UINT16_MAX)
        return KTG_EINVALID;
    d->by_type = ktg_arena_zalloc(&d->arena, KTG_MAX_KINDS * d->types * sizeof *d->by_type + 1);
    d->by_finding =
        ktg_arena_zalloc(&d->arena, KTG_MAX_KINDS * d->rules * sizeof *d->by_finding + 1);
    d->by_kind = ktg_arena_zalloc(&d->arena, KTG_MAX_KINDS * sizeof *d->by_kind);
    d->needs = ktg_arena_zalloc(&d->arena, d->rules + 1);
    d->lasting = ktg_arena_zalloc(&d->arena, KTG_MAX_KINDS * d->types + 1);
    d->is_read = ktg_arena_zalloc(&d->arena, d->rules + 1);
    d->together = ktg_arena_zalloc(&d->arena, d->rules * sizeof *d->together + 1);
    int rc = d->by_type && d->by_finding && d->by_kind && d->needs && d->is_read && d->lasting &&
                     d->together
                 ? KTG_OK
                 : KTG_ENOMEM;
    for (int kind = 0; !rc && kind < KTG_MAX_KINDS; kind++) {
        rc = fill(d, rs, &d->by_kind[kind], wants_kind, kind, 0);
        for (size_t t = 0; !rc && t < d->types; t++) {
            struct ktg_rule_list *list = &d->by_type[(size_t)kind * d->types + t];
            rc = fill(d, rs, list, wants_type, kind, (int)t);
            if (!rc)
                rc = fill_traits(d, rs, list, (int)t);
        }
        for (size_t r = 0; !rc && r < d->rules; r++)
            rc = fill(d, rs, &d->by_finding[r * KTG_MAX_KINDS + (size_t)kind], wants_finding, kind,
                      (int)r);
    }
    for (size_t r = 0; !rc && r < d->rules; r++) {
        const struct ktg_rule *rule = ktg_ruleset_rule(rs, r);
        fill_lasting(d, rule);
        d->needs[r] = ktg_rule_reads_sources(rule);
        d->is_read[r] = ktg_rule_is_read(rule) && ktg_rule_status(rule) != KTG_RULE_OFF;
        struct ktg_together_rule t = {.rule = (uint16_t)r};
        if (ktg_rule_status(rule) != KTG_RULE_OFF && ktg_rule_together(rule, &t.span, &t.times))
            d->together[d->together_count++] = t;
    }
    if (rc)
        ktg_dispatch_done(d);
    return rc;
}

void ktg_dispatch_done(struct ktg_dispatch *d)
{
    ktg_arena_done(&d->arena);
    *d = (struct ktg_dispatch)KTG_DISPATCH_INIT;
}
