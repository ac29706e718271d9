/* rules/states/spans.c - `spans STEP [from EXPR] [until STEP] [past EXPR]`: all intervals that have begun, cut at the bound.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/states/asof.h"

static struct ktg_cel_type type(const struct ktg_with *w)
{
    return (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = &w->elem};
}

static void prepare(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s)
{
    ktg_asof_match(a, w, s);
    if (!a->code)
        ktg_asof_intervals(a, w, s);
}

static struct ktg_cel_value value(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b)
{
    (void)w;
    struct ktg_span_value *spans = ktg_answer_alloc(a, sizeof *spans * (s->interval_count + 1));
    struct ktg_cel_value *items = ktg_answer_alloc(a, sizeof *items * (s->interval_count + 1));
    size_t n = 0;
    for (size_t i = 0; spans && items && i < s->interval_count; i++) {
        const struct ktg_interval *v = &s->intervals[i];
        if (!ktg_interval_has_begun(v, b) || ktg_interval_is_empty(v))
            continue;
        bool ended = ktg_interval_has_ended(v, b);
        spans[n] = (struct ktg_span_value){
            v->open, ended && v->end.kind == KTG_EDGE_ITEM ? &a->items[v->end.item] : NULL,
            v->start.t, ended ? v->end.t : KTG_NEVER};
        items[n].kind = KTG_CEL_REF;
        items[n].ref.p = &spans[n];
        items[n].ref.tag = KTG_REF_SPAN;
        n++;
    }
    return ktg_asof_list(items, n);
}

/* Openings, and the closings that have come. */
static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    (void)w;
    for (size_t i = 0; i < s->interval_count; i++) {
        const struct ktg_interval *v = &s->intervals[i];
        if (!ktg_interval_has_begun(v, b) || ktg_interval_is_empty(v))
            continue;
        ktg_evidence_add(a, to, v->open);
        if (v->end.kind == KTG_EDGE_ITEM && ktg_interval_has_ended(v, b))
            ktg_evidence_add(a, to, &a->items[v->end.item]);
    }
}

const struct ktg_asof_form ktg_asof_spans = {
    .name = "spans",
    .usage = "spans STEP [from EXPR] [until STEP] [past EXPR]",
    .help = "the intervals that have begun: from, until, open, start, end",
    .key = KTG_KEY_MAY,
    .intervals = true,
    .by_step = true,
    .type = type,
    .prepare = prepare,
    .value = value,
    .evidence = evidence};
