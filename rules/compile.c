/* rules/compile.c - the texts of a rule against their scopes, in the order in which names come to be.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/forms/aggregate.h"
#include "rules/phrase.h"
#include "rules/scope.h"
#include "rules/states/asof.h"

#define BOOL_   KTG_WANT(KTG_CEL_BOOL)
#define INSTANT KTG_WANT(KTG_CEL_TIMESTAMP)

static void step_in(struct ktg_load *l, struct ktg_rule *r, struct ktg_step *s, size_t tuple,
                    int own_step, bool deadline)
{
    struct ktg_scope scope = {.l = l,
                              .r = r,
                              .own = &s->row,
                              .own_alias = s->alias.text,
                              .own_step = own_step,
                              .tuple = tuple,
                              .deadline = deadline};
    s->where = ktg_scope_compile(&scope, &s->where_text, BOOL_, "a condition");
}

static void names_clash(struct ktg_load *l, struct ktg_rule *r)
{
    for (size_t i = 0; i < r->step_count; i++) {
        struct ktg_bytes name = r->steps[i].alias.text;
        if (!name.size)
            continue;
        bool clash = ktg_bytes_is(name, "subject") || ktg_bytes_is(name, "now") ||
                     ktg_bytes_is(name, "deadline") ||
                     (r->each_name && ktg_bytes_is(name, r->each_name));
        for (size_t k = 0; k < i; k++)
            clash |= ktg_bytes_eq(name, r->steps[k].alias.text);
        for (size_t k = 0; k < r->with_count; k++)
            clash |= (int)k != r->counted && ktg_bytes_is(name, r->withs[k].name);
        for (size_t k = 0; k < r->let_count; k++)
            clash |= ktg_bytes_is(name, r->lets[k].name);
        if (clash)
            ktg_rule_error(l, r, &r->steps[i].alias, "the name '%.*s' is bound twice",
                           (int)name.size, (const char *)name.data);
    }
    for (size_t k = 0; k < r->let_count; k++)
        if ((r->each_name && !strcmp(r->lets[k].name, r->each_name)) ||
            ktg_form_value_find(r, ktg_bytes_str(r->lets[k].name)) >= 0)
            ktg_rule_error(l, r, &r->lets[k].text, "the name '%s' is bound twice", r->lets[k].name);
}

struct row_build {
    struct ktg_load *l;
    struct ktg_rule *r;
    const struct ktg_step **steps;
    size_t count;
};
static void gather(void *arg, struct ktg_step *s)
{
    struct row_build *b = arg;
    ktg_step_resolve(b->l, b->r, s);
    b->steps[b->count++] = s;
}
static void read_types(void *arg, struct ktg_step *s)
{
    struct row_build *b = arg;
    size_t types = ktg_catalogue_type_count(b->l->rs->catalogue);
    for (size_t i = 0; s->roles && i < types; i++)
        b->r->reads_types[i] |= s->roles[i];
    for (size_t i = 0; s->reads && i < b->l->rs->count; i++)
        b->r->reads_rules[i] |= s->reads[i];
}

/* Does a text look at the clock, itself or through names?  Then values may differ at each midnight. */
static bool is_timed(const struct ktg_rule *r, struct ktg_bytes text)
{
    static const char *const clocks[] = {"now", "civil_days_since", "covered_days", NULL};
    for (size_t i = 0; clocks[i]; i++)
        if (ktg_phrase_mentions(text, clocks[i]))
            return true;
    return r->rs->dated_lists && ktg_phrase_mentions(text, "list");
}

static void compile_each(struct ktg_load *l, struct ktg_rule *r)
{
    if (!r->each_text.text.size)
        return;
    struct ktg_scope s = {.l = l, .r = r, .own_step = -1, .aside = true};
    if (!r->each_name) {
        struct row_build b = {
            l, r,
            ktg_load_alloc(l, sizeof(struct ktg_step *) *
                                  (KTG_MAX_STEPS * 4 + KTG_MAX_WITHS * 2 + r->mover_count)),
            0};
        if (!b.steps)
            return;
        ktg_rule_each_step(r, gather, &b);
        r->each_row = (struct ktg_row){.steps = b.steps, .count = b.count, .rs = l->rs};
        s.own = &r->each_row;
        r->each = ktg_scope_compile(&s, &r->each_text, 0, "");
        return;
    }
    r->each = ktg_scope_compile(&s, &r->each_text, KTG_WANT(KTG_CEL_LIST), "'each NAME in'");
    for (size_t i = 0; r->each && i < r->with_count; i++)
        if (ktg_bytes_is(ktg_cel_text(r->each), r->withs[i].name) &&
            (r->withs[i].key || r->withs[i].row.hit))
            r->each_with = (int)i;
    if (r->each) {
        struct ktg_cel_type t = ktg_cel_type_of(r->each);
        r->each_type =
            t.kind == KTG_CEL_LIST && t.elem ? *t.elem : (struct ktg_cel_type){.kind = KTG_CEL_DYN};
    }
}

static void compile_thresholds(struct ktg_load *l, struct ktg_rule *r)
{
    const uint32_t number = KTG_WANT(KTG_CEL_INT);
    const struct ktg_with *w = r->counted >= 0 ? &r->withs[r->counted] : NULL;
    struct ktg_scope s = {.l = l, .r = r, .own_step = -1};
    s.decimals = w && w->form == &ktg_asof_score;
    r->threshold = ktg_scope_compile(&s, &r->threshold_text, number, "the threshold");
    if (s.decimals && r->threshold && !ktg_cel_type_of(r->threshold).decimal)
        ktg_rule_error(l, r, &r->threshold_text,
                       "the threshold of a score is a decimal like the weights, such as 2.0");
    s.decimals = false;
    r->score.flags = ktg_scope_compile(&s, &r->score.flags_text, number, "'flags at least'");
    r->score.agencies =
        ktg_scope_compile(&s, &r->score.agencies_text, number, "'agencies at least'");
    s.alone = true;
    r->together.times = ktg_scope_compile(&s, &r->together.times_text, number, "'times'");
    r->together.persons = ktg_scope_compile(&s, &r->together.persons_text, number, "'persons'");
    for (size_t i = 0; w && i < r->together.at_count; i++) {
        s.own = &w->step.row;
        s.own_alias = w->step.alias.text;
        r->together.at[i] = ktg_scope_compile(&s, &r->together.at_text[i], 0, "'at'");
    }
}

/* The state forms behind the names of a text, through lets. */
static void prove(struct ktg_rule *r, const struct ktg_cel *plan, int depth)
{
    size_t count = 0;
    const int *slots = plan ? ktg_cel_slots(plan, &count) : NULL;
    for (size_t i = 0; i < count && depth < KTG_MAX_WITHS; i++) {
        const struct ktg_name *n = &r->names[slots[i]];
        if (n->kind == KTG_NAME_WITH)
            r->proves[n->index] = 1;
        if (n->kind == KTG_NAME_LET)
            prove(r, r->lets[n->index].plan, depth + 1);
    }
}

/* The same of a text and of the lets behind its names. */
static bool reads_clock(const struct ktg_rule *r, struct ktg_bytes text, const struct ktg_cel *plan,
                        int depth)
{
    size_t count = 0;
    const int *slots = plan ? ktg_cel_slots(plan, &count) : NULL;
    bool timed = plan && is_timed(r, text);
    for (size_t i = 0; i < count && !timed && depth < KTG_MAX_WITHS; i++) {
        const struct ktg_name *n = &r->names[slots[i]];
        if (n->kind == KTG_NAME_LET)
            timed = reads_clock(r, r->lets[n->index].text.text, r->lets[n->index].plan, depth + 1);
    }
    return timed;
}

/* The events of the timeline: steps in order, what forbids, moves and ends. */
static void compile_steps(struct ktg_load *l, struct ktg_rule *r, struct ktg_scope *s)
{
    bool by = r->by_text.text.size > 0;
    for (size_t i = 0; i < r->step_count; i++)
        step_in(l, r, &r->steps[i], i, (int)i, false);
    for (size_t i = 0; i < r->unless_count; i++)
        step_in(l, r, &r->unless[i], r->step_count, -1, false);
    for (size_t i = 0; i < r->until_count; i++)
        step_in(l, r, &r->until[i], r->step_count, -1, by);
    r->by = ktg_scope_compile(s, &r->by_text, INSTANT, "'by'");
    r->since = ktg_scope_compile(s, &r->since_text, INSTANT, "'since'");
    for (size_t i = 0; i < r->mover_count; i++) {
        struct ktg_mover *m = &r->movers[i];
        step_in(l, r, &m->step, r->step_count, -1, true);
        struct ktg_scope to = *s;
        to.own = &m->step.row;
        to.own_alias = m->step.alias.text;
        to.deadline = true;
        m->to = ktg_scope_compile(&to, &m->to_text, INSTANT, "'to'");
    }
}

/* What is said of a finding, and whether it is one. */
static void compile_findings(struct ktg_load *l, struct ktg_rule *r, struct ktg_scope *s)
{
    s->deadline = r->by_text.text.size > 0;
    s->each = true;
    s->count = true;
    r->where = ktg_scope_compile(s, &r->where_text, BOOL_, "'where'");
    r->while_ = ktg_scope_compile(s, &r->while_text, BOOL_, "'while'");
    r->update_where = ktg_scope_compile(s, &r->update_text, BOOL_, "'update: daily where'");
    r->once = ktg_scope_compile(s, &r->once_text, 0, "");
    s->hint = "; a level is informational, low, medium, high or critical, or an expression that "
              "gives one";
    r->level_plan = ktg_scope_compile(s, &r->level_text, KTG_WANT(KTG_CEL_STRING), "'level'");
    s->hint = NULL;
    r->to_plan = ktg_scope_compile(s, &r->to_text, KTG_WANT(KTG_CEL_LIST), "'to'");
    for (size_t i = 0; i < r->about_count; i++)
        r->about[i].plan = ktg_scope_compile(s, &r->about[i].text,
                                             KTG_WANT(KTG_CEL_STRING) | KTG_WANT(KTG_CEL_LIST) |
                                                 KTG_WANT(KTG_CEL_OBJECT),
                                             "'about'");
    s->decimals = true;
    r->weight_plan = ktg_scope_compile(s, &r->weight_text, KTG_WANT(KTG_CEL_INT), "'weight'");
    if (r->weight_plan && !ktg_cel_type_of(r->weight_plan).decimal)
        ktg_rule_error(l, r, &r->weight_text,
                       "'weight' is a decimal with at most two digits, such as 1.0 or 0.25");
}

/* Whose events are evidence (LANGUAGE.md 4.7). */
static void prove_all(struct ktg_rule *r)
{
    prove(r, r->where, 0);
    prove(r, r->while_, 0);
    prove(r, r->level_plan, 0);
    if (r->each_with <
        0) /* of a keyed form the element alone proves something; the others are other findings */
        prove(r, r->each, 0);
    for (size_t i = 0; i < r->let_count; i++)
        if (!r->lets[i].shared)
            prove(r, r->lets[i].plan, 0);
    if (r->counted >= 0)
        r->proves[r->counted] = 1;
}

static void find_what_time_changes(struct ktg_rule *r)
{
    const struct ktg_phrase *texts[] = {&r->while_text, &r->where_text, &r->update_text,
                                        &r->level_text, &r->to_text};
    for (size_t i = 0; i < KTG_COUNT(texts); i++)
        r->timed |= is_timed(r, texts[i]->text);
    for (size_t i = 0; i < r->let_count; i++)
        r->timed |= r->lets[i].used && is_timed(r, r->lets[i].text.text);
    r->tick_timed = reads_clock(r, r->tick_text.text, r->tick, 0);
    for (size_t i = 0; i < r->with_count; i++) {
        const struct ktg_with *w = &r->withs[i];
        r->windowed |= w->used && (w->within || w->over || w->from || w->past);
    }
}

static void compile_texts(struct ktg_load *l, struct ktg_rule *r)
{
    for (size_t i = 0; i < r->with_count; i++) {
        r->withs[i].used = (int)i == r->counted;
        r->withs[i].days_alone = true;
    }
    if (r->counted >= 0)
        ktg_with_compile(l, r, &r->withs[r->counted]);
    if (r->each_name)
        compile_each(l, r);
    struct ktg_scope s = {.l = l, .r = r, .own_step = -1, .tuple = r->step_count};
    compile_steps(l, r, &s);
    struct ktg_scope plain = {.l = l, .r = r, .own_step = -1};
    r->tick = ktg_scope_compile(&plain, &r->tick_text, BOOL_, "'tick'");
    compile_thresholds(l, r);
    compile_findings(l, r, &s);
    for (size_t i = 0; i < r->let_count; i++)
        if (!r->lets[i].shared)
            ktg_let_compile(l, r, &r->lets[i]);
    if (!r->each_name)
        compile_each(l, r); /* its event at hand is any that the rule reads, which is known now */
    ktg_title_parse(l, r, &r->title_id);
    ktg_title_parse(l, r, &r->title_en);
}

void ktg_rule_compile(struct ktg_load *l, struct ktg_rule *r)
{
    if (r->broken)
        return;
    size_t types = ktg_catalogue_type_count(l->rs->catalogue);
    r->reads_types = ktg_load_alloc(l, sizeof *r->reads_types * (types + 1));
    r->reads_rules = ktg_load_alloc(l, l->rs->count + 1);
    r->proves = ktg_load_alloc(l, r->with_count + 1);
    struct row_build b = {
        l, r,
        ktg_load_alloc(l, sizeof(struct ktg_step *) *
                              (KTG_MAX_STEPS * 4 + KTG_MAX_WITHS * 2 + r->mover_count)),
        0};
    if (l->code)
        return;
    names_clash(l, r);
    ktg_rule_each_step(r, gather, &b); /* resolved already, but for what strata left out */
    compile_texts(l, r);
    if (r->broken || l->code) /* not all texts have a plan */
        return;
    ktg_rule_each_step(r, read_types, &b);
    for (size_t i = 0; i < types; i++)
        r->screens |= r->reads_types[i] >> KTG_ROLE_LIKE & 1;
    ktg_rule_traits(l, r);
    ktg_rule_judged(l, r);
    prove_all(r);
    find_what_time_changes(r);
    ktg_rule_reach_find(l, r);
    ktg_rule_lacks(l, r);
    ktg_rule_key_find(l, r);
}
