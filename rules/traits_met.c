/* rules/traits_met.c - the traits of an event, found from its own values.
 *
 *     border.crossing {direction: exit, post: CGK}
 *        direction = exit ──> tests 1, 4    post = CGK ──> test 9      (one look-up for each field that is tested)
 *        test 1 ──> trait 2     test 4 ──> ·     test 9 ──> trait 3 if it meets test 1, too
 *
 * A trait is looked for from that of its tests which the fewest traits ask for, so that what it costs depends on the
 * values of the event and on what they meet, not on how many tests and traits there are.
 *
 * Made once, after all rules are compiled; immutable from then on.  Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/traits.h"

struct literal { /* of a field: who asks for it */
    uint16_t field;
    struct ktg_cel_value value;
    uint16_t *tests;
    size_t count, cap;
};

struct ktg_trait_index {
    const struct ktg_field **fields; /* that some test reads */
    size_t field_count;
    struct literal *literals;
    size_t literal_count;
    struct ktg_trait_numbers numbers; /* of literals */
    uint32_t *first; /* by test, and one more: where the traits begin that are looked for from it */
    uint16_t *traits; /* ... here */
};

struct sought {
    size_t field;
    const struct ktg_cel_value *value;
};

static bool same_literal(const void *arg, uint32_t number, const void *what)
{
    const struct literal *x = &((const struct ktg_trait_index *)arg)->literals[number];
    const struct sought *y = what;
    return x->field == y->field && x->value.kind == y->value->kind &&
           ktg_cel_compare(&x->value, y->value) == 0;
}

static const struct literal *literal_of(const struct ktg_trait_index *x, size_t field,
                                        const struct ktg_cel_value *value, uint64_t *ret_hash)
{
    struct sought y = {field, value};
    *ret_hash = ktg_trait_hash(value, field);
    uint32_t n = ktg_trait_number(&x->numbers, *ret_hash, same_literal, x, &y);
    return n == UINT32_MAX ? NULL : &x->literals[n];
}

static size_t field_of(struct ktg_trait_index *x, const struct ktg_field *field)
{
    size_t f = 0;
    while (f < x->field_count && x->fields[f] != field)
        f++;
    if (f == x->field_count)
        x->fields[x->field_count++] = field;
    return f;
}

static bool ask_for(struct ktg_load *l, struct literal *x, uint16_t test)
{
    if (x->count && x->tests[x->count - 1] == test)
        return true; /* the same literal twice in one list */
    if (x->count == x->cap) {
        size_t cap = x->cap ? x->cap * 2 : 2;
        uint16_t *more = ktg_load_alloc(l, cap * sizeof *more);
        if (!more)
            return false;
        if (x->count)
            memcpy(more, x->tests, x->count * sizeof *more);
        x->tests = more;
        x->cap = cap;
    }
    x->tests[x->count++] = test;
    return true;
}

static bool lay_out_literals(struct ktg_load *l, const struct ktg_traits *t,
                             struct ktg_trait_index *x)
{
    size_t most = 0;
    for (size_t i = 0; i < t->test_count; i++)
        most += t->tests[i].count;
    x->fields = ktg_load_alloc(l, t->test_count * sizeof(const struct ktg_field *) + 1);
    x->literals = ktg_load_alloc(l, most * sizeof *x->literals + 1);
    if (!x->fields || !x->literals)
        return false;
    for (size_t i = 0; i < t->test_count; i++) {
        size_t field = field_of(x, t->tests[i].field);
        for (size_t k = 0; k < t->tests[i].count; k++) {
            uint64_t hash;
            const struct ktg_cel_value *value = &t->tests[i].literals[k];
            const struct literal *known = literal_of(x, field, value, &hash);
            size_t n = known ? (size_t)(known - x->literals) : x->literal_count;
            if (!known) {
                x->literals[n] = (struct literal){.field = (uint16_t)field, .value = *value};
                x->literal_count++;
                ktg_trait_note(l, &x->numbers, hash, (uint32_t)n);
            }
            if (l->code || !ask_for(l, &x->literals[n], (uint16_t)i))
                return false;
        }
    }
    return true;
}

static uint16_t rarest(const struct ktg_trait *trait, const uint32_t *uses)
{
    uint16_t best = trait->tests[0];
    for (size_t i = 1; i < trait->count; i++)
        if (uses[trait->tests[i]] < uses[best])
            best = trait->tests[i];
    return best;
}

static bool lay_out_traits(struct ktg_load *l, const struct ktg_traits *t,
                           struct ktg_trait_index *x)
{
    uint32_t *uses = ktg_load_alloc(l, (t->test_count + 1) * sizeof *uses);
    x->first = ktg_load_alloc(l, (t->test_count + 2) * sizeof *x->first);
    x->traits = ktg_load_alloc(l, t->count * sizeof *x->traits);
    if (!uses || !x->first || !x->traits)
        return false;
    for (size_t i = 1; i < t->count; i++)
        for (size_t k = 0; k < t->at[i].count; k++)
            uses[t->at[i].tests[k]]++;
    uint32_t *next = x->first + 1; /* counted one further on: filling moves each to its place */
    for (size_t i = 1; i < t->count; i++)
        next[rarest(&t->at[i], uses) + 1]++;
    for (size_t i = 0; i < t->test_count; i++)
        next[i + 1] += next[i];
    for (size_t i = 1; i < t->count; i++)
        x->traits[next[rarest(&t->at[i], uses)]++] = (uint16_t)i;
    return true;
}

static size_t words_of(size_t bits)
{
    return (bits + 63) / 64;
}

void ktg_ruleset_traits_ready(struct ktg_load *l)
{
    struct ktg_ruleset *rs = l->rs;
    rs->trait_room = 1;
    for (size_t i = 0; i < ktg_catalogue_type_count(rs->catalogue) && !l->code; i++) {
        struct ktg_traits *t = rs->traits[i];
        struct ktg_trait_index *x = t ? ktg_load_alloc(l, sizeof *x) : NULL;
        if (!x || !lay_out_literals(l, t, x) || !lay_out_traits(l, t, x))
            continue;
        t->index = x;
        size_t room = words_of(t->count) + words_of(t->test_count);
        rs->trait_room = room > rs->trait_room ? room : rs->trait_room;
    }
}

size_t ktg_ruleset_trait_count(const struct ktg_ruleset *rs, int type)
{
    return rs->traits[type] ? rs->traits[type]->count : 1;
}

size_t ktg_ruleset_trait_room(const struct ktg_ruleset *rs)
{
    return rs->trait_room;
}

static void put_bit(uint64_t *words, size_t bit)
{
    words[bit / 64] |= UINT64_C(1) << (bit % 64);
}

/* Those of the traits looked for from a test whose other tests are met, too. */
static void put_traits(const struct ktg_traits *t, size_t test, const uint64_t *met,
                       uint64_t *traits)
{
    const struct ktg_trait_index *x = t->index;
    for (uint32_t i = x->first[test]; i < x->first[test + 1]; i++) {
        const struct ktg_trait *trait = &t->at[x->traits[i]];
        size_t k = 0;
        while (k < trait->count && ktg_trait_is_met(met, trait->tests[k]))
            k++;
        if (k == trait->count)
            put_bit(traits, x->traits[i]);
    }
}

size_t ktg_ruleset_traits_into(const struct ktg_ruleset *rs, const struct ktg_event *e,
                               uint64_t *room)
{
    const struct ktg_traits *t = e->type ? rs->traits[e->type->index] : NULL;
    const struct ktg_trait_index *x = t ? t->index : NULL;
    size_t words = t ? words_of(t->count) : 1;
    memset(room, 0, words * sizeof *room);
    put_bit(room, 0);
    if (!x)
        return words;
    uint64_t *met = room + words, hash;
    size_t met_words = words_of(t->test_count);
    memset(met, 0, met_words * sizeof *met);
    for (size_t f = 0; f < x->field_count; f++) {
        struct ktg_cel_value v = ktg_cel_of_field(x->fields[f], e->data, NULL);
        bool known = v.kind == KTG_CEL_STRING || v.kind == KTG_CEL_BOOL || v.kind == KTG_CEL_INT;
        const struct literal *of = known ? literal_of(x, f, &v, &hash) : NULL;
        for (size_t i = 0; of && i < of->count; i++)
            put_bit(met, of->tests[i]);
    }
    for (size_t w = 0; w < met_words; w++)
        for (uint64_t bits = met[w]; bits; bits &= bits - 1)
            put_traits(t, w * 64 + (size_t)__builtin_ctzll(bits), met, room);
    return words;
}

const uint64_t *ktg_ruleset_traits(const struct ktg_ruleset *rs, const struct ktg_event *e,
                                   struct ktg_arena *arena)
{
    uint64_t *room = ktg_arena_alloc(arena, rs->trait_room * sizeof *room);
    if (room)
        ktg_ruleset_traits_into(rs, e, room);
    return room;
}
