/* rules/engine/dispatch.h - which rules may be touched by what, made once per rule set.
 *
 *     (subject kind, event type) -> rules          (rule, subject kind) -> rules that read its findings there
 *     (subject kind, event type, trait) -> rules whose key has the trait, and rules without a key that read it
 *                                       -> how far rules look back that read it beside their key
 *
 * (1) Lists are in order of stratum and name, which is the order of answering.
 * (2) Rules that are off are in none.
 * (3) Who reads an event of a type with certain traits is under one of these traits, or beside one (mark.c).
 * Immutable after init.  Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_DISPATCH_H
#define KTG_RULES_ENGINE_DISPATCH_H

#include "rules/ruleset.h"

struct ktg_rule_list {
    const uint16_t *rules;
    size_t count;
};

struct ktg_trait_rules {
    const uint32_t
        *first; /* by trait, and one more: where its rules begin; NULL: no rule reads the type */
    const uint16_t *rules;
    const ktg_time
        *beside; /* by trait: how far those look back, KTG_NEVER: all the way; -1: there are none */
};

struct ktg_together_rule { /* company.h */
    uint16_t rule;
    ktg_time span;
    int64_t times; /* occasions that anybody needs at least */
};

struct ktg_dispatch {
    struct ktg_arena arena;
    size_t types, rules;
    struct ktg_rule_list *by_type;    /* [kind * types + type] */
    struct ktg_rule_list *by_finding; /* [rule * KTG_MAX_KINDS + kind] */
    struct ktg_rule_list *by_kind;    /* [kind] */
    struct ktg_trait_rules *by_trait; /* [kind * types + type] */
    size_t *first_word;               /* by type, and one more: where its traits stand ... */
    size_t words;                     /* ... among this many words of all types */
    bool *needs, *is_read;            /* per rule */
    uint64_t *awaited;                /* bit per type of which a live rule has a need */
    bool *lasting; /* [kind * types + type]: some rule asks for any age (answer.h) */
    bool lasting_findings[KTG_MAX_KINDS];
    struct ktg_together_rule *together;
    size_t together_count;
};
#define KTG_DISPATCH_INIT \
    {                     \
        0                 \
    }

KTG_MUST_CHECK int ktg_dispatch_init(struct ktg_dispatch *d, const struct ktg_ruleset *rs);
void ktg_dispatch_done(struct ktg_dispatch *d);

static inline const struct ktg_rule_list *ktg_dispatch_type(const struct ktg_dispatch *d, int kind,
                                                            int type)
{
    return &d->by_type[(size_t)kind * d->types + (size_t)type];
}

#endif
