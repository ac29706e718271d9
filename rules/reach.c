/* rules/reach.c - how far a rule looks: what of a long timeline its answer may still depend on.
 *
 *     count ... within 30d                     30 d back
 *     last licence.status as l where ...       all licence.status, whatever their age
 *     open sponsor.link until ...              no bound: the rule is asked for the whole timeline
 *
 * Of a rule with a bound the engine keeps what stands and asks for the end of the timeline only (engine/recent.c).  Which
 * rules have one is a matter of speed: without it the same is answered, from the whole.
 *
 * (1) A state: windows, and forms without a window whose steps look at the event alone; of those all events are read, but
 *     only instants from the change on are tested.  What an event opens or closes, it opens and closes at its own time or
 *     later; who joins an occasion does so at an event of theirs or later.  Not: `from`, `until`, `once per`, `needs`.
 *     Nor `each: EXPR`: the first event with a value makes a sub-timeline that older events without one are part of.
 * (2) A deadline: one step, a length after that event's own time, no movers; what closes it may come at any time.
 * (3) A deadline of one step with `unless`, at whatever time: what became of an event is settled when its watch has ended.
 * (4) Steps in order within a length: an event touches tuples that begin that long before it, at most.
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

static bool reads_findings(const struct ktg_rule *r, const struct ktg_step *s)
{
    bool reads = false;
    for (size_t k = 0; s->reads && k < r->rs->count; k++)
        reads |= s->reads[k] != 0;
    return reads;
}

/* Events that match are read whatever their age. */
static void read_all(struct finding_out *f, const struct ktg_step *s)
{
    size_t types = ktg_catalogue_type_count(f->r->rs->catalogue);
    for (size_t t = 0; s->roles && t < types; t++)
        f->types[t] |= s->roles[t] != 0;
    f->reach.findings |= reads_findings(f->r, s);
}

static bool of_with(struct finding_out *f, size_t i, int depth, ktg_time *ret_back)
{
    const struct ktg_with *w = &f->r->withs[i];
    ktg_time step, key;
    bool intervals = w->form->intervals, counted = (int)i == f->r->counted && w->within;
    if ((w->form->prepare != ktg_asof_match && !intervals && !counted) ||
        (w->form->instants && !counted) || w->from || !of_step(f, &w->step, depth, &step) ||
        !of_plan(f, w->key, depth, &key))
        return false;
    ktg_time nested = step > key ? step : key;
    *ret_back = w->within + nested;
    if (w->within)
        return true;
    read_all(f, &w->step);
    if (!intervals)
        return !nested; /* an old entry would need what lay before it */
    ktg_time until = 0, past;
    if ((w->until && !of_step(f, w->until, depth, &until)) || !of_plan(f, w->past, depth, &past))
        return false;
    if (w->until)
        read_all(f, w->until);
    return !nested && !until && !past;
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
    ktg_time back;
    for (size_t i = 0; i < r->together.at_count; i++)
        if (!of_plan(f, r->together.at[i], 0, &back) || back)
            return false;
    f->reach.from_start = r->update == KTG_UPDATE_CHANGE;
    return r->form->answer == ktg_form_state && !r->need_count && r->update != KTG_UPDATE_NONE &&
           !r->update_where;
}

/* How long the sources of what is found are asked about.  What is known becomes unknown at heard + within + 1 only if heard < from,
 * so at from + within at the latest; what was known then stays so. */
static void find_silence(struct finding_out *f)
{
    for (size_t i = 0; i < f->r->need_count; i++) {
        ktg_time t = f->r->needs[i].within;
        f->reach.silence = t > f->reach.silence ? t : f->reach.silence;
    }
}

static bool has_length(struct finding_out *f)
{
    const struct ktg_rule *r = f->r;
    ktg_time back;
    struct ktg_cel_times times = {(void *)r, is_time, setting};
    if (r->mover_count || r->while_ || r->update != KTG_UPDATE_NONE ||
        !of_step(f, &r->steps[0], 0, &back) || !ktg_cel_latest(r->by, &times, &f->reach.ahead))
        return false;
    f->reach.ahead += 1; /* it passes a millisecond later, and is read as of that */
    return true;
}

/* Watches that end before their time are settled then. */
static void ends_early(struct finding_out *f)
{
    const struct ktg_rule *r = f->r;
    ktg_time back, most = 0;
    for (size_t i = 0; i < r->unless_count; i++) {
        if (reads_findings(r, &r->unless[i]) || !of_step(f, &r->unless[i], 0, &back))
            return;
        most = back > most ? back : most;
    }
    f->reach.by_end = r->unless_count > 0;
    f->reach.watch = f->reach.ahead + most;
}

/* All steps of a watch that may run for as long as it likes. */
static bool ends_by_itself(struct finding_out *f)
{
    const struct ktg_rule *r = f->r;
    if (r->update == KTG_UPDATE_CHANGE || !r->unless_count)
        return false;
    read_all(f, &r->steps[0]);
    for (size_t i = 0; i < r->unless_count; i++)
        read_all(f, &r->unless[i]);
    for (size_t i = 0; i < r->mover_count; i++)
        read_all(f, &r->movers[i].step);
    f->reach.ahead = 0;
    f->reach.by_end = true;
    return true;
}

static bool is_bounded_deadline(struct finding_out *f)
{
    const struct ktg_rule *r = f->r;
    if (r->step_count != 1 || r->since || reads_findings(r, &r->steps[0]))
        return false; /* findings as anchors are events of a time of their own */
    find_silence(f);
    f->reach.by_anchor = true;
    if (!has_length(f))
        return ends_by_itself(f);
    ends_early(f);
    return true;
}

static bool is_bounded_sequence(struct finding_out *f)
{
    const struct ktg_rule *r = f->r;
    if (r->form->answer != ktg_form_sequence || (r->step_count > 1 && !r->within) || r->while_ ||
        r->update != KTG_UPDATE_NONE)
        return false;
    for (size_t i = 0; i < r->step_count; i++)
        if (reads_findings(r, &r->steps[i]))
            return false;
    find_silence(f);
    f->reach.by_anchor = f->reach.endless = true;
    f->reach.ahead =
        r->step_count > 1 ? r->within : 0; /* inclusive, and so is the first anchor asked */
    return true;
}

void ktg_rule_reach_find(struct ktg_load *l, struct ktg_rule *r)
{
    struct finding_out f = {.r = r};
    ktg_time back;
    f.types = ktg_load_alloc(l, ktg_catalogue_type_count(l->rs->catalogue) + 1);
    if (!f.types || !r->form || (r->each && !r->each_name) || r->until_count || r->once ||
        ktg_rule_screens(r))
        return;
    if (!(r->by           ? is_bounded_deadline(&f)
          : r->step_count ? is_bounded_sequence(&f)
                          : is_bounded_state(&f)))
        return;
    for (size_t i = 0; i < r->with_count; i++) {
        if (!r->withs[i].used)
            continue;
        if (!of_with(&f, i, 0, &back))
            return;
        f.reach.back = back > f.reach.back ? back : f.reach.back;
    }
    f.reach.types = f.types;
    f.reach.lasting = f.reach.findings;
    for (size_t t = 0; t < ktg_catalogue_type_count(l->rs->catalogue); t++)
        f.reach.lasting |= f.types[t];
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
