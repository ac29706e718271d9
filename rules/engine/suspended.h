/* rules/engine/suspended.h - why a rule is answered no more, or is said to be right too seldom (docs/adr/0017-precision.md).
 *
 *     over its budget in the midst of an answer ─┐
 *     a disposition that brings it below the     ├─> record `s RULE` ─┬─> asked no more, if `held`
 *     floor (judge.c)                           ─┘                    └─> an entry on the timeline of the rule
 *
 * (1) It holds for the text of the rule that brought it about, and precision only as long as the numbers are below the floor
 *     in force.
 * (2) Where `held` is false the rule goes on: a person decides.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_SUSPENDED_H
#define KTG_RULES_ENGINE_SUSPENDED_H

#include "rules/engine/precision.h"

enum ktg_suspended_why { KTG_SUSPENDED_BUDGET, KTG_SUSPENDED_PRECISION, KTG_SUSPENDED_WHYS };
const char *ktg_suspended_why_name(enum ktg_suspended_why why); /* as the catalogue spells it */

struct ktg_suspension {
    uint8_t version[16];
    enum ktg_suspended_why why;
    bool held;
    struct ktg_precision counted; /* these two: of precision ... */
    uint32_t floor;               /* ... in percent, as it was then */
    ktg_time at;
    uint64_t pos;
};

void ktg_suspension_encode(const struct ktg_suspension *s, struct ktg_buf *to);
KTG_MUST_CHECK int ktg_suspension_decode(struct ktg_bytes value,
                                         struct ktg_suspension *ret_s); /* KTG_ECORRUPT */
/* Does it hold for a rule as its text is now, with this floor? (1) */
bool ktg_suspension_holds(const struct ktg_suspension *s, const struct ktg_rule *r,
                          const struct ktg_floor *floor);
/* As an entry of the rule's timeline, in `a`.  `type`: that of suspensions in the rules' catalogue.  KTG_ENOMEM;
 * KTG_ECORRUPT: the type has other fields. */
KTG_MUST_CHECK int ktg_suspension_entry(const struct ktg_ruleset *rules,
                                        const struct ktg_type *type, const struct ktg_rule *r,
                                        const struct ktg_suspension *s, struct ktg_arena *a,
                                        struct ktg_entry *ret_x);
/* As an item of an answer: {at, floor?, held, of?, right?, rule, why}. */
void ktg_suspension_put(const struct ktg_suspension *s, const struct ktg_rule *r,
                        struct ktg_buf *to);

#endif
