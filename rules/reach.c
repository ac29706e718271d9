/* rules/reach.c - how far a rule looks: what of a long timeline its answer may still depend on.
 *
 *     count ... within 30d                     30 d back
 *     last licence.status as l where ...       all licence.status, whatever their age
 *     open sponsor.link until ...              no bound: the rule is asked for the whole timeline
 *
 * Of a rule with a bound the engine keeps what stands and asks for the end of the timeline only (engine/recent.c).  Which
 * rules have one is a matter of speed: without it the same is answered, from the whole.
 *
 * (1) A state: windows, and forms without a window whose steps look at the event alone.  Not: what is joined from
 *     elsewhere, intervals, ticks, `until`, `once per`, `update: change`, `needs`.
 *     Nor `each: EXPR`: the first event with a value makes a sub-timeline that older events without one are part of.
 * (2) A deadline: one step, a length after that event's own time, no movers; what closes it may come at any time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/forms/aggregate.h"
#include "rules/states/asof.h"

struct finding_out {
    const struct ktg_rule *r;
    struct ktg_reach reach;
    bool *types;
};

static bool of_with(struct finding_out *f, size_t i, int depth, ktg_time *ret_back);

/* How far back a text looks from where it is read; false: without a bound. */
static bool of_plan(struct finding_out *f, const struct ktg_cel *plan, int depth,
                    ktg_time *ret_back)
{
    size_t count = 0;
    const int *slots = plan ? ktg_cel_slots(plan, &count) : NULL;
    *ret_back = 0;
    for (size_t i = 0; i < count; i++) {
        const struct ktg_name *n = &f->r->names[slots[i]];
        ktg_time back = 0;
        if (depth >= KTG_MAX_WITHS ||
            (n->kind == KTG_NAME_WITH && !of_with(f, (size_t)n->index, depth + 1, &back)) ||
            (n->kind == KTG_NAME_LET && !of_plan(f, f->r->lets[n->index].plan, depth + 1, &back)))
            return false;
        *ret_back = back > *ret_back ? back : *ret_back;
    }
    return true;
}

static bool of_step(struct finding_out *f, const struct ktg_step *s, int depth, ktg_time *ret_back)
{
    return of_plan(f, s->where, depth, ret_back);
}

static bool of_with(struct finding_out *f, size_t i, int depth, ktg_time *ret_back)
{
    const struct ktg_with *w = &f->r->withs[i];
    ktg_time step, key;
    if (w->form->prepare != ktg_asof_match || w->form->instants || w->until || w->from || w->past ||
        !of_step(f, &w->step, depth, &step) || !of_plan(f, w->key, depth, &key))
        return false;
    ktg_time nested = step > key ? step : key;
    *ret_back = w->within + nested;
    if (w->within)
        return true;
    size_t types = ktg_catalogue_type_count(f->r->rs->catalogue);
    for (size_t t = 0; w->step.roles && t < types; t++)
        f->types[t] |= w->step.roles[t] != 0;
    for (size_t k = 0; w->step.reads && k < f->r->rs->count; k++)
        f->reach.findings |= w->step.reads[k] != 0;
    return !nested; /* an old entry would need what lay before it */
}

static bool is_time(void *arg, int slot, struct ktg_bytes field)
{
    const struct ktg_rule *r = arg;
    const struct ktg_step *s = &r->steps[0];
    if (r->names[slot].kind != KTG_NAME_ALIAS || r->names[slot].index != 0 ||
        !(ktg_bytes_is(field, "occurred_at") || ktg_bytes_is(field, "date")))
        return false;
    for (size_t t = 0; t < ktg_catalogue_type_count(r->rs->catalogue); t++) {
        const struct ktg_type *type = ktg_catalogue_type_at(r->rs->catalogue, (int)t);
        if (s->roles && s->roles[t] && ktg_shape_field(type->data, field))
            return false; /* the type has a field of that name */
    }
    return true;
}

static struct ktg_cel_value setting(void *arg, struct ktg_bytes name)
{
    const struct ktg_setting *s = ktg_ruleset_setting(((const struct ktg_rule *)arg)->rs, name);
    return s ? s->value : (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}

static bool is_bounded_state(struct finding_out *f)
{
    const struct ktg_rule *r = f->r;
    const struct ktg_aggregate *g = r->form->aggregate;
    return r->form->answer == ktg_form_state && (!g || g == &ktg_aggregate_count) &&
           !r->need_count && r->update == KTG_UPDATE_DAILY && !r->update_where;
}

static bool is_bounded_deadline(struct finding_out *f)
{
    const struct ktg_rule *r = f->r;
    ktg_time back;
    if (r->step_count != 1 || r->mover_count || r->since || r->while_ ||
        r->update != KTG_UPDATE_NONE)
        return false;
    for (size_t k = 0; r->steps[0].reads && k < r->rs->count; k++)
        if (r->steps[0].reads[k])
            return false; /* anchors are events of a time of their own */
    for (size_t i = 0; i < r->need_count; i++) {
        ktg_time t = r->needs[i].within + 1;
        f->reach.silence = t > f->reach.silence ? t : f->reach.silence;
    }
    struct ktg_cel_times times = {(void *)r, is_time, setting};
    f->reach.by_anchor = true;
    if (!of_step(f, &r->steps[0], 0, &back) || !ktg_cel_latest(r->by, &times, &f->reach.ahead))
        return false;
    f->reach.ahead += 2; /* it passes a millisecond later, and is read as of that */
    return true;
}

void ktg_rule_reach_find(struct ktg_load *l, struct ktg_rule *r)
{
    struct finding_out f = {.r = r};
    ktg_time back;
    f.types = ktg_load_alloc(l, ktg_catalogue_type_count(l->rs->catalogue) + 1);
    if (!f.types || !r->form || (r->each && !r->each_name) || r->tick || r->until_count ||
        r->once || ktg_rule_screens(r) || !(r->by ? is_bounded_deadline(&f) : is_bounded_state(&f)))
        return;
    for (size_t i = 0; i < r->with_count; i++) {
        if (!r->withs[i].used)
            continue;
        if (!of_with(&f, i, 0, &back))
            return;
        f.reach.back = back > f.reach.back ? back : f.reach.back;
    }
    f.reach.types = f.types;
    f.reach.is = true;
    r->reach = f.reach;
}

ktg_time ktg_reach_from(const struct ktg_reach *reach, ktg_time since, ktg_time now)
{
    /* what stands is read again as of the last local midnight */
    ktg_time first =
        reach->by_anchor || since < now - 2 * KTG_DAY_MS ? since : now - 2 * KTG_DAY_MS;
    return first - reach->back;
}
