/* rules/engine/spent.h - subjects about whom a rule took more than its budget.
 *
 *     x RULE 0 HASH -> version of the rule        HASH = BLAKE2b-128(subject kind, subject)
 *     k RULE -> version of the rule, how many
 *
 * (1) What is too dear is that one answer: what the rule said of the subject stands, it is not asked about them again until its
 *     text changes, and everybody else is answered as before.
 * (2) KTG_SPENT_MOST subjects: it is the rule that is too dear, and it is suspended (answer.c).
 * (3) A budget is steps, not time, and all that is kept lies in the state: the same journal has the same subjects here.
 * (4) Of the name only a hash is kept: nobody is looked up here who does not stand on a timeline.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_SPENT_H
#define KTG_RULES_ENGINE_SPENT_H

#include "rules/engine/engine_parts.h"

#define KTG_SPENT_MOST 8

/* How many there are of each rule of `rs`, into counts[0..rules). */
KTG_MUST_CHECK int ktg_spent_load(struct ktg_engine *e, const struct ktg_ruleset *rs,
                                  uint32_t *counts);
KTG_MUST_CHECK int ktg_spent_is(struct ktg_engine *e, size_t rule, const struct ktg_live_subject *s,
                                bool *ret_is);
/* From here on; says so (notice).  *ret_count: how many the rule has now. */
KTG_MUST_CHECK int ktg_spent_put(struct ktg_engine *e, size_t rule,
                                 const struct ktg_live_subject *s, uint32_t *ret_count);

#endif
