/* rules/forms/deadline.c - something that did not happen in time (LANGUAGE.md 4.2).
 *
 *      a ───────────── m ──────────────── u          D: `by`, as of the last step; a mover m sets another
 *      |  D stands     |  the mover's     |          u: the first `unless` after the start; the watch is over
 *
 *   in breach at t  iff  t > the deadline that stands at t,  t >= en.t,  t before u
 *
 * Each maximal stretch of breach is one finding.  Its anchor is the event that set the deadline that passed, so an extension
 * granted too late closes one finding, and its own date may open another.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/answer_impl.h"

struct deadline {
    const struct ktg_item *setter;
    ktg_time at; /* the deadline itself; KTG_NEVER: none that passes */
    int offset_min;
};

struct watch {
    const struct ktg_item *const *tuple;
    const struct ktg_item *last, *end; /* en; u or NULL */
};

static struct ktg_frame frame_for(struct ktg_answer *a, const struct watch *w, struct ktg_bound b)
{
    return (struct ktg_frame){
        .a = a, .b = b, .tuple = w->tuple, .offset_min = w->tuple[0]->offset_min};
}

static bool is_in_tuple(const struct ktg_rule *r, const struct watch *w, const struct ktg_item *x)
{
    for (size_t k = 0; k < r->step_count; k++)
        if (ktg_item_is_same(w->tuple[k], x))
            return true;
    return false;
}

/* The event that ends the watch; false: it ended before the last step, so there is no watch. */
static bool find_end(struct ktg_answer *a, struct watch *w)
{
    const struct ktg_rule *r = a->rule;
    struct ktg_frame f = frame_for(a, w, ktg_bound_after(w->last));
    size_t from = w->tuple[0]->index + 1;
    if (r->since) {
        struct ktg_cel_value v = ktg_answer_eval(&f, r->since);
        ktg_time since;
        if (ktg_value_instant(&v, &since))
            for (from = 0; from < a->count && a->items[from].at < since;)
                from++;
    }
    for (size_t i = from; i < a->count && !a->code; i++) {
        if (is_in_tuple(r, w, &a->items[i]))
            continue;
        for (size_t k = 0; k < r->unless_count; k++)
            if (ktg_step_matches(a, &r->unless[k], &a->items[i], &f)) {
                w->end = &a->items[i];
                return i > w->last->index;
            }
    }
    return true;
}

/* One stretch of breach: [from, until) by the deadline that passed. */
static void add_stretch(struct ktg_answer *a, const struct watch *w, const struct deadline *d,
                        ktg_time from, ktg_time until, const struct ktg_item *closer)
{
    if (from >= until)
        return;
    if (from > a->now) {
        ktg_answer_wake(a, from);
        return;
    }
    struct ktg_found f = {.setter = d->setter,
                          .anchor = d->setter,
                          .has_deadline = true,
                          .deadline = d->at,
                          .deadline_offset = d->offset_min,
                          .offset_min = d->setter->offset_min,
                          .view = a->view};
    memcpy(f.tuple, w->tuple, sizeof f.tuple);
    struct ktg_frame frame = ktg_frame_of(a, &f, ktg_bound_at(a, from));
    if (!ktg_answer_is_met(&frame, a->rule->where) || a->code)
        return;
    struct ktg_found *found = ktg_found_new(a, d->setter);
    if (!found)
        return;
    f.order = found->order;
    f.key = found->key;
    f.from = from;
    f.until = until;
    f.closer = closer;
    f.start = frame.b;
    *found = f;
}

static ktg_time later(ktg_time x, ktg_time y)
{
    return x > y ? x : y;
}

static void watch(struct ktg_answer *a, struct watch *w)
{
    const struct ktg_rule *r = a->rule;
    struct ktg_frame f = frame_for(a, w, ktg_bound_after(w->last));
    struct ktg_cel_value by = ktg_answer_eval(&f, r->by);
    struct deadline now = {w->tuple[0], 0, w->tuple[0]->offset_min}, passed = now;
    if (!ktg_value_instant(&by, &now.at) || !find_end(a, w))
        return;
    size_t end = w->end ? w->end->index : a->count;
    const struct ktg_item *closer =
        NULL;               /* the mover that ends it, if none of its instant undoes that */
    bool in_breach = false; /* by `passed`, from `from` on */
    ktg_time from = 0;
    for (size_t i = w->tuple[0]->index + 1; i < end && !a->code; i++) {
        const struct ktg_item *m = &a->items[i];
        if (closer && closer->at < m->at) {
            add_stretch(a, w, &passed, from, closer->at, closer);
            in_breach = false;
            closer = NULL;
        }
        for (size_t k = 0; k < r->mover_count; k++) {
            struct ktg_frame own = frame_for(a, w, ktg_bound_after(m));
            own.has_deadline = true;
            own.deadline = now.at;
            own.deadline_offset = now.offset_min;
            if (!ktg_step_matches(a, &r->movers[k].step, m, &own))
                continue;
            own.own = m;
            own.offset_min = m->offset_min;
            struct ktg_cel_value to = ktg_answer_eval(&own, r->movers[k].to);
            ktg_time t;
            if (!ktg_value_instant(&to, &t))
                continue;
            /* up to m the old deadline stood */
            ktg_time since = later(ktg_just_after(now.at), w->last->at);
            since = later(since, now.setter->at);
            if (!in_breach && since < m->at) {
                in_breach = true;
                passed = now;
                from = since;
            }
            if (!in_breach || t < m->at)
                closer = NULL;
            else if (!closer) /* "moves the deadline to its own time or later" */
                closer = m;
            now = (struct deadline){m, t, m->offset_min};
        }
    }
    if (closer)
        add_stretch(a, w, &passed, from, closer->at, closer);
    if (!in_breach || closer) {
        passed = now;
        from = later(later(ktg_just_after(now.at), w->last->at), now.setter->at);
    }
    if (from != KTG_NEVER)
        add_stretch(a, w, &passed, from, w->end ? w->end->at : KTG_NEVER, w->end);
}

/* Does the event end every watch that began before it, whatever began it?  Not if it stands there in another role, too: it
 * does not end its own. */
static bool ends_all(const struct ktg_answer *a, size_t i)
{
    const struct ktg_rule *r = a->rule;
    const struct ktg_entry *e = a->items[i].e;
    bool ends = false;
    for (size_t k = 0; k < r->unless_count && !ends; k++)
        ends = ktg_step_may_match(&r->unless[k], e) &&
               (!r->unless[k].where || (e->traits && r->unless[k].settled[e->event->type->index]));
    return ends && (i == 0 || !ktg_item_is_same(&a->items[i - 1], &a->items[i]));
}

ktg_time ktg_deadline_running_since(struct ktg_answer *a, ktg_time since)
{
    const struct ktg_rule *r = a->rule;
    ktg_time first = since, oldest = r->reach.ahead ? since - r->reach.ahead : KTG_LONG_AGO;
    for (size_t i = a->count; i-- > 0 && a->items[i].at >= oldest && !a->code;) {
        const struct ktg_item *x = &a->items[i], *tuple[KTG_MAX_STEPS] = {x};
        /* what a mover sets is anchored later than its watch begins: what runs at the first anchor is asked, too */
        ktg_time ended = r->mover_count ? first : since;
        struct watch w = {tuple, x, NULL};
        if (x->at < first && ktg_step_may_match(&r->steps[0], x->e) && find_end(a, &w) &&
            (!w.end || w.end->at >= ended))
            first = x->at;
        if (x->at < (r->mover_count ? first : since) && ends_all(a, i))
            break; /* nothing before it runs */
    }
    return first;
}

int ktg_form_deadline(struct ktg_answer *a)
{
    for (size_t i = 0; i < a->count && !a->code; i++) {
        const struct ktg_item *tuple[KTG_MAX_STEPS];
        if ((a->resume && a->items[i].at < a->resume->since) ||
            !ktg_step_may_match(&a->rule->steps[0], a->items[i].e) ||
            !ktg_tuple_find(a, &a->items[i], tuple))
            continue;
        struct watch w = {tuple, tuple[a->rule->step_count - 1], NULL};
        watch(a, &w);
    }
    return a->code;
}
