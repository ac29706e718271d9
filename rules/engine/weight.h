/* rules/engine/weight.h - what an estimate (rules/estimate.h) comes to in bytes of the state.
 *
 *     shared   16 bytes an entry, 24 a posted finding (record.h): it lies on the timeline once, whichever rules read it
 *     own      what the state has because of this one rule, about a subject of whom one of its findings stands:
 *                its part of the answers (standing.h), one finding,
 *                and of a `together` an occasion for each entry of a year (company.h)
 *
 * (1) Not in it: what a subject has once (12 bytes of header and its key), copies of a finding on other timelines.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_WEIGHT_H
#define KTG_RULES_ENGINE_WEIGHT_H

#include "rules/estimate.h"

struct ktg_weight { /* bytes, thousandths of them */
    struct ktg_amount shared, own;
};
struct ktg_weight ktg_weigh(const struct ktg_rule *r, const struct ktg_rates *rates,
                            const struct ktg_estimate *e);

#endif
