/* rules/states/open.c - `open STEP [from EXPR] [until STEP] [past EXPR]`: the opening event of the interval that holds, or null;
 * `open(KEY) ...`: one per key, a list.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/states/asof.h"

static struct ktg_cel_type type(const struct ktg_with *w)
{
    if (!w->key)
        return w->elem;
    return (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = &w->elem};
}

static void prepare(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s)
{
    ktg_asof_match(a, w, s);
    if (!a->code)
        ktg_asof_intervals(a, w, s);
}

/* The latest opening that holds: looked for from the end, to the first that began before the instant. */
static size_t last_holding(const struct ktg_asof *s, struct ktg_bound b,
                           const struct ktg_interval **to)
{
    for (size_t i = ktg_asof_begun(s, b); i-- > 0;) {
        if (!ktg_interval_has_ended(&s->intervals[i], b)) {
            to[0] = &s->intervals[i];
            return 1;
        }
        if (s->intervals[i].start.t < b.t)
            break;
    }
    return 0;
}

size_t ktg_asof_holding(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                        struct ktg_bound b, const struct ktg_interval **to)
{
    size_t n = 0;
    if (a->code || !s->marks)
        return 0;
    if (ktg_asof_in_order(w))
        return last_holding(s, b, to);
    if (!ktg_answer_spend(a, s->interval_count / 4))
        return 0;
    s->pass++;
    for (size_t i = s->interval_count; i-- > 0;) { /* the latest opening of a key wins */
        const struct ktg_interval *v = &s->intervals[i];
        if (s->marks[v->key] == s->pass || !ktg_interval_has_begun(v, b) ||
            ktg_interval_has_ended(v, b))
            continue;
        s->marks[v->key] = s->pass;
        to[n++] = v;
    }
    for (size_t i = 0; i < n / 2; i++) {
        const struct ktg_interval *v = to[i];
        to[i] = to[n - 1 - i];
        to[n - 1 - i] = v;
    }
    return n;
}

static size_t room_for(const struct ktg_with *w, const struct ktg_asof *s)
{
    return ktg_asof_in_order(w) ? 1 : s->interval_count + 1;
}

static struct ktg_cel_value value(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b)
{
    const struct ktg_interval **held =
        ktg_answer_alloc(a, sizeof(struct ktg_interval *) * room_for(w, s));
    size_t n = held ? ktg_asof_holding(a, w, s, b, held) : 0;
    if (!w->key)
        return ktg_value_of_item(n ? held[n - 1]->open : NULL);
    struct ktg_cel_value *items = ktg_answer_alloc(a, sizeof *items * (n + 1));
    for (size_t i = 0; items && i < n; i++)
        items[i] = ktg_value_of_item(held[i]->open);
    return ktg_asof_list(items, n);
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    const struct ktg_interval **held =
        ktg_answer_alloc(a, sizeof(struct ktg_interval *) * room_for(w, s));
    size_t n = held ? ktg_asof_holding(a, w, s, b, held) : 0;
    for (size_t i = 0; i < n; i++)
        ktg_evidence_add(a, to, held[i]->open);
}

const struct ktg_asof_form ktg_asof_open = {
    .name = "open",
    .usage = "open STEP [from EXPR] [until STEP] [past EXPR]",
    .help = "the opening event of what holds, or null; per KEY a list",
    .key = KTG_KEY_MAY,
    .intervals = true,
    .by_step = true,
    .spends = true,
    .type = type,
    .prepare = prepare,
    .value = value,
    .evidence = evidence};
