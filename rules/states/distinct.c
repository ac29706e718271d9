/* rules/states/distinct.c - `distinct(EXPR) of STEP [within W]`: the values, each once, by first appearance in the window.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/states/asof.h"

static struct ktg_cel_type type(const struct ktg_with *w)
{
    return (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = &w->elem};
}

static struct ktg_cel_value value(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b)
{
    size_t lo, hi, n = 0;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    struct ktg_cel_value *items = ktg_answer_alloc(a, sizeof *items * (s->keys.count + 1));
    if (!items || !ktg_answer_spend(a, (hi - lo) / 4 + s->keys.count / 8))
        return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
    s->pass++;
    for (size_t i = lo; i < hi; i++)
        for (uint32_t k = 0; k < s->hits[i].key_count; k++) {
            int key = s->hits[i].keys[k];
            if (s->marks[key] == s->pass)
                continue;
            s->marks[key] = s->pass;
            items[n++] = s->keys.values[key];
        }
    return ktg_asof_list(items, n);
}

/* The window slides: what enters is counted, what leaves is counted out.  A bound that goes back begins anew. */
static int64_t size(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                    struct ktg_bound b)
{
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    if (!s->held || lo < s->held_lo || hi < s->held_hi) {
        struct ktg_arena *passing = a->arena;
        a->arena = a->lasting;
        s->held = ktg_answer_alloc(a, sizeof *s->held * (s->keys.count + 1));
        a->arena = passing;
        if (!s->held || !ktg_answer_spend(a, s->hit_count / 4))
            return 0;
        s->held_lo = s->held_hi = lo;
        s->held_keys = 0;
    }
    for (; s->held_hi < hi; s->held_hi++)
        for (uint32_t k = 0; k < s->hits[s->held_hi].key_count; k++)
            s->held_keys += s->held[s->hits[s->held_hi].keys[k]]++ == 0;
    for (; s->held_lo < lo; s->held_lo++)
        for (uint32_t k = 0; k < s->hits[s->held_lo].key_count; k++)
            s->held_keys -= --s->held[s->hits[s->held_lo].keys[k]] == 0;
    return (int64_t)s->held_keys;
}

/* The first event of each value in the window. */
static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    s->pass++;
    for (size_t i = lo; i < hi; i++) {
        bool first = false;
        for (uint32_t k = 0; k < s->hits[i].key_count; k++) {
            first |= s->marks[s->hits[i].keys[k]] != s->pass;
            s->marks[s->hits[i].keys[k]] = s->pass;
        }
        if (first)
            ktg_evidence_add(a, to, &a->items[s->hits[i].item]);
    }
}

const struct ktg_item *ktg_distinct_first(struct ktg_answer *a, size_t with, struct ktg_bound b,
                                          const struct ktg_cel_value *value)
{
    const struct ktg_with *w = &a->rule->withs[with];
    struct ktg_asof *s = ktg_asof_of(a, with);
    size_t lo, hi;
    if (w->form != &ktg_asof_distinct || a->code)
        return NULL;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    for (size_t i = lo; i < hi && ktg_answer_spend(a, s->hits[i].key_count); i++)
        for (uint32_t k = 0; k < s->hits[i].key_count; k++) {
            const struct ktg_cel_value *v = &s->keys.values[s->hits[i].keys[k]];
            if (v->kind == value->kind && !ktg_cel_compare(v, value))
                return &a->items[s->hits[i].item];
        }
    return NULL;
}

const struct ktg_asof_form ktg_asof_distinct = {.name = "distinct",
                                                .usage = "distinct(EXPR) of STEP [within W]",
                                                .help = "the values, by first appearance",
                                                .key = KTG_KEY_OF,
                                                .window = true,
                                                .one_each = true,
                                                .by_step = true,
                                                .spends = true,
                                                .type = type,
                                                .prepare = ktg_asof_match,
                                                .value = value,
                                                .size = size,
                                                .evidence = evidence};
