/* rules/near_forms.c - the candidates of each form, and how far they came.
 *
 *     when, by    an event like the first step ─> the other steps in order ─> no `unless` ─> the deadline ─> where, while
 *     state       an instant at which an event came, or now ─> threshold, where, while; with `each NAME` per element
 *
 * Stages of a sequence: its steps, then STAGE_UNLESS and on.  A form without candidates of its own is asked as a state.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/forms/aggregate.h"

enum { STAGE_UNLESS = KTG_MAX_STEPS + 1, STAGE_DEADLINE, STAGE_WHERE, STAGE_REPEAT };
enum { LATEST = 200 }; /* candidates that are asked */

static void say_event(const struct ktg_item *x, const struct ktg_answer *a, char *to, size_t size)
{
    char at[KTG_INSTANT_TEXT];
    struct ktg_bytes type = x->e->event ? x->e->event->type_name
                                        : ktg_bytes_str(a->rs->rules[x->e->posted->rule]->name);
    ktg_instant_format(x->at, x->offset_min, at);
    snprintf(to, size, "%.*s of %s", (int)type.size, (const char *)type.data, at);
}

/* ---- sequences and deadlines ---------------------------------------------------------------------------------------- */

struct attempt {
    struct ktg_near *n;
    struct ktg_answer *a;
    const struct ktg_item *tuple[KTG_MAX_STEPS];
    struct ktg_frame f;
};

static bool in_tuple(const struct attempt *t, const struct ktg_item *x)
{
    for (size_t k = 0; k < t->a->rule->step_count; k++)
        if (t->tuple[k] == x)
            return true;
    return false;
}

static void put_step(struct attempt *t, size_t k, const struct ktg_item *x)
{
    struct ktg_frame own = t->f;
    own.b = ktg_bound_before(x);
    own.own = x;
    t->tuple[k] = x;
    ktg_near_condition(t->n, &own, t->a->rule->steps[k].where);
}

/* The other steps, each by the earliest event that fits; the first that none fits is the miss.  True: all are there. */
static bool follow(struct attempt *t)
{
    const struct ktg_rule *r = t->a->rule;
    for (size_t k = 1; k < r->step_count; k++) {
        const struct ktg_item *fits = NULL, *like = NULL;
        for (size_t i = t->tuple[k - 1]->index + 1; i < t->a->count && !fits; i++) {
            const struct ktg_item *x = &t->a->items[i];
            if (!ktg_step_is_of_type(&r->steps[k], x->e))
                continue;
            like = x;
            t->tuple[k] = x;
            fits = ktg_step_matches(t->a, &r->steps[k], x, &t->f) ? x : NULL;
        }
        t->tuple[k] = fits;
        char value[96] = "none", want[64] = "one after it";
        ktg_near_begin(t->n, t->tuple[0], t->tuple[k - 1]->at, (int)k + 1);
        for (size_t s = 0; s < k; s++)
            put_step(t, s, t->tuple[s]);
        bool late = fits && r->within && fits->at - t->tuple[0]->at > r->within;
        if (r->within)
            snprintf(want, sizeof want, "one within %lld s", (long long)(r->within / 1000));
        if (fits)
            snprintf(value, sizeof value, "%lld s after the first",
                     (long long)((fits->at - t->tuple[0]->at) / 1000));
        if (!fits && like) {
            put_step(t, k, like);
            t->tuple[k] = NULL;
        } else {
            ktg_near_fact(t->n, fits && !late, r->steps[k].text.text, value, want);
        }
        if (!fits || late) {
            ktg_near_end(t->n);
            return false;
        }
    }
    return true;
}

/* The first `unless` in [from, to). */
static const struct ktg_item *forbidden(struct attempt *t, size_t from, size_t to, size_t *ret_k)
{
    const struct ktg_rule *r = t->a->rule;
    for (size_t i = from; i < to; i++)
        for (size_t k = 0; k < r->unless_count && !in_tuple(t, &t->a->items[i]); k++)
            if (ktg_step_matches(t->a, &r->unless[k], &t->a->items[i], &t->f)) {
                *ret_k = k;
                return &t->a->items[i];
            }
    return NULL;
}

static void put_steps(struct attempt *t)
{
    for (size_t k = 0; k < t->a->rule->step_count; k++)
        put_step(t, k, t->tuple[k]);
}

static void put_forbidden(struct attempt *t, const struct ktg_item *u, size_t k, const char *want)
{
    char value[96];
    say_event(u, t->a, value, sizeof value);
    ktg_near_fact(t->n, false, t->a->rule->unless[k].text.text, value, want);
}

static void put_repeat(struct attempt *t)
{
    if (t->a->rule->once)
        ktg_near_fact(t->n, false, ktg_cel_text(t->a->rule->once), "said before",
                      "once per this value");
}

/* Complete: what remains are `unless`, `where`, `while`, `once per`. */
static void ask_sequence(struct attempt *t)
{
    const struct ktg_rule *r = t->a->rule;
    const struct ktg_item *last = t->tuple[r->step_count - 1];
    size_t k = 0;
    const struct ktg_item *u = forbidden(t, t->tuple[0]->index + 1, last->index, &k);
    t->f.b = ktg_bound_before(last);
    bool met = ktg_answer_is_met(&t->f, r->where) && ktg_answer_is_met(&t->f, r->while_);
    ktg_near_begin(t->n, t->tuple[0], last->at,
                   u     ? STAGE_UNLESS
                   : met ? STAGE_REPEAT
                         : STAGE_WHERE);
    put_steps(t);
    if (u)
        put_forbidden(t, u, k, "none in between");
    ktg_near_condition(t->n, &t->f, r->where);
    ktg_near_condition(t->n, &t->f, r->while_);
    if (!u && met)
        put_repeat(t);
    ktg_near_end(t->n);
}

struct due {
    ktg_time at;
    int offset_min;
    const struct ktg_item *setter;
};

/* The deadline as the movers before `end` leave it. */
static void move(struct attempt *t, struct due *d, size_t end)
{
    const struct ktg_rule *r = t->a->rule;
    for (size_t i = t->tuple[0]->index + 1; i < end; i++)
        for (size_t k = 0; k < r->mover_count; k++) {
            const struct ktg_item *m = &t->a->items[i];
            struct ktg_frame own = t->f;
            own.b = ktg_bound_after(m);
            own.has_deadline = true;
            own.deadline = d->at;
            own.deadline_offset = d->offset_min;
            if (!ktg_step_matches(t->a, &r->movers[k].step, m, &own))
                continue;
            own.own = m;
            own.offset_min = m->offset_min;
            struct ktg_cel_value to = ktg_answer_eval(&own, r->movers[k].to);
            ktg_time at;
            if (ktg_value_instant(&to, &at))
                *d = (struct due){at, m->offset_min, m};
        }
}

static void ask_deadline(struct attempt *t)
{
    const struct ktg_rule *r = t->a->rule;
    const struct ktg_item *last = t->tuple[r->step_count - 1];
    struct due d = {0, t->tuple[0]->offset_min, t->tuple[0]};
    size_t from = t->tuple[0]->index + 1, k = 0;
    ktg_time since;
    t->f.b = ktg_bound_after(last);
    struct ktg_cel_value by = ktg_answer_eval(&t->f, r->by), v;
    if (r->since && (v = ktg_answer_eval(&t->f, r->since), ktg_value_instant(&v, &since)))
        for (from = 0; from < t->a->count && t->a->items[from].at < since;)
            from++;
    if (!ktg_value_instant(&by, &d.at)) {
        ktg_near_begin(t->n, t->tuple[0], last->at, STAGE_UNLESS);
        put_steps(t);
        ktg_near_fact(t->n, false, r->by_text.text, "absent", "an instant");
        ktg_near_end(t->n);
        return;
    }
    const struct ktg_item *u = forbidden(t, from, t->a->count, &k);
    move(t, &d, u ? u->index : t->a->count);
    bool ended = u && (u->at <= d.at || u->index < last->index);
    bool passed = !ended && t->a->now > d.at;
    char value[160], set[96], at[KTG_INSTANT_TEXT];
    ktg_instant_format(d.at, d.offset_min, at);
    say_event(d.setter, t->a, set, sizeof set);
    snprintf(value, sizeof value, "%s by %s", at, set);
    ktg_time as_of = passed ? d.at + 1 : t->a->now;
    struct ktg_frame f = t->f;
    f.b = ktg_bound_at(t->a, as_of);
    f.has_deadline = true;
    f.deadline = d.at;
    f.deadline_offset = d.offset_min;
    bool met = ktg_answer_is_met(&f, r->where) && ktg_answer_is_met(&f, r->while_);
    ktg_near_begin(t->n, t->tuple[0], as_of,
                   !passed ? STAGE_DEADLINE
                   : met   ? STAGE_REPEAT
                           : STAGE_WHERE);
    put_steps(t);
    ktg_near_fact(t->n, passed, r->by_text.text, value, ended ? "passed before the end" : "passed");
    if (ended)
        put_forbidden(t, u, k, "none until then");
    if (passed) {
        ktg_near_condition(t->n, &f, r->where);
        ktg_near_condition(t->n, &f, r->while_);
        if (met)
            put_repeat(t);
    }
    ktg_near_end(t->n);
}

static bool stands(const struct ktg_answer *a, const struct ktg_item *anchor)
{
    for (size_t i = 0; i < a->found_count; i++)
        if (!a->found[i].dropped && a->found[i].tuple[0] && a->found[i].tuple[0]->e == anchor->e)
            return true;
    return false;
}

static void near_tuples(struct ktg_near *n, struct ktg_answer *a)
{
    const struct ktg_rule *r = a->rule;
    size_t asked = 0;
    for (size_t i = a->count; i-- > 0 && !a->code && asked < LATEST;) {
        const struct ktg_item *x = &a->items[i];
        if (!ktg_step_is_of_type(&r->steps[0], x->e) || stands(a, x))
            continue;
        struct attempt t = {.n = n, .a = a};
        t.f = (struct ktg_frame){.a = a, .tuple = t.tuple, .offset_min = x->offset_min};
        asked++;
        ktg_near_begin(n, x, x->at, 1);
        put_step(&t, 0, x);
        if (!ktg_step_matches(a, &r->steps[0], x, &t.f)) {
            ktg_near_end(n);
            continue;
        }
        if (!follow(&t))
            continue;
        if (r->by)
            ask_deadline(&t);
        else
            ask_sequence(&t);
    }
}

/* ---- states --------------------------------------------------------------------------------------------------------- */

/* "4: P1, P2, P4, P5": what was counted, where few texts say it. */
static void name_them(const struct ktg_frame *f, struct ktg_buf *to)
{
    struct ktg_cel_value v = ktg_aggregate_value(f);
    if (v.kind != KTG_CEL_LIST || !v.list.count || v.list.count > 8 ||
        v.list.items[0].kind != KTG_CEL_STRING)
        return;
    ktg_buf_put_str(to, ": ");
    ktg_answer_text(f, &v, to);
}

static void put_threshold(struct ktg_near *n, const struct ktg_frame *f)
{
    const struct ktg_aggregate *form = f->a->rule->form->aggregate;
    struct ktg_shown shown[KTG_SHOWN_MOST] = {{.met = false}};
    size_t count = form ? form->shows(f, shown) : 0;
    int64_t share = 0;
    for (size_t i = 0; i < count; i++) {
        share += strtoll(ktg_buf_text(&shown[i].value), NULL, 10);
        if (i == 0)
            name_them(f, &shown[i].value);
        ktg_near_fact(n, shown[i].met, shown[i].text, ktg_buf_text(&shown[i].value), shown[i].want);
        ktg_buf_done(&shown[i].value);
    }
    ktg_near_share(n, share);
}

static void ask_state(struct ktg_near *n, const struct ktg_frame *f, const struct ktg_item *x)
{
    ktg_near_begin(n, x, f->b.t, 1);
    put_threshold(n, f);
    ktg_near_condition(n, f, f->a->rule->where);
    ktg_near_condition(n, f, f->a->rule->while_);
    ktg_near_end(n);
}

static void ask_instant(struct ktg_near *n, struct ktg_answer *a, ktg_time t,
                        const struct ktg_item *x)
{
    struct ktg_frame f = {.a = a, .b = ktg_bound_at(a, t), .offset_min = x->offset_min};
    if (!a->rule->each_name) {
        ask_state(n, &f, x);
        return;
    }
    struct ktg_cel_value list = ktg_answer_eval(&f, a->rule->each);
    if (list.kind != KTG_CEL_LIST || !list.list.count) {
        ktg_near_begin(n, x, t, 0);
        ktg_near_fact(n, false, a->rule->each_text.text, "none", "at least one");
        ktg_near_end(n);
        return;
    }
    for (size_t k = 0; k < list.list.count && !a->code; k++) {
        struct ktg_frame own = f;
        own.has_each = true;
        own.each = list.list.items[k];
        ask_state(n, &own, x);
    }
}

static void near_state(struct ktg_near *n, struct ktg_answer *a)
{
    size_t first = a->count > LATEST ? a->count - LATEST : 0;
    for (size_t i = first; i < a->count && !a->code; i++) {
        if (i + 1 == a->count || a->items[i + 1].at != a->items[i].at)
            ask_instant(n, a, a->items[i].at, &a->items[i]);
        ktg_asof_forget(a);
    }
    if (a->count)
        ask_instant(n, a, a->now, &a->items[a->count - 1]);
}

void ktg_near_form(struct ktg_near *n, struct ktg_answer *a)
{
    if (a->rule->step_count)
        near_tuples(n, a);
    else
        near_state(n, a);
}
