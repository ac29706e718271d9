/* rules/states/sum.c - `sum(EXPR) of STEP [within W]`: the sum over the events that match and have it; absent when it overflows.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/states/asof.h"

static struct ktg_cel_type type(const struct ktg_with *w)
{
    (void)w;
    return (struct ktg_cel_type){.kind = KTG_CEL_INT};
}

static struct ktg_cel_value value(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b)
{
    size_t lo, hi;
    int64_t sum = 0;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    for (size_t i = lo; i < hi; i++)
        if (__builtin_add_overflow(sum, s->hits[i].amount, &sum))
            return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
    return (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = sum};
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    for (size_t i = lo; i < hi; i++)
        ktg_evidence_add(a, to, &a->items[s->hits[i].item]);
}

const struct ktg_asof_form ktg_asof_sum = {.name = "sum",
                                           .usage = "sum(EXPR) of STEP [within W]",
                                           .help = "the sum of an int over the events",
                                           .key = KTG_KEY_OF,
                                           .window = true,
                                           .by_step = true,
                                           .type = type,
                                           .prepare = ktg_asof_match,
                                           .value = value,
                                           .evidence = evidence};
