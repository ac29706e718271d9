/* rules/engine/weight.c - see weight.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/weight.h"

#include "rules/engine/company.h"
#include "rules/engine/record.h"
#include "rules/engine/standing.h"

static int64_t on_timeline(int64_t entries, int64_t posted)
{
    int64_t events = entries > posted ? entries - posted : 0; /* both stop at the most */
    return events * KTG_PACKED_SIZE + posted * KTG_POSTED_REF;
}

struct ktg_weight ktg_weigh(const struct ktg_rule *r, const struct ktg_rates *rates,
                            const struct ktg_estimate *e)
{
    struct ktg_weight w = {
        .shared = {on_timeline(e->entries.mean, e->posted.mean),
                   on_timeline(e->entries.p99, e->posted.p99)},
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
