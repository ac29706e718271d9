/* rules/states/baseline.c - `baseline(W, H) of distinct(EXPR) of STEP`: what was usual before, as {n, squares, sum}.
 *
 *       H                                            b
 *       |··|──W──|──W──|──W──|──W──|──── current ────|
 *             the n = H / W - 1 whole windows before      D(u) = distinct values in (u - W, u]
 *
 *     sum = Σ D(b - iW),  squares = Σ D(b - iW)²,  i = 1..n
 *
 * (1) D is a step function of the instant, worked out once; a value is n look-ups.
 * (2) The windows slide with the bound.  All of them lie before the current one, so events of the bound's own instant
 *     never count: x⁻ and t read the same.
 * (3) Windows before anything was known count, with 0: a site that is new has no history, and `above` says so.
 * It is no evidence (LANGUAGE.md 4.7).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/states/asof.h"

struct stair { /* from t on, until the next one */
    ktg_time t;
    int64_t distinct;
};
struct stairs {
    struct stair *at;
    size_t count;
};

static struct ktg_cel_type type(const struct ktg_with *w)
{
    (void)w;
    return (struct ktg_cel_type){.kind = KTG_CEL_MAP};
}

/* Events come in at their instant and go out W later; both in order of time. */
static void climb(struct ktg_answer *a, const struct ktg_with *w, const struct ktg_asof *s,
                  uint32_t *seen, struct stairs *to)
{
    size_t in = 0, out = 0;
    int64_t distinct = 0;
    while (out < s->hit_count) {
        ktg_time leaves = a->items[s->hits[out].item].at + w->every, t = leaves;
        if (in < s->hit_count && a->items[s->hits[in].item].at < t)
            t = a->items[s->hits[in].item].at;
        for (; in < s->hit_count && a->items[s->hits[in].item].at == t; in++)
            for (uint32_t k = 0; k < s->hits[in].key_count; k++)
                distinct += seen[s->hits[in].keys[k]]++ == 0;
        for (; out < in && a->items[s->hits[out].item].at + w->every == t; out++)
            for (uint32_t k = 0; k < s->hits[out].key_count; k++)
                distinct -= --seen[s->hits[out].keys[k]] == 0;
        if (!to->count || to->at[to->count - 1].distinct != distinct)
            to->at[to->count++] = (struct stair){t, distinct};
    }
}

static void prepare(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s)
{
    ktg_asof_match(a, w, s);
    struct stairs *own = ktg_answer_alloc(a, sizeof *own);
    uint32_t *seen = ktg_answer_alloc(a, sizeof *seen * (s->keys.count + 1));
    if (!own || !seen)
        return;
    own->at = ktg_answer_alloc(a, sizeof *own->at * (2 * s->hit_count + 1));
    if (!own->at || a->code)
        return;
    climb(a, w, s, seen, own);
    s->own = own;
}

static int64_t distinct_at(const struct stairs *d, ktg_time u)
{
    size_t lo = 0, hi = d->count;
    while (lo < hi) { /* the first stair behind u */
        size_t mid = lo + (hi - lo) / 2;
        if (d->at[mid].t <= u)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? d->at[lo - 1].distinct : 0;
}

static int64_t windows(const struct ktg_with *w)
{
    return w->over / w->every - 1;
}

static struct ktg_cel_value number(int64_t i)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = i};
}

static struct ktg_cel_value value(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b)
{
    static const char *const names[] = {"n", "squares", "sum"};
    const struct stairs *d = s->own;
    int64_t n = windows(w), sum = 0, squares = 0;
    struct ktg_cel_value *map = ktg_answer_alloc(a, sizeof *map * 2 * KTG_COUNT(names));
    if (!d || !map || !ktg_answer_spend(a, (size_t)n))
        return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
    for (int64_t i = 1; i <= n; i++) {
        int64_t x = distinct_at(d, b.t - i * w->every); /* at most as many as there are events */
        sum += x;
        squares += x * x;
    }
    for (size_t i = 0; i < KTG_COUNT(names); i++)
        map[i] = (struct ktg_cel_value){.kind = KTG_CEL_STRING, .s = ktg_bytes_str(names[i])};
    map[3] = number(n);
    map[4] = number(squares);
    map[5] = number(sum);
    return (struct ktg_cel_value){.kind = KTG_CEL_MAP, .map = {map, map + 3, 3}};
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    (void)a, (void)w, (void)s, (void)b, (void)to;
}

/* Each stair is met by each window, one after the other.  They only expire: usual times alone never raise. */
static void instants(struct ktg_answer *a, const struct ktg_with *w, const struct ktg_asof *s,
                     void (*f)(void *arg, ktg_time t, const struct ktg_item *open), void *arg)
{
    const struct stairs *d = s->own;
    for (size_t k = 0; d && k < d->count; k++) {
        if (!ktg_answer_spend(a, (size_t)windows(w)))
            return;
        for (int64_t i = 1; i <= windows(w); i++)
            f(arg, d->at[k].t + i * w->every, NULL);
    }
}

const struct ktg_asof_form ktg_asof_baseline = {
    .name = "baseline",
    .usage = "baseline(W, H) of distinct(EXPR) of STEP",
    .help = "the counts of the whole windows before, as {n, squares, sum}; for above()",
    .key = KTG_KEY_OF,
    .nested = true,
    .type = type,
    .prepare = prepare,
    .value = value,
    .evidence = evidence,
    .instants = instants};
