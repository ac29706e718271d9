/* rules/states/last.c - `last STEP [within W]`: the latest event that matches, or null; `last(KEY) STEP`: the latest per key.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/states/asof.h"

static struct ktg_cel_type type(const struct ktg_with *w)
{
    if (!w->key)
        return w->elem;
    return (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = &w->elem};
}

static struct ktg_cel_value value(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b)
{
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    if (!w->key)
        return ktg_value_of_item(lo < hi ? &a->items[s->hits[hi - 1].item] : NULL);
    const struct ktg_item **last = ktg_answer_alloc(a, sizeof(struct ktg_item *) * (hi - lo + 1));
    struct ktg_cel_value *items = ktg_answer_alloc(a, sizeof *items * (hi - lo + 1));
    size_t n = last && items ? ktg_asof_last_by_key(a, s, lo, hi, last) : 0;
    for (size_t i = 0; i < n; i++)
        items[i] = ktg_value_of_item(last[i]);
    return ktg_asof_list(items, n);
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    if (!w->key) {
        if (lo < hi)
            ktg_evidence_add(a, to, &a->items[s->hits[hi - 1].item]);
        return;
    }
    const struct ktg_item **last = ktg_answer_alloc(a, sizeof(struct ktg_item *) * (hi - lo + 1));
    size_t n = last ? ktg_asof_last_by_key(a, s, lo, hi, last) : 0;
    for (size_t i = 0; i < n; i++)
        ktg_evidence_add(a, to, last[i]);
}

const struct ktg_asof_form ktg_asof_last = {.name = "last",
                                            .usage = "last STEP [within W], last(KEY) STEP",
                                            .help = "the latest event, or null; per KEY a list",
                                            .key = KTG_KEY_MAY,
                                            .window = true,
                                            .by_step = true,
                                            .spends = true,
                                            .type = type,
                                            .prepare = ktg_asof_match,
                                            .value = value,
                                            .evidence = evidence};
