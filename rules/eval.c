/* rules/eval.c - what names and fields are worth at one point of an evaluation.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/forms/aggregate.h"
#include "rules/values.h"

/* What may still be taken of the arena in use: the caller's, one for passing things, or one of a condition that is
 * remembered.  Each has its own budget, so that it does not matter what was remembered. */
static size_t room(const struct ktg_answer *a)
{
    size_t used = a->arena == a->lasting ? a->arena->used - a->used_before : a->arena->used;
    return used < KTG_ANSWER_BYTES ? KTG_ANSWER_BYTES - used : 0;
}

void *ktg_answer_alloc(struct ktg_answer *a, size_t size)
{
    bool fits = size <= room(a);
    void *p = fits ? ktg_arena_zalloc(a->arena, size) : NULL;
    if (!p)
        a->code = fits ? KTG_ENOMEM : KTG_EFULL;
    return p;
}

bool ktg_answer_spend(struct ktg_answer *a, size_t steps)
{
    if (a->env.steps <= steps) {
        a->env.steps = 0;
        if (!a->code)
            a->code = KTG_EFULL;
        return false;
    }
    a->env.steps -= (uint32_t)steps;
    return true;
}

struct ktg_cel_value ktg_value_of_item(const struct ktg_item *x)
{
    struct ktg_cel_value v = {.kind = x ? KTG_CEL_REF : KTG_CEL_NULL};
    if (x) {
        v.ref.p = x;
        v.ref.tag = KTG_REF_ITEM;
    }
    return v;
}

bool ktg_value_instant(const struct ktg_cel_value *v, ktg_time *ret_t)
{
    if (v->kind != KTG_CEL_TIMESTAMP)
        return false;
    *ret_t = v->i;
    return true;
}

/* ---- names ---- */

static struct ktg_cel_value env_slot(void *arg, int slot)
{
    struct ktg_frame *f = arg;
    struct ktg_answer *a = f->a;
    const struct ktg_name *n = &a->rule->names[slot];
    switch (n->kind) {
    case KTG_NAME_SUBJECT:
        return ktg_text(a->timeline->subject);
    case KTG_NAME_NOW:
        return ktg_instant(f->b.t, f->offset_min);
    case KTG_NAME_DEADLINE:
        return f->has_deadline ? ktg_instant(f->deadline, f->deadline_offset) : ktg_absent();
    case KTG_NAME_EACH:
        return f->has_each ? f->each : ktg_absent();
    case KTG_NAME_FORM:
        return a->rule->form->aggregate->value(f, (size_t)n->index);
    case KTG_NAME_ALIAS:
        if (!f->tuple || !f->tuple[n->index])
            return ktg_absent();
        return ktg_value_of_item(f->tuple[n->index]);
    case KTG_NAME_OWN:
        return f->own ? ktg_value_of_item(f->own) : ktg_absent();
    case KTG_NAME_FIELD:
        return f->own ? ktg_item_field(a, f->own, n->text) : ktg_absent();
    case KTG_NAME_WITH:
        return ktg_asof_value(a, (size_t)n->index, f->b);
    case KTG_NAME_LET: {
        const struct ktg_cel *plan = a->rule->lets[n->index].plan;
        if (!plan)
            return ktg_absent();
        struct ktg_frame outer = *f; /* a let has no event at hand */
        outer.own = NULL;
        return ktg_answer_eval(&outer, plan);
    }
    }
    return ktg_absent();
}

static struct ktg_cel_value env_field(void *arg, const struct ktg_cel_value *ref,
                                      struct ktg_bytes name)
{
    return ktg_ref_field(((struct ktg_frame *)arg)->a, ref, name);
}

static struct ktg_cel_value env_setting(void *arg, struct ktg_bytes name)
{
    const struct ktg_setting *s = ktg_ruleset_setting(((struct ktg_frame *)arg)->a->rs, name);
    return s ? s->value : ktg_absent();
}

static bool entry_is_valid(const struct ktg_list_entry *e, ktg_time at, int offset_min)
{
    if (e->from == INT32_MIN && e->until == INT32_MAX)
        return true;
    ktg_date d = ktg_date_of(at, offset_min);
    return d >= e->from && d <= e->until;
}

static bool env_list_has(void *arg, struct ktg_bytes list, struct ktg_bytes word, ktg_time at)
{
    struct ktg_frame *f = arg;
    const struct ktg_list *l = ktg_ruleset_list(f->a->rs, list);
    size_t lo = 0, hi = l ? l->count : 0;
    while (lo < hi) { /* the first entry of that word */
        size_t mid = lo + (hi - lo) / 2;
        if (ktg_bytes_cmp(l->entries[mid].word, word) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; l && lo < l->count && ktg_bytes_eq(l->entries[lo].word, word); lo++)
        if (entry_is_valid(&l->entries[lo], at, f->offset_min))
            return true;
    return false;
}

static struct ktg_cel_value env_list(void *arg, struct ktg_bytes list)
{
    struct ktg_frame *f = arg;
    const struct ktg_list *l = ktg_ruleset_list(f->a->rs, list);
    if (!l)
        return ktg_absent();
    struct ktg_bytes *words = ktg_answer_alloc(f->a, sizeof *words * (l->count + 1));
    size_t n = 0;
    for (size_t i = 0; words && i < l->count; i++)
        if (entry_is_valid(&l->entries[i], f->b.t, f->offset_min))
            words[n++] = l->entries[i].word;
    return words ? ktg_value_words(f->a, words, n) : ktg_absent();
}

static struct ktg_cel_env enter(const struct ktg_frame *f)
{
    struct ktg_cel_env *env = &f->a->env, saved = *env;
    env->arg = (void *)f;
    env->arena = f->a->arena;
    env->used_most = env->arena->used + room(f->a);
    env->now = f->b.t;
    env->offset_min = f->offset_min;
    env->slot = env_slot;
    env->field = env_field;
    env->setting = env_setting;
    env->list_has = env_list_has;
    env->list = env_list;
    return saved;
}

static void leave(struct ktg_answer *a, struct ktg_cel_env saved)
{
    saved.steps = a->env.steps; /* one budget for all */
    a->env = saved;
    if (!room(a))
        a->env.steps = 0;
    if (!a->env.steps && !a->code)
        a->code = KTG_EFULL;
}

struct ktg_cel_value ktg_answer_eval(const struct ktg_frame *f, const struct ktg_cel *plan)
{
    struct ktg_cel_env saved = enter(f);
    struct ktg_cel_value v = ktg_cel_eval(plan, &f->a->env);
    leave(f->a, saved);
    return v;
}

struct ktg_cel_value ktg_answer_side(const struct ktg_frame *f, const struct ktg_cel *plan,
                                     uint32_t side)
{
    struct ktg_cel_env saved = enter(f);
    struct ktg_cel_value v = ktg_cel_eval_side(plan, side, &f->a->env);
    leave(f->a, saved);
    return v;
}

struct ktg_cel_value ktg_answer_slot(const struct ktg_frame *f, int slot)
{
    struct ktg_cel_env saved = enter(f);
    struct ktg_cel_value v = env_slot((void *)f, slot);
    leave(f->a, saved);
    return v;
}

bool ktg_answer_is_met(const struct ktg_frame *f, const struct ktg_cel *plan)
{
    return !plan || ktg_cel_is_true(ktg_answer_eval(f, plan));
}

void ktg_answer_text(const struct ktg_frame *f, const struct ktg_cel_value *v, struct ktg_buf *to)
{
    struct ktg_cel_env saved = enter(f);
    ktg_cel_to_text(v, &f->a->env, to);
    leave(f->a, saved);
}

int ktg_answer_wire(const struct ktg_frame *f, const struct ktg_cel_value *v, struct ktg_buf *to)
{
    struct ktg_cel_env saved = enter(f);
    int rc = ktg_cel_to_wire(v, &f->a->env, to);
    leave(f->a, saved);
    return rc;
}

struct ktg_bytes ktg_value_name(const struct ktg_frame *f, const struct ktg_cel_value *v)
{
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_bytes name = KTG_BYTES_NONE;
    struct ktg_wire_value w;
    if (v->kind == KTG_CEL_STRING)
        return v->s;
    if (v->kind == KTG_CEL_ABSENT || v->kind == KTG_CEL_NULL || ktg_answer_wire(f, v, &b))
        goto out;
    struct ktg_wire at = ktg_wire_open(ktg_buf_view(&b));
    if (ktg_wire_next(&at, &w))
        goto out;
    if (w.kind != KTG_WIRE_STR) { /* numbers and lists, as text */
        ktg_buf_clear(&b);
        ktg_answer_text(f, v, &b);
        w.bytes = ktg_buf_view(&b);
    }
    uint8_t *copy = w.bytes.size ? ktg_answer_alloc(f->a, w.bytes.size) : NULL;
    if (copy) {
        memcpy(copy, w.bytes.data, w.bytes.size);
        name = ktg_bytes(copy, w.bytes.size);
    }
out:
    if (b.bad)
        f->a->code = KTG_ENOMEM;
    ktg_buf_done(&b);
    return name;
}

/* ---- bounds and steps ---- */

struct ktg_bound ktg_bound_before(const struct ktg_item *x)
{
    return (struct ktg_bound){KTG_BEFORE, x->at, x->index};
}
struct ktg_bound ktg_bound_after(const struct ktg_item *x)
{
    return (struct ktg_bound){KTG_AFTER, x->at, x->index + 1};
}

struct ktg_bound ktg_bound_at(const struct ktg_answer *a, ktg_time t)
{
    size_t lo = 0, hi = a->count;
    while (lo < hi) { /* the first item with at > t */
        size_t mid = lo + (hi - lo) / 2;
        if (a->items[mid].at <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return (struct ktg_bound){KTG_AT, t, lo};
}

bool ktg_step_is_of_type(const struct ktg_step *s, const struct ktg_entry *e)
{
    if (e->posted)
        return s->reads[e->posted->rule] && e->role == KTG_ROLE_HOLDER;
    return e->event && e->event->type && e->role >= 0 && e->role < 32 &&
           (s->roles[e->event->type->index] >> e->role & 1);
}

bool ktg_step_may_match(const struct ktg_step *s, const struct ktg_entry *e)
{
    return ktg_step_is_of_type(s, e) &&
           (!e->traits || ktg_trait_is_met(e->traits, s->traits[e->event->type->index]));
}

bool ktg_step_matches(struct ktg_answer *a, const struct ktg_step *s, const struct ktg_item *x,
                      const struct ktg_frame *parent)
{
    if (!ktg_answer_spend(a, 1) || !ktg_step_may_match(s, x->e))
        return false;
    if (!s->where || (x->e->traits && s->settled[x->e->event->type->index]))
        return true;
    struct ktg_frame f = {.a = a, .offset_min = x->offset_min};
    if (parent)
        f = *parent;
    f.b = ktg_bound_before(x);
    f.own = x;
    if (x->e->judged && s->judged[x->e->event->type->index] && f.offset_min == x->offset_min)
        return ktg_judged_and_met(&f, s);
    return ktg_answer_is_met(&f, s->where);
}
