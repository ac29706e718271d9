/* rules/forms/count.c - `count`: how many events, distinct values, or what sum, in a sliding window (LANGUAGE.md 4.4).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/forms/aggregate.h"

static struct ktg_cel_value value(const struct ktg_frame *f, size_t which)
{
    struct ktg_cel_value v = ktg_aggregate_value(f);
    (void)which;
    if (v.kind == KTG_CEL_LIST)
        v = (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = (int64_t)v.list.count};
    return v;
}

static bool crosses(const struct ktg_frame *f)
{
    const struct ktg_rule *r = f->a->rule;
    int64_t have;
    struct ktg_cel_value limit = ktg_answer_eval(f, r->threshold);
    if (limit.kind != KTG_CEL_INT || !ktg_asof_size(f->a, (size_t)r->counted, f->b, &have))
        return false;
    return r->threshold_more ? have > limit.i : have >= limit.i;
}

static size_t shows(const struct ktg_frame *f, struct ktg_shown to[KTG_SHOWN_MOST])
{
    const struct ktg_rule *r = f->a->rule;
    struct ktg_cel_value have = value(f, 0), limit = ktg_answer_eval(f, r->threshold);
    to[0].met = crosses(f);
    to[0].text = r->withs[r->counted].text.text;
    ktg_buf_printf(&to[0].value, "%lld", (long long)have.i);
    snprintf(to[0].want, sizeof to[0].want, "%s %lld", r->threshold_more ? "more than" : "at least",
             (long long)limit.i);
    return 1;
}

const struct ktg_aggregate ktg_aggregate_count = {
    .values = {{"count", NULL, {.kind = KTG_CEL_INT}}},
    .crosses = crosses,
    .value = value,
    .shows = shows,
};
