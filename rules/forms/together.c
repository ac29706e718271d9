/* rules/forms/together.c - `together`: who keeps appearing with this person (LANGUAGE.md 4.6).
 *
 *     occasions of X     e1        e2              e3            e4           in the window (t - within, t]
 *     company           P Q R     P Q             P Q S         R            equal `at`, within `span`, seen by t
 *                                  └── {P, Q} on three occasions: times 3, persons 3 ──┘
 *
 *     group = X and the union of all such sets, sorted        evidence = the occasions that such a set shares
 *
 * (1) Somebody joins an occasion e at max(e, their first event within `span` of it); that is when the state is tested.
 * (2) Candidates with fewer than `times` common occasions in any window are cut before anything else: a stranger in a
 *     busy hall costs one counter.
 * (3) The search goes depth first over candidates with occasions as bits.  It leaves out what is too rare, and what
 *     could add neither a person nor an occasion; it finds every member and every occasion, not every set.
 * Cost: the company of all occasions once; per bound candidates x occasions / 64, and the search, within the budget.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/forms/aggregate.h"
#include "rules/forms/occasion.h"
#include "rules/states/asof.h"

struct meeting { /* one other person at one occasion */
    uint32_t who, hit;
    ktg_time since;
};
struct company {         /* of all occasions, after the cut */
    struct meeting *met; /* by occasion, then since */
    size_t *first;       /* by occasion, and one more: where its meetings begin */
    size_t count;
    struct ktg_bytes *names; /* candidates, sorted */
    size_t candidates, words;
    uint64_t *bits; /* candidates x words: the occasions of each, whenever they joined */
    int64_t times, others;
};

static struct ktg_cel_value absent(void)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}

/* ---- the company of every occasion ---- */

struct gathering {
    struct ktg_intern who;
    struct meeting *met;
    size_t count, cap;
    uint32_t *last; /* by person: index of the latest meeting + 1 */
    size_t last_cap;
};

static bool grow(struct ktg_answer *a, void *array, size_t *cap, size_t count, size_t size)
{
    void **at = array;
    if (count < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 64;
    void *grown = ktg_answer_alloc(a, more * size);
    if (!grown)
        return false;
    if (*cap)
        memcpy(grown, *at, *cap * size);
    *at = grown;
    *cap = more;
    return true;
}

static void meet(struct ktg_answer *a, struct gathering *g, uint32_t hit, ktg_time at,
                 const struct ktg_companion *c)
{
    struct ktg_cel_value name = {.kind = KTG_CEL_STRING, .s = c->person};
    ktg_time since = c->at > at ? c->at : at;
    int who = ktg_intern(a, &g->who, &name);
    if (who < 0 || !grow(a, &g->last, &g->last_cap, (size_t)who, sizeof *g->last) ||
        !grow(a, &g->met, &g->cap, g->count, sizeof *g->met))
        return;
    struct meeting *m = g->last[who] ? &g->met[g->last[who] - 1] : NULL;
    if (m && m->hit == hit) { /* seen there already: the first time counts */
        if (since < m->since)
            m->since = since;
        return;
    }
    g->met[g->count++] = (struct meeting){(uint32_t)who, hit, since};
    g->last[who] = (uint32_t)g->count;
}

/* Occasions are the hits that have all `at` values. */
static void gather(struct ktg_answer *a, struct ktg_asof *s, struct gathering *g)
{
    const struct ktg_answer_world *w = a->world;
    ktg_time span = a->rule->together.span;
    size_t kept = 0;
    for (size_t i = 0; i < s->hit_count && !a->code; i++) {
        const struct ktg_item *x = &a->items[s->hits[i].item];
        const struct ktg_companion *list = NULL;
        size_t count = 0;
        uint8_t key[16];
        if (!ktg_occasion_of(a, x, key))
            continue;
        s->hits[kept] = s->hits[i];
        ktg_time until = x->at + span < a->now ? x->at + span : a->now;
        if (w && w->company)
            a->code =
                w->company(w->arg, a->rule, key, x->at - span, until, a->arena, &list, &count);
        if (a->code || !ktg_answer_spend(a, count + 1))
            return;
        for (size_t k = 0; k < count; k++)
            if (!ktg_bytes_eq(list[k].person, a->timeline->subject))
                meet(a, g, (uint32_t)kept, x->at, &list[k]);
        kept++;
    }
    s->hit_count = kept;
}

/* ---- the cut ---- */

struct candidate {
    struct ktg_bytes name;
    uint32_t who;
};

static int by_name(const void *x, const void *y)
{
    return ktg_bytes_cmp(((const struct candidate *)x)->name, ((const struct candidate *)y)->name);
}

static int by_since(const void *x, const void *y)
{
    const struct meeting *a = x, *b = y;
    if (a->hit != b->hit)
        return a->hit < b->hit ? -1 : 1;
    if (a->since != b->since)
        return a->since < b->since ? -1 : 1;
    return (a->who > b->who) - (a->who < b->who);
}

/* Does somebody share `times` occasions that fit into one window?  `at`: when, `n` of them, in order. */
static bool often(const ktg_time *at, size_t n, ktg_time within, int64_t times)
{
    size_t need = (size_t)times;
    for (size_t i = 0; need <= n && i <= n - need; i++)
        if (!within || at[i + need - 1] - at[i] < within)
            return true;
    return false;
}

/* Fill in names, and map persons to candidates: of[who] is candidate + 1, or 0. */
static void cut(struct ktg_answer *a, const struct ktg_asof *s, const struct gathering *g,
                ktg_time within, struct company *c, uint32_t *of)
{
    size_t people = g->who.count;
    size_t *end = ktg_answer_alloc(a, sizeof *end * (people + 2));
    ktg_time *at = ktg_answer_alloc(a, sizeof *at * (g->count + 1));
    struct candidate *list = ktg_answer_alloc(a, sizeof *list * (people + 1));
    c->names = ktg_answer_alloc(a, sizeof *c->names * (people + 1));
    if (!end || !at || !list || !c->names)
        return;
    for (size_t i = 0; i < g->count; i++)
        end[g->met[i].who + 1]++;
    for (size_t i = 0; i < people; i++)
        end[i + 1] += end[i];
    for (size_t i = 0; i < g->count;
         i++) /* end[who] moves from where theirs begin to behind them */
        at[end[g->met[i].who]++] = a->items[s->hits[g->met[i].hit].item].at;
    for (size_t i = 0, from = 0; i < people; from = end[i++])
        if (often(at + from, end[i] - from, within, c->times))
            list[c->candidates++] = (struct candidate){g->who.values[i].s, (uint32_t)i};
    if (c->candidates)
        qsort(list, c->candidates, sizeof *list, by_name);
    for (size_t i = 0; i < c->candidates; i++) {
        c->names[i] = list[i].name;
        of[list[i].who] = (uint32_t)i + 1;
    }
}

static void lay_out(struct ktg_answer *a, const struct ktg_asof *s, const struct gathering *g,
                    const uint32_t *of, struct company *c)
{
    c->words = s->hit_count / 64 + 1;
    c->first = ktg_answer_alloc(a, sizeof *c->first * (s->hit_count + 2));
    c->met = ktg_answer_alloc(a, sizeof *c->met * (g->count + 1));
    c->bits = ktg_answer_alloc(a, sizeof *c->bits * (c->candidates * c->words + 1));
    if (!c->first || !c->met || !c->bits)
        return;
    for (size_t i = 0; i < g->count; i++) {
        struct meeting m = g->met[i];
        if (!of[m.who])
            continue;
        m.who = of[m.who] - 1;
        c->met[c->count++] = m;
        c->bits[m.who * c->words + m.hit / 64] |= UINT64_C(1) << (m.hit % 64);
    }
    if (c->count)
        qsort(c->met, c->count, sizeof *c->met, by_since);
    for (size_t i = 0, k = 0; i <= s->hit_count; i++) {
        while (k < c->count && c->met[k].hit < i)
            k++;
        c->first[i] = k;
    }
}

static void prepare(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s)
{
    struct gathering g = {.count = 0};
    struct company *c = ktg_answer_alloc(a, sizeof *c);
    ktg_asof_match(a, w, s);
    if (!c || a->code)
        return;
    if (!ktg_together_limits(a, &c->times, &c->others)) {
        s->hit_count = 0;
        return;
    }
    gather(a, s, &g);
    uint32_t *of = ktg_answer_alloc(a, sizeof *of * (g.who.count + 1));
    if (!of || a->code)
        return;
    cut(a, s, &g, w->within, c, of);
    if (!a->code)
        lay_out(a, s, &g, of, c);
    if (!a->code)
        s->own = c;
}

/* ---- as of a bound ---- */

struct search {
    struct ktg_answer *a;
    const struct company *c;
    uint64_t *bits; /* alive x words: who is with X on which occasion as of the bound */
    size_t *alive;  /* candidates */
    size_t alive_count;
    uint64_t *common; /* by depth: the occasions that those chosen so far share */
    size_t *chosen;   /* indexes into alive */
    uint64_t *counts; /* occasions of a set that is found */
    bool *in;         /* by alive: of a set that is found */
    bool found;
};

static int64_t overlap(const uint64_t *x, const uint64_t *y, size_t words, uint64_t *to)
{
    int64_t n = 0;
    for (size_t i = 0; i < words; i++) {
        to[i] = x[i] & y[i];
        n += __builtin_popcountll(to[i]);
    }
    return n;
}

/* Could sets of those chosen and some of alive[from..) still add a person or an occasion? */
static bool may_add(const struct search *x, size_t depth, size_t from)
{
    for (size_t i = 0; i < depth; i++)
        if (!x->in[x->chosen[i]])
            return true;
    for (size_t i = 0; i < x->c->words; i++)
        if (x->common[depth * x->c->words + i] & ~x->counts[i])
            return true;
    for (size_t i = from; i < x->alive_count && depth < (size_t)x->c->others; i++)
        if (!x->in[i])
            return true;
    return false;
}

static void deepen(struct search *x, size_t depth, size_t from)
{
    size_t words = x->c->words, others = (size_t)x->c->others;
    uint64_t *common = x->common + depth * words;
    if (depth == others) {
        x->found = true;
        for (size_t i = 0; i < depth; i++)
            x->in[x->chosen[i]] = true;
        for (size_t i = 0; i < words; i++)
            x->counts[i] |= common[i];
        return;
    }
    for (size_t i = from; i + (others - depth) <= x->alive_count; i++) {
        if (!ktg_answer_spend(x->a, words / 4 + 1))
            return;
        if (overlap(common, x->bits + i * words, words, common + words) < x->c->times)
            continue;
        x->chosen[depth] = i;
        if (may_add(x, depth + 1, i + 1) && ktg_answer_spend(x->a, x->alive_count / 16 + 1))
            deepen(x, depth + 1, i + 1);
    }
}

/* Only occasions in the window, and only those who have joined them by t. */
static void narrow(struct search *x, const struct ktg_asof *s, size_t lo, size_t hi, ktg_time t)
{
    const struct company *c = x->c;
    struct ktg_answer *a = x->a;
    uint64_t *bits = ktg_answer_alloc(a, sizeof *bits * (c->candidates * c->words + 1));
    if (!bits || !ktg_answer_spend(a, c->candidates * c->words / 4))
        return;
    memcpy(bits, c->bits, sizeof *bits * c->candidates * c->words);
    for (size_t i = hi; i-- > lo && a->items[s->hits[i].item].at + a->rule->together.span > t;)
        for (size_t k = c->first[i + 1]; k-- > c->first[i] && c->met[k].since > t;)
            bits[c->met[k].who * c->words + i / 64] &= ~(UINT64_C(1) << (i % 64));
    for (size_t k = 0; k < c->words; k++) {
        uint64_t mask = 0;
        for (size_t i = k * 64; i < k * 64 + 64 && i < hi; i++)
            mask |= i >= lo ? UINT64_C(1) << (i % 64) : 0;
        x->common[k] = mask;
    }
    for (size_t i = 0; i < c->candidates; i++) {
        uint64_t *own = bits + i * c->words, *to = bits + x->alive_count * c->words;
        if (overlap(own, x->common, c->words, to) >= c->times)
            x->alive[x->alive_count++] = i;
    }
    x->bits = bits;
}

/* False: no such set, or the budget is used up. */
static bool seek(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                 struct ktg_bound b, struct search *x)
{
    const struct company *c = s->own;
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    *x = (struct search){.a = a, .c = c};
    if (!c || (int64_t)(hi - lo) < c->times || (int64_t)c->candidates < c->others)
        return false;
    size_t depths = (size_t)c->others + 1; /* at most as many as there are candidates */
    x->alive = ktg_answer_alloc(a, sizeof *x->alive * (c->candidates + 1));
    x->chosen = ktg_answer_alloc(a, sizeof *x->chosen * depths);
    x->common = ktg_answer_alloc(a, sizeof *x->common * depths * c->words);
    x->counts = ktg_answer_alloc(a, sizeof *x->counts * c->words);
    x->in = ktg_answer_alloc(a, c->candidates + 1);
    if (!x->alive || !x->chosen || !x->common || !x->counts || !x->in)
        return false;
    narrow(x, s, lo, hi, b.t);
    if (!a->code)
        deepen(x, 0, 0);
    return x->found && !a->code;
}

/* X and the members, sorted; empty when nothing holds. */
static struct ktg_cel_value value_at(struct ktg_answer *a, const struct ktg_with *w,
                                     struct ktg_asof *s, struct ktg_bound b)
{
    struct search x;
    bool found = seek(a, w, s, b, &x), self = false;
    struct ktg_cel_value *list = ktg_answer_alloc(a, sizeof *list * (x.alive_count + 2));
    struct ktg_bytes me = a->timeline->subject;
    size_t n = 0;
    if (!list || a->code)
        return absent();
    for (size_t i = 0; found && i <= x.alive_count; i++) {
        bool end = i == x.alive_count;
        struct ktg_bytes name = end ? KTG_BYTES_NONE : x.c->names[x.alive[i]];
        if (!self && (end || ktg_bytes_cmp(me, name) < 0)) {
            list[n++] = (struct ktg_cel_value){.kind = KTG_CEL_STRING, .s = me};
            self = true;
        }
        if (!end && x.in[i])
            list[n++] = (struct ktg_cel_value){.kind = KTG_CEL_STRING, .s = name};
    }
    return ktg_asof_list(list, n);
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    struct search x;
    if (!seek(a, w, s, b, &x))
        return;
    for (size_t i = 0; i < s->hit_count; i++)
        if (x.counts[i / 64] >> (i % 64) & 1)
            ktg_evidence_add(a, to, &a->items[s->hits[i].item]);
}

/* Those who join an occasion after it. */
static void instants(struct ktg_answer *a, const struct ktg_with *w, const struct ktg_asof *s,
                     void (*f)(void *arg, ktg_time t, const struct ktg_item *open), void *arg)
{
    const struct company *c = s->own;
    (void)w;
    for (size_t i = 0; c && i < c->count; i++) {
        const struct ktg_item *x = &a->items[s->hits[c->met[i].hit].item];
        if (!ktg_answer_spend(a, 1))
            return;
        if (c->met[i].since > x->at)
            f(arg, c->met[i].since, x);
    }
}

static struct ktg_cel_type type(const struct ktg_with *w)
{
    (void)w;
    return (struct ktg_cel_type){.kind = KTG_CEL_LIST};
}

const struct ktg_asof_form ktg_asof_together = {.name = "together",
                                                .usage = "together: {of: STEP, at: [EXPR], ...}",
                                                .help = "who keeps appearing together",
                                                .window = true,
                                                .type = type,
                                                .prepare = prepare,
                                                .value = value_at,
                                                .evidence = evidence,
                                                .instants = instants};

/* ---- the form ---- */

static struct ktg_cel_value value(const struct ktg_frame *f, size_t which)
{
    (void)which;
    return ktg_aggregate_value(f);
}

static bool crosses(const struct ktg_frame *f)
{
    struct ktg_cel_value group = value(f, 0);
    return group.kind == KTG_CEL_LIST && group.list.count > 0;
}

static size_t shows(const struct ktg_frame *f, struct ktg_shown to[KTG_SHOWN_MOST])
{
    struct ktg_answer *a = f->a;
    size_t with = (size_t)a->rule->counted;
    struct ktg_asof *s = ktg_asof_of(a, with);
    struct ktg_cel_value group = value(f, 0);
    struct search x;
    int64_t n = 0, times = 0, others = 0;
    if (seek(a, &a->rule->withs[with], s, f->b, &x))
        for (size_t i = 0; i < x.c->words; i++)
            n += __builtin_popcountll(x.counts[i]);
    ktg_together_limits(a, &times, &others);
    to[0].met = n >= times;
    to[0].text = a->rule->withs[with].text.text;
    ktg_buf_printf(&to[0].value, "%lld", (long long)n);
    snprintf(to[0].want, sizeof to[0].want, "times %lld", (long long)times);
    to[1].met = crosses(f);
    to[1].text = KTG_LIT("group");
    ktg_answer_text(f, &group, &to[1].value);
    snprintf(to[1].want, sizeof to[1].want, "persons %lld", (long long)(others + 1));
    return 2;
}

static const struct ktg_cel_type a_word = {.kind = KTG_CEL_STRING};

const struct ktg_aggregate ktg_aggregate_together = {
    .values = {{"group", NULL, {.kind = KTG_CEL_LIST, .elem = &a_word}}},
    .crosses = crosses,
    .value = value,
    .shows = shows,
};
