/* rules/traits.c - what of a step's condition is settled by the event alone.
 *
 *     direction == "entry" && mode in ["air", "sea"] && post != no.post
 *     └────────── constant tests of own fields ────┘    └─ the rest, read at its x⁻
 *
 * For each event type the conjunctions of constant tests that steps ask for are numbered 1 to 63; the traits of an event
 * are the set of those that it meets, as bits, and bit 0.  A step whose trait is missing cannot match; one whose condition
 * is nothing but constant tests does.  So an event touches only the rules that can meet it, and most conditions cost a bit.
 *
 * (1) Traits are a function of the event and the rule set; an entry without them (0) is judged by the conditions alone.
 * (2) What a condition means is untouched: a conjunction is met only if each of its parts is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/model.h"

enum { MOST = 64 };

struct trait_test { /* field == literal, or field in [literals] */
    const struct ktg_field *field;
    const struct ktg_cel_value *literals;
    size_t count;
};
struct ktg_traits { /* of one event type */
    const struct ktg_field *fields[MOST];
    uint8_t field_of[MOST]; /* by test */
    struct trait_test tests[MOST];
    uint64_t needs[MOST]; /* by trait: the tests that it is made of */
    size_t field_count, test_count, count;
};

static bool same_test(const struct trait_test *x, const struct trait_test *y)
{
    if (x->field != y->field || x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++)
        if (x->literals[i].kind != y->literals[i].kind ||
            ktg_cel_compare(&x->literals[i], &y->literals[i]) != 0)
            return false;
    return true;
}

/* The number of a test, or -1: there are too many. */
static int number_of(struct ktg_traits *t, const struct trait_test *x)
{
    for (size_t i = 0; i < t->test_count; i++)
        if (same_test(&t->tests[i], x))
            return (int)i;
    if (t->test_count == MOST)
        return -1;
    size_t f = 0;
    while (f < t->field_count && t->fields[f] != x->field)
        f++;
    if (f == t->field_count)
        t->fields[t->field_count++] = x->field;
    t->field_of[t->test_count] = (uint8_t)f;
    t->tests[t->test_count] = *x;
    return (int)t->test_count++;
}

/* Is the slot the event at hand, or (ret_field) a bare field of it? */
static bool is_own(const struct ktg_rule *r, int slot, int own_step, struct ktg_bytes *field)
{
    const struct ktg_name *n = &r->names[slot];
    if (n->kind == KTG_NAME_FIELD && !field->size) {
        *field = n->text;
        return true;
    }
    return field->size && (n->kind == KTG_NAME_OWN ||
                           (n->kind == KTG_NAME_ALIAS && own_step >= 0 && n->index == own_step));
}

/* Conjunct i as a test of the type's own field; false: it is something else. */
static bool test_of(const struct ktg_rule *r, const struct ktg_step *s, size_t i, int own_step,
                    const struct ktg_shape *shape, struct trait_test *ret_x)
{
    int slot;
    struct ktg_bytes name;
    if (!ktg_cel_constant_field_test(s->where, i, &slot, &name, &ret_x->literals, &ret_x->count) ||
        !is_own(r, slot, own_step, &name))
        return false;
    ret_x->field = ktg_shape_field(shape, name);
    if (!ret_x->field || ret_x->field->list)
        return false;
    enum ktg_cel_kind kind = ktg_cel_field_type(ret_x->field, NULL).kind;
    for (size_t k = 0; k < ret_x->count; k++)
        if (ret_x->literals[k].kind != kind)
            return false;
    return kind == KTG_CEL_STRING || kind == KTG_CEL_BOOL || kind == KTG_CEL_INT;
}

static uint8_t trait_of(const struct ktg_rule *r, const struct ktg_step *s, int own_step,
                        const struct ktg_shape *shape, struct ktg_traits *t, bool *ret_whole)
{
    size_t parts = ktg_cel_conjunct_count(s->where);
    uint64_t needs = 0;
    *ret_whole = true;
    for (size_t i = 0; i < parts; i++) {
        struct trait_test x;
        int n = test_of(r, s, i, own_step, shape, &x) ? number_of(t, &x) : -1;
        if (n < 0)
            *ret_whole = false;
        else
            needs |= UINT64_C(1) << n;
    }
    if (!needs)
        return 0;
    for (size_t i = 1; i < t->count; i++)
        if (t->needs[i] == needs)
            return (uint8_t)i;
    if (t->count == MOST) {
        *ret_whole = false;
        return 0;
    }
    t->needs[t->count] = needs;
    return (uint8_t)t->count++;
}

struct giving {
    struct ktg_load *l;
    struct ktg_rule *r;
};

static void give(void *arg, struct ktg_step *s)
{
    struct giving *g = arg;
    struct ktg_ruleset *rs = g->l->rs;
    size_t types = ktg_catalogue_type_count(rs->catalogue);
    bool in_when = s >= g->r->steps && s < g->r->steps + g->r->step_count;
    int own_step = in_when ? (int)(s - g->r->steps) : -1;
    if (!s->roles || !(s->traits = ktg_load_alloc(g->l, types + 1)) ||
        !(s->settled = ktg_load_alloc(g->l, types + 1)))
        return;
    for (size_t i = 0; i < types; i++) {
        if (!s->roles[i])
            continue;
        s->settled[i] = !s->where;
        if (s->where) {
            if (!rs->traits[i]) {
                rs->traits[i] = ktg_load_alloc(g->l, sizeof *rs->traits[i]);
                if (!rs->traits[i])
                    return;
                rs->traits[i]->count = 1; /* bit 0 is always there */
            }
            bool whole;
            const struct ktg_type *type = ktg_catalogue_type_at(rs->catalogue, (int)i);
            s->traits[i] = trait_of(g->r, s, own_step, type->data, rs->traits[i], &whole);
            s->settled[i] = whole;
        }
        g->r->reads_traits[i] |= UINT64_C(1) << s->traits[i];
    }
}

void ktg_rule_traits(struct ktg_load *l, struct ktg_rule *r)
{
    struct giving g = {l, r};
    size_t types = ktg_catalogue_type_count(l->rs->catalogue);
    r->reads_traits = ktg_load_alloc(l, (types + 1) * sizeof *r->reads_traits);
    if (!r->reads_traits)
        return;
    ktg_rule_each_step(r, give, &g);
    /* these look at every event of a type that they read, whether it matches or not */
    if (r->tick || r->update == KTG_UPDATE_CHANGE || (r->while_ && r->step_count))
        for (size_t i = 0; i < types; i++)
            r->reads_traits[i] = UINT64_MAX;
}

static bool is_met(const struct trait_test *x, const struct ktg_cel_value *v)
{
    for (size_t i = 0; i < x->count; i++)
        if (v->kind == x->literals[i].kind && ktg_cel_compare(v, &x->literals[i]) == 0)
            return true;
    return false;
}

uint64_t ktg_ruleset_traits(const struct ktg_ruleset *rs, const struct ktg_event *e)
{
    const struct ktg_traits *t = e->type ? rs->traits[e->type->index] : NULL;
    uint64_t met = 0, traits = 1;
    struct ktg_cel_value values[MOST];
    if (!t)
        return traits;
    for (size_t f = 0; f < t->field_count; f++)
        values[f] = ktg_cel_from_field(e->type->data, e->data, t->fields[f]->key, NULL);
    for (size_t i = 0; i < t->test_count; i++)
        met |= (uint64_t)is_met(&t->tests[i], &values[t->field_of[i]]) << i;
    for (size_t i = 1; i < t->count; i++)
        traits |= (uint64_t)((met & t->needs[i]) == t->needs[i]) << i;
    return traits;
}

uint64_t ktg_rule_traits_read(const struct ktg_rule *r, int type)
{
    return r->reads_traits[type];
}
