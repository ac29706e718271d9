/* rules/engine/weight.c - see weight.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/weight.h"

#include "rules/engine/company.h"
#include "rules/engine/record.h"
#include "rules/engine/standing.h"

_Static_assert(KTG_PACKED_SIZE == KTG_POSTED_REF, "both are counted as entries");

struct ktg_weight ktg_weigh(const struct ktg_rule *r, const struct ktg_rates *rates,
                            const struct ktg_estimate *e)
{
    struct ktg_weight w = {
        .shared = {e->entries.mean * KTG_PACKED_SIZE, e->entries.p99 * KTG_PACKED_SIZE},
        .own = ktg_rates_finding_bytes(rates),
    };
    int64_t part = 1000 * (int64_t)(KTG_ANSWERS_PART + strlen(ktg_rule_name(r)));
    ktg_amount_add(&w.own, (struct ktg_amount){part, part});
    ktg_time span;
    int64_t times;
    if (ktg_rule_together(r, &span, &times)) {
        int64_t bytes = 1000 * KTG_COMPANY_OCCASION + ktg_rates_name_bytes(rates, e->kind);
        ktg_amount_add(
            &w.own, (struct ktg_amount){e->year.mean * bytes / 1000, e->year.p99 * bytes / 1000});
    }
    return w;
}
