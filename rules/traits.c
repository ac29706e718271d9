/* rules/traits.c - what of a step's condition is settled by the event alone.
 *
 *     direction == "entry" && mode in ["air", "sea"] && post != no.post
 *     └────────── constant tests of own fields ────┘    └─ the rest, read at its x⁻
 *
 * For each event type the conjunctions of constant tests that steps ask for are numbered from 1 on; the traits of an event
 * are the set of those that it meets, as bits, and bit 0.  A step whose trait is missing cannot match; one whose condition
 * is nothing but constant tests does.  So an event touches only the rules that can meet it, and most conditions cost a bit.
 *
 * (1) Traits are a function of the event and the rule set; an entry without them (NULL) is judged by the conditions alone.
 * (2) What a condition means is untouched: a conjunction is met only if each of its parts is.
 * (3) The key of a rule is a step, or some state forms, without which nothing is ever found: no event on the timeline that
 *     has such a trait, no finding.  It is one of those that glance.c goes by; a rule has one where it needs events for it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/traits.h"

#include <stdlib.h>

#include "rules/states/asof.h"

enum { MOST = UINT16_MAX }; /* tests, and traits, of one type */

/* ---- numbers by hash ---- */

uint32_t ktg_trait_number(const struct ktg_trait_numbers *n, uint64_t hash, ktg_trait_same *same,
                          const void *arg, const void *x)
{
    uint64_t half = hash >> 32;
    for (size_t at = half; n->size && n->slots[at & (n->size - 1)]; at++) {
        uint64_t slot = n->slots[at & (n->size - 1)];
        if (slot >> 32 == half && same(arg, (uint32_t)slot - 1, x))
            return (uint32_t)slot - 1;
    }
    return UINT32_MAX;
}

static void fill_slot(struct ktg_trait_numbers *n, uint64_t slot)
{
    size_t at = slot >> 32;
    while (n->slots[at & (n->size - 1)])
        at++;
    n->slots[at & (n->size - 1)] = slot;
}

void ktg_trait_note(struct ktg_load *l, struct ktg_trait_numbers *n, uint64_t hash, uint32_t number)
{
    if (n->count * 2 >= n->size) {
        struct ktg_trait_numbers more = {.size = n->size ? n->size * 4 : 16, .count = n->count};
        if (!(more.slots = ktg_load_alloc(l, more.size * sizeof *more.slots)))
            return;
        for (size_t i = 0; i < n->size; i++)
            if (n->slots[i])
                fill_slot(&more, n->slots[i]);
        *n = more;
    }
    n->count++;
    fill_slot(n, (hash >> 32 << 32) | (number + 1));
}

uint64_t ktg_trait_hash(const struct ktg_cel_value *v, uint64_t seed)
{
    switch (v->kind) {
    case KTG_CEL_STRING:
        return ktg_hash64(v->s.data, v->s.size, seed);
    case KTG_CEL_BOOL:
        return ktg_mix64(seed + 1 + v->b);
    default:
        return ktg_mix64(seed ^ ktg_mix64((uint64_t)v->i + 3));
    }
}

/* ---- numbering while rules are loaded ---- */

/* Room for one more in an array of the load's arena. */
static bool grow(struct ktg_load *l, void *array, size_t count, size_t *cap, size_t size)
{
    void *old, *more;
    if (count < *cap)
        return true;
    size_t want = *cap ? *cap * 2 : 8;
    if (!(more = ktg_load_alloc(l, want * size)))
        return false;
    memcpy(&old, array, sizeof old);
    if (count)
        memcpy(more, old, count * size);
    memcpy(array, &more, sizeof more);
    *cap = want;
    return true;
}

static bool same_test(const void *arg, uint32_t number, const void *what)
{
    const struct ktg_trait_test *x = &((const struct ktg_traits *)arg)->tests[number], *y = what;
    if (x->field != y->field || x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++)
        if (ktg_cel_compare(&x->literals[i], &y->literals[i]) != 0)
            return false;
    return true;
}

static bool same_trait(const void *arg, uint32_t number, const void *what)
{
    const struct ktg_trait *x = &((const struct ktg_traits *)arg)->at[number], *y = what;
    return x->count == y->count && !memcmp(x->tests, y->tests, x->count * sizeof *x->tests);
}

/* The number of a test, or -1: there are too many. */
static int number_of(struct ktg_load *l, struct ktg_traits *t, const struct ktg_trait_test *x)
{
    uint64_t hash = ktg_hash64(x->field->key.data, x->field->key.size, x->count);
    for (size_t i = 0; i < x->count; i++)
        hash = ktg_trait_hash(&x->literals[i], hash);
    uint32_t n = ktg_trait_number(&t->test_numbers, hash, same_test, t, x);
    if (n != UINT32_MAX)
        return (int)n;
    if (t->test_count == MOST || !grow(l, &t->tests, t->test_count, &t->test_cap, sizeof *t->tests))
        return -1;
    t->tests[t->test_count] = *x;
    ktg_trait_note(l, &t->test_numbers, hash, (uint32_t)t->test_count);
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
                    const struct ktg_shape *shape, struct ktg_trait_test *ret_x)
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

static int by_number(const void *x, const void *y)
{
    return *(const uint16_t *)x - *(const uint16_t *)y;
}

/* The number of the set of these tests; 0: there are too many, or none. */
static uint16_t trait_of_tests(struct ktg_load *l, struct ktg_traits *t, uint16_t *tests,
                               size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(tests, count, sizeof *tests, by_number);
    for (size_t i = 0; i < count; i++)
        if (!kept || tests[kept - 1] != tests[i])
            tests[kept++] = tests[i];
    struct ktg_trait x = {tests, kept};
    uint64_t hash = ktg_hash64(tests, kept * sizeof *tests, 0);
    uint32_t n = kept ? ktg_trait_number(&t->numbers, hash, same_trait, t, &x) : 0;
    if (n != UINT32_MAX)
        return (uint16_t)n;
    if (t->count == MOST || !grow(l, &t->at, t->count, &t->cap, sizeof *t->at))
        return 0;
    t->at[t->count] = x;
    ktg_trait_note(l, &t->numbers, hash, (uint32_t)t->count);
    return (uint16_t)t->count++;
}

/* The trait that an event of the type must have for the step to match, and whether that is all. */
static uint16_t trait_of(struct ktg_load *l, const struct ktg_rule *r, const struct ktg_step *s,
                         int own_step, const struct ktg_shape *shape, struct ktg_traits *t,
                         bool *ret_whole)
{
    size_t parts = ktg_cel_conjunct_count(s->where), count = 0;
    uint16_t *tests = ktg_load_alloc(l, parts * sizeof *tests + 1);
    *ret_whole = tests != NULL;
    for (size_t i = 0; tests && i < parts; i++) {
        struct ktg_trait_test x;
        int n = test_of(r, s, i, own_step, shape, &x) ? number_of(l, t, &x) : -1;
        if (n < 0)
            *ret_whole = false;
        else
            tests[count++] = (uint16_t)n;
    }
    uint16_t trait = count ? trait_of_tests(l, t, tests, count) : 0;
    *ret_whole = *ret_whole && trait;
    return trait;
}

static struct ktg_traits *traits_of(struct ktg_load *l, size_t type)
{
    struct ktg_traits **t = &l->rs->traits[type];
    if (*t || !(*t = ktg_load_alloc(l, sizeof **t)))
        return *t;
    if (!grow(l, &(*t)->at, 0, &(*t)->cap, sizeof *(*t)->at))
        return *t = NULL;
    (*t)->count = 1; /* the empty set */
    return *t;
}

/* ---- what a rule reads ---- */

static void add_trait(struct ktg_load *l, struct ktg_trait_list *list, uint16_t trait)
{
    size_t i = 0;
    while (i < list->count && list->at[i] != trait)
        i++;
    if (i < list->count || !grow(l, &list->at, list->count, &list->cap, sizeof *list->at))
        return;
    list->at[list->count++] = trait;
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
    int own_step = ktg_rule_step(g->r, s);
    if (!s->roles || !(s->traits = ktg_load_alloc(g->l, (types + 1) * sizeof *s->traits)) ||
        !(s->settled = ktg_load_alloc(g->l, types + 1)))
        return;
    for (size_t i = 0; i < types; i++) {
        if (!s->roles[i])
            continue;
        s->settled[i] = !s->where;
        if (s->where) {
            struct ktg_traits *t = traits_of(g->l, i);
            if (!t)
                return;
            bool whole;
            const struct ktg_type *type = ktg_catalogue_type_at(rs->catalogue, (int)i);
            s->traits[i] = trait_of(g->l, g->r, s, own_step, type->data, t, &whole);
            s->settled[i] = whole;
        }
        add_trait(g->l, &g->r->reads_traits[i], s->traits[i]);
    }
}

/* ---- the key ---- */

/* How much an event must bring to match the step: the tests of its traits, at least; -1: it need be no event. */
static int weight_of(const struct ktg_rule *r, const struct ktg_step *s)
{
    int least = MOST;
    for (size_t i = 0; s->reads && i < r->rs->count; i++)
        if (s->reads[i])
            return -1; /* a finding */
    for (size_t i = 0; i < ktg_catalogue_type_count(r->rs->catalogue); i++) {
        if (!s->roles || !s->traits || !s->roles[i])
            continue;
        int tests = s->traits[i] ? (int)r->rs->traits[i]->at[s->traits[i]].count : 0;
        least = tests < least ? tests : least;
    }
    return s->traits ? least : -1;
}

/* Of a set of `with`s: an event of any of them will do. */
static int weight_of_withs(const struct ktg_rule *r, uint64_t withs)
{
    int least = MOST;
    for (; withs; withs &= withs - 1) {
        int weight = weight_of(r, &r->withs[__builtin_ctzll(withs)].step);
        least = weight < least ? weight : least;
    }
    return least;
}

/* A count that no empty set reaches, whatever the settings. */
static bool counts_some(const struct ktg_rule *r)
{
    struct ktg_cel_value limit;
    if (r->counted < 0 || r->tick || !r->withs[r->counted].form->one_each)
        return false;
    return ktg_cel_is_literal(r->threshold, &limit) && limit.kind == KTG_CEL_INT &&
           (limit.i > 0 || (limit.i == 0 && r->threshold_more));
}

static void add_key(struct ktg_load *l, struct ktg_rule *r, const struct ktg_step *s)
{
    for (size_t i = 0; i < ktg_catalogue_type_count(r->rs->catalogue); i++)
        if (s->roles[i])
            add_trait(l, &r->key[i], s->traits[i]);
}

/* The heaviest of what it cannot do without: what the fewest events bring, as far as the text tells. */
void ktg_rule_key_find(struct ktg_load *l, struct ktg_rule *r)
{
    const struct ktg_step *step = NULL;
    uint64_t withs = 0;
    int most = -1;
    if (!r->reads_traits || r->screens) /* entries of lists come to the timeline by name */
        return;
    for (size_t i = 0; i < r->step_count; i++) {
        int weight = weight_of(r, &r->steps[i]);
        step = weight > most ? &r->steps[i] : step;
        most = weight > most ? weight : most;
    }
    for (size_t i = 0; i < r->lack_count + 1; i++) {
        bool counts = i == r->lack_count && counts_some(r);
        uint64_t set = counts ? UINT64_C(1) << r->counted : i < r->lack_count ? r->lacks[i] : 0;
        int weight = set ? weight_of_withs(r, set) : -1;
        withs = weight > most ? set : withs;
        most = weight > most ? weight : most;
    }
    if (most < 0 || !(r->key = ktg_load_alloc(l, (ktg_catalogue_type_count(r->rs->catalogue) + 1) *
                                                     sizeof *r->key)))
        return;
    if (!withs)
        add_key(l, r, step);
    for (; withs; withs &= withs - 1)
        add_key(l, r, &r->withs[__builtin_ctzll(withs)].step);
    for (size_t i = 0; i < ktg_catalogue_type_count(r->rs->catalogue); i++)
        r->key_types |= (uint64_t)(r->key[i].count > 0) << i % 64;
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
            add_trait(l, &r->reads_traits[i], 0);
}

const uint16_t *ktg_rule_traits_read(const struct ktg_rule *r, int type, size_t *ret_count)
{
    *ret_count = r->reads_traits[type].count;
    return r->reads_traits[type].at;
}
bool ktg_rule_may_read(const struct ktg_rule *r, int type, const uint64_t *traits)
{
    const struct ktg_trait_list *list = &r->reads_traits[type];
    size_t i = 0;
    while (traits && i < list->count && !ktg_trait_is_met(traits, list->at[i]))
        i++;
    return !traits || i < list->count;
}
bool ktg_rule_has_key(const struct ktg_rule *r)
{
    return r->key != NULL;
}
uint64_t ktg_rule_key_types(const struct ktg_rule *r)
{
    return r->key_types;
}

const uint16_t *ktg_rule_key(const struct ktg_rule *r, int type, size_t *ret_count)
{
    *ret_count = r->key ? r->key[type].count : 0;
    return r->key ? r->key[type].at : NULL;
}
