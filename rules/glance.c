/* rules/glance.c - what need not be worked out: a glance at the entries tells that nothing can be found.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/forms/aggregate.h"
#include "rules/states/asof.h"

static bool have_some(const struct ktg_answer *a, const struct ktg_step *s, int64_t wanted)
{
    const struct ktg_timeline *t = a->timeline;
    for (size_t i = 0; i < t->count && wanted > 0; i++)
        wanted -= ktg_step_may_match(s, &t->entries[i]);
    return wanted <= 0;
}

/* How many events a count needs at least; 0: that cannot be said beforehand. */
static int64_t count_needs(struct ktg_answer *a)
{
    const struct ktg_rule *r = a->rule;
    const struct ktg_with *w = &r->withs[r->counted];
    size_t slots;
    if (!w->form->one_each) /* not a count */
        return 0;
    (void)ktg_cel_slots(r->threshold, &slots);
    enum ktg_cel_kind key = w->key ? ktg_cel_type_of(w->key).kind : KTG_CEL_STRING;
    if (slots || r->tick || key == KTG_CEL_LIST || key == KTG_CEL_DYN)
        return 0;
    struct ktg_frame f = {.a = a, .b = {KTG_AT, a->now, 0}};
    struct ktg_cel_value limit = ktg_answer_eval(&f, r->threshold);
    return limit.kind == KTG_CEL_INT && limit.i < INT64_MAX ? limit.i + r->threshold_more : 0;
}

bool ktg_answer_is_empty(struct ktg_answer *a)
{
    const struct ktg_rule *r = a->rule;
    for (size_t i = 0; i < r->step_count; i++)
        if (!have_some(a, &r->steps[i], 1))
            return true;
    return r->counted >= 0 && !have_some(a, &r->withs[r->counted].step, count_needs(a));
}
