/* rules/states/all.c - `all STEP [within W]`: the events that match, in order.
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
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    struct ktg_cel_value *items = ktg_answer_spend(a, (hi - lo) / 4)
                                      ? ktg_answer_alloc(a, sizeof *items * (hi - lo + 1))
                                      : NULL;
    for (size_t i = lo; items && i < hi; i++)
        items[i - lo] = ktg_value_of_item(&a->items[s->hits[i].item]);
    return ktg_asof_list(items, hi - lo);
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    for (size_t i = lo; i < hi; i++)
        ktg_evidence_add(a, to, &a->items[s->hits[i].item]);
}

const struct ktg_asof_form ktg_asof_all = {.name = "all",
                                           .usage = "all STEP [within W]",
                                           .help = "the events, in order",
                                           .key = KTG_KEY_NONE,
                                           .window = true,
                                           .by_step = true,
                                           .spends = true,
                                           .type = type,
                                           .prepare = ktg_asof_match,
                                           .value = value,
                                           .evidence = evidence};
