/* rules/states/first.c - `first STEP [within W]`: the earliest event that matches, or null.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/states/asof.h"

static struct ktg_cel_type type(const struct ktg_with *w)
{
    return w->elem;
}

static const struct ktg_item *first(struct ktg_answer *a, const struct ktg_with *w,
                                    const struct ktg_asof *s, struct ktg_bound b)
{
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    return lo < hi ? &a->items[s->hits[lo].item] : NULL;
}

static struct ktg_cel_value value(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b)
{
    return ktg_value_of_item(first(a, w, s, b));
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    const struct ktg_item *x = first(a, w, s, b);
    if (x)
        ktg_evidence_add(a, to, x);
}

const struct ktg_asof_form ktg_asof_first = {.name = "first",
                                             .usage = "first STEP [within W]",
                                             .help = "the earliest event, or null",
                                             .key = KTG_KEY_NONE,
                                             .window = true,
                                             .by_step = true,
                                             .spends = true,
                                             .type = type,
                                             .prepare = ktg_asof_match,
                                             .value = value,
                                             .evidence = evidence};
