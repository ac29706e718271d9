/* rules/engine/dispatch.h - which rules may be touched by what, made once per rule set.
 *
 *     (subject kind, event type) -> rules          (rule, subject kind) -> rules that read its findings there
 *
 * (1) Lists are in order of stratum and name, which is the order of answering.
 * (2) Rules that are off are in none.
 * (3) A list by type says for each rule which traits of an event may touch it.
 * Immutable after init.  Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_DISPATCH_H
#define KTG_RULES_ENGINE_DISPATCH_H

#include "rules/ruleset.h"

struct ktg_rule_list {
    const uint16_t *rules;
    const uint64_t *traits; /* by_type: of an event that may touch the rule; NULL: of any */
    size_t count;
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
    bool *needs, *is_read;            /* per rule */
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

#endif
