/* rules/glance.c - what need not be worked out: a glance at the entries tells that nothing can be found.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/forms/aggregate.h"
#include "rules/states/asof.h"

/* May the entry match the step of a state form?  What follows from the event alone is asked. */
static bool may_count(struct ktg_answer *a, const struct ktg_step *s, const struct ktg_entry *e)
{
    if (!ktg_step_may_match(s, e))
        return false;
    if (!e->judged || !s->where || !s->judged[e->event->type->index] ||
        s->settled[e->event->type->index])
        return true;
    struct ktg_item x = {e, e->at, e->event->offset_min, 0};
    struct ktg_frame f = {.a = a, .b = ktg_bound_before(&x), .own = &x, .offset_min = x.offset_min};
    return ktg_judged_is_met(&f, s);
}

static bool have_some(const struct ktg_answer *a, const struct ktg_step *s)
{
    const struct ktg_timeline *t = a->timeline;
    for (size_t i = ktg_answer_first_entry(a); i < t->count; i++)
        if (ktg_step_may_match(s, &t->entries[i]))
            return true;
    return false;
}

static bool have_counted(struct ktg_answer *a, const struct ktg_step *s, int64_t wanted)
{
    const struct ktg_timeline *t = a->timeline;
    for (size_t i = ktg_answer_first_entry(a); i < t->count && wanted > 0 && !a->code; i++)
        wanted -= may_count(a, s, &t->entries[i]);
    return wanted <= 0 || a->code;
}

static bool lack_all(struct ktg_answer *a, uint64_t withs)
{
    for (; withs; withs &= withs - 1)
        if (have_counted(a, &a->rule->withs[__builtin_ctzll(withs)].step, 1))
            return false;
    return true;
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
        if (!have_some(a, &r->steps[i]))
            return true;
    for (size_t i = 0; i < r->lack_count; i++)
        if (lack_all(a, r->lacks[i]))
            return true;
    return r->counted >= 0 && !have_counted(a, &r->withs[r->counted].step, count_needs(a));
}
