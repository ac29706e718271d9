/* rules/states/count.c - `count STEP [within W]`: how many events match.
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
    ktg_asof_window(a, w, s, b, &lo, &hi);
    return (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = (int64_t)(hi - lo)};
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    size_t lo, hi;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    for (size_t i = lo; i < hi; i++)
        ktg_evidence_add(a, to, &a->items[s->hits[i].item]);
}

const struct ktg_asof_form ktg_asof_count = {.name = "count",
                                             .usage = "count STEP [within W]",
                                             .help = "how many events",
                                             .key = KTG_KEY_NONE,
                                             .window = true,
                                             .one_each = true,
                                             .by_step = true,
                                             .spends = true,
                                             .type = type,
                                             .prepare = ktg_asof_match,
                                             .value = value,
                                             .evidence = evidence};
