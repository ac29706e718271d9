/* rules/estimate.c - see estimate.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/estimate.h"

#include <stdio.h>

#include "rules/states/asof.h"

enum { THOUSAND = 1000, MILLION = 1000000 };
enum { LOOKS = 4 }; /* entries that a form looks at for one step of the budget */

struct adding {
    const struct ktg_rule *r;
    const struct ktg_rates *rates;
    const char *kind;
    struct ktg_estimate *e; /* NULL: names without a rate were told before */
};

static void note_unknown(struct ktg_estimate *e, const char *name)
{
    size_t n = strlen(e->unknown);
    if (n + strlen(name) + sizeof ", ..." < sizeof e->unknown)
        snprintf(e->unknown + n, sizeof e->unknown - n, "%s%s", n ? ", " : "", name);
    else if (n < 3 || strcmp(e->unknown + n - 3, "...") != 0)
        snprintf(e->unknown + n, sizeof e->unknown - n, ", ...");
}

static void add(struct adding *a, const char *name, ktg_time back, struct ktg_amount *to)
{
    struct ktg_amount x;
    if (!ktg_rates_entries(a->rates, a->kind, name, back, &x) && a->e)
        note_unknown(a->e, name);
    ktg_amount_add(to, x);
}

static bool is_made(const struct ktg_type *t)
{
    return t->heartbeats || t->suspensions || t->absences || t->retirements;
}

/* Entries of a type in the roles of the bits; those that are like a name (KTG_ROLE_LIKE) lie on the timeline of the list's entry. */
static void add_type(struct adding *a, int type, uint32_t roles, ktg_time back,
                     struct ktg_amount *to)
{
    const struct ktg_catalogue *c = a->r->rs->catalogue;
    const struct ktg_type *t = ktg_catalogue_type_at(c, type);
    char name[160];
    for (int role = 0; role < KTG_ROLE_LIKE && !is_made(t); role++) {
        if (!(roles >> role & 1))
            continue;
        if (role == KTG_ROLE_HOLDER)
            snprintf(name, sizeof name, "%s", t->name);
        else
            snprintf(name, sizeof name, "%s(%s)", t->name, ktg_catalogue_role_name(c, role));
        add(a, name, back, to);
    }
}

static void add_finding(struct adding *a, size_t rule, ktg_time back, struct ktg_amount *to)
{
    char name[160];
    snprintf(name, sizeof name, "finding.%s", ktg_rule_name(a->r->rs->rules[rule]));
    add(a, name, back, to);
}

static ktg_time of_reach(const struct ktg_estimate *e, const struct ktg_reach *reach, bool lasting)
{
    return !reach->is || lasting ? KTG_YEAR_MS : e->back;
}

static void find_entries(struct adding *a)
{
    const struct ktg_rule *r = a->r;
    struct ktg_estimate *e = a->e;
    e->whole = !r->reach.is || r->reach.lasting;
    e->back = r->reach.is ? r->reach.back + r->reach.ahead : 0;
    for (size_t t = 0; t < ktg_catalogue_type_count(r->rs->catalogue); t++)
        add_type(a, (int)t, r->reads_types[t],
                 of_reach(e, &r->reach, r->reach.is && r->reach.types[t]), &e->entries);
    for (size_t k = 0; k < r->rs->count; k++)
        if (r->reads_rules[k])
            add_finding(a, k, of_reach(e, &r->reach, r->reach.findings), &e->posted);
    ktg_amount_add(&e->entries, e->posted);
    a->e = NULL; /* told */
    for (size_t t = 0; t < ktg_catalogue_type_count(r->rs->catalogue); t++)
        add_type(a, (int)t, r->reads_types[t], KTG_YEAR_MS, &e->year);
    for (size_t k = 0; k < r->rs->count; k++)
        if (r->reads_rules[k])
            add_finding(a, k, KTG_YEAR_MS, &e->year);
}

/* Whole entries; a million of them go over the budget anyhow. */
static int64_t whole(int64_t thousandths)
{
    int64_t n = (thousandths + THOUSAND - 1) / THOUSAND;
    return n < MILLION ? n : MILLION;
}

/* Of 99 in 100 subjects, entries that the step matches within `back`; 0: a year. */
static int64_t of_step(struct adding *a, const struct ktg_step *s, ktg_time back)
{
    const struct ktg_rule *r = a->r;
    struct ktg_amount x = {0};
    back = back && back < KTG_YEAR_MS ? back : KTG_YEAR_MS;
    for (size_t t = 0; s->roles && t < ktg_catalogue_type_count(r->rs->catalogue); t++)
        add_type(a, (int)t, s->roles[t], back, &x);
    for (size_t k = 0; s->reads && k < r->rs->count; k++)
        if (s->reads[k])
            add_finding(a, k, back, &x);
    return whole(x.p99);
}

/* To look at one entry, or to ask a condition once. */
static int64_t cost_of(const struct ktg_cel *plan)
{
    return 1 + (plan ? (int64_t)ktg_cel_node_count(plan) : 0);
}

static void add_cost(void *arg, struct ktg_step *s)
{
    *(int64_t *)arg += cost_of(s->where);
}

static int64_t steps_of(struct adding *a, int64_t year)
{
    const struct ktg_rule *r = a->r;
    int64_t each = cost_of(r->where) + cost_of(r->while_), pairs = 0;
    ktg_rule_each_step(r, add_cost, &each);
    for (size_t i = 0; i < r->with_count; i++)
        if (r->withs[i].used)
            each += 1 + of_step(a, &r->withs[i].step, r->withs[i].within) / LOOKS;
    for (size_t i = 1; i < r->step_count; i++)
        pairs += of_step(a, &r->steps[0], 0) * of_step(a, &r->steps[i], r->within) *
                 cost_of(r->steps[i].where);
    return year * each + pairs;
}

void ktg_estimate(const struct ktg_rule *r, int kind, const struct ktg_rates *rates,
                  struct ktg_estimate *ret_e)
{
    const char *name = ktg_catalogue_kind_name(r->rs->catalogue, kind);
    struct adding a = {r, rates, name, ret_e};
    *ret_e = (struct ktg_estimate){.kind = name, .budget = KTG_ANSWER_STEPS};
    find_entries(&a);
    ret_e->steps = steps_of(&a, whole(ret_e->year.p99));
}
