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
        *to = (struct ktg_rule_list){list, list ? count : 0};
    }
    return KTG_OK;
}

/* How far back what the rule reads may lie from what changed; KTG_NEVER: all the way. */
static ktg_time back_of(const struct ktg_rule *r)
{
    const struct ktg_reach *reach = ktg_rule_reach(r);
    return reach->is ? reach->back + reach->ahead : KTG_NEVER;
}

/* Under which traits of the type the rule is found: those of its key, or all that it reads. */
static const uint16_t *traits_of(const struct ktg_rule *r, int type, size_t *ret_count)
{
    return ktg_rule_has_key(r) ? ktg_rule_key(r, type, ret_count)
                               : ktg_rule_traits_read(r, type, ret_count);
}

static bool is_among(const uint16_t *list, size_t count, uint16_t trait)
{
    size_t i = 0;
    while (i < count && list[i] != trait)
        i++;
    return i < count;
}

static void fill_beside(const struct ktg_rule *r, int type, ktg_time *beside)
{
    size_t count, keys;
    const uint16_t *traits = ktg_rule_traits_read(r, type, &count);
    const uint16_t *key = ktg_rule_key(r, type, &keys);
    ktg_time back = back_of(r);
    for (size_t i = 0; ktg_rule_has_key(r) && i < count; i++)
        if (!is_among(key, keys, traits[i]) && beside[traits[i]] < back)
            beside[traits[i]] = back;
}

static int fill_traits(struct ktg_dispatch *d, const struct ktg_ruleset *rs,
                       const struct ktg_rule_list *of, int type, struct ktg_trait_rules *to)
{
    size_t traits = ktg_ruleset_trait_count(rs, type), count, all = 0;
    uint32_t *first = ktg_arena_zalloc(&d->arena, (traits + 2) * sizeof *first);
    ktg_time *beside = ktg_arena_alloc(&d->arena, traits * sizeof *beside);
    uint16_t *rules;
    if (!of->count)
        return KTG_OK;
    if (!first || !beside)
        return KTG_ENOMEM;
    for (size_t i = 0; i < traits; i++)
        beside[i] = -1;
    for (size_t i = 0; i < of->count; i++) {
        const struct ktg_rule *r = ktg_ruleset_rule(rs, of->rules[i]);
        const uint16_t *list = traits_of(r, type, &count);
        for (size_t k = 0; k < count; k++, all++)
            first[list[k] + 2]++;
        fill_beside(r, type, beside);
    }
    if (!(rules = ktg_arena_alloc(&d->arena, all * sizeof *rules + 1)))
        return KTG_ENOMEM;
    uint32_t *next = first + 1; /* filling moves each to its place */
    for (size_t i = 0; i < traits; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < of->count; i++) {
        const uint16_t *list = traits_of(ktg_ruleset_rule(rs, of->rules[i]), type, &count);
        for (size_t k = 0; k < count; k++)
            rules[next[list[k]]++] = of->rules[i];
    }
    *to = (struct ktg_trait_rules){first, rules, beside};
    return KTG_OK;
}

/* Words for the traits of each type, one type after the other. */
static int lay_out_words(struct ktg_dispatch *d, const struct ktg_ruleset *rs)
{
    if (!(d->first_word = ktg_arena_alloc(&d->arena, (d->types + 1) * sizeof *d->first_word)))
        return KTG_ENOMEM;
    for (size_t t = 0; t < d->types; t++) {
        d->first_word[t] = d->words;
        d->words += (ktg_ruleset_trait_count(rs, (int)t) + 63) / 64;
    }
    d->first_word[d->types] = d->words;
    return KTG_OK;
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

static void fill_awaited(struct ktg_dispatch *d, const struct ktg_rule *rule)
{
    int type;
    for (size_t i = 0;
         ktg_rule_status(rule) == KTG_RULE_LIVE && (type = ktg_rule_need(rule, i)) >= 0; i++)
        d->awaited[type / 64] |= UINT64_C(1) << (type % 64);
}

int ktg_dispatch_init(struct ktg_dispatch *d, const struct ktg_ruleset *rs)
{
    *d = (struct ktg_dispatch){.types = ktg_catalogue_type_count(ktg_ruleset_catalogue(rs)),
                               .rules = ktg_ruleset_count(rs)};
    if (d->rules > UINT16_MAX)
        return KTG_EINVALID;
    d->by_type = ktg_arena_zalloc(&d->arena, KTG_MAX_KINDS * d->types * sizeof *d->by_type + 1);
    d->by_trait = ktg_arena_zalloc(&d->arena, KTG_MAX_KINDS * d->types * sizeof *d->by_trait + 1);
    d->by_finding =
        ktg_arena_zalloc(&d->arena, KTG_MAX_KINDS * d->rules * sizeof *d->by_finding + 1);
    d->by_kind = ktg_arena_zalloc(&d->arena, KTG_MAX_KINDS * sizeof *d->by_kind);
    d->needs = ktg_arena_zalloc(&d->arena, d->rules + 1);
    d->awaited = ktg_arena_zalloc(&d->arena, (d->types / 64 + 1) * sizeof *d->awaited);
    d->lasting = ktg_arena_zalloc(&d->arena, KTG_MAX_KINDS * d->types + 1);
    d->is_read = ktg_arena_zalloc(&d->arena, d->rules + 1);
    d->together = ktg_arena_zalloc(&d->arena, d->rules * sizeof *d->together + 1);
    int rc = d->by_type && d->by_trait && d->by_finding && d->by_kind && d->needs && d->awaited &&
                     d->is_read && d->lasting && d->together
                 ? KTG_OK
                 : KTG_ENOMEM;
    if (!rc)
        rc = lay_out_words(d, rs);
    for (int kind = 0; !rc && kind < KTG_MAX_KINDS; kind++) {
        rc = fill(d, rs, &d->by_kind[kind], wants_kind, kind, 0);
        for (size_t t = 0; !rc && t < d->types; t++) {
            struct ktg_rule_list *list = &d->by_type[(size_t)kind * d->types + t];
            rc = fill(d, rs, list, wants_type, kind, (int)t);
            if (!rc)
                rc = fill_traits(d, rs, list, (int)t, &d->by_trait[(size_t)kind * d->types + t]);
        }
        for (size_t r = 0; !rc && r < d->rules; r++)
            rc = fill(d, rs, &d->by_finding[r * KTG_MAX_KINDS + (size_t)kind], wants_finding, kind,
                      (int)r);
    }
    for (size_t r = 0; !rc && r < d->rules; r++) {
        const struct ktg_rule *rule = ktg_ruleset_rule(rs, r);
        fill_lasting(d, rule);
        d->needs[r] = ktg_rule_reads_sources(rule);
        fill_awaited(d, rule);
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
