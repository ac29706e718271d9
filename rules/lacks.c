/* rules/lacks.c - what a rule cannot do without: state forms that, worth nothing, make sure that it finds nothing.
 *
 *     while: permit.class == "ITAS" && nights > 60      permit null: never met          lacks {permit}, lacks {nights}
 *     while: size(hits) > 0 || size(near) > 0           both empty: never met           lacks {hits, near}
 *
 * Found while loading, by asking what can be said of each condition that a finding must meet when these forms have no
 * event, and nothing is known of all else (rules/cel/known.c).  glance.c then answers for most subjects without working
 * anything out.  Sets of one and of two forms are tried.
 *
 * (1) It is never wrong to miss a set: the same is answered, slower.  So the looking has a budget; what memory that may take
 *     is had before it begins, so that no set is missed for want of memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/states/asof.h"

enum {
    STEPS = 1 << 14,
    MEMORY = STEPS * 64, /* ktg_cel_memory(): a step for each 64 bytes begun */
    DEPTH = 16,
};

struct supposing { /* that these forms have no event */
    const struct ktg_rule *r;
    uint64_t none; /* by `with` */
    int depth;
    struct ktg_cel_env env;
};

/* Is the form supposed to be worth nothing?  A match is if its list is. */
static bool is_none(const struct supposing *s, const struct ktg_name *n)
{
    if (n->kind != KTG_NAME_WITH)
        return false;
    const struct ktg_with *w = &s->r->withs[n->index];
    return (s->none >> n->index & 1) ||
           (w->form == &ktg_asof_like && w->list >= 0 && (s->none >> w->list & 1));
}

static struct ktg_cel_value setting_of(void *arg, struct ktg_bytes name)
{
    const struct supposing *s = arg;
    const struct ktg_setting *found = ktg_ruleset_setting(s->r->rs, name);
    return found ? found->value : (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}

static struct ktg_cel_value no_setting(void *arg, struct ktg_bytes name)
{
    struct supposing *s = arg;
    (void)name;
    s->env.steps = 0; /* it may be set: nothing is known */
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}

static struct ktg_cel_value of_nothing(const struct ktg_with *w)
{
    struct ktg_cel_value v = {.kind = w->type.kind};
    if (v.kind != KTG_CEL_INT && v.kind != KTG_CEL_LIST)
        v.kind = KTG_CEL_NULL;
    return v;
}

static enum ktg_cel_shade shade_of(void *arg, int slot)
{
    struct supposing *s = arg;
    const struct ktg_name *n = &s->r->names[slot];
    if (is_none(s, n))
        return KTG_CEL_KNOWN;
    const struct ktg_cel *let = n->kind == KTG_NAME_LET ? s->r->lets[n->index].plan : NULL;
    if (!let || s->depth == DEPTH)
        return KTG_CEL_UNKNOWN;
    s->depth++;
    enum ktg_cel_shade shade = ktg_cel_shade_of(let, shade_of, &s->env);
    s->depth--;
    return shade;
}

static struct ktg_cel_value value_of(void *arg, int slot)
{
    struct supposing *s = arg;
    const struct ktg_name *n = &s->r->names[slot];
    struct ktg_cel_value v = {.kind = KTG_CEL_ABSENT};
    if (is_none(s, n))
        return of_nothing(&s->r->withs[n->index]);
    const struct ktg_cel *let = n->kind == KTG_NAME_LET ? s->r->lets[n->index].plan : NULL;
    if (let && s->depth < DEPTH) {
        s->depth++;
        v = ktg_cel_eval(let, &s->env);
        s->depth--;
    }
    return v;
}

/* Is the condition never met? */
static bool is_never(struct supposing *s, const struct ktg_cel *plan)
{
    if (!plan)
        return false;
    enum ktg_cel_shade shade = ktg_cel_shade_of(plan, shade_of, &s->env);
    return shade == KTG_CEL_NEVER ||
           (shade == KTG_CEL_KNOWN && !ktg_cel_is_true(ktg_cel_eval(plan, &s->env)) &&
            s->env.steps);
}

/* Has `each: NAME in LIST` never an element? */
static bool has_no_element(struct supposing *s)
{
    const struct ktg_rule *r = s->r;
    if (!r->each_name)
        return false;
    if (ktg_cel_shade_of(r->each, shade_of, &s->env) != KTG_CEL_KNOWN)
        return false;
    struct ktg_cel_value list = ktg_cel_eval(r->each, &s->env);
    return s->env.steps && (list.kind != KTG_CEL_LIST || !list.list.count);
}

static bool finds_nothing(const struct ktg_rule *r, uint64_t none, struct ktg_arena *arena)
{
    struct supposing s = {.r = r, .none = none};
    s.env = (struct ktg_cel_env){
        .arg = &s, .arena = arena, .steps = STEPS, .slot = value_of, .setting = setting_of};
    bool nothing = is_never(&s, r->while_) || is_never(&s, r->where) || has_no_element(&s);
    for (size_t i = 0; i < r->step_count && !nothing; i++)
        nothing = is_never(&s, r->steps[i].where);
    ktg_arena_reset(arena);
    return nothing;
}

static void add(struct ktg_rule *r, uint64_t none, struct ktg_arena *arena)
{
    for (size_t i = 0; i < r->lack_count; i++)
        if ((r->lacks[i] & none) == r->lacks[i])
            return; /* that one alone suffices */
    if (r->lack_count < KTG_MAX_LACKS && finds_nothing(r, none, arena))
        r->lacks[r->lack_count++] = none;
}

static bool may_lack(const struct ktg_with *w)
{
    return w->used && w->form->by_step;
}

void ktg_rule_lacks(struct ktg_load *l, struct ktg_rule *r)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    if (!ktg_arena_alloc(&arena, MEMORY))
        l->code = KTG_ENOMEM;
    ktg_arena_reset(&arena);
    for (size_t i = 0; i < r->with_count && !l->code; i++)
        if (may_lack(&r->withs[i]))
            add(r, UINT64_C(1) << i, &arena);
    for (size_t i = 0; i < r->with_count && !l->code; i++)
        for (size_t k = 0; k < i; k++)
            if (may_lack(&r->withs[i]) && may_lack(&r->withs[k]))
                add(r, UINT64_C(1) << i | UINT64_C(1) << k, &arena);
    ktg_arena_done(&arena);
}

bool ktg_rule_is_never_true(struct ktg_load *l, const struct ktg_rule *r,
                            const struct ktg_cel *plan)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct supposing s = {.r = r};
    s.env = (struct ktg_cel_env){
        .arg = &s, .arena = &arena, .steps = STEPS, .slot = value_of, .setting = no_setting};
    if (!ktg_arena_alloc(&arena, MEMORY))
        l->code = KTG_ENOMEM;
    ktg_arena_reset(&arena);
    bool never = !l->code && is_never(&s, plan) && s.env.steps;
    ktg_arena_done(&arena);
    return never;
}
