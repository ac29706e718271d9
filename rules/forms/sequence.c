/* rules/forms/sequence.c - an event, or steps in order (LANGUAGE.md 4.1).
 *
 *     a ── e2 ── e3 ── ... ── en        each anchor a gives at most one finding: its earliest completion
 *       no `unless` in between            en.t - a.t <= within
 *
 * Everything is read as of en⁻: the state that the last event found, so later events change existence, never values.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/answer_impl.h"

static struct ktg_frame frame_for(struct ktg_answer *a, const struct ktg_item *const *tuple)
{
    return (struct ktg_frame){.a = a, .tuple = tuple, .offset_min = tuple[0]->offset_min};
}

static bool step_fits(struct ktg_answer *a, size_t step, const struct ktg_item *x,
                      const struct ktg_item **tuple)
{
    if (!ktg_step_may_match(&a->rule->steps[step], x->e) ||
        (step && ktg_item_is_same(x, tuple[step - 1])))
        return false;
    tuple[step] = x;
    struct ktg_frame f = frame_for(a, tuple);
    bool fits = ktg_step_matches(a, &a->rule->steps[step], x, &f);
    if (!fits)
        tuple[step] = NULL;
    return fits;
}

/* Steps [step, last) between tuple[step - 1] and `last_item`, earliest first, then the last one itself. */
static bool fill(struct ktg_answer *a, size_t step, const struct ktg_item *last_item,
                 const struct ktg_item **tuple)
{
    size_t last = a->rule->step_count - 1;
    if (step == last)
        return step_fits(a, last, last_item, tuple);
    for (size_t i = tuple[step - 1]->index + 1; i < last_item->index && !a->code; i++) {
        if (!step_fits(a, step, &a->items[i], tuple))
            continue;
        if (fill(a, step + 1, last_item, tuple))
            return true;
        tuple[step] = NULL;
    }
    return false;
}

bool ktg_tuple_find(struct ktg_answer *a, const struct ktg_item *anchor,
                    const struct ktg_item *tuple[KTG_MAX_STEPS])
{
    const struct ktg_rule *r = a->rule;
    memset(tuple, 0, sizeof *tuple * KTG_MAX_STEPS);
    tuple[0] = anchor;
    if (!step_fits(a, 0, anchor, tuple))
        return false;
    if (r->step_count == 1)
        return true;
    for (size_t i = anchor->index + 1; i < a->count && !a->code; i++) {
        const struct ktg_item *x = &a->items[i];
        if (r->within && x->at - anchor->at > r->within)
            return false;
        if (!ktg_answer_spend(a, 1))
            return false;
        if (ktg_step_may_match(&r->steps[r->step_count - 1], x->e) && fill(a, 1, x, tuple))
            return true;
    }
    return false;
}

static bool forbidden_between(struct ktg_answer *a, const struct ktg_item *const *tuple,
                              const struct ktg_item *last)
{
    const struct ktg_rule *r = a->rule;
    struct ktg_frame f = frame_for(a, tuple);
    for (size_t i = tuple[0]->index + 1; i < last->index && !a->code; i++) {
        bool own = false;
        for (size_t k = 0; k < r->step_count; k++)
            own |= ktg_item_is_same(tuple[k], &a->items[i]);
        for (size_t k = 0; k < r->unless_count && !own; k++)
            if (ktg_step_matches(a, &r->unless[k], &a->items[i], &f))
                return true;
    }
    return false;
}

int ktg_form_sequence(struct ktg_answer *a)
{
    const struct ktg_rule *r = a->rule;
    for (size_t i = 0; i < a->count && !a->code; i++) {
        const struct ktg_item *tuple[KTG_MAX_STEPS];
        if ((a->resume && a->items[i].at < a->resume->since) ||
            !ktg_step_may_match(&r->steps[0], a->items[i].e) ||
            !ktg_tuple_find(a, &a->items[i], tuple))
            continue;
        const struct ktg_item *last = tuple[r->step_count - 1];
        if (r->unless_count && forbidden_between(a, tuple, last))
            continue;
        struct ktg_frame f = frame_for(a, tuple);
        f.b = ktg_bound_before(last);
        if (!ktg_answer_is_met(&f, r->where))
            continue;
        struct ktg_found *found = ktg_found_new(a, tuple[0]);
        if (!found)
            break;
        memcpy(found->tuple, tuple, sizeof found->tuple);
        found->from = last->at;
        found->start = f.b;
    }
    return a->code;
}
