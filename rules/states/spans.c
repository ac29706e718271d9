/* rules/states/spans.c - `spans STEP [from EXPR] [until STEP] [past EXPR]`: all intervals that have begun, cut at the bound.
 *
 *     ──────  ──── ──── ...... ────  ───── ...... ── ──>        covered_days(stays, 180)
 *      not given                   │<─── 180 days ───>│
 *
 * Where all texts of the rule do nothing but count the days of a window (with.days_alone), those that ended before it are left out:
 * they count for nothing.  The window ends today or before the first day of a span that is open.  Evidence are all.
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

#define ZONES \
    (3 * KTG_DAY_MS) /* a civil day read in another zone, and the days at both ends of the window */

/* Of the first `begun` intervals those from here on may be read. */
static size_t first_read(const struct ktg_with *w, const struct ktg_asof *s, struct ktg_bound b,
                         size_t begun)
{
    if (!w->days_alone || !ktg_asof_in_order(w))
        return 0;
    ktg_time window = w->days_back * KTG_DAY_MS + ZONES, since = b.t - window;
    for (size_t i = begun; i-- > 0;) {
        const struct ktg_interval *v = &s->intervals[i];
        if (!ktg_interval_has_ended(v, b) && v->start.t - window < since)
            since = v->start.t - window;
        if (v->start.t < since) /* all before it ended there, or earlier */
            return i;
    }
    return 0;
}

static struct ktg_cel_value value(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b)
{
    size_t begun = ktg_asof_in_order(w) ? ktg_asof_begun(s, b) : s->interval_count;
    size_t first = first_read(w, s, b, begun), room = begun - first + 1, n = 0;
    if (!ktg_answer_spend(a, room / 4))
        return ktg_asof_list(NULL, 0);
    struct ktg_span_value *spans = ktg_answer_alloc(a, sizeof *spans * room);
    struct ktg_cel_value *items = ktg_answer_alloc(a, sizeof *items * room);
    for (size_t i = first; spans && items && i < begun; i++) {
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
    .spends = true,
    .type = type,
    .prepare = prepare,
    .value = value,
    .evidence = evidence};
